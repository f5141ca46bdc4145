"""Words with marks, put together and taken apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.channels.words import MARKS, Span, Words, shown

FAMILY = "👨\u200d👩\u200d👧"


def marks(words: Words) -> list[tuple[str, str]]:
    return [(one.mark, words.text[one.start : one.end]) for one in words.spans]


def test_words_are_put_together_with_their_marks() -> None:
    words = "Send to " + Words.bold("Ada") + ": " + Words.code("ada@rossi.example")
    assert words.text == "Send to Ada: ada@rossi.example"
    assert marks(words) == [("bold", "Ada"), ("code", "ada@rossi.example")]


def test_words_are_joined_as_strings_are() -> None:
    assert Words.join(", ", []) == Words()
    assert Words.join(", ", ["a"]) == Words.of("a")
    row = Words.join(Words.italic(" · "), ["a", Words.bold("b"), "c"])
    assert (row.text, marks(row)) == (
        "a · b · c",
        [("italic", " · "), ("bold", "b"), ("italic", " · ")],
    )


def test_a_mark_may_lie_on_words_with_marks() -> None:
    words = Words.quote("I say " + Words.bold("no"))
    assert marks(words) == [("quote", "I say no"), ("bold", "no")]


def test_what_looks_like_markup_is_text() -> None:
    assert Words.of("**b** [a](http://x.example) <b>").spans == ()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "a\\u202eb"),  # turns the direction of what follows
        ("pay\u200bpal", "pay\\u200bpal"),
        ("a\x00b\ud800", "a\\u0000b\\ud800"),
        ("a\r\nb\tc", "a\nb\tc"),
        (FAMILY, FAMILY),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", "a\\u200db"),
        ("❤️", "❤️"),
        ("A\u030angstro\u0308m", "Ångstro\u0308m"),  # Telegram would show it without its ring
    ],
)
def test_nothing_is_hidden_in_words(text: str, seen: str) -> None:
    assert Words.of(text).text == seen
    assert Words.bold(text).text == seen
    assert Words.join("", [text]).text == seen
    assert ("" + Words.of("") + text).text == seen


def test_a_text_made_elsewhere_keeps_its_places() -> None:
    words = Words("a\u202eb\ud800c", (Span(4, 1, "bold"),))
    assert words.text == "a\ufffdb\ufffdc"
    assert marks(words) == [("bold", "c")]


def test_marks_lie_on_the_text_and_nowhere_else() -> None:
    words = Words("abc", (Span(-1, 2, "bold"), Span(2, 9, "code"), Span(3, 1, "pre")))
    assert words.spans == (Span(0, 1, "bold"), Span(2, 1, "code"))


def test_a_mark_that_is_none_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="'blink' is no mark"):
        Span(0, 1, "blink")


def test_kept_words_come_back_and_unknown_marks_leave_text() -> None:
    words = "See " + Words.link("this", "https://a.example/")
    kept = json.loads(json.dumps(words.to_json()))
    assert Words.from_json(kept) == words
    kept["spans"].append([0, 3, "blink", ""])
    assert Words.from_json(kept) == words


def test_a_part_keeps_the_marks_that_lie_on_it() -> None:
    words = "one " + Words.bold("two three") + " four"
    assert (words.part(6, 15).text, marks(words.part(6, 15))) == (
        "o three f",
        [("bold", "o three")],
    )
    assert marks(words.part(13)) == []


def test_blank_is_stripped_at_both_ends() -> None:
    words = (" \n" + Words.bold(" a ") + "\t").strip()
    assert (words.text, marks(words)) == ("a", [("bold", "a")])
    assert Words.of(" \n ").strip() == Words()


@pytest.mark.parametrize(
    ("text", "max_chars", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("abc   def", 6, "abc…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("ne\u0301e", 3, "n…"),
        ("a" + FAMILY, 5, "a…"),
        ("🇮🇹🇩🇪", 3, "🇮🇹…"),
        ("🇮🇹🇩🇪", 2, "…"),
        ("👍🏽👍🏽", 2, "…"),
    ],
)
def test_words_are_cut_between_characters_as_people_see_them(
    text: str, max_chars: int, cut: str
) -> None:
    assert Words.of(text).cut(max_chars).text == cut


def test_cut_words_keep_their_marks() -> None:
    words = Words.bold("abcdef").cut(4)
    assert marks(words) == [("bold", "abc")]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.integers(0, 70), st.sampled_from(MARKS))
def test_cut_words_are_never_too_long_nor_hide_anything(
    text: str, max_chars: int, mark: str
) -> None:
    words = Words.marked(text, mark).cut(max_chars)
    assert len(words) <= max_chars
    assert shown(words.text) == words.text
    words.text.encode()
    assert all(0 <= one.start < one.end <= len(words) for one in words.spans)
