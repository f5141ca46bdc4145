"""A setting is written into `.env`, and what else stands there stays as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from factotum.cli import envfile
from factotum.rooms import DoorError
from factotum.settings import SettingsError, load
from tests.cli.bots.names import CHAT


def written(folder: Path, before: str | None, **values: str) -> str:
    path = folder / ".env"
    if before is not None:
        path.write_text(before)
        path.chmod(0o600)
    envfile.write(path, values)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == [".env"]
    return path.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "A=1\nB=2\n"),
        ("", "A=1\nB=2\n"),
        ("C=3", "C=3\nA=1\nB=2\n"),
        ("C=3\n\n\n", "C=3\nA=1\nB=2\n"),
        ("A=0\n# A=7\nC='x y'\n", "A=1\n# A=7\nC='x y'\nB=2\n"),
        ("export A = old\nB=", "A=1\nB=2\n"),
        ("#A=\n#B=\n", "#A=\n#B=\nA=1\nB=2\n"),
    ],
)
def test_a_setting_is_written_and_the_rest_stays(
    tmp_path: Path, before: str | None, after: str
) -> None:
    assert written(tmp_path, before, A="1", B="2") == after


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("C=3\n")
    real.chmod(0o600)
    link.symlink_to(real)
    envfile.write(link, {"A": "1"})
    assert link.is_symlink() and real.read_text() == "C=3\nA=1\n"


def test_a_file_that_others_can_read_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("C=3\n")
    path.chmod(0o644)
    with pytest.raises(DoorError, match="chmod 600"):
        envfile.write(path, {"A": "1"})
    assert path.read_text() == "C=3\n"


def test_the_first_file_that_is_there_counts(tmp_path: Path) -> None:
    here, root = tmp_path / "here.env", tmp_path / "root.env"
    assert envfile.counts((here, root)) == root
    here.touch()
    assert envfile.counts((here, root)) == here


def test_a_group_is_no_owner() -> None:
    with pytest.raises(SettingsError, match="is no owner"):
        load({CHAT: "-1001234"})
