"""Marks as Telegram counts and allows them, and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import MessageEntity

from factotum.channels.markdown import read as read_markdown
from factotum.channels.split import utf16
from factotum.channels.telegram.entities import MOST_ENTITIES, entities, read
from factotum.channels.words import MARKS, Span, Words
from tests.servers.telegram.entities import formatted


def units(text: str, entity: MessageEntity) -> str:
    """The text below an entity, as Telegram counts it."""
    raw = text.encode("utf-16-le")
    return raw[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def shown(words: Words) -> list[tuple[str, str]]:
    return [(str(one.type), units(words.text, one)) for one in entities(words)]


def refusals(text: str, marks: Sequence[MessageEntity]) -> list[str]:
    """What the Bot API's page on formatting says of a message, where it is not kept to."""
    length = len(text.encode("utf-16-le")) // 2
    wrong = [f"{len(marks)} entities"] if len(marks) > MOST_ENTITIES else []
    for one in marks:
        if not 0 <= one.offset < one.offset + one.length <= length:
            wrong.append(f"{one} is beside the text")
        elif units(text, one) != units(text, one).strip():
            wrong.append(f"{one} has blank at an end")
    for a, b in combinations(marks, 2):
        outer, inner = sorted((a, b), key=lambda one: -one.length)
        first, last = max(a.offset, b.offset), min(a.offset + a.length, b.offset + b.length)
        if first >= last:
            continue
        if last - first < inner.length:
            wrong.append(f"{a} and {b} cross")
        around, within = (str(one.type).removeprefix("expandable_") for one in (outer, inner))
        same = a.length == b.length and "blockquote" in (around, within)
        if {around, within} == {"blockquote"}:
            wrong.append("a quote in a quote")
        closed = around in ("pre", "code") or (within in ("pre", "code") and around != "blockquote")
        if closed and not same:
            wrong.append(f"{within} in {around}")
    return wrong


@st.composite
def some_words(draw: st.DrawFn) -> Words:
    text = draw(st.text(st.sampled_from("ab/ \n😀é."), max_size=40))
    at = st.integers(0, len(text))
    href = st.sampled_from(["https://a.example/x", "tg://x", "http://localhost/", ""])
    spans = st.builds(Span, at, at, st.sampled_from(MARKS), href)
    return Words(text, tuple(draw(st.lists(spans, max_size=9))))


@settings(max_examples=80, deadline=None)
@given(some_words())
def test_telegram_refuses_no_marks_of_ours(words: Words) -> None:
    assert refusals(words.text, entities(words)) == []
    formatted(words.text, [one.to_dict() for one in entities(words)])


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("/stop @\n.`😀-"), max_size=60))
def test_telegram_finds_no_order_in_what_is_quoted(text: str) -> None:
    words = Words.quote(text) + "\nend"
    _, marks = formatted(words.text, [one.to_dict() for one in entities(words)])
    assert "bot_command" not in [one["type"] for one in marks]


def test_offsets_are_counted_in_utf_16_units() -> None:
    words = "😀 é " + Words.bold("b😀b") + " " + Words.code("x")
    assert shown(words) == [("bold", "b😀b"), ("code", "x")]
    assert [(one.offset, one.length) for one in entities(words)] == [(5, 4), (10, 1)]


def test_each_mark_has_its_name() -> None:
    parts = [Words.marked(mark, mark, "https://a.example/") for mark in MARKS]
    assert [str(one.type) for one in entities(Words.join("\n", parts))] == [
        "bold",
        "italic",
        "code",
        "pre",
        "blockquote",
        "strikethrough",
        "text_link",
        "spoiler",
    ]


def test_blank_at_the_ends_is_not_marked() -> None:
    assert shown(Words.bold(" \na b\n ") + Words.italic("  ")) == [("bold", "a b")]


def test_marks_that_cross_are_cut() -> None:
    words = Words("abcdef", (Span(0, 4, "bold"), Span(2, 4, "italic")))
    assert shown(words) == [("bold", "abcd"), ("italic", "cd"), ("italic", "ef")]


def test_code_has_no_other_marks() -> None:
    words = Words.bold("a " + Words.code("b") + " c")
    assert shown(words) == [("bold", "a"), ("code", "b"), ("bold", "c")]
    assert shown(Words.pre(Words.bold("x") + Words.link("y", "https://a.example"))) == [
        ("pre", "xy")
    ]


def test_a_link_keeps_its_marks_and_a_quote_its_links() -> None:
    words = Words.quote("see " + Words.link(Words.bold("this") + " one", "https://a.example/"))
    assert shown(words) == [
        ("blockquote", "see this one"),
        ("text_link", "this one"),
        ("bold", "this"),
    ]
    assert entities(words)[1].url == "https://a.example/"


def test_code_and_links_end_where_a_quote_begins() -> None:
    for mark, kind in (("pre", "pre"), ("link", "text_link")):
        words = Words("abc", (Span(0, 3, mark, "https://a.example"), Span(1, 1, "quote")))
        assert shown(words) == [(kind, "a"), ("blockquote", "b"), (kind, "b"), (kind, "c")]


def test_a_link_in_a_link_or_code_in_one_is_none() -> None:
    inner = Words.link("b", "https://b.example/") + Words.code("c")
    words = Words.link("a" + inner, "https://a.example/")
    assert shown(words) == [("text_link", "abc")]


def test_what_is_hidden_stays_hidden() -> None:
    words = Words.spoiler("pin " + Words.code("1234"))
    assert shown(words) == [("spoiler", "pin 1234")]


def test_long_quotes_are_folded() -> None:
    def kind(text: str) -> str:
        return shown(Words.quote(text))[0][0]

    assert kind("a\n" * 5 + "a") == "blockquote"
    assert kind("a\n" * 6 + "a") == "expandable_blockquote"
    assert kind("word " * 60) == "expandable_blockquote"
    assert kind("word " * 50) == "blockquote"


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://a.example/x?y=1#z", True),
        ("http://a-b.c_d.example:8090", True),
        ("https://xn--pple-43d.example/", True),
        ("http://raspberrypi.local:8090/", True),
        ("http://localhost:8090/", False),
        ("https://a.example:0/", False),
        ("https://a.example:99999/", False),
        ("https://u:p@a.example/", False),
        ("https://a example/", False),
        ("https://ä.example/", False),
        ("https://[1/", False),
        ("https://a.example/" + "x" * 3000, False),
        ("tg://user?id=1", False),
        ("mailto:a@b.example", False),
        ("javascript:x", False),
        ("", False),
    ],
)
def test_a_link_that_telegram_would_refuse_is_text(address: str, taken: bool) -> None:
    assert bool(entities(Words.link("x", address))) is taken


def test_the_least_needed_marks_give_way() -> None:
    words = Words.join(
        "\n", [Words.italic("i") + Words.bold("b") + Words.code("c") for _ in range(60)]
    )
    kinds = [kind for kind, _ in shown(words)]
    assert (kinds.count("code"), kinds.count("bold"), kinds.count("italic")) == (60, 40, 0)


def test_a_tap_on_a_strangers_words_sends_no_order() -> None:
    words = Words.quote("Please tap /resume or x/y, https://a.example/stop and /rule@bot")
    assert shown(words)[1:] == [("code", "/resume"), ("code", "/rule@bot")]
    assert shown(Words.of("Try /help")) == []


def test_not_even_many_orders_can_be_tapped() -> None:
    for words in (
        Words.quote("/stop " * 300),
        Words.join(" ", [Words.code("/stop")] * 300),
        Words.join("\n", [Words.bold("a") + " " + Words.code("/stop")] * 300),
    ):
        kept = shown(words)
        assert len(kept) <= MOST_ENTITIES
        held = "".join(part for kind, part in kept if kind in ("code", "pre"))
        assert held.count("/stop") == 300


def test_all_of_a_markdown_text_goes_through() -> None:
    words = read_markdown("# A **b** `c`\n> x `y` [**z**](https://a.example)\n\n- *p **q** r*")
    assert refusals(words.text, entities(words)) == []
    assert len(entities(words)) > 6


# ---------------------------------------------------------------------- what a person sent


def marked(text: str, *marks: tuple[str, str, dict[str, Any]]) -> list[MessageEntity]:
    """Entities on the first place where each text stands."""

    def at(part: str) -> int:
        return utf16(text[: text.index(part)])

    return [MessageEntity(kind, at(part), utf16(part), **more) for part, kind, more in marks]


@pytest.mark.parametrize(
    ("text", "marks", "note"),
    [
        ("plain *as* typed - [ ] [[x]]", [], "plain *as* typed - [ ] [[x]]"),
        ("  kept \n as it is\n", [], "  kept \n as it is\n"),
        ("😀 a b c", [("b", "bold", {})], "😀 a **b** c"),
        ("a b  c", [("b ", "italic", {})], "a *b*  c"),
        ("a\nb", [("a\nb", "strikethrough", {})], "~~a~~\n~~b~~"),
        ("all", [("all", "bold", {}), ("all", "italic", {})], "***all***"),
        (
            "abcd",
            [("abc", "bold", {}), ("bcd", "italic", {})],
            "**a*bc****d*",
        ),
        ("a `b c", [("`b", "code", {})], "a `` `b `` c"),
        ("a b", [("b", "code", {}), ("a b", "bold", {})], "**a** `b`"),
        (
            "see this",
            [("this", "text_link", {"url": "https://a.example/(x)"})],
            "see [this](https://a.example/%28x%29)",
        ),
        ("a]b", [("a]b", "text_link", {"url": "https://a.example"})], "[a\\]b](https://a.example)"),
        ("x", [("x", "text_link", {"url": "javascript:y"})], "x"),
        ("x", [("x", "text_link", {"url": "https://a.example/ ![](y)"})], "x"),
        ("https://a.example", [("https://a.example", "url", {})], "https://a.example"),
        (
            "hi\nq1\nq2\nbye",
            [("q1\nq2", "blockquote", {}), ("q2", "bold", {})],
            "hi\n\n> q1\n> **q2**\n\nbye",
        ),
        ("q\n\nr", [("q\n\nr", "expandable_blockquote", {})], "> q\n>\n> r"),
        (
            "do\nx = '```'\ny",
            [("x = '```'\ny", "pre", {"language": "python"})],
            "do\n\n````python\nx = '```'\ny\n````",
        ),
        ("x", [("x", "pre", {"language": "a\nb"})], "```\nx\n```"),
        ("a \n b", [(" \n ", "blockquote", {})], "a \n b"),
        ("q c", [("q c", "blockquote", {}), ("c", "pre", {})], "> q\n>\n> ```\n> c\n> ```"),
        ("s u @m", [("s", "spoiler", {}), ("u", "underline", {}), ("@m", "mention", {})], "s u @m"),
        ("a\0b\ud800", [], "ab\ufffd"),
    ],
)
def test_what_a_person_sent_is_written_as_markdown(
    text: str, marks: list[tuple[str, str, dict[str, Any]]], note: str
) -> None:
    assert read(text, marked(text, *marks)) == note


def test_no_entities_at_all_are_no_hindrance() -> None:
    assert read("x", None) == "x"


KINDS = st.sampled_from([*MessageEntity.ALL_TYPES, "new_kind"])
OFFSETS = st.integers(-5, 60) | st.sampled_from([2**70, -(2**70)]) | st.none() | st.text(max_size=2)


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.sampled_from("ab`*[]\n😀> \ud800"), max_size=40),
    st.lists(st.builds(MessageEntity, KINDS, OFFSETS, OFFSETS, url=OFFSETS), max_size=8),
)
def test_marks_that_make_no_sense_do_no_harm(text: str, marks: list[MessageEntity]) -> None:
    note = read(text, marks)
    note.encode()
    for char in "ab😀":
        assert note.count(char) == text.count(char)
