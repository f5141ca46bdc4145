"""The only writer in the vault: whole or not at all, over nothing, with every editor's bytes."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path

import pytest

from factotum.model import State
from factotum.scratch import DISPLACED_S
from factotum.vault import ALL_FOLDERS, Changed, Vault, VaultError


class Hands:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.mono = 0.0

    def __call__(self) -> float:
        return self.mono


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*ALL_FOLDERS, ".factotum"):
        (tmp_path / "vault" / name).mkdir(parents=True)
    return tmp_path / "vault"


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def vault(root: Path, hands: Hands) -> Vault:
    return Vault(root, "pi", hands)


def scratch(vault: Vault) -> list[str]:
    return [entry.name for entry in vault.scratch.tmp.iterdir()]


def test_what_is_no_vault_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=r"there is no vault at .*factotum init"):
        Vault(tmp_path / "none", "pi", Hands())
    with pytest.raises(VaultError, match=r"not a vault of Factotum .*Adopt it"):
        Vault(tmp_path, "pi", Hands())


def test_a_folder_that_somebody_deleted_is_made_again(root: Path) -> None:
    (root / "Briefings").rmdir()
    Vault(root, "pi", Hands())
    assert (root / "Briefings").is_dir()


@pytest.mark.parametrize(
    ("state", "where"),
    [
        (State.NEEDS_ACTION, "Needs_Action"),
        (State.IN_PROGRESS, "In_Progress/pi"),
        (State.WAITING, "In_Progress/pi/waiting"),
        (State.DONE, "Done/2026-11"),
        (State.FAILED, "Failed"),
    ],
)
def test_every_state_has_its_folder(vault: Vault, state: State, where: str) -> None:
    assert vault.relative(vault.folder(state, "2026-11")) == where


def test_a_drop_is_whole_and_over_nothing(vault: Vault) -> None:
    target = vault.folder(State.NEEDS_ACTION) / "note.md"
    vault.drop(target, b"one")
    with pytest.raises(FileExistsError):
        vault.drop(target, b"two")
    assert target.read_bytes() == b"one"
    assert scratch(vault) == []


def test_a_move_is_over_nothing(vault: Vault) -> None:
    one, two = vault.root / "Inbox/a.md", vault.root / "Failed/a.md"
    one.write_text("one")
    two.write_text("two")
    with pytest.raises(FileExistsError):
        vault.move(one, two)
    assert (one.read_text(), two.read_text()) == ("one", "two")


def test_a_move_beside_finds_a_free_name(vault: Vault) -> None:
    names = []
    for n in range(4):
        (vault.root / "Inbox/🥛.md").write_text(str(n))
        there = vault.move_beside(vault.root / "Inbox/🥛.md", vault.root / "Failed/🥛.md", "7f3k")
        names.append(there.name)
    assert names == ["🥛.md", "🥛_7f3k.md", "🥛_7f3k-2.md", "🥛_7f3k-3.md"]
    assert [(vault.root / "Failed" / name).read_text() for name in names] == list("0123")


def test_a_rewrite_replaces_what_was_read(vault: Vault, hands: Hands) -> None:
    note = vault.root / "Failed/a.md"
    note.write_bytes(b"old")
    vault.rewrite(note, b"old", b"new")
    assert note.read_bytes() == b"new"
    assert vault.late_edits() == [] and len(scratch(vault)) == 1
    hands.mono += DISPLACED_S
    assert vault.late_edits() == [] and scratch(vault) == []


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_rewrite_keeps_who_may_read_the_note(vault: Vault, mode: int) -> None:
    note = vault.root / "Failed/a.md"
    note.write_bytes(b"old")
    note.chmod(mode)
    vault.rewrite(note, b"old", b"new")
    assert note.stat().st_mode & 0o777 == mode


def test_a_rewrite_gives_way_to_an_editor(vault: Vault) -> None:
    note = vault.root / "Failed/a.md"
    note.write_bytes(b"edited")
    with pytest.raises(Changed):
        vault.rewrite(note, b"old", b"new")
    assert note.read_bytes() == b"edited"
    with pytest.raises(Changed):
        vault.rewrite(vault.root / "Failed/gone.md", b"old", b"new")
    assert vault.late_edits(ending=True) == [] and scratch(vault) == []


def test_an_editor_that_had_the_note_open_loses_nothing(vault: Vault, hands: Hands) -> None:
    note = vault.root / "Failed/a.md"
    note.write_bytes(b"old\n")
    with open(note, "ab") as editor:
        vault.rewrite(note, b"old\n", b"new\n")
        editor.write(b"typed late\n")
    hands.mono += DISPLACED_S
    ((path, data, kept),) = vault.late_edits()
    assert (path, data) == (note, b"old\ntyped late\n")
    assert kept.read_bytes() == data and kept.parent == vault.aside
    assert note.read_bytes() == b"new\n"


def test_an_editor_that_opened_our_copy_for_an_instant_loses_nothing(vault: Vault) -> None:
    """It got hold of the note between the two exchanges of a rewrite that gave way."""
    note = vault.root / "Failed/a.md"
    note.write_bytes(b"edited\n")
    with pytest.raises(Changed):
        vault.rewrite(note, b"old\n", b"new\n")
    (ours,) = vault.scratch.tmp.iterdir()
    with open(ours, "ab") as editor:
        editor.write(b"typed late\n")
    ((_, data, _),) = vault.late_edits(ending=True)
    assert data == b"new\ntyped late\n"


def test_after_a_crash_only_what_is_certainly_ours_is_removed(root: Path, vault: Vault) -> None:
    note = root / "Failed/a.md"
    note.write_bytes(b"old\n")
    vault.rewrite(note, b"old\n", b"new\n")
    (untouched,) = vault.scratch.tmp.iterdir()
    note.write_bytes(b"new\n")
    vault.rewrite(note, b"new\n", b"newer\n")
    (edited,) = [path for path in vault.scratch.tmp.iterdir() if path != untouched]
    edited.write_bytes(b"typed into\n")
    (vault.scratch.tmp / "pi-2.0.0.~theirs.md").write_text("another machine's")
    os.link(root / "Failed/a.md", vault.scratch.tmp / "pi.0.7.~linked.md")
    (vault.scratch.tmp / "pi.0.8.~empty.md").touch()
    kept = Vault(root, "pi", Hands()).recover()
    assert [path.read_bytes() for path in kept] == [b"typed into\n"]
    assert scratch(vault) == ["pi-2.0.0.~theirs.md"]
    assert note.read_bytes() == b"newer\n"


@pytest.mark.parametrize("ends", ["stopped", "killed"])
@pytest.mark.parametrize("saves", ["adds", "empties first"])
def test_an_editor_that_has_the_note_open_over_a_restart_loses_nothing(
    root: Path, vault: Vault, ends: str, saves: str
) -> None:
    note = root / "Failed/a.md"
    note.write_bytes(b"old\n")
    with open(note, "r+b", buffering=0) as editor:
        vault.rewrite(note, b"old\n", b"new\n")
        if saves == "empties first":
            editor.truncate(0)
        if ends == "stopped":
            vault.late_edits(ending=True)
        hands = Hands()
        after = Vault(root, "pi", hands)
        after.recover()
        hands.mono += DISPLACED_S  # an editor may take its time
        after.late_edits()
        editor.seek(0, 2)
        editor.write(b"typed late\n")
    hands.mono += DISPLACED_S
    after.late_edits()
    (kept,) = vault.aside.iterdir()
    assert kept.read_bytes().endswith(b"typed late\n") and scratch(vault) == []


def test_recovery_leaves_what_is_being_written_now(vault: Vault, root: Path) -> None:
    note = root / "Failed/a.md"
    note.write_bytes(b"old\n")
    vault.rewrite(note, b"old\n", b"new\n")
    assert vault.recover() == [] and len(scratch(vault)) == 1


def test_what_is_put_aside_is_never_overwritten(vault: Vault) -> None:
    name = "🥛" * 62 + ".md"
    kept = []
    for n in range(3):
        path = vault.root / "Failed" / name
        path.write_text(str(n))
        kept.append(vault.put_aside(path))
    assert [path.read_text() for path in kept] == ["0", "1", "2"]
    assert vault.keep("a.md", b"copy").read_bytes() == b"copy"
    (vault.root / "Failed/fifo.md").parent.mkdir(exist_ok=True)
    os.mkfifo(vault.root / "Failed/fifo.md")
    assert vault.put_aside(vault.root / "Failed/fifo.md").is_fifo()  # never opened


def test_a_long_name_of_wide_letters_can_be_rewritten(vault: Vault) -> None:
    note = vault.root / "Failed" / ("🥛" * 62 + ".md")
    note.write_bytes(b"old")
    vault.rewrite(note, b"old", b"new")
    assert note.read_bytes() == b"new"


def test_a_log_grows(vault: Vault) -> None:
    for line in ("one\n", "two\n"):
        vault.append(vault.root / "Logs/day.md", line)
    assert (vault.root / "Logs/day.md").read_text() == "one\ntwo\n"


def test_recovery_leaves_a_note_that_another_process_drops_in_this_moment(
    vault: Vault, root: Path
) -> None:
    left = vault.scratch.tmp / "pi+guest.abcd1234.0.000000000000~new.md"
    left.write_bytes(b"new\n")
    assert vault.recover() == [] and scratch(vault) == [left.name]
    os.utime(left, (1.0, 1.0))  # whoever wrote it is gone
    assert [path.read_bytes() for path in vault.recover()] == [b"new\n"]
    assert scratch(vault) == []
    Vault(root, vault.instance, lambda: 0.0, guest=True).drop(root / "Needs_Action/a.md", b"a\n")
    assert scratch(vault) == []


@pytest.mark.parametrize("name", ["STOP.md", "stop.md", "Stop.md"])
def test_a_note_stop_stops_however_it_is_spelt(vault: Vault, root: Path, name: str) -> None:
    assert not vault.stopped
    (root / name).touch()
    assert vault.stopped


def test_recovery_goes_on_beside_guests_that_drop_notes(vault: Vault, root: Path) -> None:
    over = threading.Event()

    def drop() -> None:
        guest = Vault(root, vault.instance, lambda: 0.0, guest=True)
        for n in itertools.count():
            if over.is_set():
                return
            guest.drop(root / f"Needs_Action/{n}.md", b"a\n")

    busy = threading.Thread(target=drop)
    busy.start()
    try:
        for _ in range(300):
            assert vault.recover() == []
    finally:
        over.set()
        busy.join()
