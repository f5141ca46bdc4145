"""`init` and `leave` as a person meets them, and `new`."""

from __future__ import annotations

import os
import pty
import select
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from factotum.model import Trust
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.test_adopt import tree


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"FACTOTUM_STATE_DIR": str(tmp_path / "state")})


def notes(tmp_path: Path) -> Path:
    (tmp_path / "Notes" / "Daily").mkdir(parents=True)
    (tmp_path / "Notes" / "Daily" / "today.md").write_text("x")
    return tmp_path / "Notes"


def at_a_terminal(terminal: Terminal, answer: bytes, *words: str) -> tuple[int, str]:
    """The command with a person at a terminal, who types `answer`."""
    ours, theirs = pty.openpty()
    process = terminal.start(*words, stdin=theirs)
    os.close(theirs)
    os.write(ours, answer)
    out, err = process.communicate(timeout=PATIENCE_S)
    while select.select([ours], [], [], 0)[0]:
        try:
            if not os.read(ours, 4096):
                break
        except OSError:  # the other end is closed
            break
    os.close(ours)
    return process.returncode, out + err


def test_a_new_vault_is_made_without_a_question(bare: Terminal, tmp_path: Path) -> None:
    said = bare("init", str(tmp_path / "v"))
    assert said.code == 0
    assert f"export FACTOTUM_VAULT='{tmp_path / 'v'}'" in said.out
    assert (tmp_path / "v" / "Company_Handbook.md").exists()
    again = bare("init", str(tmp_path / "v"))
    assert (again.code, "nothing was changed" in again.out) == (0, True)


def test_the_default_is_in_the_home_folder(bare: Terminal, tmp_path: Path) -> None:
    assert bare("init", "--if-missing").code == 0
    assert (tmp_path / "AI_Employee_Vault" / "Needs_Action").is_dir()
    assert bare("init", "--if-missing").out == ""


def test_where_notes_lie_a_folder_inside_is_proposed(bare: Terminal, tmp_path: Path) -> None:
    vault = notes(tmp_path)
    before = tree(vault)
    said = bare("init", str(vault))
    assert said.code == 2
    assert "--yes" in said.err
    assert f"in {vault}/Factotum" in said.out
    assert "will touch   nothing" in said.out and "no tasks" in said.out
    assert tree(vault) == before
    assert bare("init", str(vault), "--yes").code == 0
    assert (vault / "Factotum" / ".factotum" / "vault.json").exists()
    assert bare("status", "--vault", str(vault)).code == 0
    assert "is a vault already" in bare("init", str(vault)).out
    assert bare("leave", "--vault", str(vault), "--yes", "--forget").code == 0
    assert tree(vault) == before
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("answer", "code"), [(b"\n", 0), (b"y\n", 0), (b"n\n", 1)])
def test_a_person_is_asked(bare: Terminal, tmp_path: Path, answer: bytes, code: int) -> None:
    vault = notes(tmp_path)
    assert at_a_terminal(bare, answer, "init", str(vault))[0] == code
    assert (vault / "Factotum").exists() == (code == 0)


def test_adopting_in_place_marks_what_lies_in_the_inbox(bare: Terminal, tmp_path: Path) -> None:
    vault = notes(tmp_path)
    (vault / "Inbox").mkdir()
    (vault / "Inbox" / "idea.md").write_text("one day")
    said = bare("init", str(vault), "--here", "--yes")
    assert said.code == 0
    assert "1 file in Inbox: marked as seen" in said.out
    ledger = Ledger(tmp_path / "state" / "ledger.db")
    assert (
        ledger.db.execute("SELECT count(*) FROM seen WHERE source = 'adopted'").fetchone()[0] == 1
    )
    ledger.close()
    bare.env = {**bare.env, "FACTOTUM_STABLE_S": "0", "FACTOTUM_SETTLE_S": "0"}
    assert bare.really("run", "--once", "--vault", str(vault)).code == 0
    assert (vault / "Inbox" / "idea.md").read_text() == "one day"


def test_leaving_at_once_leaves_nothing_anywhere(bare: Terminal, tmp_path: Path) -> None:
    before = tree(tmp_path)
    bare("init", str(tmp_path / "v"))
    said = bare("leave", "--vault", str(tmp_path / "v"), "--yes")
    assert (said.code, said.out.endswith("\nDone.\n")) == (0, True)
    assert tree(tmp_path) == before


def test_leave_asks_about_the_ledger(bare: Terminal, tmp_path: Path) -> None:
    vault = tmp_path / "v"
    bare("init", str(vault))
    bare("new", "something", "--vault", str(vault))
    code, text = at_a_terminal(bare, b"y\ny\n", "leave", "--vault", str(vault))
    assert code == 0
    assert "Needs_Action/something" in text
    assert [p.parent.name for p in vault.rglob("*") if p.is_file()] == ["Needs_Action"]
    assert not (tmp_path / "state").exists()


def test_new_is_a_task_of_the_owner_and_is_taken_at_once(
    office: TestOffice, terminal: Terminal
) -> None:
    office.env["FACTOTUM_SETTLE_S"] = "3600"
    said = terminal("new", "Do", "this.", "--json").json
    note = office.root / said["note"]
    assert "Do this." in note.read_text()
    office.run()
    assert office.files("Needs_Action") == []
    ledger = Ledger(office.state / "ledger.db")
    row = ledger.task(said["id"])
    ledger.close()
    assert row is not None
    assert (row.trust, row.title) == (Trust.OWNER, "Do this.")


def test_new_takes_stdin_and_a_title(office: TestOffice, terminal: Terminal) -> None:
    said = terminal.really("new", "--title", "Offer", given="---\nid: x\n---\nline one\nline two\n")
    assert said.code == 0
    (note,) = office.files("Needs_Action")
    assert note.name.startswith("offer_")
    assert office.note(note).props["title"] == "Offer"
    assert "line one\nline two" in note.read_text()
    assert terminal.really("new", given="").code == 2
