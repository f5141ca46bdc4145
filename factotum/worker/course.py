"""Which course a task's run takes: a playbook's, a model's, or one of our own errands'."""

from __future__ import annotations

from factotum.worker import found_key, habits, missed, reminding, undoing
from factotum.worker.by_model import ByModel
from factotum.worker.by_playbook import ByPlaybook
from factotum.worker.case import Case
from factotum.worker.steps import Close, Next

#: Errands that we give ourselves, by the fact of the task that says so. Only the ledger has
#: facts, so no note can claim to be one.
OURS = {
    found_key.FACT: found_key.next_step,
    undoing.FACT: undoing.next_step,
    habits.FACT: habits.next_step,
    reminding.FACT: reminding.next_step,
    missed.FACT: missed.next_step,
}


def next_step(case: Case) -> Next:
    """What must be done next. Records what needs no doing on the way."""
    if case.run.ended is not None:
        return Close(case.run)
    if not case.office.children.wanted(case.row, case.run):
        return case.end("failed", "The task that handed this on was taken back.")
    for fact, course in OURS.items():
        if fact in case.row.facts:
            return course(case)
    if case.run.plan is None and (waiting := ByPlaybook(case).choose()) is not None:
        return waiting
    plan = case.run.plan or {}
    return ByModel(case).next() if "agent" in plan else ByPlaybook(case).next()
