"""What a rule would have done, had it stood in the handbook before: told from the ledger.

Nothing is written. Each past request is judged as it was first proposed, with the label and
the time that it had then; how well a recipient is known is taken as it is today.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factotum.gate.contact import Contact, nobody
from factotum.gate.facets import Declared, facets
from factotum.gate.policy import Allow, judge
from factotum.gate.rules import House, Policy, Rule, Verb
from factotum.ledger import Ledger
from factotum.model import Call, Task, Trust

#: How many of the newest requests are looked through.
PAST_MOST = 10_000

#: What became of a request.
APPROVED, CHANGED, REFUSED, BY_RULE, UNDECIDED = (
    "approved", "changed", "refused", "by rule", "undecided"
)  # fmt: skip


@dataclass(frozen=True)
class Past:
    """One request as it was proposed first. `became` is one of the words above, `why` what a
    person gave as the reason of a no."""

    card: str
    title: str
    call: Call
    task: Task
    at: float
    became: str
    why: str = ""


@dataclass(frozen=True)
class Replay:
    """`asked` are all that the rule was tried on; it `fits` some of them, and of those still
    asks about `held`, each with the fixed rule that no handbook relaxes."""

    asked: tuple[Past, ...]
    fits: tuple[Past, ...]
    held: tuple[tuple[Past, str], ...]

    def became(self, what: str) -> list[Past]:
        return [one for one in self.fits if one.became == what]


def past(ledger: Ledger) -> list[Past]:
    """The requests that were ever made, but for questions, oldest first."""
    rows = ledger.db.execute(
        "SELECT c.id, c.title, c.task, c.created, s.tool, s.args, s.trust, now.args AS last,"
        " d.verdict, d.channel, d.why, t.kind, t.title AS task_title, t.facts"
        " FROM card c JOIN seal s ON s.card = c.id AND s.version = 1"
        " JOIN seal now ON now.card = c.id AND now.version = c.version"
        " JOIN task t ON t.id = c.task"
        " LEFT JOIN decision d ON d.card = c.id AND d.version = c.version"
        " WHERE c.kind = 'effect' ORDER BY c.created DESC, c.rowid DESC LIMIT ?",
        (PAST_MOST,),
    ).fetchall()
    return [_past(row) for row in reversed(rows)]


def _past(row: Any) -> Past:
    facts: Mapping[str, Any] = json.loads(row["facts"])
    task = Task(
        row["task"],
        row["kind"],
        row["task_title"],
        "",
        Trust(row["trust"]),
        sender=str(facts.get("sender") or ""),
        properties=facts.get("properties") or {},
    )
    call = Call(row["tool"], json.loads(row["args"]))
    became, why = _became(row), row["why"] or ""
    return Past(row["id"], row["title"], call, task, row["created"], became, why)


def _became(row: Any) -> str:
    if row["verdict"] is None:
        return UNDECIDED
    if row["channel"] == "rule":
        return BY_RULE
    if row["verdict"] == "reject":
        return REFUSED
    return APPROVED if row["args"] == row["last"] else CHANGED


def replay(
    rule: Rule,
    made: list[Past],
    zone: Callable[[float], datetime],
    contact: Callable[[str], Contact] = nobody,
    tools: Mapping[str, Declared] | None = None,
) -> Replay:
    """The rule alone, over what was made. An allow is tried on what was asked about; any
    other rule also on what went through without asking."""
    passed: list[float] = []
    policy = Policy((rule,), tools=tools or {})
    wanted = [one for one in made if rule.verb is not Verb.ALLOW or one.became != BY_RULE]
    fits, held = [], []
    for one in wanted:

        def used(name: str, seconds: float, now: float = one.at) -> int:
            return sum(1 for at in passed if at > now - seconds)

        house = House(zone(one.at), policy, contact, used)
        found = facets(one.call, policy.tools.get(one.call.tool))
        if not rule.matches(one.call, found, one.task, house):
            continue
        verdict = judge(one.call, one.task, house)
        if rule.verb is Verb.ALLOW and not isinstance(verdict, Allow):
            held.append((one, verdict.rule))
            continue
        fits.append(one)
        passed.append(one.at)
    return Replay(tuple(wanted), tuple(fits), tuple(held))
