"""The line that a person types: what keys do to it, and how it lies on a screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.cli.chat_layout import lay_out, width
from factotum.cli.chat_line import INTERRUPT, TEXT, Key, Keys, Line


def typed(*pieces: str) -> tuple[str, list[str]]:
    """What stands in the line after these keys, with | for the cursor, and what was entered."""
    keys, line = Keys(), Line()
    entered = []
    for piece in pieces:
        for key in keys.of(piece.encode()):
            if (text := line.press(key)) is not None:
                entered.append(text)
    return f"{line.text[: line.cursor]}|{line.text[line.cursor :]}", entered


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("hello", "hello|"),
        ("hello\x7f\x7f", "hel|"),
        ("helo\x1b[Dl", "hell|o"),
        ("hello\x01>\x05<", ">hello<|"),
        ("\x1b[H\x1b[F\x1bOHa\x1bOFb", "ab|"),
        ("one two\x1b[1;5D\x1b[1;5D\x1b[1;5C.", "one.| two"),
        ("one two\x17", "one |"),
        ("one two\x1b\x7f", "one |"),
        ("one two\x02\x02\x02\x15", "|two"),
        ("one two\x02\x02\x02\x0b", "one |"),
        ("ab\x1b[D\x1b[3~", "a|"),
        ("ab\x02\x04", "a|"),  # Ctrl-D takes the sign below the cursor
        ("e\u0301\x7f", "|"),  # one sign of two characters
        ("👨\u200d👩\u200d👧\x7f", "|"),
        ("日本\x1b[D語", "日語|本"),
        ("a\tb\x00\x1b[5~\x1b[200;9zc", "a bc|"),  # what means nothing here does nothing
        ("a\x1b\nb", "a\nb|"),  # Alt and Enter
        ("\x1b[A\x1b[B\x7f\x02\x06\x0b\x15\x17", "|"),
    ],
)
def test_a_key_does_what_it_does_elsewhere(keys: str, line: str) -> None:
    assert typed(keys) == (line, [])


def test_what_was_entered_comes_back_by_the_arrow_and_so_does_what_was_begun() -> None:
    assert typed("one\ntwo\nthr\x1b[A\x1b[A\x1b[A") == ("one|", ["one", "two"])
    assert typed("one\ntwo\nthr\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B") == ("thr|", ["one", "two"])


def test_a_paste_is_one_message_whatever_stands_in_it() -> None:
    fifty = "\r\n".join(f"line {n}" for n in range(50))
    assert typed(f"\x1b[200~{fifty}\n\x1b[201~", "\n") == ("|", [fifty.replace("\r\n", "\n")])
    assert typed("\x1b[200~a\x1b[31m\x07b\x1b[A\x04c\x1b[201~") == ("a[31mb[Ac|", [])


def test_a_paste_that_does_not_end_keeps_no_keyboard() -> None:
    keys = Keys()
    assert list(keys.of(b"\x1b[200~half a paste")) == []
    assert list(keys.of(b"\x03")) == [Key(INTERRUPT)]
    assert list(keys.of(b"a")) == [Key(TEXT, "a")]


def test_escape_by_itself_takes_no_letter_along() -> None:
    assert typed("\x1b", "yes") == ("yes|", [])


@given(st.text(alphabet=st.sampled_from("aé日👍\x1b[A1;5C~20\n\x7f\r\t")), st.integers(1, 9))
def test_it_is_no_matter_into_which_pieces_keys_are_cut(text: str, size: int) -> None:
    data = text.replace("\x1b", "\x1b[").encode()  # Escape by itself is told by the pieces
    whole = list(Keys().of(data))
    keys = Keys()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [key for piece in pieces for key in keys.of(piece)] == whole or b"\x1b[200~" in data


@given(
    st.text(alphabet=st.sampled_from("ab 日👍\u0301\n\t")),
    st.integers(0, 100),
    st.integers(1, 30),
    st.integers(1, 9),
)
def test_a_line_is_laid_within_the_screen_and_the_cursor_in_it(
    text: str, cursor: int, columns: int, rows_most: int
) -> None:
    laid = lay_out("you> ", text, min(cursor, len(text)), columns, rows_most)
    assert 1 <= len(laid.rows) <= rows_most
    assert 0 <= laid.row < len(laid.rows)
    assert 0 <= laid.column <= laid.widths[laid.row]
    for row, wide in zip(laid.rows, laid.widths, strict=True):
        assert sum(map(width, row)) == wide < max(columns, 5)


def test_of_a_long_line_the_part_round_the_cursor_is_shown_and_costs_no_more() -> None:
    text = "x" * 1_000_000
    laid = lay_out("you> ", text, len(text), 80, 8)
    assert len(laid.rows) == 8
    assert (laid.rows[0], laid.row) == ("…", 7)
