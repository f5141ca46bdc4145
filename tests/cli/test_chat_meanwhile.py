"""`factotum chat` hears while it works: real terminals, real processes, a model that takes time."""

from __future__ import annotations

import os
import signal
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factotum.cli.chat_person import READ_S
from tests.cli.person import Person
from tests.cli.terminal import Terminal
from tests.cli.thinking import LONG_S, at_length, last_said, thinking
from tests.patience import PATIENCE_S, until
from tests.servers.model import Item, call, slow
from tests.servers.smtp import Relay

HELLO = call("mail__send", to=["ada@rossi.example"], subject="Hello", body="Hello Ada.")
SECOND = call("mail__send", to=["bea@rossi.example"], subject="Ciao", body="Ciao Bea.")


@contextmanager
def busy(terminal: Terminal, *, term: str = "xterm") -> Iterator[tuple[Person, Terminal]]:
    """A person whose first message is being worked on."""
    with (
        thinking(terminal, at_length) as (terminal, server),
        Person(terminal, "chat", term=term) as person,
    ):
        person.reads("you> ")
        person.types("Think long about it")
        until(lambda: bool(server.requests))
        yield person, terminal


def test_a_command_is_answered_while_work_goes_on_and_the_half_line_stays(
    terminal: Terminal,
) -> None:
    with busy(terminal) as (person, _):
        person.types("/status")
        person.presses("half a li")
        person.reads("At work on ")
        person.sees("you> half a li")
        assert person.glass.lines[-1] == "you> half a li"


@pytest.mark.slow
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_further_message_is_taken_up_while_the_first_is_worked_on(
    terminal: Terminal, term: str
) -> None:
    with busy(terminal, term=term) as (person, _):
        person.types("Only a word, please")
        person.reads("factotum> To “Only a word, please”:")
        person.reads("  Quick: ")
        person.reads("factotum> ⏳ I am at it. “Think long about it”")
        person.types("/tasks")
        person.reads("Open: 1")


@pytest.mark.slow
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_stop_stops_what_is_under_way(terminal: Terminal, term: str) -> None:
    with busy(terminal, term=term) as (person, other):
        person.types("/stop")
        person.reads("Stopped.")
        person.reads("1 question to a model; nothing comes of the answer now")
        until(lambda: "Nothing is sent now." in other("status").out)
        assert person.leaves() == 0


@pytest.mark.slow
def test_ctrl_d_leaves_while_work_goes_on_and_says_where_it_does(terminal: Terminal) -> None:
    with busy(terminal) as (person, other):
        person.presses("\x04")
        begun = time.monotonic()
        assert person.ends() == 0
        assert time.monotonic() - begun < LONG_S / 2
        assert "What is under way goes on when the office runs: factotum up" in person.whole
        assert "Think long" in other("tasks").out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_gives_the_terminal_back(terminal: Terminal, number: int) -> None:
    with busy(terminal) as (person, _):
        person.presses("half")
        person.sees("you> half")
        assert not termios.tcgetattr(person.screen)[3] & termios.ECHO
        person.process.send_signal(number)
        assert person.ends() == 0
        assert termios.tcgetattr(person.screen)[3] & termios.ECHO
        assert not person.glass.pasting
        assert "Traceback" not in person.whole


@pytest.mark.slow
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_that_is_closed_ends_it_and_the_work_goes_on_later(
    terminal: Terminal, term: str
) -> None:
    with busy(terminal, term=term) as (person, other):
        person.hangs_up()
        assert person.process.wait(PATIENCE_S) in (0, 1)
        assert "Think long" in other("tasks").out


@pytest.mark.slow
def test_ctrl_z_gives_the_terminal_back_till_it_goes_on(terminal: Terminal) -> None:
    with busy(terminal) as (person, _):
        person.presses("half")
        person.sees("you> half")
        person.process.send_signal(signal.SIGTSTP)
        stat = Path(f"/proc/{person.process.pid}/stat")
        if stat.exists():
            until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        until(lambda: termios.tcgetattr(person.screen)[3] & termios.ECHO)
        person.process.send_signal(signal.SIGCONT)
        person.sees("you> half")
        person.presses(" a line")
        person.sees("you> half a line")


@pytest.mark.slow
def test_ctrl_c_takes_the_line_then_asks_then_leaves(terminal: Terminal) -> None:
    with busy(terminal) as (person, _):
        person.presses("never said\x03")
        person.shows("you> never said^C")
        person.presses("\x03")
        person.reads("Ctrl-C once more leaves.")
        person.types("/status")
        person.reads("At work on ")
        person.presses("\x03")
        person.reads("Ctrl-C once more leaves.")
        person.presses("\x03")
        assert person.ends() == 0


@pytest.mark.slow
def test_a_yes_that_was_begun_before_the_request_came_decides_nothing(
    terminal: Terminal, relay: Relay
) -> None:
    def reply(body: Any) -> Item:
        done = any(one["role"] == "tool" for one in body["messages"])
        return "Told Ada." if done else slow(1.5, HELLO)

    with (
        thinking(terminal, reply) as (terminal, _),
        Person(terminal, "chat", term="xterm") as person,
    ):
        person.reads("you> ")
        person.types("Say hello to Ada")
        person.presses("ye")
        person.reads("Hello Ada.")
        person.sees("you> ye")
        person.types("s")
        person.reads("so your word did not count for it")
        person.sees("your choice> ")
        assert relay.messages == []
        person.types("9")
        person.reads("There is no choice 9: choose 1 to 5")
        person.types("/nonsense")
        person.reads("There is no command /nonsense")
        person.types("yes")
        person.reads("factotum> Told Ada.")
        assert len(relay.messages) == 1
        assert person.leaves() == 0


@pytest.mark.slow
def test_of_two_requests_each_yes_is_for_the_one_that_is_asked(
    terminal: Terminal, relay: Relay
) -> None:
    script: list[Item] = [[HELLO, SECOND], "Told both."]

    def reply(body: Any) -> Item:
        done = any(one["role"] == "tool" for one in body["messages"])
        return script[done]

    with (
        thinking(terminal, reply) as (terminal, _),
        Person(terminal, "chat", term="xterm") as person,
    ):
        person.reads("you> ")
        person.types("Say hello to both")
        person.reads("Ciao Bea.")
        person.sees("your choice> ")
        person.types("yes")  # the second request has only just come up
        person.reads("so your word did not count for it")
        time.sleep(READ_S)
        person.presses("yes\nyes\n")  # the second is begun before anything else is asked
        person.reads("so your word did not count for it")
        until(lambda: len(relay.messages) == 1)
        assert relay.messages[0].recipients == ("bea@rossi.example",)
        person.sees("your choice> ")
        person.types("")
        person.reads("It waits. Enter alone brings it back; elsewhere, or later: factotum approve")
        person.sees("you> ")
        person.types("")
        person.reads("factotum> ✉️ Send this mail to ada@rossi.example?")
        person.sees("your choice> ")
        person.types("yes")
        person.reads("factotum> Told both.")
    assert len(relay.messages) == 2


@pytest.mark.slow
def test_two_chats_at_once_and_the_second_goes_on_when_the_first_leaves(
    terminal: Terminal,
) -> None:
    def reply(body: Any) -> Item:
        return f"You said: {last_said(body)[-30:]}"

    with (
        thinking(terminal, reply) as (terminal, _),
        Person(terminal, "chat", term="xterm") as one,
        Person(terminal, "chat", term="xterm") as two,
    ):
        for person in (one, two):
            person.reads("you> ")
        one.types("the first")
        two.types("the second")
        one.reads("factotum> You said: the first")
        two.reads("factotum> You said: the second")
        assert "the second" not in one.whole
        assert "the first" not in two.whole
        at_work = int((Path(terminal.env["FACTOTUM_STATE_DIR"]) / "lock").read_text().split()[0])
        first, second = (one, two) if one.process.pid == at_work else (two, one)
        assert first.leaves() == 0
        second.types("and on")
        second.reads("the office runs here now, till you leave")
        second.reads("factotum> You said: and on")
        assert second.leaves() == 0


@pytest.mark.slow
def test_a_paste_of_fifty_lines_is_one_task(terminal: Terminal) -> None:
    with busy(terminal) as (person, other):
        lines = "\n".join(f"a word of line {n}" for n in range(50))
        person.presses(f"\x1b[200~{lines}\n\x1b[201~")
        person.sees("a word of line 49")
        person.types("")
        person.reads("  Quick: ")
        assert len(other("tasks", "--json").json) == 1  # the one that takes long


@pytest.mark.slow
def test_bytes_that_are_no_text_are_heard_as_what_they_are(terminal: Terminal) -> None:
    with busy(terminal) as (person, _):
        os.write(person.screen, b"a word \xff\xfe \x00\x1b[99~ here\n")
        person.reads("  Quick: ")
        assert person.process.poll() is None


@pytest.mark.slow
def test_a_person_gives_one_message_and_says_yes(terminal: Terminal, relay: Relay) -> None:
    def reply(body: Any) -> Item:
        done = any(one["role"] == "tool" for one in body["messages"])
        return "Told Ada." if done else HELLO

    with (
        thinking(terminal, reply) as (terminal, _),
        Person(terminal, "chat", "Say", "hello", term="xterm") as person,
    ):
        person.sees("your choice> ")
        person.types("yes")
        person.reads("factotum> Told Ada.")
        assert person.ends() == 0
    assert len(relay.messages) == 1


@pytest.mark.slow
def test_an_office_that_stops_is_told_and_the_conversation_outlives_it(
    terminal: Terminal,
) -> None:
    def reply(body: Any) -> Item:
        return f"You said: {last_said(body)}"

    with thinking(terminal, reply) as (terminal, _):
        up = terminal.start("up")
        assert up.stdout is not None and "factotum works in" in up.stdout.readline()
        with Person(terminal, "chat", term="xterm") as person:
            person.reads("you> ")
            person.types("one")
            person.reads("factotum> You said: one")
            up.kill()
            up.communicate(timeout=PATIENCE_S)
            person.presses("half a li")
            person.reads("The office has stopped. Start it again: factotum up.")
            person.sees("you> half a li")
            person.types("ne")
            person.reads("the office runs here now, till you leave")
            person.reads("factotum> You said: half a line")
            assert person.leaves() == 0


@pytest.mark.slow
def test_an_office_that_comes_back_is_told_as_its_stop_was(terminal: Terminal) -> None:
    with thinking(terminal, lambda body: "Here.") as (terminal, _):
        up = terminal.start("up")
        assert up.stdout is not None and "factotum works in" in up.stdout.readline()
        with Person(terminal, "chat", term="xterm") as person:
            person.reads("you> ")
            up.terminate()
            up.communicate(timeout=PATIENCE_S)
            person.reads("The office has stopped.")
            up = terminal.start("up")
            try:
                person.reads("The office runs again.")
                assert person.leaves() == 0
            finally:
                up.terminate()
                up.communicate(timeout=PATIENCE_S)


@pytest.mark.slow
def test_an_office_that_a_conversation_keeps_says_so_to_whoever_begins_another(
    terminal: Terminal,
) -> None:
    with busy(terminal) as (person, other):
        up = other("up")
        assert up.code == 1
        assert "runs in a conversation (factotum chat, pid " in up.err
        assert "Nobody is at work" not in other("status").out
        assert person.process.poll() is None


@pytest.mark.slow
def test_what_was_under_way_when_one_left_is_told_in_the_next_conversation_once(
    terminal: Terminal,
) -> None:
    asked: list[str] = []

    def reply(body: Any) -> Item:
        asked.append(last_said(body))
        return slow(LONG_S, "Too late.") if len(asked) == 1 else "The letter is found."

    with thinking(terminal, reply) as (terminal, _):
        with Person(terminal, "chat", term="xterm") as person:
            person.reads("you> ")
            person.types("Find the letter")
            until(lambda: bool(asked))
            person.presses("\x04")
            assert person.ends() == 0
            assert "What comes of it is told when you next talk here." in person.whole
        with Person(terminal, "chat", term="xterm") as person:
            person.reads("📬 Done while you were away: “Find the letter”")
            person.reads("  ✅ The letter is found.")
            assert person.leaves() == 0
        with Person(terminal, "chat", term="xterm") as person:
            person.reads("you> ")
            person.types("/status")
            person.reads("factotum> ")
            assert "📬" not in person.whole
            assert person.leaves() == 0
