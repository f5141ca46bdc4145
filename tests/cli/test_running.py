"""The office as a process: started, spoken to from beside it, stopped, killed."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import ASK
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay

#: A stop may take no longer, in seconds; one that waits for the next look takes 30 s.
STOP_S = 15.0


def until(done: Callable[[], bool], most_s: float = PATIENCE_S) -> bool:
    """Waits till `done`; False when it did not come to that in `most_s`."""
    end = time.monotonic() + most_s
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def up(terminal: Terminal) -> Iterator[subprocess.Popen[str]]:
    with terminal.start("up") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "factotum works in" in first and "Stop it with Ctrl-C" in first
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    "word",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_signal_stops_it_in_good_order(
    terminal: Terminal, office: TestOffice, word: signal.Signals
) -> None:
    with up(terminal) as process:
        start = time.monotonic()
        process.send_signal(word)
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - start < STOP_S
        assert process.stdout is not None
        assert "factotum stopped" in process.stdout.read()


@pytest.mark.slow
def test_it_stops_also_when_nobody_reads_what_it_says(
    terminal: Terminal, office: TestOffice
) -> None:
    with up(terminal) as process:
        assert process.stdout is not None
        process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        assert time.monotonic() - start < STOP_S


def test_a_mail_goes_its_whole_way_by_commands_alone(
    terminal: Terminal, office: TestOffice, relay: Relay
) -> None:
    with up(terminal):
        office.drop("ask.eml", ASK)
        assert until(lambda: len(terminal("status", "--json").json["approvals"]) == 1)
        status = terminal("status", "--json").json
        assert status["health"]["running"] is True
        assert status["rev"] >= 1
        said = terminal("approve", status["approvals"][0]["id"])
        assert "No office runs" not in said.out
        assert until(lambda: len(relay.messages) == 1)
        assert until(lambda: terminal("status", "--json").json["counts"]["done"] == 2)
        second = terminal("run", "--once")
        assert second.code == 1
        assert "another office" in second.err
        assert "stop it first" in terminal("leave", "--yes").err
        assert terminal("audit", "verify").code == 0


def test_run_once_says_what_ended_and_what_waits(
    terminal: Terminal, office: TestOffice, relay: Relay
) -> None:
    assert terminal("run", "--once").out == ("Nothing was to be done, and nothing waits for you.\n")
    office.drop("ask.eml", ASK)
    said = terminal("run", "--once")
    assert (said.code, said.err) == (0, "")
    card = office.card()
    assert f"factotum approve {card.id}" in said.out
    terminal("approve", card.id)
    said = terminal("run", "--once")
    assert said.code == 0
    assert said.out.startswith("done       Invoice 1042")
    assert len(relay.messages) == 1


@pytest.mark.slow
def test_a_failpoint_kills_and_the_next_run_goes_on(
    terminal: Terminal, office: TestOffice, relay: Relay
) -> None:
    office.drop("ask.eml", ASK)
    plain = terminal.env
    terminal.env = {**plain, "FACTOTUM_FAILPOINT": "seal.committed"}
    assert terminal.really("run", "--once").code == -signal.SIGKILL
    terminal.env = plain
    assert terminal("run", "--once").code == 0
    assert office.card().status == "pending"


def test_the_log_holds_what_the_terminal_does_not(terminal: Terminal, office: TestOffice) -> None:
    terminal.env = {**terminal.env, "FACTOTUM_LOG_LEVEL": "debug", "FACTOTUM_SMTP_PASSWORD": "hush"}
    office.drop("ask.eml", ASK)
    said = terminal.really("run", "--once")
    assert said.err == ""
    log = office.state / "factotum.log"
    assert log.exists()
    assert "hush" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0 or office.state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("command", ["up", "run"])
def test_a_missing_vault_is_said_at_once(terminal: Terminal, command: str) -> None:
    terminal.env = {**terminal.env, "FACTOTUM_VAULT": str(terminal.folder / "nowhere")}
    said = terminal(command)
    assert said.code == 1
    assert said.err.startswith("factotum: there is no vault at")
    assert "factotum init" in said.err and "Traceback" not in said.err


def test_a_ledger_of_a_newer_factotum_is_refused(terminal: Terminal, office: TestOffice) -> None:
    import sqlite3

    office.run()
    db = sqlite3.connect(office.state / "ledger.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    said = terminal("run", "--once")
    assert said.code == 1
    assert "written by a newer Factotum" in said.err


def test_run_once_fails_where_nothing_could_be_looked_at(
    terminal: Terminal, office: TestOffice
) -> None:
    assert terminal("status").code == 0
    (office.state / "beat").unlink(missing_ok=True)
    (office.state / "beat").symlink_to(office.folder / "gone" / "beat")
    said = terminal("run", "--once")
    assert said.code == 1
    assert "nothing is sent till it works" in said.err
    (office.state / "beat").unlink()
    assert terminal("run", "--once").code == 0
