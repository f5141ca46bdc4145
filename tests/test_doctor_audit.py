"""What the doctor says of the audit log and its anchors."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from factotum.doctor import Level, Machine, Patient, examine
from factotum.keybox import Keybox
from factotum.settings import load
from tests.office import TestOffice
from tests.test_anchor import git

HERE = Path(__file__).resolve().parent


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    office = TestOffice(tmp_path, {"FACTOTUM_ANCHOR_GIT": str(tmp_path / "remote.git")})
    office.type("Something that no playbook fits.\n")
    office.run()
    return office


def said(office: TestOffice) -> list[tuple[Level, str]]:
    """What is said of the log, first of its end and then of its anchor."""
    settings = load({"FACTOTUM_INSTANCE": "pi", **office.env})
    patient = Patient(office.root, settings, "", office.state, None, None, HERE, Machine())
    return [(one.level, one.text) for one in examine(patient) if one.check == "audit log"]


def test_the_doctor_says_where_the_log_stands(office: TestOffice) -> None:
    (chain, anchor) = said(office)
    assert (chain[0], "lines are chained. To have a key" in chain[1]) == (Level.OK, True)
    assert (anchor[0], anchor[1].startswith("the anchor git was told 2")) == (Level.OK, True)
    Keybox(office.state).offer(bytes(32), office.hands.wall)
    office.type("Another thing.\n", "Another.md")
    office.run()
    assert "with a key of yours since line" in said(office)[0][1]


def test_the_doctor_tells_an_end_that_was_changed(office: TestOffice) -> None:
    (log,) = (office.root / "Logs").glob("*.jsonl")
    log.write_bytes(log.read_bytes().replace(b"owner", b"Owner", 1))
    (chain, _) = said(office)
    assert (chain[0], "does not stand in the logs as it was written" in chain[1]) == (
        Level.PROBLEM,
        True,
    )
    Keybox(office.state).path.unlink()
    assert any("audit.key is gone" in text for _, text in said(office))


def test_the_doctor_tells_an_anchor_that_is_old_or_away(office: TestOffice) -> None:
    away = office.folder / "remote.git"
    away.rename(office.folder / "away.git")
    office.type("Another thing.\n", "Another.md")
    office.run()
    (_, anchor) = said(office)
    assert (anchor[0], "and then not:" in anchor[1]) == (Level.WARNING, True)
    assert "does not appear to be a git repository" in anchor[1]
    assert office.hands.wall < time.time()


def test_an_office_without_an_anchor_hears_of_it_and_no_more(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.type("Something that no playbook fits.\n")
    office.run()
    assert [level for level, _ in said(office)] == [Level.OK, Level.OK]
    assert "FACTOTUM_ANCHOR_GIT" in said(office)[1][1]
