"""One note after a time in which nobody was here: how long, what was missed, what waits.

That there was such a time is put into the ledger before the sign of it is wiped out, and taken
out when the note lies in Briefings under a name that the time alone decides: killed anywhere, it
is written once. What is said stands in the ledger; nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factotum import disk, names
from factotum.gate.records import Card
from factotum.ledger import Ledger, dumps
from factotum.note import render
from factotum.scan import Problem
from factotum.vault import Vault
from factotum.views.notices import OUTAGE, Notices
from factotum.views.saying import day, link, shown
from factotum.words import span

FOLDER = "Briefings"

#: Where the ledger keeps the times of which no note is written yet.
META = "off"
#: How long after coming back the note is written, in seconds: schedules have their say first.
SETTLES_S = 60.0
#: Two times off with less than this between them are told as one, in seconds.
TOGETHER_S = 300.0
#: How soon a note that could not be written is tried again, in seconds.
AGAIN_S = 600.0
#: How many lines one part of the note has at most.
ROWS_MOST = 50

#: What came of a missed run, by the policy of its schedule.
POLICIES = {
    "once": "done once now",
    "each": "of them done now, the oldest first",
    "skip": "left out",
    "ask": "you are asked",
}


@dataclass(frozen=True)
class Off:
    """Nobody was here from `since` till `till`, in epoch seconds."""

    since: float
    till: float


class Outage:
    """Use it on the thread that owns the ledger. Until `begin` nothing is noted: whoever runs
    just for one pass was not expected before."""

    def __init__(
        self, vault: Vault, ledger: Ledger, zone: Callable[[float], datetime], least_s: float
    ) -> None:
        """Times shorter than `least_s` are not told of; 0 for none at all."""
        self._vault = vault
        self._ledger = ledger
        self._zone = zone
        self._least_s = least_s
        self._begun = False
        self._left: list[Off] | None = None
        self._not_before = 0.0
        self._problem: Problem | None = None

    def begin(self) -> None:
        self._begun = True

    def away(self, since: float, till: float) -> None:
        """Nobody was here in this time. Durable when it returns."""
        if not self._begun or not self._least_s or till - since < self._least_s:
            return
        left = self._known()
        if left and since - left[-1].till < TOGETHER_S:  # or it was noted before a crash
            left = [*left[:-1], Off(min(since, left[-1].since), till)]
        else:
            left = [*left, Off(since, till)]
        self._keep(left)

    def next_at(self) -> float | None:
        """When the next note is to be written, in epoch seconds; None where there is none."""
        left = self._known() if self._begun else []
        return max(left[0].till + SETTLES_S, self._not_before) if left else None

    def problems(self) -> list[Problem]:
        """Why a note could not be written, for the Dashboard."""
        return [self._problem] if self._problem else []

    def look(self, cards: Sequence[Card], notices: Notices, now: float) -> None:
        """Writes what is due. Raises OSError when the disk takes nothing."""
        while (at := self.next_at()) is not None and at <= now:
            first, *rest = self._known()
            try:
                name = self._write(first, cards)
            except OSError as refused:
                if disk.failing(refused):
                    raise
                why = f"cannot be written in ({refused.strerror or refused}). Mend its permissions"
                self._problem = Problem(self._vault.root / FOLDER, why)
                self._not_before = now + AGAIN_S
                return
            self._problem = None
            text = f"{self._said(first)}. What was missed and what waits: {name}"
            notices.add(OUTAGE, f"off {first.since:.0f}", text, now)
            with self._ledger.tx():
                self._ledger.event("outage", now, since=first.since, till=first.till, name=name)
                self._keep(rest)

    # -- what is left to be told

    def _known(self) -> list[Off]:
        if self._left is None:
            try:
                stored = json.loads(self._ledger.meta(META) or "[]")
                self._left = [Off(float(since), float(till)) for since, till in stored]
            except (ValueError, TypeError):
                self._left = []
        return self._left

    def _keep(self, left: list[Off]) -> None:
        self._left = None  # so that what was not committed is not believed
        self._ledger.set_meta(META, dumps([[one.since, one.till] for one in left]))

    # -- the note

    def _write(self, off: Off, cards: Sequence[Card]) -> str:
        id = names.id_of("t", "outage", f"{off.since:.0f}")[2:8]
        name = f"{self._zone(off.till):%Y-%m-%d}-while-i-was-off_{id}.md"
        since, till = (self._zone(at).isoformat(timespec="seconds") for at in (off.since, off.till))
        props = {"type": "briefing", "off_since": since, "off_till": till}
        path = self._vault.root / FOLDER / name
        try:
            self._vault.drop(path, render(props, self._text(off, cards)))
        except FileExistsError:
            if not path.is_file():  # what stands there instead of the folder
                raise
        return name  # or it was written before a crash

    def _text(self, off: Off, cards: Sequence[Card]) -> str:
        missed = list(self._missed(off))
        waits = [self._card(card) for card in cards if card.status in {"pending", "unknown"}]
        sent = list(self._sent(off))
        parts = [
            "# While I was off",
            f"{self._said(off)}, {span(off.till - off.since)}.",
            _part("Schedules that were missed", missed, "None."),
            _part("What waits for you", waits, "Nothing."),
            _part("What was sent or changed outside meanwhile", sent, "Nothing."),
        ]
        return "\n\n".join(parts) + "\n"

    def _said(self, off: Off) -> str:
        return f"Off from {self._day(off.since, off)} till {self._day(off.till, off)}"

    def _missed(self, off: Off) -> Iterator[str]:
        for data in self._events("missed", off.since):
            note, count = str(data.get("schedule") or ""), data.get("count")
            title = shown(data.get("title") or note)
            named = f"{title} · {link(note.rpartition('/')[2])}" if note else title
            policy = str(data.get("policy") or "")
            times = "1 run" if count == 1 else f"{count} runs"
            when = self._between(data.get("first"), data.get("last"), off)
            yield f"- {named}: {times}{when}; {self._done(policy, data.get('done'), count)}"

    def _between(self, first: object, last: object, off: Off) -> str:
        """“ (Mon 30 Nov 03:00)”, or from when till when; empty where that is not known."""
        try:
            moments = [datetime.fromisoformat(str(at)).timestamp() for at in (first, last)]
        except ValueError:
            return ""
        days = dict.fromkeys(self._day(at, off) for at in moments)
        return f" ({' till '.join(days)})"

    def _done(self, policy: str, done: object, count: object) -> str:
        if policy == "once" and done == 0:
            return "left out, since the one before is not finished"
        if policy == "each" and done == count:
            return "done now" if count == 1 else "all done now, the oldest first"
        said = POLICIES.get(policy, "see the schedule")
        return f"{done} {said}" if isinstance(done, int) and policy == "each" else said

    def _events(self, kind: str, since: float) -> Iterator[Mapping[str, Any]]:
        rows = self._ledger.db.execute(
            "SELECT data FROM event WHERE kind = ? AND at >= ? ORDER BY seq", (kind, since)
        )
        yield from (json.loads(row["data"]) for row in rows.fetchall())

    def _sent(self, off: Off) -> Iterator[str]:
        """What the ledger says was begun in that time: there should be nothing."""
        rows = self._ledger.db.execute(
            "SELECT a.at, c.title, c.name FROM attempt a JOIN card c ON c.id = a.card"
            " WHERE a.at > ? AND a.at < ? ORDER BY a.at",
            (off.since, off.till),
        )
        for row in rows.fetchall():
            yield f"- {self._day(row['at'], off)}: {shown(row['title'])} · {link(row['name'])}"

    def _card(self, card: Card) -> str:
        unknown = "**Unknown whether it happened:** " if card.status == "unknown" else ""
        return f"- {unknown}{shown(card.title)} · {link(card.name)}"

    def _day(self, at: float, off: Off) -> str:
        return day(self._zone(at), self._zone(off.till).year)


def _part(heading: str, rows: Sequence[str], empty: str) -> str:
    more = len(rows) - ROWS_MOST
    lines = [*rows[:ROWS_MOST], *([f"- … and {more} more"] if more > 0 else [])]
    return "\n".join([f"## {heading}", "", *(lines or [empty])])
