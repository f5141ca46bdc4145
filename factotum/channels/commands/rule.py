"""`/rule`: the rules of the house in plain words, and a new one.

A new rule is only ever proposed: the request shows the lines that would stand in the handbook,
and without a yes nothing there changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from factotum.channels.commands.lines import Line, head, listed, moment, name, page, parts
from factotum.channels.commands.new_rule import propose, put_into_words
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.gate.grants import SAID, standing
from factotum.gate.rules import Policy, Rule, Verb
from factotum.gate.rules_words import plain, plain_policy
from factotum.ledger import Ledger
from factotum.reader import Reader
from factotum.worker.handbook import Handbook

#: How many rules are told.
RULES_MOST = 30
#: How many of the latest requests are looked through for the last use of a rule that asks.
LOOKED_BACK = 2000

#: How the ledger names a rule of the house: “house rule 3, “replies ask””.
_NAMED = re.compile(r"house rule \d+, “(.*)”", re.S)


def rule(text: str, place: Place) -> Said:
    policy = Handbook(place.root, Reader(), place.ledger, remember=False).current()
    if not text:
        return Said(_rules(policy, place))
    if policy.broken:
        return Said(_broken(policy))
    return propose(text, policy, place) or put_into_words(text, place)


def _broken(policy: Policy) -> Words:
    why = f"{name(policy.broken, 400)}. Mend Company_Handbook.md"
    return page([head("The rules cannot be read, so everything asks."), why])


def _rules(policy: Policy, place: Place) -> Words:
    if policy.broken:
        return _broken(policy)
    used = _last_used(place.ledger, policy)
    rows: list[Line] = [_row(n, one, used, place) for n, one in enumerate(policy.rules, 1)]
    n = len(rows)
    first = head(f"{n} rules of the house" if n != 1 else "1 rule of the house")
    if n > 1:
        first += "; the first that fits decides."
    more = f"… and {n - RULES_MOST} more: factotum policy check" if n > RULES_MOST else ""
    rest = "reading and own notes need no asking, all else asks."
    besides = [f"Also: {name(one, 200)}" for one in plain_policy(policy)]
    return parts(
        page([first, *rows[:RULES_MOST], more]),
        page([f"For what no rule fits: {rest}", *besides]),
        page(_permitted(place)),
        Words.of("A new one: /rule and what it is to be, in your words"),
    )


def _row(number: int, one: Rule, used: Mapping[str, float], place: Place) -> Words:
    called = "" if one.name.startswith(f"{one.verb} ") else f"“{name(one.name)}”: "
    at = used.get(one.name)
    last = f"last on {moment(place, at)}" if at else "not used yet"
    return Words.of(f"{number}. {called}{name(plain(one), 300)} · {last}")


def _last_used(ledger: Ledger, policy: Policy) -> dict[str, float]:
    """When each rule last decided, by its name: an allow from what it let through, the others
    from what they asked about or stopped, as far as that lies not too far back."""
    used: dict[str, float] = {}
    for one in policy.rules:
        row = ledger.db.execute(
            "SELECT max(at) AS at FROM decision WHERE channel = 'rule' AND who = ?", (one.name,)
        ).fetchone()
        if row["at"] is not None:
            used[one.name] = float(row["at"])
    if any(one.verb is not Verb.ALLOW for one in policy.rules):
        for said, at in _asked(ledger):
            if found := _NAMED.fullmatch(said):
                used[found[1]] = max(at, used.get(found[1], 0.0))
    return used


def _asked(ledger: Ledger) -> Iterator[tuple[str, float]]:
    """The rules by which was asked or denied lately, with when."""
    seals = (
        "SELECT s.rule, s.created AS at FROM card c JOIN seal s ON s.card = c.id AND s.version = 1"
        " ORDER BY c.rowid DESC LIMIT ?"
    )
    denied = "SELECT json_extract(data, '$.rule') AS rule, at FROM event WHERE kind = 'denied'"
    for row in ledger.db.execute(seals, (LOOKED_BACK,)):
        yield str(row["rule"]), float(row["at"])
    for row in ledger.db.execute(denied):
        yield str(row["rule"]), float(row["at"])


def _permitted(place: Place) -> Iterator[Line]:
    """What was permitted beforehand and holds for a while yet."""
    given = standing(place.ledger, place.now)
    if given:
        yield head("Permitted for a while:")
        rows = [
            f"{name(one.tool)}, {SAID[one.kind]} ({name(one.where)}), till "
            f"{moment(place, one.until)}, {one.used} of {one.most} used"
            for one in given
        ]
        yield from listed(rows, 5, ": factotum policy grants")
