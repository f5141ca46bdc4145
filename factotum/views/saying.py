"""What happened, as one readable line for the day's log and the Dashboard.

Whatever an outsider may have written (titles, file names, reasons) is made inert here and
cut to one line, so that no event can write a second line or a link of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from factotum.inert import inert, one_line
from factotum.ledger import Event, Ledger
from factotum.redaction import black_out
from factotum.worker.heartbeat import FACT, is_quiet

TITLE_CHARS = 100
REASON_CHARS = 200

#: A name that may stand between `[[` and `]]` as it is.
_LINKABLE = re.compile(r"[\w (),.'+@-]+")

#: Steps on the way that nobody reads about; the audit log has them.
UNSAID = frozenset(
    {"thought", "looked", "label", "started", "planned", "shown", "attempt", "send_now", "wake"}
)

#: What counts as having come of something, for the Dashboard's Recent Activity.
OUTCOMES = frozenset(
    {"outcome", "ended", "resolved", "expired", "withdrawn", "damaged", "forged", "replay"}
    | {"late_edit", "restored", "problem", "digest"}
)


def plain(text: object, max_chars: int = TITLE_CHARS) -> str:
    """Any text in one line, without control characters or halves of characters."""
    whole = str(text).encode("utf-8", "backslashreplace").decode()
    return one_line(black_out(whole), max_chars)


def shown(text: object, max_chars: int = TITLE_CHARS) -> str:
    """The same, so that Obsidian does nothing with it."""
    return inert(plain(text, max_chars))


def link(name: str) -> str:
    """A link to the note of this file name, or the bare name where it would not be one, or
    where what somebody wrote as its title is a secret."""
    stem = name.removesuffix(".md")
    plain = _LINKABLE.fullmatch(stem) and black_out(stem) == stem
    return f"[[{stem}]]" if plain else shown(stem)


def day(at: datetime, year: int) -> str:
    """“Fri 27 Nov 14:02”: true tomorrow too, so that no note is rewritten for the date."""
    text = f"{at:%a} {at.day} {at:%b}"
    return f"{text} {at:%H:%M}" if at.year == year else f"{text} {at.year} {at:%H:%M}"


@dataclass(frozen=True)
class Told:
    """One event with the titles and notes that it is about. `rule` is the rule that allowed
    the effect without asking, or empty; such an effect has no note."""

    event: Event
    task: str
    card: str
    rule: str

    def word(self, key: str) -> str:
        return shown(self.event.data.get(key, ""), REASON_CHARS)

    @property
    def by(self) -> str:
        return f"{self.word('who')} ({self.word('channel')})"

    @property
    def about(self) -> str:
        return self.card or self.task


def tell(event: Event, ledger: Ledger) -> str | None:
    """The event in words, or None when it is a step that nobody reads about."""
    if event.kind in UNSAID:
        return None
    told = Told(event, _task(event, ledger), *_card(event, ledger))
    return SAYINGS.get(event.kind, _unknown)(told)


def _task(event: Event, ledger: Ledger) -> str:
    row = ledger.task(event.task) if event.task else None
    return f"{shown(row.title)} · {link(row.name)}" if row else shown(event.task)


def _card(event: Event, ledger: Ledger) -> tuple[str, str]:
    """The card in words with its link, and the rule that allowed it."""
    if not event.card:
        return "", ""
    row = ledger.db.execute(
        "SELECT title, name, version FROM card WHERE id = ?", (event.card,)
    ).fetchone()
    if row is None:
        return shown(event.card), ""
    version = event.data.get("version")
    version = version if isinstance(version, int) else row["version"]
    decided = ledger.db.execute(
        "SELECT CASE WHEN p.id IS NULL THEN d.who ELSE s.rule END AS rule FROM decision d"
        " JOIN seal s ON s.card = d.card AND s.version = d.version"
        " LEFT JOIN permission p ON p.id = d.who"
        " WHERE d.card = ? AND d.version = ? AND d.channel = 'rule'",
        (event.card, version),
    ).fetchone()
    title = shown(row["title"])
    return (title, str(decided["rule"])) if decided else (f"{title} · {link(row['name'])}", "")


def _sealed(told: Told) -> str | None:
    return None if told.rule else f"Asks you: {told.about}"


def _resealed(told: Told) -> str:
    return f"Asks you anew, version {told.word('version')}: {told.about}"


def _decided(told: Told) -> str | None:
    if told.event.data.get("channel") == "rule":
        return None
    verbs = {"approve": "Approved", "reject": "Refused", "answer": "Answered"}
    verb = verbs.get(str(told.event.data.get("verdict")), "Decided")
    return f"{verb} by {told.by}: {told.about}"


def _outcome(told: Told) -> str:
    evidence = told.event.data.get("evidence")
    known = evidence if isinstance(evidence, dict) else {}
    allowed = f" · allowed by: {shown(told.rule)}" if told.rule else ""
    match told.event.data.get("status"):
        case "SUCCEEDED":
            return f"Done: {told.about}{allowed}"
        case "FAILED_CLEAN":
            reason = shown(known.get("reason", ""), REASON_CHARS)
            return f"Failed, nothing left the house: {told.about} · {reason}"
        case "UNKNOWN":
            return f"Unknown whether it happened: {told.about}"
        case "CANCELLED":
            return f"Cancelled by {shown(known.get('by', ''))}, not sent: {told.about}"
        case other:
            return f"{shown(other)}: {told.about}"


def _ended(told: Told) -> str | None:
    if is_quiet(str(told.event.data.get("reason"))):
        return None
    reason = f" · {told.word('reason')}" if told.event.data.get("reason") else ""
    verbs = {"done": "Task done", "failed": "Task failed", "withdrawn": "Task withdrawn"}
    return f"{verbs.get(str(told.event.data.get('result')), 'Task ended')}: {told.task}{reason}"


def _resolved(told: Told) -> str:
    choices = {
        "happened": "It did happen, says",
        "did-not": "It did not happen, says",
        "leave": "Left open by",
    }
    return (
        f"{choices.get(str(told.event.data.get('choice')), 'Settled by')} {told.by}: {told.about}"
    )


def _audit_key(told: Told) -> str | None:
    return {
        "taken": "The audit log has a new key, and you have it",
        "lost": "The key of the audit log was gone. It goes on under a new one that nobody has",
    }.get(str(told.event.data.get("because")))


def _permitted(told: Told) -> str:
    scope = told.event.data.get("scope")
    where = scope if isinstance(scope, dict) else {}
    parts = [*where.get("to", ()), *where.get("hosts", ()), *where.get("paths", ())]
    to = shown(", ".join(map(str, parts)), REASON_CHARS)
    return f"Permitted beforehand by {told.by}: {told.word('rule')}, {to} · {told.about}"


def _unknown(told: Told) -> str:
    """An event of a kind that this module has no words for: shown as it is."""
    said = [f"{shown(key, 40)} {shown(value)}" for key, value in told.event.data.items()]
    parts = [shown(told.event.kind, 40), told.about, *said]
    return " · ".join(part for part in parts if part)


#: One saying for each kind of event.
SAYINGS: dict[str, Callable[[Told], str | None]] = {
    "task": lambda t: None if t.event.data.get("source") == FACT else f"New task: {t.task}",
    "sealed": _sealed,
    "resealed": _resealed,
    "decided": _decided,
    "try_failed": lambda t: (
        f"Try {t.word('n')} failed before anything left: {t.about} · {t.word('reason')}"
    ),
    "outcome": _outcome,
    "expired": lambda t: f"Expired, not sent: {t.about}",
    "withdrawn": lambda t: f"Withdrawn, not sent: {t.about}",
    "resolved": _resolved,
    "damaged": lambda t: f"A note could not be read and was written anew: {t.about}",
    "forged": lambda t: (
        f"Put into Rejected, nobody here asked for it: {t.word('name')} (was in {t.word('found')})"
    ),
    "replay": lambda t: (
        f"An old copy came back and was put aside: {t.word('name')} (was in {t.word('found')})"
    ),
    "joined": lambda t: f"{t.word('who')} wrote again: {t.task}",
    "missed": lambda t: (
        f"{t.word('count')} missed of {t.word('title')} ({t.word('policy')}): "
        f"{t.word('done')} made up for"
    ),
    "skipped": lambda t: f"{t.word('title')} was left out: the one before is not finished",
    "added": lambda t: f"You added to the task: {t.task}",
    "ended": _ended,
    "paused": lambda t: " · ".join(
        part for part in (f"Everything paused by {t.by}", t.word("reason")) if part
    ),
    "resumed": lambda t: f"Going on again, says {t.by}",
    "digest": lambda t: shown(t.event.data.get("told", ""), 400),
    "duplicate": lambda t: f"The same file again, put aside: {t.word('name')} · {t.task}",
    "restored": lambda t: (
        "The ledger was put back from an older copy. What may have been sent since is unknown, "
        "and each such card waits for your word"
    ),
    "audit_key": _audit_key,
    "pruned": lambda t: f"Taken out of the audit log: the days before {t.word('before')}",
    "permitted": _permitted,
    "denied": lambda t: (
        f"Not done, a rule forbids it: {t.word('tool')}, {t.word('rule')} · {t.task}"
    ),
    "no_money": lambda t: f"Work waits for money: {t.word('reason')}",
    "revoked": lambda t: f"A permission was ended by {t.by}: {t.about}",
    "vouched": lambda t: f"{t.word('name')} holds the owner's own words, says {t.by}",
    "pairing": lambda t: f"A code to pair with {t.word('channel')} was made",
    "pairing_void": lambda t: f"Nobody was paired with {t.word('channel')}: {t.word('reason')}",
    "paired": lambda t: (
        f"Orders are taken by {t.word('channel')} from {t.word('name')} ({t.word('who')})"
    ),
    "unpaired": lambda t: (
        f"No more orders by {t.word('channel')} from {t.word('name')} ({t.word('who')})"
    ),
    "strong": lambda t: f"What is risky can be approved by {t.word('channel')} from now on",
    "weak": lambda t: f"What is risky can be approved by {t.word('channel')} no more",
    "outage": lambda t: f"Back again; what was missed and what waits: {link(t.event.data['name'])}",
    "change": lambda t: " · ".join(
        part for part in (f"To be changed, says {t.by}: {t.about}", t.word("order")) if part
    ),
    "unchanged": lambda t: f"Not changed: {t.about} · {t.word('reason')}",
    "untold": lambda t: f"Not told in the note it came from: {t.task} · {t.word('reason')}",
    "late_edit": lambda t: (
        f"Your edit came while a note was rewritten; it is kept as {t.word('kept')} "
        f"in .factotum/aside"
    ),
}
