"""One passage changes, and not a byte besides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from factotum.note import parse
from factotum.worker.passage import Unfit, changed, difference, stands_there

NOTE = "---\nid: mine\ntags: a\n---\n# Bianchi\n\n- one\n- two\n- two\n"

#: Few letters, so that passages overlap and stand several times.
dense = st.text(alphabet="ab\n é", max_size=12)


@given(dense, dense, dense, dense)
def test_what_stands_round_the_passage_stays(
    before: str, find: str, after: str, replace: str
) -> None:
    raw = (before + find + after).encode()
    assume(find)
    places = sum(raw.decode().startswith(find, n) for n in range(len(raw.decode())))
    if places > 1:
        with pytest.raises(Unfit, match=r"stands \d+ times"):
            changed(raw, find, replace)
    elif replace == find:
        with pytest.raises(Unfit, match="change nothing"):
            changed(raw, find, replace)
    else:
        assert changed(raw, find, replace) == (before + replace + after).encode()


def alike(a: bytes, b: bytes) -> int:
    """How many bytes the two begin with alike."""
    pairs = zip(a, b, strict=False)
    return next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


@given(st.text(max_size=40), st.text(min_size=1, max_size=10), st.text(max_size=10))
@example("a\r\nb\r\n", "a\nb", "c\nd")
def test_the_change_is_one_piece_or_none(text: str, find: str, replace: str) -> None:
    raw = text.encode(errors="replace")
    try:
        new = changed(raw, find, replace)
    except Unfit:
        return
    begin = alike(raw, new)
    end = alike(raw[begin:][::-1], new[begin:][::-1])
    gone = raw[begin : len(raw) - end]
    assert gone in find.encode() or gone in find.replace("\n", "\r\n").encode()


@given(st.text(alphabet="ab\n`#-", max_size=30), st.text(alphabet="xy\n", min_size=1, max_size=9))
def test_what_is_added_stands_at_the_end(text: str, added: str) -> None:
    assume(added.strip())
    new = changed(text.encode(), "", added)
    assert new.startswith(text.encode())
    assert new.decode().endswith(added.rstrip("\n") + "\n")


def test_the_ends_of_lines_stay_as_they_are() -> None:
    raw = b"one\r\ntwo\r\nthree\r\n"
    assert changed(raw, "one\ntwo", "1\n2") == b"1\r\n2\r\nthree\r\n"
    assert changed(raw, "two", "2\n2b") == b"one\r\n2\r\n2b\r\nthree\r\n"
    assert changed(raw, "", "four") == raw + b"\r\nfour\r\n"


def test_letters_that_are_written_apart_are_found() -> None:
    raw = unicodedata.normalize("NFD", "Café Zürich").encode()
    assert changed(raw, "Café", "Bar").decode().startswith("Bar ")


@pytest.mark.parametrize(
    ("find", "replace", "said"),
    [
        ("three", "x", "does not stand in the note"),
        ("- two", "x", "stands 2 times"),
        ("- one", "- one", "change nothing"),
        ("", " \n", "nothing to add"),
        ("id: mine", "id: t-aaaaaaaaaaaaaaaa", "id is not mine"),
        ("tags: a", "factotum: never", "factotum is not mine"),
        ("tags: a", "tags: a\ntags: b", "the property 'tags' stands twice, in line 4"),
        ("tags: a", "tags: &x a", "anchors"),
        ("- one", "x" * 2_000_000, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_done_says_why(find: str, replace: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        changed(NOTE.encode(), find, replace)


def test_broken_properties_may_be_mended() -> None:
    raw = b"---\na: 1\na: 2\n---\nx"
    assert parse(changed(raw, "a: 2", "b: 2")).props == {"a": 1, "b": 2}


def test_a_difference_shows_what_changes_and_a_little_round_it() -> None:
    new = changed(NOTE.encode(), "- one", "- 1\u202e\n- 1b")
    assert difference(NOTE.encode(), new).split("\n") == [
        "@@ -5,5 +5,6 @@",
        " # Bianchi",
        " ",
        "-- one",
        "+- 1\\u202e",
        "+- 1b",
        " - two",
        " - two",
    ]


def test_a_difference_nobody_could_read_is_refused() -> None:
    with pytest.raises(Unfit, match="too long to be shown"):
        difference(b"", b"x\n" * 30_000)


def test_a_passage_that_stands_everywhere_is_not_counted_to_the_end() -> None:
    with pytest.raises(Unfit, match="stands more than 20 times"):
        changed(b"a" * 1_000_000, "a" * 10_000, "b")


def test_a_long_addition_is_shown_with_what_stands_before_it() -> None:
    rows = difference(NOTE.encode(), changed(NOTE.encode(), "", "x\n" * 300)).split("\n")
    assert rows[1:5] == [" - two", " ", "+x", "+x"]


@pytest.mark.parametrize(
    ("now", "find", "replace", "there"),
    [
        ("a new c, edited", "old", "new", True),
        ("a old c, edited", "old", "new", False),
        ("something else", "old", "new", False),
        ("a, b added", "", "b added", True),
        ("a c", "old", "", True),
        ("more of the same", "same", "more of the same", True),
    ],
)
def test_a_change_is_found_in_a_note_that_was_edited_since(
    now: str, find: str, replace: str, there: bool
) -> None:
    assert stands_there(now.encode(), find, replace) is there
