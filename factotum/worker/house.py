"""What a judgement goes by, gathered: the handbook, the contacts, permissions, what was used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from factotum.gate import granted
from factotum.gate.contact import Contact, nobody
from factotum.gate.rules import House, Policy, Rule
from factotum.ledger import Ledger
from factotum.money import Teller, plain

#: Gives what was said before, where that must be known.
Before = Callable[[], str]


@dataclass
class Household:
    """Each part is asked at each judgement, so that what a person changed holds at once."""

    ledger: Ledger
    zone: Callable[[float], datetime]
    policy: Callable[[], Policy] = field(default=Policy)
    contact: Callable[[str], Contact] = field(default=nobody)
    secret: Callable[[Mapping[str, Any], Before], str] = field(default=lambda args, before: "")
    namesake: Callable[[str], str] = field(default=lambda name: "")
    money: Teller = field(default=plain)

    def at(self, now: float, task: str = "") -> House:
        """The house as it is at this moment (epoch seconds), for the calls of a task: a secret
        is also found where an earlier call of that task had the rest of it."""

        held: dict[int, tuple[Mapping[str, Any], str]] = {}  # a call is judged several times

        def secret(args: Mapping[str, Any]) -> str:
            if id(args) not in held:
                held[id(args)] = (args, self.secret(args, lambda: self._said(task)))
            return held[id(args)][1]

        def used(rule: str, seconds: float) -> int:
            row = self.ledger.db.execute(
                "SELECT count(*) FROM decision WHERE channel = 'rule' AND who = ? AND at > ?",
                (rule, now - seconds),
            ).fetchone()
            return int(row[0])

        standing: Sequence[Rule] = granted.rules(self.ledger, now)
        return House(
            self.zone(now),
            self.policy(),
            self.contact,
            used,
            secret,
            standing,
            self.namesake,
            self.money,
        )

    def _said(self, task: str) -> str:
        """The arguments of all that the task has called, tried to call, or sealed."""
        rows = self.ledger.db.execute(
            "SELECT reply FROM turn WHERE task = ? UNION ALL SELECT s.args FROM seal s"
            " JOIN card c ON c.id = s.card WHERE c.task = ?",
            (task, task),
        )
        return "\n".join(str(row[0]) for row in rows) if task else ""
