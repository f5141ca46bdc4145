"""Which lines are commands, and what holds for the answer to each."""

from __future__ import annotations

import re

import pytest

from factotum import redaction
from factotum.channels.commands import COMMANDS, answer, table
from factotum.model import Succeeded
from tests.channels.commanding import Ann
from tests.views.house import House


@pytest.mark.parametrize(
    "text", ["hello", "", "/", "/etc/hosts is wrong", "see /status", "//status", "/ status", "/1st"]
)
def test_what_is_no_command_is_a_message(ann: Ann, text: str) -> None:
    assert answer(text, ann.place()) is None


@pytest.mark.parametrize(
    "text",
    [
        "/stop",
        "/STOP",
        "/Stop!",
        " /stop now",
        "/stop@my_bot",
        "/stop\nit smells",
        "/pause",
        "／stop",
    ],
)
def test_a_stop_is_understood_however_it_is_typed(ann: Ann, text: str) -> None:
    assert ann(text).startswith("Stopped.")


def test_an_unknown_command_names_the_nearest_and_does_nothing(ann: Ann) -> None:
    said = ann("/stpo")
    assert "Did you mean /stop?" in said and "nothing was done" in said
    assert ann.house.ledger.meta("paused") == ""
    assert "/help" in ann("/frobnicate")
    assert ann("/стоп").startswith("There is no command /стоп, and nothing was done.")


def test_every_command_is_in_the_help_and_in_the_table(ann: Ann) -> None:
    told = ann("/help")
    assert ann("/start CODE-1") == told
    for name, about in table():
        assert re.fullmatch("[a-z]{1,32}", name)  # as Telegram wants them
        assert 3 <= len(about) <= 60
        assert name == "start" or re.search(rf"(?m)^/{name}\b.* · {re.escape(about)}$", told)
    names = [known for one in COMMANDS for known in (one.name, *one.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("command", ["/new", "/reset", "/reset and this"])
def test_a_conversation_begins_anew(ann: Ann, command: str) -> None:
    said = ann.gets(command)
    assert said.new_conversation and said.task is None


def test_a_conversation_begins_anew_with_a_message(ann: Ann) -> None:
    said = ann.gets("/new Write to Ada.\n\nShe waits.")
    assert said.new_conversation and said.task == "Write to Ada.\n\nShe waits."


TITLE = "Hi\n/stop **bold** [x](http://evil.example) \u202egnp.exe <b> `code`"


@pytest.mark.parametrize("command", ["/status", "/tasks", "/did", "/stop", "/resume", "/cost"])
def test_words_of_others_make_no_line_and_no_mark(ann: Ann, house: House, command: str) -> None:
    task = house.task(TITLE)
    (house.root / "Needs_Action" / house.ledger.task(task).name).write_text("x")  # type: ignore[union-attr]
    house.end(house.card(TITLE, task=task), Succeeded({}))
    house.card(TITLE, task=house.task(TITLE))
    if command == "/resume":
        house.approve(house.card(TITLE))
        ann("/stop")
    house.ledger.db.execute(
        "INSERT INTO spend (root, task, run, outside, model, reserved, cost, at)"
        " VALUES (?, ?, 1, 0, 'm', 9000, 9000, ?)",
        (task, task, house.now),
    )
    words = ann.gets(command).words
    assert "evil.example" in words.text  # it is shown
    assert "\u202e" not in words.text and "\n/stop" not in words.text
    marked = [words.text[one.start : one.end] for one in words.spans]
    assert not any("evil" in one or "code" in one for one in marked)


def test_no_secret_is_said(ann: Ann, house: House) -> None:
    redaction.hide(["hunter2hunter2"])
    house.card("Send hunter2hunter2 to Ada?")
    assert "hunter2" not in ann("/status")
    assert "[secret]" in ann("/status")
    house.now += 1
    assert "hunter2" not in ann("/stop because hunter2hunter2")
    assert "hunter2" not in ann("/hunter2hunter2")


def test_no_secret_is_said_across_two_lines_either(ann: Ann, house: House) -> None:
    redaction.hide(["alpha-7f1\n• beta-9c2"])
    house.card("alpha-7f1")
    house.go(1)
    house.card("beta-9c2")
    words = ann.gets("/status").words
    assert "Waits for you: 2\n• [secret]\n" in words.text
    assert words.spans == ()  # marks would stand at the wrong places
