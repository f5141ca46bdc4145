"""What a person has said yes to again and again: equal yeses in a row, and a rule for them.

Pure but for reading decisions. It changes no rule: it says which lines would stand where in
the handbook, and those are put to the person like any other change of a note.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from factotum.addresses import exact
from factotum.gate.facets import facets
from factotum.gate.rows import row_of
from factotum.gate.rules import Policy
from factotum.gate.rules_put import put
from factotum.gate.rules_text import PolicyError, parse
from factotum.ledger import Ledger
from factotum.model import Call, Risk, Trust

#: How many of the latest decisions are looked at.
DECISIONS_MOST = 500
#: How often a day a proposed rule lets it happen: what goes on beyond that asks.
RATE = "20 per day"
#: How many people a rule that is proposed may name.
TO_MOST = 5

_WORDS = (
    "SELECT d.verdict, d.version, d.at, s.tool, s.args, s.attachments, s.trust, s.risk, s.rule,"
    " (SELECT count(*) FROM outcome o WHERE o.card = d.card AND o.status = 'CANCELLED') AS off"
    " FROM decision d JOIN seal s ON s.card = d.card AND s.version = d.version"
    " JOIN card c ON c.id = d.card WHERE c.kind = 'effect' AND d.channel != 'rule'"
    " ORDER BY d.at DESC, d.rowid DESC LIMIT ?"
)


@dataclass
class Habit:
    """So many equal yeses without an edit or a no between, up to the latest. `places` are
    people or notes; `asked_by` is the rule by which the latest asked."""

    tool: str
    facet: str
    places: tuple[str, ...]
    asked_by: str
    times: list[float] = field(default_factory=list)
    trusts: set[Trust] = field(default_factory=set)

    @property
    def key(self) -> str:
        return json.dumps([self.tool, self.facet, *self.places])

    @property
    def where(self) -> str:
        return ", ".join(self.places)

    def since(self, at: float) -> int:
        """How many of the yeses came after that moment."""
        return sum(1 for one in self.times if one > at)


def habits(ledger: Ledger) -> list[Habit]:
    """The unbroken rows of yeses, the one that was used last first."""
    found: dict[str, Habit] = {}
    broken: set[str] = set()
    for row in ledger.db.execute(_WORDS, (DECISIONS_MOST,)):
        habit = _of(row)
        if habit is None or habit.key in broken:
            continue
        if row["verdict"] != "approve" or row["version"] > 1 or row["off"]:
            broken.add(habit.key)
            continue
        known = found.setdefault(habit.key, habit)
        known.times.append(row["at"])
        known.trusts.add(Trust(row["trust"]))
    return list(found.values())


def _of(row: Mapping[str, Any]) -> Habit | None:
    """What the decision is one of, or None for what no rule is ever proposed for: what is of
    high risk, what pays, what has files, and what a stranger caused."""
    declared = row_of(row["tool"])
    if row["risk"] == Risk.HIGH or row["trust"] == Trust.STRANGER or not declared.reviewed:
        return None
    if {"amount", "amount_minor"} & set(declared.facets) or json.loads(row["attachments"]):
        return None
    found = facets(Call(row["tool"], json.loads(row["args"])))
    if found.recipients and not found.urls and len(found.recipients) <= TO_MOST:
        to = sorted(set(map(exact, found.recipients)))
        return Habit(row["tool"], "recipient", tuple(to), row["rule"])
    if found.paths and not found.recipients and not found.urls:
        return Habit(row["tool"], "path", tuple(sorted(found.paths)), row["rule"])
    return None


def rule_lines(habit: Habit, n: int) -> list[str]:
    """The rule that would let it happen unasked, as it stands in a handbook."""
    places = [json.dumps(place, ensure_ascii=False) for place in habit.places]
    trust = "owner" if habit.trusts == {Trust.OWNER} else "[owner, known]"
    return [
        f"- name: {n} times yes to {habit.tool} {_mark(habit)}",
        f"  allow: {habit.tool}",
        f"  {habit.facet}: [{', '.join(places)}]",
        f"  trust: {trust}",
        *(["  attachments: none"] if habit.facet == "recipient" else []),
        f"  rate: {RATE}",
    ]


def _mark(habit: Habit) -> str:
    """A short mark by which two rules of one tool have different names."""
    return hashlib.sha256(habit.key.encode()).hexdigest()[:4]


def insertion(text: str, habit: Habit, n: int) -> tuple[str, str] | None:
    """What to find in the handbook's `text`, and what to put there instead, so that the rule
    is read before the one that asked, else last; None where that cannot be done."""
    try:
        policy = parse(text) or Policy()
    except PolicyError:
        return None
    at = [i for i, one in enumerate(policy.rules) if one.said == habit.asked_by]
    return put(text, rule_lines(habit, n), at[0] if at else len(policy.rules))
