"""What the commands show, and that looking changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from tests.cli.terminal import ROOT, Terminal
from tests.cli.test_running import until, up
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.test_adopt import tree

KEYS = {"counts", "tasks", "approvals", "health", "cost", "face", "rev"}


def test_status_of_an_office_that_does_not_run(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    before = tree(office.root)
    content = terminal("status", "--json").json
    assert set(content) >= KEYS
    assert content["counts"]["waiting"] == 1
    assert content["counts"]["pending_approval"] == 1
    (approval,) = content["approvals"]
    assert approval["id"] == asked
    assert set(approval) >= {"action", "title", "risk", "rule", "expires", "task", "caused_by"}
    assert content["health"]["running"] is False
    text = terminal("status").out
    assert f"factotum approve {asked}" in text and "\x1b" not in text
    assert tree(office.root) == before


def test_two_vaults_do_not_show_each_others_snapshot(tmp_path: Path) -> None:
    """Their state directories may be named alike, and share one runtime directory."""
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    one, two = (
        Terminal(tmp_path, {**env, "FACTOTUM_STATE_DIR": str(tmp_path / name / "state"),
                            "FACTOTUM_VAULT": str(tmp_path / name / "vault")})
        for name in ("one", "two")
    )  # fmt: skip
    for terminal in (one, two):
        assert terminal("init").code == 0
    with up(one), up(two):
        assert one("new", "only mine").code == 0
        assert until(lambda: len(one("tasks", "--json").json) == 1)
        assert two("tasks", "--json").json == []
        assert until(lambda: len(list(tmp_path.glob("factotum-*.json"))) == 2)


def test_status_shows_a_note_that_cannot_be_read(office: TestOffice, terminal: Terminal) -> None:
    office.type("---\nbroken: [yaml\n---\n", "Broken.md")
    (problem,) = terminal("status", "--json").json["health"]["problems"]
    assert problem["path"] == "Needs_Action/Broken.md"
    assert "line" in problem["reason"]
    assert "Needs_Action/Broken.md" in terminal("status").out


def test_tasks_open_and_over(office: TestOffice, terminal: Terminal, asked: str) -> None:
    task = office.card().task
    assert [t["id"] for t in terminal("tasks", "--json").json] == [task]
    terminal("approve", asked)
    office.run()
    assert terminal("tasks", "--json").json == []
    ((id, state),) = [(t["id"], t["state"]) for t in terminal("tasks", "--all", "--json").json]
    assert (id, state) == (task, "done")
    assert task in terminal("tasks", "--all").out


def test_show_prints_all_that_would_be_sent(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    out = terminal("show", asked).out
    assert "To: ada@rossi.example" in out
    assert "Hi Ada, here is invoice 1042." in out
    assert "it still waits for a decision" in out
    assert "\x1b" not in out
    facts = terminal("show", asked, "--json").json
    assert facts["digest"] == office.card().seal.digest
    assert facts["args"]["to"] == ["ada@rossi.example"]


def test_show_tells_the_history_of_a_task(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    task = office.card().task
    assert "It waits for you" in terminal("show", task).out
    terminal("approve", asked)
    office.run()
    out = terminal("show", task).out
    assert "Its note: Done/" in out
    assert "message_id: <" in out
    order = [out.index(word) for word in ("New task:", "Asks you:", "Approved by", "Task done:")]
    assert order == sorted(order)
    assert terminal("show", task, "--json").json["result"] == "done"


def test_logs_are_the_last_lines(office: TestOffice, terminal: Terminal, asked: str) -> None:
    lines = terminal("logs").out.splitlines()
    assert "New task:" in lines[0]
    assert "Asks you:" in lines[-1]
    assert "\\" not in lines[0].replace("\\u001b", "")
    assert terminal("logs", "-n", "1").out.splitlines() == lines[-1:]
    assert terminal("logs", "-n", "0").out == ""


def test_audit_agrees_with_the_logs_until_somebody_changes_them(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    said = terminal("audit", "verify")
    assert (said.code, said.out.endswith("the logs say what the ledger says.\n")) == (0, True)
    (log,) = (office.root / "Logs").glob("*.jsonl")
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b"stranger", b"owner", 1))
    assert terminal("audit", "verify").code == 3
    lines = whole.splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    said = terminal("audit", "verify")
    assert (said.code, "The logs end before event" in said.out) == (3, True)
    log.write_bytes(whole)
    assert terminal("audit", "verify", "--json").json["ok"] is True


def test_a_word_that_is_not_written_yet_is_no_finding(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    terminal("approve", asked)
    terminal("cancel", asked)
    terminal("new", "something else")
    said = terminal("audit", "verify")
    assert said.code == 0
    assert "not written yet" in said.out


def test_audit_show_is_the_ledgers_record(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    lines = terminal("audit", "show").out.splitlines()
    ledger = Ledger(office.state / "ledger.db")
    assert len(lines) == ledger.last_event()
    ledger.close()
    (log,) = (office.root / "Logs").glob("*.jsonl")
    assert log.read_text().splitlines() == lines
    about = [line for line in lines if '"event": "audit_key"' not in line]
    assert terminal("audit", "show", "--task", asked).out.splitlines() == about


@pytest.mark.parametrize("command", ["status", "tasks", "show", "logs", "approve", "doctor"])
def test_where_there_is_no_vault_that_is_said(terminal: Terminal, command: str) -> None:
    more = ["x"] if command in {"show", "approve"} else []
    said = terminal("--vault", str(terminal.folder / "nowhere"), command, *more)
    assert said.code == (3 if command == "doctor" else 1)
    assert "factotum init" in said.out + said.err


def test_looking_stays_cheap(terminal: Terminal) -> None:
    code = "import sys; from factotum.cli import main; main(['status']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env=terminal.environ(), cwd=ROOT, check=True,
    )  # fmt: skip
    assert "to do" in done.stdout
    heavy = {"litellm", "mcp", "pydantic", "pypdf", "watchdog", "rich", "httpx", "jsonschema"}
    assert heavy & set(done.stdout.split()) == set()


def test_a_reader_that_goes_away_is_no_error(terminal: Terminal, asked: str) -> None:
    process = terminal.start("logs", "-f")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    process.terminate()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(PATIENCE_S)
