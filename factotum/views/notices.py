"""What a person is told outside the vault, each thing once, and not at any hour.

A notice is a row: its key makes it unique, and it is marked as told before it is told, so no
restart tells it twice (a kill in between loses the sign on the desktop, and nothing else: what
it was about still waits in the vault). Quiet hours hold all that is not urgent, and so does the
hour after the last sign; what was held is told together. Whoever tells people by another
channel follows the rows by `told` and keeps a place of their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from factotum.gate.facets import pays
from factotum.gate.records import Card
from factotum.gate.rules import Policy, Quiet
from factotum.ledger import Ledger
from factotum.model import Call
from factotum.views import digest
from factotum.views.quiet import Zone, in_quiet, next_at, till
from factotum.views.reminding import Pace, reminders
from factotum.views.saying import plain

#: What a notice can be about, by its `kind`.
ASKS, QUESTION, UNKNOWN, REMINDER, EXPIRED = "asks", "question", "unknown", "reminder", "expired"
FAILED, BUDGET, LOGIN, MACHINE, DIGEST = "failed", "budget", "login", "machine", "digest"
LISTENING, OUTAGE, SYNC, SCHEDULE = "listening", "outage", "sync", "schedule"
STRANGER = "stranger"
KINDS = (
    SCHEDULE,
    *(ASKS, QUESTION, UNKNOWN, REMINDER, EXPIRED, FAILED, BUDGET, LOGIN, MACHINE, LISTENING),
    *(SYNC, STRANGER, OUTAGE, DIGEST),
)

#: Till when a notice about a card is of use: while the card has one of these states.
OPEN = {
    ASKS: {"pending"},
    QUESTION: {"pending"},
    REMINDER: {"pending"},
    UNKNOWN: {"unknown"},
    EXPIRED: {"expired"},
}

#: How a notice was ended: told, of no use any more, or of a time before there were notices.
TOLD, OVER, BEFORE = "told", "over", "before"

#: What waited longer when the first notices were made had been told of before. In seconds.
FRESH_S = 300.0

#: Where the ledger keeps up to which event failures were looked for.
META = "notices"

TITLE_CHARS = 100


@dataclass(frozen=True)
class Notice:
    seq: int
    kind: str
    text: str
    urgent: bool
    card: str


class Notices:
    """Use it on the thread that owns the ledger. `policy` gives the rules in force, of which
    the quiet time and the tools that pay count here."""

    def __init__(
        self,
        ledger: Ledger,
        zone: Zone,
        pace: Pace = Pace(),  # noqa: B008  (frozen)
        policy: Callable[[], Policy] = Policy,
    ) -> None:
        self.ledger = ledger
        self.zone = zone
        self.pace = pace
        self.policy = policy
        self._key: object = None
        self._later: list[float] = []
        self._known: set[str] = set()
        self._rules = Policy()
        self._looked_to = 0

    # -- making notices

    def look(self, cards: Sequence[Card], now: float) -> None:
        """Makes a notice of each thing that a person should know and has no notice yet."""
        rules = self._rules = self.policy()  # once a look: thousands of cards may wait
        there = [(card.id, card.version, card.status) for card in cards]
        key = (self.ledger.last_event(), rules.version, there)
        if key == self._key and now < min(self._later, default=now + 1):
            return
        first = not self.ledger.meta(META)
        if first:
            self._begin(now)
        new = [
            (card, kind, mark, text)
            for card in cards
            for kind, mark, text in self._of_card(card, now)
            if mark not in self._known
        ]
        if new:
            self._make(new, now, first)
        self._failures(now)
        self._digest(cards, now)
        self._key = (self.ledger.last_event(), rules.version, there)
        moments = self._moments(cards, now)
        self._later = [min(moments)] if moments else []

    def _make(self, new: Sequence[tuple[Card, str, str, str]], now: float, first: bool) -> None:
        """Adds all of these in one transaction; of the first ever, what is old as told before."""
        try:
            with self.ledger.tx():
                for card, kind, mark, text in new:
                    old, urgent = first and now - began(card) >= FRESH_S, self._urgent(card)
                    self.add(kind, mark, text, now, urgent=urgent, card=card.id, old=old)
        except sqlite3.Error:
            self._known.clear()  # none of them is there
            raise

    def add(
        self,
        kind: str,
        key: str,
        text: str,
        now: float,
        *,
        urgent: bool = False,
        card: str = "",
        old: bool = False,
    ) -> bool:
        """Adds a notice unless there is one of this key; whether it is new. `old`: it had been
        told of before there were notices."""
        if key in self._known:
            return False
        self._known.add(key)
        if self.ledger.db.execute("SELECT 1 FROM notice WHERE key = ?", (key,)).fetchone():
            return False
        told, how = (now, BEFORE) if old else (None, "")
        with self.ledger.tx() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO notice (key, kind, text, urgent, at, told, card, how)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, kind, text, int(urgent), now, told, card, how),
            )
        return bool(done.rowcount)

    def _of_card(self, card: Card, now: float) -> Iterator[tuple[str, str, str]]:
        title = plain(card.title, TITLE_CHARS)
        match card.status:
            case "pending":
                kind = QUESTION if card.kind == "question" else ASKS
                yield kind, f"asks {card.id}", title
                due = [at for at in self._reminders(card, now) if at <= now]
                if due:
                    mark = f"remind {card.id} {card.version} {len(due)}"
                    yield REMINDER, mark, f"{self._till(card)}: {title}"
            case "unknown":
                yield UNKNOWN, f"unknown {card.id}", f"Unknown whether it happened: {title}"
            case "expired":
                yield EXPIRED, f"expired {card.id} {card.version}", f"Expired, not sent: {title}"

    def _urgent(self, card: Card) -> bool:
        """Whether money may have moved of which nothing is known."""
        if card.status != "unknown":
            return False
        call = Call(card.seal.tool, card.seal.args)
        return pays(call, self._rules.tools.get(call.tool))

    def _till(self, card: Card) -> str:
        assert card.seal.deadline is not None
        at = self.zone(card.seal.deadline)
        return f"Waits only till {at:%a} {at.day} {at:%b %H:%M}"

    def _reminders(self, card: Card, now: float) -> list[float]:
        return reminders(card, self.pace, self._rules.quiet, self.zone, now)

    def _begin(self, now: float) -> None:
        self.ledger.set_meta(META, str(self.ledger.last_event() or 1))

    def _failures(self, now: float) -> None:
        since = max(self._looked_to, int(self.ledger.meta(META) or 0))
        newest = self.ledger.last_event()
        rows = self.ledger.db.execute(
            "SELECT seq, task, json_extract(data, '$.run') AS run FROM event WHERE seq > ?"
            " AND kind = 'ended' AND json_extract(data, '$.result') = 'failed'",
            (since,),
        ).fetchall()
        for row in rows:
            task = self.ledger.task(row["task"])
            title = plain(task.title if task else row["task"], TITLE_CHARS)
            with self.ledger.tx():
                self.add(FAILED, f"failed {row['task']} {row['run']}", f"Failed: {title}", now)
                self.ledger.set_meta(META, str(row["seq"]))
        self._looked_to = newest

    def _digest(self, cards: Sequence[Card], now: float) -> None:
        """Once a day, when the quiet time is over: what waits, what was done, what it cost."""
        quiet, here = self._rules.quiet, self.zone(now)
        key = f"digest {here:%Y-%m-%d}"
        if quiet is None or key in self._known or self._is_early(here, quiet):
            return
        with self.ledger.tx():
            text = digest.text(self.ledger, cards, self._last_digest(now), now, self.zone)
            if self.add(DIGEST, key, text, now, old=not text) and text:
                self.ledger.event("digest", now, told=text)
            self.ledger.set_meta(META, str(self._looked_to))  # so that a start looks at one day

    def _is_early(self, here: datetime, quiet: Quiet) -> bool:
        """Whether this day's quiet time has not ended yet, or nobody was here then."""
        end = quiet.end
        if in_quiet(here, quiet) or here.time() < end:
            return True
        first = self.ledger.events(limit=1)
        born = self.zone(first[0].at) if first else here
        return born.date() == here.date() and born.time() >= end

    def _last_digest(self, now: float) -> float:
        row = self.ledger.db.execute(
            "SELECT max(at) AS at FROM notice WHERE kind = ?", (DIGEST,)
        ).fetchone()
        return max(float(row["at"] or 0.0), now - 24 * 3600.0)

    # -- telling

    def due(self, cards: Sequence[Card], now: float) -> list[Notice]:
        """What is to be told now, all together; ends what is of no use any more."""
        if not self._any("told IS NULL"):
            return []
        free = self._free_at(now) <= now
        where = "told IS NULL" if free else "told IS NULL AND urgent = 1"
        rows = self.ledger.db.execute(f"SELECT * FROM notice WHERE {where} ORDER BY seq").fetchall()
        status = {card.id: card.status for card in cards} if rows else {}
        useful = [row for row in rows if _of_use(row["kind"], row["card"], status)]
        kept = {row["seq"] for row in useful}
        self._end([row["seq"] for row in rows if row["seq"] not in kept], OVER, now)
        told = [
            Notice(row["seq"], row["kind"], row["text"], bool(row["urgent"]), row["card"])
            for row in useful
        ]
        return sorted(told, key=lambda one: (not one.urgent, _place(one.kind)))

    def told(self, notices: Sequence[Notice], now: float) -> None:
        """Marks them as told; call it before they are."""
        self._end([one.seq for one in notices], TOLD, now)

    def next_at(self, now: float) -> float | None:
        """When to look again although nothing has happened, in epoch seconds; None: never."""
        held = [self._free_at(now)] if self._any("told IS NULL") else []
        return min([*held, *self._later], default=None)

    def _moments(self, cards: Sequence[Card], now: float) -> list[float]:
        """When something is to be told of that time alone brings."""
        pending = (card for card in cards if card.status == "pending")
        reminders = [at for card in pending for at in self._reminders(card, now) if at > now]
        quiet = self._rules.quiet
        return [*reminders, *([next_at(now, self.zone, quiet.end)] if quiet else [])]

    def _any(self, where: str) -> bool:
        found = self.ledger.db.execute(f"SELECT 1 FROM notice WHERE {where} LIMIT 1").fetchone()
        return found is not None

    def _free_at(self, now: float) -> float:
        """From when on a sign may be given that is not urgent, in epoch seconds."""
        row = self.ledger.db.execute(
            "SELECT max(told) AS at FROM notice WHERE how = ? AND urgent = 0", (TOLD,)
        ).fetchone()
        last = float(row["at"] or 0.0)
        free = last + self.pace.apart_s if last <= now else now  # a clock that was set back
        free = max(free, now)
        return till(self.zone, self.policy().quiet, free) or free

    def _end(self, seqs: Sequence[int], how: str, now: float) -> None:
        if seqs:
            with self.ledger.tx() as db:
                db.executemany(
                    "UPDATE notice SET told = ?, how = ? WHERE seq = ? AND told IS NULL",
                    [(now, how, seq) for seq in seqs],
                )


def _place(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def began(card: Card) -> float:
    """Since when a card waits as it does now."""
    return card.ended.at if card.ended else card.seal.shown or card.seal.created


def _of_use(kind: str, card: str, status: dict[str, str]) -> bool:
    return kind not in OPEN or status.get(card) in OPEN[kind]
