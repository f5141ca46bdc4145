"""What is read out of a note: its words and its pauses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.voice.plain import cut, plain
from tests.tries import tries


@pytest.mark.parametrize(
    ("markdown", "spoken"),
    [
        ("# Done\n\nThe **mail** to _Ada_ is `sent`.", "Done.\nThe mail to Ada is sent."),
        ("- one\n- two\n  - three", "one.\ntwo.\nthree."),
        ("- [x] paid\n- [ ] open", "paid.\nopen."),
        ("See [[Office/Ada|Ada]] and [[Bills#May]].", "See Ada and Bills."),
        ("[the bill](https://x.example/a?b=c) at https://x.example/long", "the bill at."),
        ("> [!info]- Why\n> house rule 3", "Why house rule 3."),
        ("```\ncode\n```\n\nAfter it.", "After it."),
        ("| who | sum |\n|---|---|\n| Ada | 12 |", "who.\nsum.\nAda.\n12."),
        ("![a picture](x.png) ✉️ Reply?", "Reply?"),
        ("<b>bold</b> %%hidden%% and <!-- gone --> end", "bold and end."),
        ("one\ntwo  \nthree", "one two three."),
        ("---\n\n***\n\n✅", ""),
        ("", ""),
        ("3 < 4 & 5", "3 < 4 & 5."),
        ("~~old~~ new", "old new."),
    ],
)
def test_only_words_are_read_out(markdown: str, spoken: str) -> None:
    assert plain(markdown) == spoken


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("One. Two. Three.", 20, "One. Two. Three."),
        ("One. Two. Three.", 12, "One. Two."),
        ("One. Twoooooooo", 12, "One."),
        ("one two three", 9, "one two"),
        ("onetwothree", 5, "onetw"),
        ("一。二。三。", 4, "一。二。"),
        ("First line\nsecond line", 15, "First line"),
        ("At 3.5 percent more", 8, "At 3.5"),
    ],
)
def test_it_is_cut_where_one_would_stop(text: str, most: int, kept: str) -> None:
    assert cut(text, most) == kept


@settings(max_examples=tries(100), deadline=None)
@given(st.text(max_size=400), st.integers(min_value=1, max_value=60))
def test_never_more_than_asked_and_always_from_the_beginning(text: str, most: int) -> None:
    kept = cut(text, most)
    assert len(kept) <= most
    assert text.startswith(kept)
