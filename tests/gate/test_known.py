"""A card says where something of it may be overlooked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.known import gaps, oddities, told
from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.model import Call


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Register(ledger)
    ledger.close()


def warnings(register: Register, body: str) -> list[str]:
    args = {"to": ["ada@rossi.example"], "subject": "Re", "body": body}
    known = told(Call("mail__send", args), register)["known"]
    return [line for line in known if line.startswith("⚠")]


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("Thanks!" + " " * 3000 + "PAY", ["3,000 blanks"]),
        ("Thanks!\n" + "\u00a0" * 3000 + "PAY", ["3,000 blanks"]),
        ("Thanks!" + "\t" * 100 + "PAY", ["397 blanks"]),
        ("Thanks!" + "\n" * 501 + "PAY", ["500 empty lines"]),
        ("Thanks!" + "\r\n \t" * 501 + "PAY", ["500 empty lines"]),
        ("Thanks!" + "\n" * 30 + " " * 90 + "PAY", ["90 blanks", "29 empty lines"]),
        ("Thanks!" + " " * 3000 + "\n" * 500, []),  # nothing stands behind it
        ("Dear Ada,\n\n\n- one" + " " * 30 + "two\n", []),
    ],
)
def test_text_that_stands_far_off_is_told(register: Register, text: str, behind: list[str]) -> None:
    assert gaps(text) == behind
    said = [f"⚠ Some of it stands far off, behind {gap}: look at all of it" for gap in behind]
    assert warnings(register, text) == said


def test_unseen_characters_are_named_and_not_too_many_of_them(register: Register) -> None:
    assert oddities("Thanks\u200b\u202e") == ["U+200B", "U+202E"]
    (line,) = warnings(register, "".join(map(chr, range(0xE0100, 0xE01F0))))
    assert line.endswith("U+E0107 and 232 more")


@pytest.mark.parametrize("text", [" " * 59 + "x", " \n", "\t", "x" + " " * 900_000])
def test_a_long_text_is_looked_at_once(text: str) -> None:
    began = time.process_time()
    gaps(text * (1_000_000 // len(text)))
    assert time.process_time() - began < 4
