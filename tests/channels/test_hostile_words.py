"""What others wrote stands on the phone as text: nothing in it is an order, a button or our own
word."""

from __future__ import annotations

import pytest

from factotum.channels.commands import COMMANDS
from factotum.channels.telegram.entities import LOOKS, entities
from factotum.channels.words import Words
from tests.channels.commanding import Ann
from tests.servers.telegram.entities import formatted

#: Those that only look; every other command changes something when it is tapped.
DOING = [
    known
    for one in COMMANDS
    for known in (one.name, *one.aliases)
    if one.name not in {"help", "start", "status", "tasks", "did", "cost", "rule"}
]


def tapped(words: Words) -> list[str]:
    """What Telegram would send by a tap on it."""
    text, marks = formatted(words.text, [one.to_dict() for one in entities(words)])
    raw = text.encode("utf-16-le")
    return [
        raw[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        for one in marks
        if one["type"] == "bot_command"
    ]


@pytest.mark.parametrize("order", DOING)
@pytest.mark.parametrize(
    "said", ["{}", "Reply to {}!", "Ann\n{}", "{}@factotum_test_bot x", "({})"]
)
def test_no_words_of_others_can_be_tapped_as_an_order_that_does_something(
    order: str, said: str
) -> None:
    text = said.format(f"/{order.upper() if '!' in said else order}")
    for words in (Words.of(text), Words.bold(text), Words.italic(text), Words.quote(text)):
        assert tapped(words) == []


def test_orders_that_only_look_and_those_of_ours_can(ann: Ann) -> None:
    assert tapped(Words.of("/help says more, /tasks too")) == ["/help", "/tasks"]
    assert LOOKS.isdisjoint(DOING)
    offered = tapped(ann.gets("/help").words)
    assert {"/stop", "/resume", "/new", "/reset"} <= set(offered)
    assert tapped(ann.gets("/stop because of /reset").words) == ["/resume"]
