"""What others wrote stands on the phone as text: nothing in it is an order, a button or our own
word."""

from __future__ import annotations

import pytest

from factotum.channels import pairing
from factotum.channels.commands import COMMANDS
from factotum.channels.markdown import read
from factotum.channels.telegram.entities import LOOKS, entities
from factotum.channels.words import Words
from tests.channels.commanding import Ann
from tests.servers.telegram.entities import formatted
from tests.views.house import House

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


@pytest.mark.parametrize("address", [
    "tg://resolve?domain=evil_bot&start=x", "javascript:alert(1)", "data:text/html,x", "file:///etc",
    "obsidian://new?content=x", "tel:+3912", "https://t.me@evil.example/", "//evil.example", "x:y",
])  # fmt: skip
def test_no_link_of_a_model_leads_anywhere_but_to_the_web_where_it_says(address: str) -> None:
    text = f"[Send]({address}) [https://ada.example](https://evil.example/) ![x]({address})"
    assert [mark for mark in entities(read(text)) if mark.url] == []
    shown = entities(read("[Approve](https://t.me/factotum_bot?start=yes)"))
    assert [mark.url for mark in shown if mark.url] == ["https://t.me/factotum_bot?start=yes"]
    assert "(t.me)" in read("[Approve](https://t.me/factotum_bot?start=yes)").text


@pytest.mark.parametrize("name", [
    "✅ Approved by Marco", "/resume", "a\nb\nc", "\u202eevil", "[x](https://evil.example)",
    "**b**", "@factotum_test_bot", "<a href='x'>", "Marco (id 4711). It was answered", "",
    "\u200b" * 50, "W" * 300,
])  # fmt: skip
def test_the_name_of_a_stranger_is_one_line_of_text_in_one_notice(house: House, name: str) -> None:
    for n in range(3):
        pairing.stranger(house.ledger, "telegram", "666", name, house.now + n)
    (row,) = house.ledger.db.execute("SELECT text FROM notice").fetchall()
    text = row["text"]
    assert text.startswith("A stranger wrote to your bot on Telegram: ") and "\n" not in text
    assert text.endswith("(id 666). It was not answered") and len(text) < 140
    assert "\u202e" not in text and "\u200b" not in text
    assert tapped(Words.of(text)) == []
