"""What a phase file says, also one that was cut off or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.model import FailedClean, Lost, Succeeded
from factotum.phase import read_phase

BEGUN = '{"phase": "begun", "at": "2026-11-21T09:00:00"}\n'
CONNECTED = '{"phase": "connected", "at": "2026-11-21T09:00:01"}\n'
DATA = '{"phase": "data", "at": "2026-11-21T09:00:02"}\n'
ACCEPTED = '{"phase": "accepted", "at": "2026-11-21T09:00:03", "receipt": {"to": ["b@c.test"]}}\n'
REFUSED = '{"phase": "refused", "at": "2026-11-21T09:00:03", "reason": "451 no", "again": true}\n'


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", "unsent"),
        (BEGUN, "unsent"),
        (BEGUN + CONNECTED, "unsent"),
        (BEGUN + CONNECTED + DATA, "data"),
        (BEGUN + CONNECTED + DATA[:-1], "unsent"),  # never synced, so DATA was never sent
        (BEGUN + CONNECTED + DATA + ACCEPTED, "accepted"),
        (BEGUN + CONNECTED + DATA + ACCEPTED[:-5], "data"),
        (BEGUN + CONNECTED + DATA + REFUSED, "unsent"),
        (BEGUN + DATA + REFUSED + BEGUN + CONNECTED, "unsent"),  # a second try under one seal
        (BEGUN + DATA + REFUSED + BEGUN + DATA, "data"),
        (BEGUN + DATA + BEGUN, "data"),  # a doubt is not undone by starting over
        (BEGUN + DATA + ACCEPTED + BEGUN, "accepted"),
        (BEGUN + "\x00\x00\x00\n", "data"),  # damaged: the answer that repeats nothing
        ("[]\n", "data"),
        ('{"phase": "something-newer"}\n', "data"),
    ],
)
def test_the_last_whole_line_counts(tmp_path: Path, text: str, state: str) -> None:
    (tmp_path / "p").write_text(text)
    assert read_phase(tmp_path / "p").state == state


def test_no_file_means_nothing_was_begun(tmp_path: Path) -> None:
    phase = read_phase(tmp_path / "p")
    assert (phase.state, phase.kept) == ("unsent", False)


def test_it_is_said_in_the_words_of_the_gate(tmp_path: Path) -> None:
    def outcome(text: str) -> object:
        (tmp_path / "p").write_text(text)
        return read_phase(tmp_path / "p").outcome

    assert outcome(BEGUN) == FailedClean("it ended before anything was sent", again=True)
    assert outcome(BEGUN + DATA + REFUSED) == FailedClean("451 no", again=True)
    assert outcome(BEGUN + DATA) == Lost(
        "the content was being handed over at 09:00; no answer is on record"
    )
    assert outcome(BEGUN + DATA + ACCEPTED) == Succeeded({"to": ["b@c.test"]})
