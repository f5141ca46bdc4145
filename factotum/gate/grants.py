"""Permissions with an end: a yes to one call that holds for more of the same.

Given with a yes and by nothing else, always with a last moment and a count, and used up
within the transaction in which the call is decided. It turns a question into a yes; what is
of high risk, what a rule forbids and what pays it never touches. How one is held against a
call is in `granted.py`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum import names
from factotum.addresses import exact
from factotum.gate.facets import facets
from factotum.gate.links import origin
from factotum.gate.records import Card, GateError
from factotum.gate.rows import row_of
from factotum.ledger import Ledger, TaskRow, dumps
from factotum.model import Call, Risk, Trust

#: How long a permission may hold, in seconds: a week, as long as a card waits.
LONGEST_S = 7 * 86_400.0
#: How many calls one may cover: the most that a person gives in a number, and what a word
#: gives, so that a loop that runs away is stopped by it too.
PAGES_MOST = 50
WORD_MOST = 20

#: The property of a card's note in which a person writes for what else the yes holds.
ALSO = "also"

THREAD, TONIGHT, PAGES = "thread", "tonight", "pages"

#: How each kind is told in a list and on what it allowed.
SAID = {
    THREAD: "the same in this thread",
    TONIGHT: "the same till tonight",
    PAGES: "pages of these hosts",
}


class GrantError(GateError):
    """The permission cannot be given; the message says why and what can."""


class Spent(Exception):
    """The permission has ended, or is used up, since the call was judged."""


@dataclass(frozen=True)
class Wish:
    """What is wanted beside the yes: a kind, and for pages how many."""

    kind: str
    most: int = WORD_MOST


@dataclass(frozen=True)
class Grant:
    """`scope` holds `to`, `hosts` and `paths` of the call that was approved, whose task had
    the label `trust`, and the `thread` of that task with its `sender`."""

    id: str
    kind: str
    tool: str
    scope: Mapping[str, Sequence[str]]
    task: str
    trust: Trust
    card: str
    until: float
    most: int
    channel: str
    who: str
    at: float
    used: int

    @property
    def where(self) -> str:
        """To whom, where to or on what, in one line."""
        return ", ".join(self.scope["to"] or self.scope["hosts"] or self.scope["paths"])


# -- giving


def wish(text: str) -> Wish:
    """What a person wrote behind `also`. Raises GrantError for what is none of the three."""
    said = text.strip().casefold()
    if said in (THREAD, TONIGHT):
        return Wish(said)
    if re.fullmatch(r"[0-9]{1,4}", said) and 1 <= int(said) <= PAGES_MOST:
        return Wish(PAGES, int(said))
    raise GrantError(
        f"“{text.strip()[:40]}” is no permission that I know. Write thread, tonight, "
        f"or a number of pages from 1 to {PAGES_MOST}"
    )


def offered(card: Card) -> tuple[str, ...]:
    """The kinds that a yes to this card may give; none for what is always asked."""
    seal, row = card.seal, row_of(card.seal.tool)
    if card.kind != "effect" or seal.risk is Risk.HIGH or not row.reviewed or seal.attachments:
        return ()
    if not row.acts:
        return ()  # what needs no decision row of its own could not be counted
    if {"amount", "amount_minor"} & set(row.facets):
        return ()
    found = facets(Call(seal.tool, seal.args))
    if found.urls:
        return (PAGES,) if all(map(origin, found.urls)) and not found.recipients else ()
    return (THREAD, TONIGHT) if found.recipients or found.paths else ()


def hint(card: Card) -> str:
    """How a person lets a yes to this card hold for more, in a sentence; empty where it may not."""
    match offered(card):
        case ():
            return ""
        case (only,) if only == PAGES:
            return (
                f" For more pages of that host unasked, write a number such as `{ALSO}: 10` first."
            )
        case kinds:
            words = " or ".join(f"`{ALSO}: {kind}`" for kind in kinds)
            return f" For more of the same, write {words} first."


def said_in(props: Mapping[str, Any]) -> str:
    """What stands at `also` in a note's properties, or an empty string."""
    value = props.get(ALSO)
    return "" if value is None or value is False else str(value).strip()


def give(
    ledger: Ledger, card: Card, wanted: Wish, channel: str, who: str, now: float
) -> Grant | None:
    """Gives the permission; call it in the transaction of the yes. The same yes gives it but
    once. Raises GrantError for what cannot be permitted beforehand."""
    if wanted.kind not in (there := offered(card)):
        can = " or ".join(there).replace(PAGES, "a number of pages")
        raise GrantError(
            f"{card.name}: a yes to this cannot hold for {SAID[wanted.kind]}"
            + (f"; it can for {can}" if can else "; it is asked about each time")
        )
    id = names.id_of("g", ledger.epoch, card.id, str(card.version))
    until = min(now + LONGEST_S, _midnight(now) if wanted.kind == TONIGHT else now + LONGEST_S)
    scope = _scope(card, ledger.task(card.task))
    held = (id, wanted.kind, card.seal.tool, dumps(scope), card.task, card.seal.trust, card.id)
    by = (until, wanted.most, channel, who, now, ledger.epoch)
    told: dict[str, Any] = {"tool": card.seal.tool, "scope": scope, "rule": SAID[wanted.kind]}
    with ledger.tx() as db:
        db.execute(
            "INSERT OR IGNORE INTO permission VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,NULL)",
            (*held, *by),
        )
        told |= {"permission": id, "most": wanted.most, "until": until}
        ledger.event(
            "permitted", now, task=card.task, card=card.id, channel=channel, who=who, **told
        )
    return next((one for one in standing(ledger, now) if one.id == id), None)


def _scope(card: Card, row: TaskRow | None) -> dict[str, list[str]]:
    found = facets(Call(card.seal.tool, card.seal.args))
    facts = row.facts if row else {}
    return {
        "to": list(map(exact, found.recipients or ())),
        "hosts": list(dict.fromkeys(map(origin, found.urls or ()))),
        "paths": list(found.paths or ()),
        "sender": [exact(str(facts["sender"]))] if facts.get("sender") else [],
        "thread": sorted(thread_of(facts.get("properties", {}))),
    }


def thread_of(properties: Mapping[str, Any]) -> set[str]:
    """The ids of the mails of which the task's own is one."""
    names_ = ("message_id", "in_reply_to", "references")
    told = " ".join(str(properties.get(name) or "") for name in names_)
    return {one.strip("<>") for one in told.split()}


def _midnight(now: float) -> float:
    """The next midnight of this machine's zone, in epoch seconds."""
    here = time.localtime(now)
    return time.mktime((here.tm_year, here.tm_mon, here.tm_mday + 1, 0, 0, 0, 0, 0, -1))


# -- standing

#: A permission whose yes was taken back, or that an older ledger held, does not stand.
_STANDING = (
    "SELECT p.*, (SELECT count(*) FROM decision d WHERE d.channel = 'rule' AND d.who = p.id)"
    " AS used FROM permission p WHERE p.ended IS NULL AND p.until > ? AND p.at <= ?"
    " AND p.epoch = (SELECT value FROM meta WHERE key = 'epoch')"
    " AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.card = p.card AND o.status = 'CANCELLED')"
)


def standing(ledger: Ledger, now: float) -> list[Grant]:
    """The permissions that hold now and are not used up, the oldest first."""
    rows = ledger.db.execute(f"{_STANDING} ORDER BY p.at, p.id", (now, now)).fetchall()
    return [_grant(row) for row in rows if row["used"] < row["most"]]


def _grant(row: Any) -> Grant:
    held = {key: row[key] for key in row.keys() if key not in ("epoch", "ended")}  # noqa: SIM118
    trust, scope = Trust(row["trust"]), json.loads(row["scope"])
    return Grant(**{**held, "scope": scope, "trust": trust})


def spend(ledger: Ledger, id: str, now: float) -> None:
    """Makes sure that the rule which allows a call, if it is a permission, still does. Call it
    in the transaction that decides by it, so that two calls at once never use one too many.
    Raises Spent."""
    is_one = ledger.db.execute("SELECT 1 FROM permission WHERE id = ?", (id,)).fetchone()
    if is_one is not None and all(one.id != id for one in standing(ledger, now)):
        raise Spent(f"the permission {id} has ended")


def revoke(ledger: Ledger, id: str, channel: str, who: str, now: float) -> None:
    """Ends a permission at once. Raises GrantError for one that does not stand."""
    with ledger.tx() as db:
        found = next((one for one in standing(ledger, now) if one.id == id), None)
        if found is None:
            raise GrantError(
                f"no permission {id} stands. They are listed by: factotum policy grants"
            )
        db.execute("UPDATE permission SET ended = ? WHERE id = ?", (now, id))
        ledger.event(
            "revoked",
            now,
            task=found.task,
            permission=id,
            channel=channel,
            who=who,
            used=found.used,
        )
