"""Of people's notes a model is told what they wrote for it, and no more than fits."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.persona import PART_MOST, Persona, cut, load, prose


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# Me\n\nI am Ann.", "# Me\n\nI am Ann."),
        ("a <!-- hidden --> b %%also%% c", "a  b  c"),
        ("a\n<!-- over\nseveral\nlines -->\nb", "a\nb"),
        ("a\n%%\nover\nseveral\n%%\nb", "a\nb"),
        ("a %% <!-- %% b --> c", "a  b --> c"),  # each ends with its own mark
        ("a <!-- never closed\nb", "a"),  # Obsidian hides it as well
        ("```sh\necho %% <!--\n```\nb", "```sh\necho %% <!--\n```\nb"),  # in a fence it is text
        ("> [!about] For you\n> Change it.\n\nReal.", "Real."),
        ("> [!warning] Mind\n> this.", "> [!warning] Mind\n> this."),
        ("Rules.\n\n```yaml policy\nallow: []\n```\n\nMore.", "Rules.\n\nMore."),
        ("Rules.\n\n```yaml\na: 1\n```", "Rules.\n\n```yaml\na: 1\n```"),
        ("````yaml private\n```\n````\nMore.", "More."),
        ("- Name:\n- Languages: German\n- \n1.\n- [ ]", "- Languages: German"),
        ("# About you\n\n- Name:\n\n## Work\n\n- Hours:", ""),
        ("# A\n\n## Empty\n\n## Full\n\nx\n\n## Empty too", "# A\n\n## Full\n\nx"),
        ("- Suppliers:\n  - Rossi\n- Clients:\n  -", "- Suppliers:\n  - Rossi"),
        ("Ratio: 1:2\n- Call me: yes", "Ratio: 1:2\n- Call me: yes"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("hidden\u202e order\U000e0041", "hidden\\u202e order\\U000e0041"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),  # joined letters stay
        ("👨\u200d👩\u200d👧", None),
    ],
)
def test_what_is_told_of_a_note(text: str, told: str | None) -> None:
    assert prose(text, "x") == (text if told is None else told)


def test_a_long_note_is_cut_and_says_how_to_read_on() -> None:
    text = prose("word " * 10_000, "notes__read SOUL.md")
    assert len(text) <= PART_MOST
    assert text.endswith("[Cut here, 50,000 characters in all. The rest: notes__read SOUL.md]")


@pytest.mark.parametrize(
    "piece", ["%%", "<!--", "- ", "> [!about]\n", "```\n", "x\u202e", "---\n", "# a\n", " ", "\n"]
)
def test_a_note_of_ten_megabytes_takes_no_time(piece: str) -> None:
    text = piece * (10 * 1024 * 1024 // len(piece))
    started = time.process_time()
    assert len(prose(text, "x")) <= PART_MOST
    assert time.process_time() - started < 5


def test_the_persona_is_the_notes_that_are_there() -> None:
    notes = [
        ("SOUL.md", b"\xef\xbb\xbf---\r\ntags: [a]\r\n---\r\nCalm."),
        ("Company_Handbook.md", "Höflich.".encode()),
    ]
    assert load(notes) == (Persona(soul="Calm.", handbook="Höflich."), [])
    assert load([]) == (Persona(), [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe", "SOUL.md, line 1: the note is not UTF-8 text"),
        (b"---\na: 1\nb: [x\n---\nCalm.", "SOUL.md, line 3: the properties cannot be read"),
        (b"x" * 2_000_000, "SOUL.md, line 1: the note is larger than"),
    ],
)
def test_a_note_that_cannot_be_read_is_told_and_the_others_stay(data: bytes, said: str) -> None:
    persona, broken = load([("SOUL.md", data), ("USER.md", b"Ann")])
    assert persona == Persona(user="Ann")
    assert str(broken[0]).startswith(said)


@pytest.mark.parametrize("most", [0, 1, 30, 64, 65, 66, 100])
def test_even_the_shortest_cut_is_no_longer_than_it_may_be(most: int) -> None:
    assert len(cut("\u202e" * 5000, most, "notes__read SOUL.md")) <= most


@given(st.text(alphabet="ab -:%<!>`#\n[]1.~\u202e", max_size=400))
def test_prose_is_bounded_and_never_shows_more_than_was_written(text: str) -> None:
    told = prose(text, "x", 300)
    assert len(told) <= 300
    assert "\u202e" not in told
    assert prose(f"%%\n{text.replace('%%', '').replace('-->', '')}", "x") == ""
