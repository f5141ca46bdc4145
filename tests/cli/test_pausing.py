"""The kill switch: what was not begun before the pause is not begun, whoever runs."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.gate import pause
from factotum.gate.pause import Pause
from factotum.gate.records import NotOpen
from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.views.views import snapshot_path
from factotum.words import dated, local
from orchestrator import Orchestrator
from tests.cli.terminal import Terminal
from tests.cli.test_running import until, up
from tests.office import TestOffice
from tests.servers.smtp import Relay

WRITES = """
when: {kind: note}
do:
  - notes__write: {title: N, text: T, folder: Drafts}
"""
#: In seconds: less than till the next look by itself (30 s), and how long a yes waits, in which
#: a pause must come even where a command takes four times as long.
AT_ONCE_S, REGRET_S = 15.0, "12"
MARCO = Pause("marco", "cli", "lunch", 1_795_000_000.0)


def test_nothing_is_sent_after_a_pause_until_resume(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    assert "Paused" in terminal("pause", "--why", "I am not sure").out
    assert terminal("approve", asked).code == 0
    office.run()
    office.run()  # a restart ends no pause
    assert relay.messages == []
    said = terminal("resume").out
    assert "It goes on" in said and "done now: Send this reply to Ada" in said
    office.run()
    assert len(relay.messages) == 1


def test_a_pause_is_shown_with_who_when_and_why(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    today = dated(local(time.time()))[:-6]  # it may be midnight
    terminal("pause", "--why", "I am not sure")
    here = f"Paused by {getpass.getuser()} (cli) since "
    said = terminal("status").out
    assert said.startswith(f"Nothing is sent now. {here}")
    here += said.partition(here)[2].partition(":")[0][:-3]
    assert here.partition(" since ")[2] in (today, dated(local(time.time()))[:-6])
    office.run()
    assert here in (office.root / "Dashboard.md").read_text()
    snapshot = json.loads(snapshot_path(office.state).read_text())
    assert "I am not sure" in snapshot["health"]["stopped"]
    (log,) = (office.root / "Logs").glob("*.md")
    assert f"Everything paused by {getpass.getuser()} (cli) · I am not sure" in log.read_text()
    terminal("resume")
    assert terminal("status").out.startswith("0 in Inbox")


def test_the_first_pause_stays_and_resume_without_one_says_so(
    terminal: Terminal, office: TestOffice
) -> None:
    assert terminal("resume").out == "It was not paused.\n"
    terminal("pause", "--why", "first")
    assert "It was paused already" in terminal("pause", "--why", "second").out
    assert "first" in terminal("status").out


def test_resume_says_that_a_stop_note_still_stops(terminal: Terminal, office: TestOffice) -> None:
    terminal("pause")
    (office.root / "Stop.md").write_text("")
    assert "STOP.md still lies in the vault" in terminal("resume").out
    assert terminal("status").out.startswith("Nothing is sent now. STOP.md lies")


def test_a_pause_that_was_committed_before_begin_wins(office: TestOffice, asked: str) -> None:
    """The tick saw it due and the worker looked; then came the pause, of another process."""
    ledger, other = (Ledger(office.state / "ledger.db") for _ in range(2))
    register = Register(ledger)
    card = register.card(asked)
    card = register.decide(asked, card.seal.digest, "approve", "cli", "marco", 2.0)
    pause.pause(other, MARCO)
    with pytest.raises(NotOpen, match="Paused by marco"):
        register.begin(card, "<key>", 3.0)
    assert register.card(asked).attempts == 0
    pause.resume(other, "marco", "cli", 4.0)
    assert register.begin(card, "<key>", 5.0) == 1
    ledger.close()
    other.close()


def test_a_pause_that_cannot_be_read_is_in_force(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.set_meta(pause.META, "{}")
    assert pause.current(ledger) is not None
    ledger.close()


def test_what_comes_in_during_a_pause_is_taken_and_asked(
    office: TestOffice, terminal: Terminal
) -> None:
    terminal("pause")
    office.playbook(WRITES)
    office.type("Write it down.\n")
    office.run()
    assert office.files("Drafts") == []
    assert [path.name for path in office.files("In_Progress")] == ["A task.md"]
    office.run()
    terminal("resume")
    office.run()
    assert len(office.files("Drafts")) == 1


def test_an_office_that_is_paused_does_not_spin(office: TestOffice, terminal: Terminal) -> None:
    """A task whose next deed a rule allows waits without being looked at again and again."""
    terminal("pause")
    office.playbook(WRITES)
    office.type("Write it down.\n")
    ticks: list[float] = []

    def count(orchestrator: Orchestrator) -> None:
        ticks.append(orchestrator.rooms.ledger.last_event())

    office.run(count)
    office.run(count)
    assert ticks[0] == ticks[1]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["pause", "note"])
def test_a_running_office_is_stopped_at_once(
    terminal: Terminal, office: TestOffice, relay: Relay, asked: str, way: str
) -> None:
    """Beside a process in which an approved mail waits its last seconds."""
    office.env["FACTOTUM_REGRET_S"] = REGRET_S
    other = Terminal(office.folder, {**terminal.env, "FACTOTUM_REGRET_S": REGRET_S})
    with up(other):
        other("approve", asked)
        assert until(lambda: bool(office.files("Approved")))
        if way == "pause":
            other("pause")
        else:
            (office.root / "STOP.md").write_text("")
        assert until(lambda: bool(stopped(office)), AT_ONCE_S)
        time.sleep(float(REGRET_S) + 2)
        assert relay.messages == []
        if way == "pause":
            other("resume")
        else:
            (office.root / "STOP.md").unlink()
        assert until(lambda: len(relay.messages) == 1)


@pytest.mark.slow
def test_an_idle_office_hears_of_a_pause_and_of_a_stop_note_at_once(
    terminal: Terminal, office: TestOffice
) -> None:
    note = office.root / "stop.MD"
    words: list[tuple[Callable[[], object], bool]] = [
        (lambda: terminal("pause"), True),
        (lambda: terminal("resume"), False),
        (lambda: note.write_text(""), True),
        (note.unlink, False),
    ]
    with up(terminal):
        assert until(snapshot_path(office.state).exists)
        time.sleep(1.5)  # till it has come to rest
        for say, stops in words:
            say()
            assert until(lambda stops=stops: bool(stopped(office)) is stops, AT_ONCE_S)  # type: ignore[misc]


def stopped(office: TestOffice) -> str:
    return str(json.loads(snapshot_path(office.state).read_text())["health"]["stopped"])


def test_a_stop_note_is_on_record_once_when_it_comes_and_when_it_goes(office: TestOffice) -> None:
    stop = office.root / "STOP.md"
    stop.write_text("")
    office.run()
    office.run()
    stop.unlink()
    office.run()
    told = [one for one in office.events() if one["kind"] in ("paused", "resumed")]
    assert [(one["kind"], one["who"], one["channel"]) for one in told] == [
        ("paused", "STOP.md", "vault"),
        ("resumed", "STOP.md", "vault"),
    ]
    log = "".join(path.read_text() for path in office.files("Logs"))
    assert "Everything paused by STOP.md (vault)" in log
