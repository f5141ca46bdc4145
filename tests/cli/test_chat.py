"""`factotum chat`: a conversation in the terminal, with a scripted model over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.person import Person
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.patience import PATIENCE_S, until
from tests.servers.model import Script, ScriptedModelServer, call, slow
from tests.servers.smtp import Relay

LETTER = call("mail__send", to=["ada@rossi.example"], subject="Hello", body="Hello Ada.")
FINISH = call("finish", summary="Told Ada.")


@contextmanager
def model(terminal: Terminal, script: Script) -> Iterator[tuple[Terminal, ScriptedModelServer]]:
    with ScriptedModelServer(script) as server:
        more = {"FACTOTUM_MODEL": "test/scripted", "FACTOTUM_MODEL_BASE_URL": server.base_url}
        yield replace(terminal, env={**terminal.env, **more}), server


def test_one_message_gets_its_answer(terminal: Terminal) -> None:
    with model(terminal, ["It is noon."]) as (terminal, _):
        said = terminal("chat", "What", "time", "is", "it?")
        assert said.code == 0, said.err
        assert said.out.endswith("factotum> It is noon.\n")
        (note,) = (Path(terminal.env["FACTOTUM_VAULT"]) / "Done").rglob("*.md")
        shown = terminal("show", note.stem.rpartition("_")[2]).out
    assert "Thinking (test/scripted, 0.0000 USD):\n  1. It is noon." in shown


def test_the_next_message_knows_what_was_said_before(terminal: Terminal) -> None:
    with model(terminal, ["Ada is your sister.", "She lives in Rome.", "Hello."]) as (terminal, at):
        said = terminal("chat", given="Who is Ada?\n\nWhere does she live?\n/new\nHello\n")
        assert said.out.count("factotum> ") == 4, said.err  # /new is answered too
        told = [[one["content"] for one in body["messages"]] for body in at.requests]
    assert "Who is Ada?" in told[1] and "Ada is your sister." in told[1]
    assert "Who is Ada?" not in told[2]


def test_what_needs_a_yes_waits_with_its_command_where_nobody_is_there(
    terminal: Terminal, relay: Relay
) -> None:
    with model(terminal, [LETTER, FINISH]) as (terminal, _):
        said = terminal("chat", given="Say hello to Ada\n")
        assert "Send this mail to ada@rossi.example?" in said.out and "Hello Ada." in said.out
        (command,) = [part for part in said.out.splitlines() if "factotum approve" in part]
        assert relay.messages == []
        assert terminal(*command.split()[1:]).code == 0
        assert terminal("run", "--once").code == 0
    assert len(relay.messages) == 1


def test_it_talks_to_an_office_that_runs_already(terminal: Terminal, office: TestOffice) -> None:
    with model(terminal, ["It is noon."]) as (terminal, _):
        up = terminal.start("up")
        try:
            assert up.stdout is not None and "factotum works in" in up.stdout.readline()
            said = terminal("chat", "What time is it?")
            assert said.out.endswith("factotum> It is noon.\n"), said.err
            assert up.poll() is None
        finally:
            up.terminate()
            up.communicate(timeout=PATIENCE_S)


def test_without_a_model_it_asks_what_to_do(terminal: Terminal) -> None:
    quiet = replace(terminal, env={**terminal.env, "FACTOTUM_MODEL": "none"})
    said = quiet("chat", "What time is it?")
    assert "what shall I do? No playbook fits." in said.out
    assert "factotum answer a-" in said.out


# -- a person at the terminal


@pytest.mark.parametrize(
    ("words", "letters"),
    [
        (["yes"], 1),
        pytest.param(["no", "1"], 0, marks=pytest.mark.slow),
        pytest.param(["4", "too formal"], 0, marks=pytest.mark.slow),
    ],
)
def test_a_word_at_the_terminal_decides(
    terminal: Terminal, relay: Relay, words: list[str], letters: int
) -> None:
    with model(terminal, [LETTER, FINISH]) as (terminal, at):
        person = Person(terminal, "chat")
        person.reads("you> ")
        person.types("Say hello to Ada")
        person.reads("Hello Ada.")
        for word in words:
            person.reads("your choice> ")
            person.types(word)
        person.reads("factotum> Told Ada.")
        assert person.leaves() == 0
        result = at.requests[1]["messages"][-2]["content"]
    assert len(relay.messages) == letters
    assert ("Why: too formal" in result) == ("too formal" in words)


@pytest.mark.slow
def test_a_question_is_answered_at_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    script = [call("ask_owner", question="Which Ada?"), call("finish", summary="Rossi it is.")]
    with model(terminal, script) as (terminal, at):
        person = Person(terminal, "chat")
        person.reads("you> ")
        person.types("Write to Ada")
        person.reads("Which Ada?")
        person.reads("your answer> ")
        person.types("Rossi")
        person.reads("factotum> Rossi it is.")
        assert person.leaves() == 0
        assert "The owner answered: Rossi" in str(at.requests[1]["messages"])


@pytest.mark.slow
def test_it_says_when_the_office_it_talks_to_has_stopped(
    terminal: Terminal, office: TestOffice
) -> None:
    with model(terminal, lambda body: slow(2 * PATIENCE_S, "too late")) as (terminal, server):
        up = terminal.start("up")
        assert up.stdout is not None and "factotum works in" in up.stdout.readline()
        chat = terminal.start("chat", "What time is it?")
        until(lambda: server.requests)
        up.kill()
        up.communicate(timeout=PATIENCE_S)
        _, err = chat.communicate(timeout=PATIENCE_S)
    assert chat.returncode == 1
    assert "the office has stopped; start it again: factotum up" in err
