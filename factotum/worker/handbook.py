"""The rules of the house as they stand in the handbook now.

The handbook must be the owner's own words. What cannot be read, was written by others or is
gone although it was there lifts no rule: then everything asks, and it is said why.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from factotum.agent.playbook import Problem as Wrong
from factotum.gate.rules import Policy
from factotum.gate.rules_text import PolicyError, parse
from factotum.ledger import Ledger
from factotum.note import NoteError
from factotum.note import parse as parse_note
from factotum.privacy import HANDBOOK, Private
from factotum.reader import Reader
from factotum.scan import Problem
from factotum.worker.fit import Fit
from factotum.worker.labels import Labels
from factotum.worker.shelves import NotesShelf

#: Where the ledger keeps the version of the rules that were last in force, empty for none.
META = "policy"

GONE = "is not there, and it held the rules of the house. Put it back"
NO_BLOCK = (
    "held the rules of the house and has no block for them now. Put it back, or to go on "
    "without rules of your own put in an empty one: ```yaml policy and below it ```"
)
MEANWHILE = "Till then everything asks"


class Handbook:
    """`remember` is for the one process that works on the vault: it keeps in the ledger that
    there are rules, so that they cannot be lost with the note."""

    def __init__(
        self,
        root: Path,
        reader: Reader,
        ledger: Ledger,
        fresh_s: float = 0.0,
        *,
        remember: bool = True,
    ) -> None:
        self.path = root / HANDBOOK
        self._ledger = ledger
        self._remember = remember
        self._last = Policy()
        fit = _Owners(root, reader, Labels(ledger))
        self._shelf: NotesShelf[tuple[Policy | None, bool]] = NotesShelf(
            lambda: [(HANDBOOK, self.path)], _load, reader, fit, fresh_s
        )

    def current(self) -> Policy:
        """The policy in force; a broken one says why. It asks about everything, but the night
        and the meaning of arguments are as they were last: no slip of the pen rings at night."""
        now = self._read()
        if now.broken:
            return replace(now, quiet=self._last.quiet, tools=self._last.tools)
        self._last = now
        return now

    def _read(self) -> Policy:
        policy, there = self._shelf.current()
        if problems := self._shelf.problems():
            return _broken("; ".join(problem.reason for problem in problems))
        if policy is None:
            known = self._ledger.meta(META)
            return _broken(NO_BLOCK if there else GONE) if known else Policy()
        if self._remember and self._ledger.meta(META) != policy.version:
            self._ledger.set_meta(META, policy.version)
        return policy

    def problems(self) -> list[Problem]:
        """Why the rules cannot be used, for the Dashboard: a line for each mistake."""
        broken = self.current().broken
        if not broken:
            return []
        problems = self._shelf.problems() or [Problem(self.path, broken)]
        *others, last = problems
        stop = "" if last.reason.endswith("?") else "."
        return [*others, Problem(last.path, f"{last.reason}{stop} {MEANWHILE}")]

    def stamp(self) -> object:
        """Equal to an earlier one if the handbook was not changed since."""
        return self._shelf.stamp()


class _Owners(Fit):
    """The list of what is private keeps notes from a model, and no model is told of rules. It
    is looked anew also when it became known whose words the handbook holds."""

    def __init__(self, root: Path, reader: Reader, labels: Labels) -> None:
        super().__init__(root, reader, labels, Private)
        self._record = labels

    def rules(self) -> str:
        return f"{super().rules()} {self._record.at(HANDBOOK)}"


def _broken(reason: str) -> Policy:
    return Policy(broken=reason, version="broken")


def _load(notes: list[tuple[str, bytes]]) -> tuple[tuple[Policy | None, bool], list[Wrong]]:
    """The policy, and whether there is a handbook at all; and what is wrong with it."""
    for name, data in notes:
        try:
            parse_note(data)  # properties that cannot be read would hide whose words these are
            return (parse(data.decode("utf-8-sig")), True), []
        except NoteError as wrong:
            return (None, True), [Wrong(name, wrong.line or 1, str(wrong))]
        except PolicyError as wrong:
            return (None, True), [Wrong(name, one.line, one.message) for one in wrong.mistakes]
    return (None, False), []
