"""Reminders: what the owner wanted to be told at this time is told, and nothing else is done.

No model is asked. It is told at once, also in the quiet time: the owner chose the moment.
"""

from __future__ import annotations

from factotum.inert import one_line
from factotum.schedule.work import REMINDER
from factotum.worker.case import Case
from factotum.worker.steps import Next

FACT = REMINDER
#: Of which kind the notice is that a reminder makes.
KIND = "schedule"
TOLD_CHARS = 400


def next_step(case: Case) -> Next:
    """The course of such a task: one notice, and that is all."""
    title = case.row.title
    said = one_line(_said(str(case.row.facts[FACT].get("text", "")), title), TOLD_CHARS)
    told = f"{title}: {said}" if said else title
    with case.office.ledger.tx() as db:
        db.execute(
            "INSERT OR IGNORE INTO notice (key, kind, text, urgent, at) VALUES (?, ?, ?, 1, ?)",
            (f"{KIND} {case.row.id} {case.run.n}", KIND, told, case.now),
        )
        return case.end("done", f"You were reminded{f': {said}' if said else '.'}")


def _said(text: str, title: str) -> str:
    """The text without the heading that is its title."""
    first, _, rest = text.strip().partition("\n")
    words = first.lstrip("#").strip()
    return rest.strip() if words == title else text.strip().lstrip("#").strip()
