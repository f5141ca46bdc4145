"""What a person is told to do can be done where they are told it."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.channels.commands import answer
from factotum.channels.contract import Limits
from factotum.channels.terminal import LIMITS
from tests.channels.commanding import Ann
from tests.channels.test_every_channel import house


def helped(ann: Ann, limits: Limits) -> str:
    told = answer("/help", ann.place(limits=limits))
    assert told is not None
    return told.words.text


def test_help_names_what_the_channel_takes(ann: Ann) -> None:
    phone, terminal = helped(ann, Limits()), helped(ann, LIMITS)
    assert "send a photo" in phone and "Answer a message of mine" in phone
    assert "photo" not in terminal and "Answer a message" not in terminal
    assert "/quit · Leave" in terminal and "/quit" not in phone


@pytest.mark.parametrize(
    ("kind", "asks"),
    [
        ("telegram", "Reply by text or voice, such as: shorter"),
        ("terminal", "What is to be changed? Such as: shorter"),
    ],
)
def test_what_is_asked_for_is_asked_as_it_can_be_given(
    kind: str, asks: str, tmp_path: Path
) -> None:
    with house(kind, tmp_path) as (rig, _, _relay):
        rig.says("a mail to Ada")
        rig.chooses("Change…")
        rig.chooses("Say what to change")
        rig.reads(asks)


def test_that_nothing_was_changed_is_said_once_where_lines_stay(tmp_path: Path) -> None:
    with house("terminal", tmp_path) as (rig, _, _relay):
        rig.says("a mail to Ada")
        rig.chooses("Change…")
        rig.chooses("Say what to change")
        rig.replies("What is to be changed?", "shorter")
        rig.reads("It is being changed; it comes back below.")
        rig.reads("⚠ It was not changed: there is no model")
        rig.says("/help")
        rig.reads("I work on what you write here.")
        assert rig.out.getvalue().count("It was not changed") == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "asks"),
    [
        ("telegram", "Reply to this message with your answer."),
        ("terminal", "I need your answer."),
    ],
)
def test_a_question_says_how_it_is_answered_there(kind: str, asks: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, _, _relay):
        rig.says("a question of letters")
        rig.reads("Which Ada?")
        rig.reads(asks)


def test_what_is_typed_beside_a_question_in_a_terminal_is_new_work(tmp_path: Path) -> None:
    """The line says what it is a word on; a question that was put off is not answered by it."""
    with house("terminal", tmp_path) as (rig, _, _relay):
        rig.says("a question of letters")
        rig.reads("Which Ada?")
        rig.says("a mail to Ada")
        rig.reads("Send this mail to ada@rossi.example?")
        assert "Answered" not in rig.out.getvalue()  # type: ignore[attr-defined]
