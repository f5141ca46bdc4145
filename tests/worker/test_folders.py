"""Folders that are listed again only when something came or went."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from factotum.worker.folders import YOUNG_S, Folders


def aged(folder: Path, age_s: float = YOUNG_S + 1) -> None:
    """Makes the folder look as if nothing had happened in it for so long."""
    then = time.time() - age_s
    os.utime(folder, (then, then))


def names(known: Folders, folder: Path) -> list[str]:
    return sorted(name for _, name, _ in known.within(str(folder)).lies)


def test_what_came_and_went_is_seen(tmp_path: Path) -> None:
    known = Folders()
    aged(tmp_path)
    assert names(known, tmp_path) == []
    (tmp_path / "one.md").write_text("x")
    assert names(known, tmp_path) == ["one.md"]
    aged(tmp_path)
    assert names(known, tmp_path) == ["one.md"]
    (tmp_path / "one.md").rename(tmp_path / "two.md")
    assert names(known, tmp_path) == ["two.md"]
    (tmp_path / "two.md").unlink()
    assert names(known, tmp_path) == []


def test_a_folder_of_which_nothing_is_new_is_not_listed_again(tmp_path: Path) -> None:
    known = Folders()
    aged(tmp_path)
    assert known.within(str(tmp_path)) is known.within(str(tmp_path))


def test_a_young_folder_is_listed_each_time(tmp_path: Path) -> None:
    known = Folders()
    aged(tmp_path, -60)  # and will be for a while
    first = known.within(str(tmp_path))
    assert known.within(str(tmp_path)) is not first


def test_what_is_ignored_is_not_told_and_a_folder_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "within").mkdir()
    assert Folders().within(str(tmp_path)).lies == [(str(tmp_path / "within"), "within", True)]


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folders().within(str(tmp_path / "none"))
