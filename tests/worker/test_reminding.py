"""Reminders are told without a model; what becomes of missed runs is asked and then done."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.ledger import Ledger
from factotum.note import set_props
from tests.office import TestOffice
from tests.watchers.clockwork import Clockwork, at

MONDAY = at("2026-11-30T08:00")


@pytest.fixture
def clock(tmp_path: Path) -> Clockwork:
    clock = Clockwork(TestOffice(tmp_path))
    clock.now = MONDAY
    return clock


def told(clock: Clockwork) -> list[tuple[str, int]]:
    ledger = Ledger(clock.office.state / "ledger.db")
    rows = ledger.db.execute("SELECT text, urgent FROM notice WHERE kind = 'schedule'").fetchall()
    ledger.close()
    return [(row["text"], row["urgent"]) for row in rows]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("# Pills\n\nThe white ones,\nwith water.", "Pills: The white ones, with water."),
        ("The white ones.", "Pill: The white ones."),
        ("# Pills", "Pills"),
        ("", "Pill"),
    ],
)
def test_a_reminder_is_told_at_once_and_is_done(clock: Clockwork, body: str, says: str) -> None:
    clock.note("Pill.md", "at: 2026-11-30 09:00\nmode: reminder", body)
    clock.now = at("2026-11-30T09:00")
    clock.start()
    clock.office.run()
    clock.office.run()
    assert told(clock) == [(says, 1)]
    assert len(clock.office.files("Done")) == 1 and clock.office.files("Needs_Action") == []


def test_a_note_cannot_pass_itself_off_as_a_reminder(clock: Clockwork) -> None:
    clock.office.type("---\nreminder: {text: x}\nmode: reminder\n---\n# Pay\n\ngo\n")
    clock.office.run()
    assert told(clock) == []


def answer(clock: Clockwork, text: str) -> None:
    clock.office.run()
    (card,) = clock.office.files("Pending_Approval")
    raw = card.read_bytes().replace(
        b"## Your answer\n", b"## Your answer\n\n" + text.encode() + b"\n"
    )
    card.write_bytes(set_props(raw, {"approve": True}))
    clock.office.run()


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("once", ["2026-11-30T09:00", "2026-12-03T09:00"]),
        ("each", ["2026-11-30T09:00", "2026-12-01T09:00", "2026-12-02T09:00", "2026-12-03T09:00"]),
        ("no", ["2026-11-30T09:00"]),
    ],
)
def test_the_owner_says_what_becomes_of_missed_runs(
    clock: Clockwork, said: str, seen: list[str]
) -> None:
    clock.note("Water.md", "every: day at 9\nmissed: ask")
    with clock.open() as source:
        clock.go_on(source, at("2026-11-30T09:00"))
    clock.done()
    clock.now = at("2026-12-03T12:00")
    with clock.open() as source:
        clock.look(source)
        assert [task.title for task in clock.tasks()][1:] == ["3 runs were missed: Water"]
        answer(clock, said)
        clock.look(source)  # woken by the answer
        assert clock.dues() == seen
    clock.start()
    assert clock.dues() == seen
    assert clock.events("missed")[0]["policy"] == "ask"


def test_an_answer_counts_only_for_what_it_was_about(
    clock: Clockwork,
) -> None:
    clock.note("Water.md", "every: day at 9\nmissed: ask")
    clock.start()
    clock.now = at("2026-12-03T12:00")
    with clock.open() as source:
        clock.look(source)
        answer(clock, "each")
        clock.note("Water.md", "every: day at 10\nmissed: ask", age_s=0)
        clock.look(source)
    assert clock.dues() == []


def test_an_unclear_answer_is_asked_once_more(clock: Clockwork) -> None:
    clock.note("Water.md", "every: day at 9\nmissed: ask")
    clock.start()
    clock.now = at("2026-12-03T12:00")
    clock.start()
    answer(clock, "well")
    answer(clock, "Once")
    clock.start()
    assert clock.dues() == ["2026-12-03T09:00"]
