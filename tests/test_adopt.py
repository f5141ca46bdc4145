"""Adopting a folder of notes changes nothing in it, and leaving takes out only what was made."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from factotum import adopt
from factotum import leave as leaving
from factotum.ledger import Ledger
from factotum.vault import VaultError
from tests.office import TestOffice

TEMPLATE = Path(__file__).parents[1] / "vault_template"
NOW = 1_795_000_000.0

ODD_NAMES = (
    "Ärger & Söhne.md",
    "e\u0301 decomposed.md",
    "🦊 fox 🦊.md",
    "calendar conflict.md",
    "Untitled 1.md",
    "name with 'quotes' and $HOME.md",
    " leading space.md",
    "tab\there.md",
    "-rf.md",
    "trailing dot..md",
    "x" * 240 + ".md",
    "not a note.pdf",
    "no ending",
    ".hidden.md",
)
TEXTS = (
    b"# Plain\n\ntext\n",
    b"---\r\nid: 7\r\ntags: [a, 'b']\r\n---\r\nwindows lines\r\n",
    b"",
    b"no newline at the end",
    "emoji 🦊, umlauts äöü, a lone \u2028 separator".encode(),
    b"\xff\xfe not UTF-8 at all \x00",
    b"---\nbroken: [yaml\n---\n",
    b"---\nid: t-aaaaaaaaaaaaaaaa\nstatus: pending\n---\na task of another machine?\n",
)


def grow(root: Path, notes: int) -> None:
    """A vault as people have them: deep folders, odd names, odd bytes, empty folders."""
    dice = random.Random(7)
    folders = [root]
    for n in range(60):
        folder = dice.choice(folders) / dice.choice([f"Folder {n}", f"Área {n}", f"{n:02} 📁"])
        folder.mkdir(parents=True, exist_ok=True)
        folders.append(folder)
    for n in range(notes):
        (dice.choice(folders) / f"Note {n}.md").write_bytes(dice.choice(TEXTS))
    for n, name in enumerate(ODD_NAMES):
        (folders[n] / name).write_bytes(TEXTS[n % len(TEXTS)])
    (root / "Empty" / "and empty").mkdir(parents=True)
    (root / ".obsidian" / "plugins").mkdir(parents=True)
    (root / ".obsidian" / "app.json").write_text("{}")
    os.symlink("Note 1.md", root / "a link.md")
    (folders[3] / ODD_NAMES[3]).chmod(0o444)


def tree(root: Path) -> dict[str, tuple[str, int, int]]:
    """Every name below `root`, with the hash, mode and time of what it holds."""
    found = {}
    for path in sorted(root.rglob("*")):
        about = path.lstat()
        content = os.readlink(path).encode() if path.is_symlink() else b""
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
        time = 0 if path.is_dir() else about.st_mtime_ns
        name = str(path.relative_to(root))
        found[name] = (hashlib.sha256(content).hexdigest(), about.st_mode, time)
    return found


def init(root: Path, ledger: Ledger | None = None) -> adopt.Plan:
    plan = adopt.plan(root, TEMPLATE)
    adopt.make(plan, ledger, NOW)
    return plan


def leave(root: Path) -> leaving.Farewell:
    farewell = leaving.plan(root, "pi")
    assert leaving.carry_out(farewell) == ()
    return farewell


@pytest.mark.prove
@pytest.mark.slow
def test_a_vault_of_5000_notes_is_adopted_and_left_byte_for_byte(tmp_path: Path) -> None:
    grow(tmp_path, 5000)
    before = tree(tmp_path)
    init(tmp_path / "Factotum")
    adopted = tree(tmp_path)
    assert {name: adopted[name] for name in before} == before
    assert all(name.startswith("Factotum") for name in set(adopted) - set(before))
    leave(tmp_path / "Factotum")
    assert tree(tmp_path) == before


@pytest.mark.prove
def test_adopting_in_place_changes_nothing_and_starts_nothing(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    shutil.rmtree(office.root)
    office.root.mkdir()
    grow(office.root, 300)
    (office.root / "Inbox").mkdir()
    for n, text in enumerate(TEXTS):
        (office.root / "Inbox" / f"captured {n}.md").write_bytes(text)
    (office.root / "Dashboard.md").write_bytes(b"mine\r\n")
    before = tree(office.root)
    office.state.mkdir()
    ledger = Ledger(office.state / "ledger.db")
    plan = init(office.root, ledger)
    ledger.close()
    assert len(plan.seen) == len(TEXTS)
    assert plan.skipped == ("Dashboard.md",)
    office.run()
    after = tree(office.root)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {"Dashboard.md"}  # only the block at its end
    assert (office.root / "Dashboard.md").read_bytes().startswith(b"mine\r\n")
    assert office.events() == []
    assert office.files("In_Progress") == office.files("Pending_Approval") == []


def test_adopting_in_place_is_left_byte_for_byte(tmp_path: Path) -> None:
    grow(tmp_path / "v", 50)
    (tmp_path / "v" / "Inbox").mkdir()
    (tmp_path / "v" / "Inbox" / "a.md").write_text("mine")
    (tmp_path / "v" / "SOUL.md").write_text("mine")
    before = tree(tmp_path / "v")
    ledger = Ledger(tmp_path / "ledger.db")
    init(tmp_path / "v", ledger)
    ledger.close()
    leave(tmp_path / "v")
    assert tree(tmp_path / "v") == before


def test_a_new_file_in_an_adopted_inbox_is_a_task(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    (office.root / ".factotum").rmdir()
    office.drop("old.txt", b"an old capture")
    office.state.mkdir()
    ledger = Ledger(office.state / "ledger.db")
    init(office.root, ledger)
    ledger.close()
    office.drop("new.txt", b"a new wish")
    office.run()
    assert (office.root / "Inbox" / "old.txt").exists()
    assert not (office.root / "Inbox" / "new.txt").exists()
    assert [e["title"] for e in office.events() if e["kind"] == "task"] == ["new"]


@pytest.mark.parametrize("folder", ["Needs_Action", "Approved", "Pending_Approval", "In_Progress"])
def test_notes_that_would_start_something_are_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder / "sub").mkdir(parents=True)
    (tmp_path / folder / "sub" / "Buy milk.md").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(VaultError, match=rf"{folder} holds notes already \(Buy milk.md\).*--here"):
        init(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: (root / "inbox").mkdir(), "'inbox'.*'Inbox' beside it"),
        (lambda root: (root / "Inbox").write_text("a file"), "is no plain folder"),
        (lambda root: (root / "Done").symlink_to(root), "is no plain folder"),
        (lambda root: (root.parent / ".factotum").mkdir(), "lies inside the vault"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_named(tmp_path: Path, make: object, said: str) -> None:
    root = tmp_path / "v"
    root.mkdir()
    assert callable(make)
    make(root)
    before = tree(tmp_path)
    with pytest.raises(VaultError, match=said):
        init(root)
    assert tree(tmp_path) == before


def test_a_second_init_keeps_everything(tmp_path: Path) -> None:
    init(tmp_path / "v")
    (tmp_path / "v" / "SOUL.md").write_text("mine now")
    (tmp_path / "v" / "USER.md").unlink()
    (tmp_path / "v" / "Inbox" / "waiting.txt").write_text("a task that nobody has taken yet")
    (tmp_path / "v" / "Plans").rmdir()
    before = tree(tmp_path)
    plan = init(tmp_path / "v")
    assert plan.seen == ()
    after = tree(tmp_path)
    assert set(after) - set(before) == {"v/Plans"}
    assert {n for n in before if after[n] != before[n]} == {"v/.factotum/vault.json"}


def test_an_init_that_was_killed_goes_on(tmp_path: Path) -> None:
    whole = init(tmp_path / "whole")
    plan = adopt.plan(tmp_path / "v", TEMPLATE)
    fewer = adopt.Plan(plan.root, plan.folders[:5], dict(list(plan.files.items())[:3]))
    adopt.make(fewer, None, NOW)
    manifest = tmp_path / "v/.factotum/vault.json"
    manifest.write_text(manifest.read_text().replace('"complete": true', '"complete": false'))
    init(tmp_path / "v")
    assert {n: h for n, (h, _, _) in tree(tmp_path / "v").items() if "vault.json" not in n} == {
        n: h for n, (h, _, _) in tree(tmp_path / "whole").items() if "vault.json" not in n
    }
    leave(tmp_path / "v")
    assert not (tmp_path / "v").exists()
    assert len(whole.files) >= 10


def test_what_a_person_wrote_stays_and_is_named(tmp_path: Path) -> None:
    root = tmp_path / "v"
    init(root)
    (root / "SOUL.md").write_text("mine now")
    (root / "Done" / "2026-11").mkdir()
    (root / "Done" / "2026-11" / "done.md").write_text("a receipt")
    (root / "My note.md").write_text("x")
    (root / ".obsidian").mkdir()
    (root / ".obsidian" / "app.json").write_text("{}")
    (root / "In_Progress" / "pi" / "waiting").mkdir(parents=True)
    farewell = leave(root)
    kept = (".obsidian/", "Done/2026-11/done.md", "My note.md", "SOUL.md")
    assert farewell.kept == kept
    assert {p.name for p in root.rglob("*") if p.is_file()} == {
        "app.json", "done.md", "My note.md", "SOUL.md"
    }  # fmt: skip
    assert not (root / "In_Progress").exists()


def test_a_dashboard_that_only_we_changed_goes(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.state.mkdir()
    (office.root / ".factotum").rmdir()
    init(office.root)
    original = (office.root / "Dashboard.md").read_bytes()
    office.run()
    assert (office.root / "Dashboard.md").read_bytes() != original
    assert "Dashboard.md" not in leaving.plan(office.root, "pi").kept
    with open(office.root / "Dashboard.md", "a") as note:
        note.write("and a line of mine\n")
    assert "Dashboard.md" in leaving.plan(office.root, "pi").kept


def test_a_changed_manifest_reaches_no_file_outside(tmp_path: Path) -> None:
    init(tmp_path / "v")
    outside = tmp_path / "outside.md"
    outside.write_text("x")
    path = tmp_path / "v/.factotum/vault.json"
    path.write_text(path.read_text().replace('"SOUL.md"', '"../outside.md"'))
    with pytest.raises(VaultError, match="was not written by this version"):
        leaving.plan(tmp_path / "v", "pi")
    assert outside.exists()


def test_a_folder_that_init_did_not_make_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="was not made by init"):
        leaving.plan(tmp_path, "pi")


def test_forgetting_keeps_what_may_be_the_only_copy(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "attachments").mkdir(parents=True)
    (state / "blobs").mkdir()
    (state / "blobs" / "abc").write_text("a copy")
    (state / "attachments" / "film.mp4").write_text("the only one")
    (state / "taxes.ods").write_text("somebody chose a folder in use")
    Ledger(state / "ledger.db").close()
    assert leaving.forget(state) == ("attachments", "taxes.ods")
    assert sorted(p.name for p in state.rglob("*")) == ["attachments", "film.mp4", "taxes.ods"]
    (state / "taxes.ods").unlink()
    (state / "attachments" / "film.mp4").unlink()
    assert leaving.forget(state) == ()
    assert not state.exists()


@pytest.mark.parametrize(
    "text", ["# Mine\n", "# Mine, without a line's end", "", "# Mine\r\n\r\non Windows\r\n"]
)
def test_a_dashboard_of_ones_own_is_given_back_byte_for_byte(tmp_path: Path, text: str) -> None:
    root = tmp_path / "vault"
    root.mkdir()
    (root / "Dashboard.md").write_bytes(text.encode())
    (root / "a.md").write_text("A note.\n")
    init(root)
    TestOffice(tmp_path).run()
    assert "factotum:pi begin" in (root / "Dashboard.md").read_text()
    farewell = leave(root)
    assert not [name for name in farewell.kept if name.startswith((".factotum/pi", "Dash"))]
    assert (root / "Dashboard.md").read_bytes() == text.encode()
    assert not (root / ".factotum").exists()
