"""What became of a run is told in the note that it came from: once, and touching nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factotum.drop import Drop
from factotum.keeping import Keeper
from factotum.ledger import Ledger, dumps
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.reader import Reader
from factotum.vault import Vault
from factotum.worker.echo import GIVE_UP_S, GONE_S, LINES
from tests.office import TestOffice
from tests.prove.life import Life

NOTE = "Journal/2026-11-30.md"
DAY = (
    b"\xef\xbb\xbf# Monday\r\n\r\n\t- [ ] @fac dentist before 5 Dec\r\n- [ ] milk \r\n"
    b"no end \xe2\x80\xa8 here"
)
TICKED = b"- [x] @fac dentist before 5 Dec [["
SCHEDULE = "Office/Schedules/Report.md"
WORK = b"---\nevery: 1 d\n---\nWrite the report.\n"
DONE = "when: {kind: [note, schedule]}\ndo:\n  - finish: {summary: 'That was all.'}"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = TestOffice(tmp_path)
    (made.root / "Journal").mkdir()
    made.playbook(DONE)
    return made


def line(path: str = NOTE) -> Mapping[str, Any]:
    return {"line": {"note": path, "text": "@fac dentist before 5 Dec", "n": 0, "mention": "@fac"}}


def schedule(**more: Any) -> Mapping[str, Any]:
    return {"schedule": {"note": SCHEDULE, "due": "2026-11-30T09:00:00+01:00", **more}}


def hand_in(
    office: TestOffice, ours: Mapping[str, Any], id: str = "one", kind: str = "note"
) -> None:
    office.state.mkdir(mode=0o700, exist_ok=True)
    vault = Vault(office.root, office.instance, time.monotonic, guest=True)
    ledger = Ledger(office.state / "ledger.db")
    keeper = Keeper(vault, Reader(), office.state / "attachments")
    room = Mailroom(vault, ledger, keeper, lambda at: datetime.fromtimestamp(at, UTC))
    drop = Drop("notes", id, kind, "Dentist", "Dentist.", Trust.OWNER, ours=ours)
    try:
        room.take(drop, office.hands.wall)
    finally:
        ledger.close()


@contextmanager
def ledger_of(office: TestOffice) -> Iterator[Ledger]:
    ledger = Ledger(office.state / "ledger.db")
    try:
        yield ledger
    finally:
        ledger.close()


def untold(office: TestOffice) -> int:
    with ledger_of(office) as ledger:
        (n,) = ledger.db.execute("SELECT count(*) FROM echo").fetchone()
    return int(n)


def pend(office: TestOffice) -> None:
    """As if it had been killed before the ledger knew that it was told."""
    with ledger_of(office) as ledger:
        ledger.db.execute("INSERT INTO echo SELECT task, n, started FROM run")


# -- a line of a daily note


def test_a_line_is_ticked_with_a_link_to_its_receipt_and_nothing_else_is_changed(
    office: TestOffice,
) -> None:
    note = office.root / NOTE
    note.write_bytes(DAY)
    hand_in(office, line())
    office.run()
    receipt = office.one("Done").stem
    mark = f" [[{receipt}|✓]]".encode()
    ticked = DAY.replace(b"[ ] @fac", b"[x] @fac").replace(b"5 Dec\r", b"5 Dec" + mark + b"\r")
    assert note.read_bytes() == ticked
    pend(office)
    office.run()
    assert note.read_bytes() == ticked and untold(office) == 0


def test_a_task_that_failed_leaves_its_line_open_and_one_done_after_all_ticks_it(
    office: TestOffice,
) -> None:
    office.playbook("when: {kind: note}\ndo:\n  - nobody__knows: {}")
    (office.root / NOTE).write_bytes(DAY)
    hand_in(office, line())
    office.run()
    failed = office.one("Failed")
    said = (office.root / NOTE).read_text()
    assert f"- [ ] @fac dentist before 5 Dec → [[{failed.stem}|failed]]\n" in said
    office.playbook(DONE)
    office.move(failed, "Needs_Action")
    office.run()
    said = (office.root / NOTE).read_text()
    assert f"- [x] @fac dentist before 5 Dec [[{office.one('Done').stem}|✓]]\n" in said


@pytest.mark.slow
def test_a_single_pass_waits_till_the_note_has_lain_still(tmp_path: Path) -> None:
    life = Life(tmp_path, {"FACTOTUM_STABLE_S": "2"})
    life.playbook(DONE)
    (life.root / "Journal").mkdir()
    hand_in(life, line())
    (life.root / NOTE).write_bytes(DAY)
    life.child()
    assert TICKED in (life.root / NOTE).read_bytes()


def test_it_waits_for_who_is_at_the_note_and_gives_up_after_a_week(office: TestOffice) -> None:
    office.env["FACTOTUM_STABLE_S"] = "3600"
    note = office.root / NOTE
    note.write_bytes(DAY)
    hand_in(office, line())
    os.utime(office.one("Needs_Action"), (1, 1))
    office.run()
    office.hands.go(3600)
    office.run()
    assert note.read_bytes() == DAY and untold(office) == 1
    os.utime(note, (1, 1))
    office.run()
    assert TICKED in note.read_bytes() and untold(office) == 0
    pend(office)
    os.utime(note)
    office.hands.go(GIVE_UP_S)
    office.run()
    assert untold(office) == 0
    (told,) = [event for event in office.events() if event["kind"] == "untold"]
    assert "cannot be written" in told["reason"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "is not there any more"),
        (b"- [ ] @fac something else\n", "the line is not in"),
        (b"\xff- [ ] @fac dentist before 5 Dec\n", "the line is not in"),
        (b"---\nfactotum: never\n---\n- [ ] @fac dentist before 5 Dec\n", "is private now"),
        (b"---\nsource: x\n---\n- [ ] @fac dentist before 5 Dec\n", "holds words of others"),
    ],
)
def test_what_cannot_be_told_is_left_and_said(
    office: TestOffice, data: bytes | None, why: str
) -> None:
    if data is not None:
        (office.root / NOTE).write_bytes(data)
    hand_in(office, line())
    office.run()
    office.hands.go(GONE_S)
    office.run()
    (told,) = [event for event in office.events() if event["kind"] == "untold"]
    assert why in told["reason"] and untold(office) == 0
    there = office.root / NOTE
    assert (there.read_bytes() if there.exists() else None) == data
    assert office.files("Done")


def test_a_line_that_was_moved_meanwhile_is_ticked_where_it_stands(office: TestOffice) -> None:
    (office.root / NOTE).write_bytes(b"- [ ] @fac dentist before 5 Dec\n")
    there = office.root / "Journal/2026-12-01.md"
    there.write_bytes(b"- [ ] @fac call the dentist\n")
    hand_in(office, line())
    with ledger_of(office) as ledger:
        known = {"lines": {"@fac call the dentist": ["one"]}, "made": {}}
        ledger.set_meta(f"{LINES}Journal/2026-12-01.md", dumps(known))
    office.run()
    assert there.read_bytes().startswith(b"- [x] @fac call the dentist [[")
    assert (office.root / NOTE).read_bytes() == b"- [ ] @fac dentist before 5 Dec\n"


def test_a_note_beside_our_folder_is_told_and_none_outside_the_vault(tmp_path: Path) -> None:
    (tmp_path / "vault/.obsidian").mkdir(parents=True)
    (tmp_path / "vault/Journal").mkdir()
    office = Inner(tmp_path)
    office.playbook(DONE)
    day = tmp_path / "vault" / NOTE
    day.write_bytes(DAY)
    outside = tmp_path / "2026.md"
    outside.write_bytes(DAY)
    hand_in(office, line(f"../{NOTE}"))
    hand_in(office, line("../../2026.md"), "two")
    hand_in(office, line("../Journal/../../2026.md"), "three")
    office.run()
    assert TICKED in day.read_bytes() and outside.read_bytes() == DAY
    assert untold(office) == 0


class Inner(TestOffice):
    @property
    def root(self) -> Path:
        return self.folder / "vault/Factotum"


# -- a schedule


def test_runs_are_written_into_the_schedules_own_section(office: TestOffice) -> None:
    note = office.root / SCHEDULE
    note.write_bytes(WORK)
    hand_in(office, schedule(missed=3), kind="schedule")
    office.run()
    receipt = office.one("Done").stem
    at = f"{datetime.fromtimestamp(office.hands.wall).astimezone():%Y-%m-%d %H:%M}"
    entry = f"- {at} ok, 0 s, for 3 that were missed, [[{receipt}|task]]"
    assert note.read_text() == f"{WORK.decode()}\n## Runs\n\n{entry}\n"
    pend(office)
    office.run()
    assert note.read_text().count(entry) == 1


@pytest.mark.parametrize("again", [False, True])
def test_a_schedule_for_once_is_put_away_after_it_went_well(
    office: TestOffice, again: bool
) -> None:
    (office.root / SCHEDULE).write_bytes(WORK)
    hand_in(office, schedule(delete_after_run=True), kind="schedule")
    office.run()
    if again:
        pend(office)
        office.run()
    (kept,) = [path for path in office.files("Done") if path.name == "Report.md"]
    assert "## Runs" in kept.read_text() and not (office.root / SCHEDULE).exists()
    assert not [event for event in office.events() if event["kind"] == "untold"]


def test_one_that_failed_is_kept(office: TestOffice) -> None:
    office.playbook("when: {kind: schedule}\ndo:\n  - nobody__knows: {}")
    (office.root / SCHEDULE).write_bytes(WORK)
    hand_in(office, schedule(delete_after_run=True), kind="schedule")
    office.run()
    assert " error, 0 s, [[" in (office.root / SCHEDULE).read_text()
