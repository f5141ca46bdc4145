"""Long words in several messages."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.channels.split import fitted, split, utf16
from factotum.channels.words import MARKS, Span, Words

TEXTS = st.text(st.sampled_from("ab .!?\n\t 。é😀👨\u200d👩\u0301\ufe0f🇮🇹x`*"), max_size=300)


@st.composite
def some_words(draw: st.DrawFn) -> Words:
    text = draw(TEXTS)
    at = st.integers(0, max(len(text), 1))
    spans = st.builds(Span, at, at, st.sampled_from(MARKS))
    return Words(text, tuple(draw(st.lists(spans, max_size=6))))


def unblank(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=80, deadline=None)
@given(some_words(), st.integers(2, 40))
def test_parts_are_short_enough_and_keep_all_that_is_seen(words: Words, most_units: int) -> None:
    parts = split(words, most_units)
    assert all(0 < utf16(one.text) <= most_units for one in parts)
    assert all(one.text == one.text.strip() for one in parts)
    seen = unblank("".join(one.text for one in parts))
    # A joiner that a cut has left without its picture is shown as a sign, never as nothing.
    assert len(seen) == len(unblank(words.text))
    assert re.sub("[\u200d\ufffd]", "", seen) == re.sub("[\u200d\ufffd]", "", unblank(words.text))


@settings(max_examples=80, deadline=None)
@given(some_words(), st.integers(2, 40))
def test_every_character_keeps_its_marks(words: Words, most_units: int) -> None:
    def marked(part: Words) -> list[set[str]]:
        on: list[set[str]] = [set() for _ in part.text]
        for span in part.spans:
            assert 0 <= span.start < span.end <= len(part.text)
            for at in range(span.start, span.end):
                on[at].add(span.mark)
        return [marks for marks, char in zip(on, part.text, strict=True) if not char.isspace()]

    assert [one for part in split(words, most_units) for one in marked(part)] == marked(words)


def test_what_fits_is_one_part() -> None:
    words = "Dear " + Words.bold("Ada")
    assert split(words) == [words]


@pytest.mark.parametrize("text", ["", " ", "\n \t\n", "\u00a0"])
def test_blank_words_make_no_part(text: str) -> None:
    assert split(Words.of(text)) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two three.\n\nx\nfour. five", ["one two three.", "x\nfour. five"]),
        ("one two three\nfour. five six", ["one two three", "four. five six"]),
        ("one two thr. four five six se", ["one two thr.", "four five six se"]),
        ("one two three four five", ["one two three four", "five"]),
        ("a bcdefghijklmnopqrstuvwxyz", ["a bcdefghijklmnopqrs", "tuvwxyz"]),  # hardly begun
        (
            "第一句话就在这里还没完。第二句话也还没有完呢",
            ["第一句话就在这里还没完。", "第二句话也还没有完呢"],
        ),
    ],
)
def test_words_are_cut_where_a_reader_would(text: str, parts: list[str]) -> None:
    assert [one.text for one in split(Words.of(text), 20)] == parts


def test_a_paragraph_that_would_leave_a_message_nearly_empty_is_no_place_to_cut() -> None:
    first, *_ = split(Words.of("Hi\n\n" + "word " * 20), 50)
    assert len(first.text) > 40


def test_no_letter_loses_its_accent_and_no_picture_its_parts() -> None:
    family = "👨\u200d👩\u200d👧"
    for text in ("e\u0301" * 40, family * 20, "🇮🇹" * 30, "👍🏽" * 30):
        for part in split(Words.of(text), 21):
            assert unicodedata.category(part.text[0])[0] != "M"
            assert part.text in text
            assert not part.text.startswith(("\u200d", "🏽"))
            assert not part.text.endswith("\u200d")
            assert part.text.count("🇮") == part.text.count("🇹")


def test_code_stays_code_in_every_part() -> None:
    parts = split("Look:\n" + Words.pre("x = 1\n" * 100), 100)
    assert len(parts) > 5
    assert [one.spans for one in parts[1:]] == [
        (Span(0, len(one.text), "pre"),) for one in parts[1:]
    ]


def test_another_measure_is_kept_to() -> None:
    parts = split(Words.of("é" * 100), 30, measure=lambda text: len(text.encode()))
    assert [len(one.text) for one in parts] == [15] * 6 + [10]


def test_one_part_alone_says_that_more_is_missing() -> None:
    assert fitted(Words.bold("😀" * 5), 10) == Words.bold("😀" * 5)
    assert fitted(Words.bold("😀" * 6), 10) == Words.bold("😀" * 4) + "…"
    assert fitted(Words.of("éé é"), 6, lambda text: len(text.encode())).text == "é…"


def test_what_no_cut_can_keep_whole_is_cut_all_the_same() -> None:
    parts = split(Words.of("a" + "\u0301" * 500), 100)
    assert sum(len(one.text) for one in parts) == 501


def test_a_long_text_is_split_quickly() -> None:
    words = Words("word " * 20_000, tuple(Span(at, 4, "bold") for at in range(0, 100_000, 5)))
    began = time.process_time()
    assert sum(len(one.spans) for one in split(words)) == 20_000
    assert time.process_time() - began < 5
