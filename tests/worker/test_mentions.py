"""Which lines of a note are tasks, and what is changed of it when one is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.worker.mentions import choose, find, tell

FAC = "@fac"


def starts(text: str) -> list[str]:
    return [line.title for line in find(text.encode(), FAC) if line.starts]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("- [ ] @fac dentist before 5 Dec", ["dentist before 5 Dec"]),
        ("* [ ] Ask the dentist, @FAC!", ["Ask the dentist, !"]),
        ("  3. [ ] @fac: indented", ["indented"]),
        ("12) [ ] @fac numbered\r\n", ["numbered"]),
        ("\ufeff- [ ] @fac after a mark of byte order", ["after a mark of byte order"]),
        ("- [x] @fac done", []),
        ("- [-] @fac given up", []),
        ("- [ ] @fac", []),  # nothing said yet
        ("- [ ] @factory visit", []),
        ("- [ ] mail me@fac.example", []),
        ("- [ ] @fac-x", []),
        ("@fac no box", []),
        ("- @fac no box", []),
        ("> - [ ] @fac quoted", []),
        ("- [ ] write `@fac` in a line", []),
        ("- [ ] run `make` @fac", ["run `make`"]),
        ("```\n- [ ] @fac in a fence\n```\n- [ ] @fac below", ["below"]),
        ("<!--\n- [ ] @fac hidden\n-->\n- [ ] @fac seen", ["seen"]),
        ("a %% b\n- [ ] @fac hidden\n%%\n- [ ] @fac seen", ["seen"]),
        ("`<!--` is how one begins\n- [ ] @fac seen", ["seen"]),
        ("- [ ] @fac call <!-- or mail --> him", ["call him"]),
        ("---\ntodo: |\n  - [ ] @fac a property\n---\n- [ ] @fac text", ["text"]),
        ("- [ ] @fac told [[dentist_abc234|✓]]", []),
        ("- [ ] @fac told → [[dentist_abc234|failed]] ^block", []),
        ("- [ ] @fac see [[Anna]]", ["see [[Anna]]"]),
        ("- [ ] @fac " + "x" * 3000, []),
    ],
)
def test_a_line_with_an_empty_box_and_the_word_is_a_task(text: str, titles: list[str]) -> None:
    assert starts(text) == titles


def test_what_stands_indented_below_a_line_belongs_to_it() -> None:
    text = "- [ ] @fac trip\n\t- by train\n    - [ ] @fac hotel\n\t  quiet\n\n  late\n- other"
    trip, hotel = find(text.encode(), FAC)
    assert (trip.below, hotel.below) == ("\t- by train", "\t  quiet")


def test_what_is_no_text_has_no_lines() -> None:
    assert find(b"\xff- [ ] @fac x", FAC) == []


@pytest.mark.parametrize(
    ("before", "done", "after"),
    [
        ("- [ ] @fac a", True, "- [x] @fac a [[note|✓]]"),
        ("- [ ] @fac a", False, "- [ ] @fac a → [[note|failed]]"),
        ("- [ ] @fac a → [[old|failed]]", True, "- [x] @fac a [[note|✓]]"),
        ("- [x] @fac a [[note|✓]]", True, "- [x] @fac a [[note|✓]]"),
        ("- [-] @fac a", True, "- [-] @fac a [[note|✓]]"),
        ("\t* [ ] @fac a  ", True, "\t* [x] @fac a [[note|✓]]  "),
        ("- [ ] @fac a ^b1", True, "- [x] @fac a [[note|✓]] ^b1"),
        ("\ufeff- [ ] @fac a\r", True, "\ufeff- [x] @fac a [[note|✓]]\r"),
    ],
)
def test_a_line_is_ticked_in_place(before: str, done: bool, after: str) -> None:
    raw = before.encode()
    (line,) = find(raw, FAC)
    assert tell(raw, line, "note", done=done).decode() == after


@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(["- [ ] @fac a", "* [ ] @fac b\r", "---", "```", "<!--", "-->", "%%"]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_one_line_is_changed_and_nothing_else(lines: list[str], done: bool) -> None:
    raw = "\n".join([*lines, "- [ ] @fac a"]).encode("utf-8", "surrogatepass")
    for line in find(raw, FAC):
        new = tell(raw, line, "note", done=done)
        before, after = raw.split(b"\n"), new.split(b"\n")
        assert len(before) == len(after)
        assert [n for n in range(len(before)) if before[n] != after[n]] in ([line.at], [])
        again = next(one for one in find(new, FAC) if one.at == line.at)
        assert (again.words, again.starts) == (line.words, False)
        assert tell(new, again, "note", done=done) == new


def test_of_equal_lines_the_one_that_is_meant_is_chosen_or_one_that_waits() -> None:
    lines = find(b"- [ ] @fac a\n- [ ] @fac b\n- [x] @fac a\n- [ ] @fac a", FAC)
    found = [choose(lines, "@fac a", n) for n in range(4)]
    assert [line.at if line else None for line in found] == [0, 3, 3, 3]
    assert choose(lines, "@fac c", 0) is None
    ticked = choose(find(b"- [x] @fac a", FAC), "@fac a", 3)
    assert ticked is not None and ticked.at == 0


@pytest.mark.parametrize(
    "line",
    ["%%%%" * 250_000, "<!---->" * 140_000, "` " * 500_000, f"- [ ] {FAC} x{' ' * 1900}y\n" * 500],
)
def test_a_page_that_was_made_to_be_slow_is_gone_through_in_one_go(line: str) -> None:
    """Each of them once took minutes; this test would not end."""
    assert len(find(f"{line}\n- [ ] {FAC} last".encode(), FAC)) in (0, 1, 501)
