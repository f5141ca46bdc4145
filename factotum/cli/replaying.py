"""What `policy try` says of a rule that was played over the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factotum.cli.telling import line, moment
from factotum.gate.replay import APPROVED, BY_RULE, CHANGED, REFUSED, Past, Replay
from factotum.gate.rules import Rule, Verb
from factotum.gate.rules_words import plain

#: How many requests are named one by one.
NAMED_MOST = 20

#: What the rule would have done with those that it fits.
DONE = {
    Verb.ALLOW: "let through",
    Verb.ASK: "asked about",
    Verb.STRONG: "asked for the strong word on",
    Verb.DENY: "stopped",
}
#: Of those that it fits, which a person should look at, and how they are told.
ODD = {
    Verb.ALLOW: ((CHANGED, "You changed"), (REFUSED, "You refused")),
    Verb.ASK: ((BY_RULE, "It went without asking"),),
    Verb.STRONG: ((BY_RULE, "It went without asking"),),
    Verb.DENY: (
        (APPROVED, "You said yes to"),
        (CHANGED, "You said yes, changed, to"),
        (BY_RULE, "It went without asking"),
    ),
}


def told(rule: Rule, result: Replay) -> list[str]:
    lines = [line(plain(rule), 400)]
    if not result.asked:
        return [*lines, "There are no requests in the ledger yet, so nothing can be told."]
    lines.append(f"It would have {DONE[rule.verb]} {_of(result)}{_but(rule, result)}.")
    for what, said in ODD[rule.verb]:
        lines += _named(said, result.became(what))
    if result.held:
        n = len(result.held)
        lines.append(f"{n} more {'fits' if n == 1 else 'fit'} it, but would still ask:")
        lines += [
            f"  {one.card}  {line(one.title, 60)} ({line(why, 120)})"
            for one, why in result.held[:NAMED_MOST]
        ]
    if any(one.key == "recipient" for one in rule.conditions):
        lines.append("Whom you know is taken as it is today.")
    return lines


def _of(result: Replay) -> str:
    whole = len(result.asked)
    return f"{len(result.fits)} of {whole} request{'' if whole == 1 else 's'}"


def _but(rule: Rule, result: Replay) -> str:
    """“; you changed 2 of them and refused 1”."""
    verbs = {
        CHANGED: "you changed {}", REFUSED: "you refused {}",
        APPROVED: "you had said yes to {}", BY_RULE: "{} had gone without asking",
    }  # fmt: skip
    parts = [
        verbs[what].format(f"{len(found)} of them")
        for what, _ in ODD[rule.verb]
        if (found := result.became(what))
    ]
    if not parts and rule.verb is Verb.ALLOW and result.fits:
        parts = ["you neither changed nor refused any of them"]
    return f"; {' and '.join(parts)}" if parts else ""


def _named(said: str, found: Sequence[Past]) -> list[str]:
    lines = [
        f"  {said}: {one.card}  {moment(one.at)}  {line(one.title, 60)}"
        + (f" (“{line(one.why, 100)}”)" if one.why else "")
        for one in found[:NAMED_MOST]
    ]
    more = len(found) - NAMED_MOST
    return [*lines, f"  and {more} more"] if more > 0 else lines


def plainly(rule: Rule, result: Replay) -> dict[str, Any]:
    """The same as data."""
    return {
        "rule": plain(rule),
        "does": rule.verb,
        "asked": len(result.asked),
        "fits": [_row(one) for one in result.fits],
        "still_asks": [{**_row(one), "why": why} for one, why in result.held],
    }


def _row(one: Past) -> dict[str, Any]:
    return {
        "request": one.card,
        "title": one.title,
        "at": one.at,
        "became": one.became,
        "why_not": one.why,
    }
