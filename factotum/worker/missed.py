"""Asks the owner what becomes of runs that a schedule missed, and leaves the answer for it.

The runs themselves are made by whoever watches the schedules, so that each is one task however
often it is asked.
"""

from __future__ import annotations

from factotum.schedule import book
from factotum.schedule.book import Answer
from factotum.schedule.work import ASKS
from factotum.worker.case import Case
from factotum.worker.steps import Next, Park

FACT = ASKS
ONCE, EACH, NONE = "once", "each", "no"
SAID = {
    ONCE: "It is done once now, for all that were missed.",
    EACH: "They are made up for now, one by one.",
    NONE: "They are left out.",
}


def next_step(case: Case) -> Next:
    """The course of such a task: one question, and its answer on record."""
    fact = case.row.facts[FACT]
    count, title = int(fact["count"]), str(fact["title"])
    questions = case.questions()
    if not questions:
        choices = [ONCE, NONE] if count == 1 else [ONCE, EACH, NONE]
        return case.ask(
            f"{title}: {_runs(count)} missed ({fact['span']}). Shall they be made up for?",
            choices=choices,
            explained=_explained(count, int(fact["most"])),
        )
    card = questions[-1]
    if not card.over:
        return Park()
    said = card.decision.why.strip().casefold() if card.decision else ""
    if card.status != "answered":
        return case.end("done", "You did not say, so the missed runs are left out.")
    if said not in SAID and len(questions) == 1:
        return case.ask(f"I did not understand {said[:60]!r}. {ONCE}, {EACH} or {NONE}?")
    how = said if said in (ONCE, EACH) else NONE
    with case.office.ledger.tx():
        if how != NONE:
            book.answer(case.office.ledger, _answer(fact, how, count))
        ended = case.end("done", SAID[how])
    _wake(case)
    return ended


def _answer(fact: dict[str, object], how: str, count: int) -> Answer:
    first, last = float(str(fact["first"])), float(str(fact["last"]))
    return Answer(str(fact["part"]), str(fact["rule"]), how, first, last, count)


def _wake(case: Case) -> None:
    """Has the schedules looked at; without that they see the answer when they look anyway."""
    folder = case.office.ledger.path.parent / book.ANSWERS
    try:
        (folder / "answered").write_bytes(b"")
    except OSError:
        return


def _runs(count: int) -> str:
    return "1 run was" if count == 1 else f"{count} runs were"


def _explained(count: int, most: int) -> str:
    once = f"{ONCE}: one run now, for all of them. " if count > 1 else f"{ONCE}: one run now. "
    bounded = f", the oldest {most}" if count > most else ""
    each = f"{EACH}: each of them{bounded}. " if count > 1 else ""
    return f"{once}{each}{NONE}: they are left out"
