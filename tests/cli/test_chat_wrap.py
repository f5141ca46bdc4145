"""What is said at a terminal is broken between words, and stays below where its line began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.cli.chat_wrap import columns_of, wrap


@pytest.mark.parametrize(
    ("said", "columns", "rows"),
    [
        ("factotum> Short.", 30, ["factotum> Short."]),
        ("factotum> All that I know of it", 24, ["factotum> All that I", "  know of it"]),
        ("  with an indent of two", 16, ["  with an", "  indent of two"]),
        ("  • a thing of a list", 16, ["  • a thing of", "    a list"]),
        ("  12. a thing of a list", 16, ["  12. a thing", "      of a list"]),
        ("no  space   is lost", 30, ["no  space   is lost"]),
        # a link is whole, so that it can be clicked
        ("see https://x.example/a/page now", 20, ["see", "https://x.example/a/page", "now"]),
        # a command is whole, so that it can be copied
        ("later: factotum approve a-7f3k2q.", 28, ["later:", "factotum approve a-7f3k2q."]),
        ("  [1] Send  [2] Change…  [3] Later", 20, ["  [1] Send", "  [2] Change…", "  [3] Later"]),
        # no spaces in this script, and each sign is two columns wide
        ("  日本語の文章です", 15, ["  日本語の文章", "  です"]),
        ("    deep", 8, ["    deep"]),
        ("", 10, [""]),
    ],
)  # fmt: skip
def test_a_line_lies_in_rows(said: str, columns: int, rows: list[str]) -> None:
    assert wrap(said, columns).split("\n") == rows


@given(st.text(alphabet="ab 日•-1.\n[]", max_size=120), st.integers(4, 40))
def test_nothing_is_lost_and_no_row_is_too_long(said: str, columns: int) -> None:
    rows = wrap(said, columns)
    assert "".join(rows.split()) == "".join(said.split())
    for row in rows.split("\n"):
        assert columns_of(row) < columns or len(row.split()) == 1 or columns < 24
