"""Two texts are compared by lines, exactly while that is cheap, and never at length."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.lines import COMPARED_MOST_LINES, SHOWN_ROWS, differences, differing, unified

few = st.lists(st.sampled_from("abc"), max_size=8)
pile = st.lists(st.sampled_from("abc"), max_size=8).map(lambda lines: lines * 60)


def put_in(old: list[str], rows: list[str]) -> list[str]:
    """The new text, from the old one and the rows of a difference."""
    new, at = [], 0
    for row in rows:
        if row.startswith("@@"):
            first, _, count = row.split()[1].lstrip("-").partition(",")
            begin = int(first) - (count != "0")
            new += old[at:begin]
            at = begin
            continue
        if row[0] in " -":
            assert old[at] == row[1:]
            at += 1
        if row[0] in " +":
            new.append(row[1:])
    return new + old[at:]


@given(few, few, few, few)
def test_the_rows_lead_from_one_text_to_the_other(
    before: list[str], gone: list[str], put: list[str], after: list[str]
) -> None:
    old, new = before + gone + after, before + put + after
    rows = unified(old, new, 2)
    assert put_in(old, rows) == new
    assert bool(rows) is (old != new)


@given(pile, pile, pile, pile)
def test_a_long_change_is_told_whole(
    before: list[str], gone: list[str], put: list[str], after: list[str]
) -> None:
    old, new = before + gone + after, before + put + after
    assert put_in(old, unified(old, new, 2)) == new
    assert differing(old, new) <= len(old) + len(new)


def test_the_rows_say_where_the_change_stands() -> None:
    old = [str(n) for n in range(1, 1001)]
    assert unified(old, [*old[:499], "x", *old[500:]], 1) == [
        "@@ -499,3 +499,3 @@", " 499", "-500", "+x", " 501",
    ]  # fmt: skip


@pytest.mark.parametrize("compare", [differing, lambda old, new: unified(old, new, 2)])
def test_lines_made_to_be_slow_are_not(
    compare: Callable[[list[str], list[str]], object],
) -> None:
    kinds = [f"{n:02x}" for n in range(115)] * 1500
    random.Random(1).shuffle(kinds)
    began = time.process_time()
    compare(kinds, [*kinds, "X"])
    compare(["a"] * 12_000, ["b", *["a"] * 11_998, "b"])
    compare(kinds, kinds[::-1])
    short = ["a"] * COMPARED_MOST_LINES
    compare(short, ["b", *short[2:], "b"])
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("was", "now", "rows"),
    [
        ("a\nb\nc", "a\nB\nc", [("-", "b"), ("+", "B")]),
        ("a\nb", "a\nb\nc", [("+", "c")]),
        ("a\n\nb", "a\nb", []),  # an empty line is no row
        ("a", "a\n", []),
        (
            "one two three four five six seven eight nine ten on Tuesday at ten in the old hall",
            "one two three four five six seven eight nine ten on Thursday at ten in the old hall",
            [
                ("-", "… eight nine ten on Tuesday at ten in the …"),
                ("+", "… eight nine ten on Thursday at ten in the …"),
            ],
        ),
    ],
)
def test_differences_are_told_in_few_words(was: str, now: str, rows: list[tuple[str, str]]) -> None:
    assert differences(was, now) == rows


def test_differences_beyond_the_room_are_counted() -> None:
    was, now = ("\n".join(f"{mark}{n}" for n in range(50)) for mark in "ab")
    rows = differences(was, now)
    assert len(rows) == SHOWN_ROWS
    assert rows[:2] == [("-", "a0"), ("+", "b0")]
    assert rows[-1] == ("…", "89 more lines of the change")


@given(few, few)
def test_there_are_differences_exactly_where_a_word_differs(old: list[str], new: list[str]) -> None:
    was, now = "\n".join(old), "\n".join(new)
    assert bool(differences(was, now)) == (was.rstrip() != now.rstrip())


def test_differences_of_long_texts_take_no_time() -> None:
    was, now = "a\nb\n" * 20_000, "b\na\n" * 20_000
    begun = time.process_time()
    assert len(differences(was, now)) == SHOWN_ROWS
    assert time.process_time() - begun < 5
