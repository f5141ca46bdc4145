"""Checks the logs in the vault against the ledger, its chain, the anchors and the owner's key.

The ledger is the truth; a log is what anyone who can write in the vault may have changed,
and codes, anchors and keys tell of a ledger that somebody changed too. Lines of another
ledger (a second machine on the same vault) are counted, not checked: that machine checks
them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from factotum import chain, disk
from factotum.inert import one_line
from factotum.keybox import NAME, State
from factotum.ledger import Event, Ledger
from factotum.views import journal, links, pruning, record
from factotum.views.keyed import Keyring
from factotum.views.placed import Events
from factotum.words import local

#: How much of the end of the log is looked at at every start.
TAIL_LINES = 50
TAIL_BYTES = 256 * 1024

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Findings(list[str]):
    """What does not agree, in words; empty when all does. `checked` is how many lines were
    compared, `keyed` how many of them with a key of the owner's, `old` how many were written
    before the chain began, `foreign` how many belong to another ledger, `pending` how many of
    the newest events are not written yet."""

    checked: int = 0
    keyed: int = 0
    old: int = 0
    foreign: int = 0
    pending: int = 0


def verify(
    logs: Path,
    ledger: Ledger,
    *,
    pending_ok: bool = False,
    box: State | None = None,
    keys: Sequence[bytes] = (),
    progress: Callable[[int], None] = lambda lines: None,
) -> Findings:
    """Compares every line in the folder `logs` with what the ledger says of that event.

    With `pending_ok` the newest events may be missing: an orchestrator that runs has just
    not come to write them. `box` is where the chain stood, read before the ledger is looked
    at; `progress` is told how many lines were read.
    """
    check = _Check(ledger, Keyring(ledger, keys), progress)
    for name in sorted(_names(logs)):
        check.file(logs / name)
    check.missing(logs, pending_ok)
    check.chain(box)
    return check.found


def tail(logs: Path, ledger: Ledger, box: State | None) -> list[str]:
    """What is wrong with the end of the log, by its last TAIL_LINES lines alone: cheap, for
    every start. Lines that are not written yet are no finding."""
    check = _Check(ledger, Keyring(ledger, ()), lambda lines: None)
    rows = ledger.db.execute(
        "SELECT seq FROM chain WHERE seq > ? AND seq <= ? ORDER BY n DESC LIMIT ?",
        (journal.pruned_to(ledger), journal.last_seq(logs, ledger), TAIL_LINES),
    ).fetchall()
    ends: dict[str, set[bytes]] = {}
    for row in reversed(rows):
        check.stands(logs, row["seq"], ends)
    check.chain(box)
    return check.found + gone(ledger, box)


def gone(ledger: Ledger, box: State | None) -> list[str]:
    """What is to be said where the key box is empty although there is a chain."""
    if box is None and links.head(ledger).n:
        return [f"{NAME} is gone from the state directory: the log goes on under a new key"]
    return []


def _names(logs: Path) -> list[str]:
    try:
        return [name for name in os.listdir(logs) if name.endswith(".jsonl")]
    except FileNotFoundError:
        return []


class _Check:
    def __init__(self, ledger: Ledger, keyring: Keyring, progress: Callable[[int], None]) -> None:
        self.ledger = ledger
        self.keyring = keyring
        self.progress = progress
        self.mark = record.mark(ledger)
        self.newest = ledger.last_event()
        self.old = links.before(ledger)
        self.begun = links.head(ledger).n > 0
        self.found = Findings()
        self.events = Events(ledger)
        self._places: dict[int, str] = {}
        self._before = chain.NOTHING
        self._made = (0, b"")
        self._next = 1
        self._read = 0

    def file(self, path: Path) -> None:
        if not _DAY.fullmatch(path.stem):
            self.found.append(
                f"{_name(path)} is none of my logs (a copy by a sync client?). Move it away"
            )
            return
        try:
            whole = disk.read_regular(path, pruning.LOG_MOST_BYTES)
        except OSError as failed:
            self.found.append(f"{_name(path)} cannot be read: {failed.strerror or failed}")
            return
        *lines, rest = whole.split(b"\n")
        before, name, day = 0, _name(path), date.fromisoformat(path.stem)
        for number, text in enumerate(lines, 1):
            before = self._line(day, f"{name}, line {number}", text, before)
            self._read += 1
            self.progress(self._read)
        if rest:
            self.found.append(f"{_name(path)} ends in the middle of a line")

    def _line(self, day: date, where: str, text: bytes, before: int) -> int:
        """Checks one line; returns the number of its event, or the one before."""
        known = self.events.at(self._next)  # as it nearly always is: nothing to take apart
        if known is None or self._next in self._places or text != self._expected(*known):
            known = self._found_by(where, text)
        if known is None:
            return before
        event, link = known
        seq = event.seq
        self._next = seq + 1
        self.found.checked += 1
        if seq in self._places:
            self.found.append(f"{where}: event {seq} stands also in {self._places[seq]}")
        elif seq < before:
            self.found.append(f"{where}: event {seq} is not in its place, it stands after {before}")
        self._places[seq] = where
        expected = self._expected(event, link)
        if text != expected:
            difference = _difference(json.loads(text), json.loads(expected))
            self.found.append(f"{where}: was changed ({difference})")
        elif abs((day - local(event.at).date()).days) > 1:
            self.found.append(f"{where}: event {seq} belongs into the log of another day")
        else:
            self.place(where, event, link, text)
        return max(before, seq)

    def _found_by(self, where: str, text: bytes) -> tuple[Event, chain.Link | None] | None:
        """The event that a line says it tells of, or None when it is none of ours."""
        line = record.read(text)
        if line is None or not isinstance(line.get("ledger"), str):
            self.found.append(f"{where}: cannot be read as a line of mine")
            return None
        if line["ledger"] != self.mark:
            self.found.foreign += 1
            return None
        known = self.events.at(seq := line.get("seq"))
        if known is None:
            self.found.append(f"{where}: the ledger knows no event {one_line(str(seq), 30)}")
        elif not record.same_event(line, known[0]):
            self.found.append(f"{where}: the ledger has another event {seq} (was it put back?)")
            return None
        return known

    def _expected(self, event: Event, link: chain.Link | None) -> bytes:
        """The line of an event as it was written; the last one is remembered."""
        if self._made[0] != event.seq:
            text = record.line(event, self.ledger, self.mark)
            if link is not None:
                text = chain.chained(text, link.n, link.mac)
            self._made = (event.seq, text.encode())
        return self._made[1]

    def place(self, where: str, event: Event, link: chain.Link | None, text: bytes) -> None:
        """Checks the place in the chain of a line that is as the ledger has it."""
        if link is None:
            self.found.old += event.seq <= self.old
            if self.begun and event.seq > self.old:
                self.found.append(f"{where}: event {event.seq} has no place in the chain")
            return
        before = self._before
        if before.n != link.n - 1:
            before = links.link_at(self.ledger, link.n - 1) or chain.NOTHING
        self._before = link
        if before.n != link.n - 1:
            return  # `chain` says that the one before is gone
        split = chain.split(text)
        assert split is not None  # it is the line that was expected
        _, entry, mac = split
        if chain.digest_of(entry, mac, before.digest) != link.digest:
            self.found.append(
                f"{where}: the chain is broken here: this line, its event or the one before it "
                f"was changed, in the ledger too"
            )
        elif key := self.keyring.keys.get(link.n):
            self.found.keyed += 1
            if chain.mac_of(entry, before.mac, key) != mac:
                self.found.append(f"{where}: its code was not made by the key of that time")

    def stands(self, logs: Path, seq: int, ends: dict[str, set[bytes]]) -> None:
        """Checks that one of the last lines stands in the log of its day, which by another
        zone may be the one before or after. `ends` holds the ends of the logs read so far."""
        known = self.events.at(seq)
        assert known is not None
        event, link = known
        expected = links.line(event, self.ledger, self.mark).encode()
        day = local(event.at).date()
        for by in (0, -1, 1):
            name = f"{(day + timedelta(days=by)).isoformat()}.jsonl"
            if name not in ends:
                ends[name] = set(journal.tail(logs / name, TAIL_BYTES).split(b"\n"))
            if expected in ends[name]:
                self.place(f"{name}, event {seq}", event, link, expected)
                return
        self.found.append(f"event {seq} does not stand in the logs as it was written")

    def missing(self, logs: Path, pending_ok: bool) -> None:
        """Adds the events that no line tells of, by the day on which they should stand."""
        last = max(self._places, default=0)
        gone = []
        before, wrong = pruning.pruned(self.ledger, lambda at: local(at).date())
        self.found += wrong
        for row in self.ledger.db.execute(
            "SELECT seq, at FROM event WHERE seq <= ? ORDER BY seq", (self.newest,)
        ):
            if row["seq"] in self._places:
                continue
            if pending_ok and row["seq"] > last:
                self.found.pending += 1
            elif local(row["at"]).date() >= before:
                gone.append((local(row["at"]).date(), row["seq"]))
        for day, some in groupby(sorted(gone), key=lambda one: one[0]):
            seqs = [seq for _, seq in some]
            name = f"{day.isoformat()}.jsonl"
            what = "lacks" if (logs / name).exists() else "is missing, and with it"
            self.found.append(f"{name} {what} {_spans(seqs, 'event')}")

    def chain(self, box: State | None) -> None:
        """Adds what is wrong with the chain as a whole, and with the keys."""
        numbers = self.ledger.db.execute("SELECT n FROM chain ORDER BY n")
        wanted = 1
        gaps: list[int] = []
        for (n,) in numbers:
            gaps += range(wanted, n) if n > wanted else ()
            wanted = n + 1
        if gaps:
            self.found.append(
                f"the ledger lacks {_spans(gaps, 'line')} of the chain: an older copy was put back"
            )
        if box is not None and box.last.n:
            link = links.link_at(self.ledger, box.last.n)
            if link != box.last:
                self.found.append(
                    f"audit.key stands at line {box.last.n} of another chain than the ledger's "
                    f"(which ends with line {wanted - 1}): an older copy of the ledger was put back"
                )
        self.found += self.keyring.findings()


def _name(path: Path) -> str:
    return one_line(path.name.encode("utf-8", "backslashreplace").decode(), 100)


def _difference(line: dict[str, Any], expected: dict[str, Any]) -> str:
    """Which fields of a line are not what the ledger says."""
    keys = [*expected, *(key for key in line if key not in expected)]
    wrong = [key for key in keys if line.get(key) != expected.get(key)]
    return one_line(", ".join(wrong), 100) or "only its form"


def _spans(numbers: Iterable[int], what: str) -> str:
    """“event 3”, “events 3, 7 to 9”."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)
    return f"{what}{'s' if len(spans) > 1 or spans[0][0] != spans[0][1] else ''} {told}"
