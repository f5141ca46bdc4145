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


@dataclass
class Household:
    """Each part is asked at each judgement, so that what a person changed holds at once."""

    ledger: Ledger
    zone: Callable[[float], datetime]
    policy: Callable[[], Policy] = field(default=Policy)
    contact: Callable[[str], Contact] = field(default=nobody)
    secret: Callable[[Mapping[str, Any]], str] = field(default=lambda args: "")
    namesake: Callable[[str], str] = field(default=lambda name: "")

    def at(self, now: float) -> House:
        """The house as it is at this moment (epoch seconds)."""

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
            self.secret,
            standing,
            self.namesake,
        )
