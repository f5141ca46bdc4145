"""What a person has said no to is not asked again unchanged.

Looks into the gate's rows and changes nothing. A no counts for all that is done for the same
task from then on, also by tasks that it handed on; and for a day for whatever the same sender
causes, so that a letter that comes ten times is refused once. A person who has the task done
again says something newer, and is asked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum.gate.records import Proposal
from factotum.gate.seal import canonical, normalised
from factotum.ledger import Ledger

#: For how long a no holds for what the same sender causes, in seconds.
SENDER_S = 24 * 3600.0

#: Arguments by which the same letter differs each time that it comes.
PASSING = frozenset({"in_reply_to"})


@dataclass(frozen=True)
class No:
    """A person's no. `why` is their reason, or empty; `task` the task for which it was asked."""

    task: str
    who: str
    why: str
    at: float


@dataclass(frozen=True)
class Asker:
    """For whom is asked: the task at the top of what was handed on, since when its run goes on
    (epoch seconds), and who caused it (empty: the owner, or a run that the owner ordered anew)."""

    root: str
    since: float
    sender: str


def earlier_no(ledger: Ledger, asker: Asker, wanted: Proposal, now: float) -> No | None:
    """The newest no to exactly this, or None."""
    rows = ledger.db.execute(
        "SELECT c.task, d.who, d.why, d.at, s.args, s.attachments, t.facts"
        " FROM decision d JOIN card c ON c.id = d.card JOIN seal s ON s.card = d.card"
        " JOIN task t ON t.id = c.task"
        " WHERE d.verdict = 'reject' AND d.at >= ? AND s.tool = ? ORDER BY d.at DESC",
        (min(asker.since, now - SENDER_S), wanted.tool),
    )
    exact = _exact(wanted.args, [(file.name, file.sha256) for file in wanted.attachments])
    for row in rows:
        files = [(one["name"], one["sha256"]) for one in json.loads(row["attachments"])]
        if _counts(row, asker, now) and _exact(json.loads(row["args"]), files) == exact:
            return No(row["task"], row["who"], row["why"], row["at"])
    return None


def _counts(row: sqlite3.Row, asker: Asker, now: float) -> bool:
    facts = json.loads(row["facts"])
    if row["at"] >= asker.since and (facts.get("root") or row["task"]) == asker.root:
        return True
    sender = str(facts.get("sender") or "").casefold()
    return bool(sender) and sender == asker.sender.casefold() and row["at"] >= now - SENDER_S


def _exact(args: Mapping[str, Any], files: Sequence[tuple[str, str]]) -> bytes:
    kept = {name: value for name, value in normalised(args).items() if name not in PASSING}
    return canonical([kept, [list(file) for file in files]])


def said(no: No) -> str:
    """For whoever asked, in a sentence."""
    why = f": {no.why.strip()}" if no.why.strip() else ""
    return (
        f"{no.who} said no to exactly this already{why}. They were not asked again; ask for "
        f"something else, or leave it"
    )
