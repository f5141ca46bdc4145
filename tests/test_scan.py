"""What lies in the folders, seen again and again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from factotum.disk import read_regular
from factotum.model import FOLDERS, State
from factotum.note import NoteError
from factotum.reader import Reader, Stuck
from factotum.scan import (
    CARD_MOST_BYTES,
    TASK_MOST_BYTES,
    Shelf,
    Unreadable,
    cut_short,
    mend_links,
)
from factotum.vault import ALL_FOLDERS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*ALL_FOLDERS, "In_Progress/pi/waiting", "In_Progress/desk"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    return tmp_path


class Counting:
    """A reader that counts how often each note was opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def __call__(self, path: Path, most_bytes: int) -> bytes:
        self.opened.append(path.name)
        return read_regular(path, most_bytes)


def shelf(root: Path, read: Counting | None = None) -> Shelf:
    return Shelf(root, "pi", Reader(read or Counting()))


@pytest.mark.parametrize(
    ("folder", "state", "instance"),
    [
        ("Needs_Action", State.NEEDS_ACTION, ""),
        ("In_Progress/pi", State.IN_PROGRESS, "pi"),
        ("In_Progress/pi/waiting", State.WAITING, "pi"),
        ("In_Progress/desk", State.IN_PROGRESS, "desk"),
        ("Pending_Approval", State.PENDING, ""),
        ("Approved", State.APPROVED, ""),
        ("Rejected", State.REJECTED, ""),
        ("Failed", State.FAILED, ""),
    ],
)
def test_the_folder_is_the_state(root: Path, folder: str, state: State, instance: str) -> None:
    (root / folder / "a.md").write_text("x")
    (entry,) = shelf(root).look(0.0).entries
    assert (entry.state, entry.instance, entry.name) == (state, instance, "a.md")


@pytest.mark.parametrize(
    "name", ["a.txt", "sub/a.md", ".a.md", "a.md~", "empty.md", ".obsidian/a.md"]
)
def test_what_is_no_note_is_not_seen(root: Path, name: str) -> None:
    path = root / "Needs_Action" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("" if name == "empty.md" else "x")
    listing = shelf(root).look(0.0)
    assert listing.entries == [] and listing.problems == []


def test_a_note_is_opened_once_until_it_changes(root: Path) -> None:
    read = Counting()
    seen = shelf(root, read)
    path = root / "Needs_Action/a.md"
    path.write_text("one")
    for at in (0.0, 1.0, 2.0):
        (entry,) = seen.look(at).entries
        assert seen.note(entry).body == "one"
    path.write_text("three")
    (entry,) = seen.look(3.0).entries
    assert seen.note(entry).body == "three"
    assert read.opened == ["a.md", "a.md"]


def test_a_note_that_cannot_be_read_is_not_opened_again_either(root: Path) -> None:
    read = Counting()
    seen = shelf(root, read)
    (root / "Needs_Action/a.md").write_bytes(b"\0")
    for at in (0.0, 1.0):
        (entry,) = seen.look(at).entries
        with pytest.raises(NoteError, match="binary"):
            seen.note(entry)
    assert read.opened == ["a.md"]


def test_how_long_a_note_is_unchanged(root: Path) -> None:
    seen = shelf(root)
    path = root / "Needs_Action/a.md"
    path.write_text("one")
    seen.look(10.0)
    (entry,) = seen.look(13.0).entries
    assert seen.still_s(entry, 13.0) == 3.0
    moved = root / "Approved/a.md"
    path.rename(moved)
    (entry,) = seen.look(14.0).entries
    assert seen.still_s(entry, 14.0) == 0.0, "another place is another file to look at"
    moved.write_text("three")
    (entry,) = seen.look(20.0).entries
    assert seen.still_s(entry, 20.0) == 0.0


def test_large_notes_are_listed_not_read(root: Path) -> None:
    for folder, most in (("Needs_Action", TASK_MOST_BYTES), ("Approved", CARD_MOST_BYTES)):
        (root / folder / "fits.md").write_bytes(b"x" * most)
        (root / folder / "large.md").write_bytes(b"x" * (most + 1))
    listing = shelf(root).look(0.0)
    assert [entry.name for entry in listing.entries] == ["fits.md", "fits.md"]
    assert [problem.path.name for problem in listing.problems] == ["large.md", "large.md"]
    assert all("larger than" in problem.reason for problem in listing.problems)
    asked = {problem.path.parent.name: problem.reason for problem in listing.problems}
    assert "Inbox" in asked["Needs_Action"] and "Inbox" not in asked["Approved"]


def test_the_largest_card_of_ours_fits() -> None:
    text = "🥛" * 60_000
    assert len(text.encode()) + len(json.dumps(text)) < CARD_MOST_BYTES


def test_a_note_that_is_refused_or_empty_is_present(root: Path) -> None:
    (root / "Needs_Action/two.md").write_text("x")
    os.link(root / "Needs_Action/two.md", root / "mine.md")
    (root / "Needs_Action/empty.md").touch()
    (root / "In_Progress/pi/large.md").write_bytes(b"x" * (TASK_MOST_BYTES + 1))
    (root / "In_Progress/pi/waiting/whole.md").write_text("x")
    (root / "In_Progress/desk/theirs.md").write_text("x")
    (root / "Approved/card.md").write_text("x")
    (root / "Needs_Action/no-note.txt").write_text("x")
    listing = shelf(root).look(0.0)
    assert listing.present == {"two.md", "empty.md", "large.md", "whole.md", "theirs.md"}
    assert {entry.name for entry in listing.entries} == {"whole.md", "theirs.md", "card.md"}


def test_a_note_that_cannot_be_read_now_is_told_from_a_broken_one(root: Path) -> None:
    def evicted(path: Path, most_bytes: int) -> bytes:
        if path.name == "evicted.md":
            raise Stuck(0, "does not answer", str(path))
        return read_regular(path, most_bytes)

    (root / "Approved/evicted.md").write_text("x")
    (root / "Failed/broken.md").write_bytes(b"\0")
    seen = Shelf(root, "pi", Reader(evicted))
    there, broken = seen.look(0.0).entries
    with pytest.raises(Unreadable, match="cannot be read"):
        seen.note(there)
    with pytest.raises(NoteError) as refused:
        seen.note(broken)
    assert not isinstance(refused.value, Unreadable)


def test_every_folder_is_counted(root: Path) -> None:
    for folder in ("Inbox", "Needs_Action", "Failed", "Done/2026-11", "Done/2026-10"):
        (root / folder).mkdir(exist_ok=True)
        for n in range(3):
            (root / folder / f"{n}.md").write_text("x")
    seen = shelf(root)
    counts = seen.look(0.0).counts
    assert counts == {
        **dict.fromkeys((state.value for state in State), 0),
        "inbox": 3,
        "needs_action": 3,
        "failed": 3,
        "done": 6,
    }
    (root / "Done/2026-11/3.md").write_text("x")
    os.utime(root / "Done/2026-11", (1, 1))
    assert seen.look(1.0).counts["done"] == 7


def test_a_folder_that_is_gone_for_a_moment_is_empty(root: Path) -> None:
    for state in (State.APPROVED, State.REJECTED):
        (root / FOLDERS[state]).rmdir()
    assert shelf(root).look(0.0).entries == []


def test_of_two_names_of_one_file_the_later_one_stays(root: Path) -> None:
    early, late = root / "Approved/a.md", root / "Done/2026-11/a.md"
    late.parent.mkdir()
    early.write_text("x")
    assert not cut_short(root)
    os.link(early, late)
    assert cut_short(root)
    mend_links(root, root / ".factotum/intake/pi", Path.unlink)
    assert not early.exists() and late.read_text() == "x"


def test_a_second_name_outside_the_pipeline_is_left_alone(root: Path) -> None:
    inside, outside = root / "Approved/a.md", root / "mine.md"
    inside.write_text("x")
    os.link(inside, outside)
    mend_links(root, root / ".factotum/intake/pi", Path.unlink)
    assert inside.exists() and outside.exists()


def test_folders_in_folders_stop_no_mending(root: Path) -> None:
    early, late = root / "Approved/a.md", root / "Failed/a.md"
    early.write_text("x")
    deep = [str(root / "Needs_Action")]
    try:
        for _ in range(1200):
            deep.append(f"{deep[-1]}/d")
            os.mkdir(deep[-1])
        assert not cut_short(root)
        os.link(early, late)
        assert cut_short(root)
        mend_links(root, root / ".factotum/intake/pi", Path.unlink)
    finally:
        for folder in reversed(deep[1:]):  # deeper than rmtree can go
            os.rmdir(folder)
    assert not early.exists() and late.exists()


@pytest.mark.parametrize("where", ["In_Progress/pi/waiting", "In_Progress/desk", "Inbox"])
def test_a_half_made_move_is_seen_wherever_we_move(root: Path, where: str) -> None:
    (root / where / "a.md").write_text("x")
    os.link(root / where / "a.md", root / "Failed/a.md")
    assert cut_short(root)
    mend_links(root, root / ".factotum/intake/pi", Path.unlink)
    assert not (root / where / "a.md").exists() and (root / "Failed/a.md").exists()
