"""Checks the logs in the vault against the ledger, line by line.

The ledger is the truth; a log is what anyone who can write in the vault may have changed.
Lines of another ledger (a second machine on the same vault) are counted, not checked: that
machine checks them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from factotum import disk
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.views import record
from factotum.views.saying import local

LOG_MOST_BYTES = 1 << 30

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Findings(list[str]):
    """What does not agree, in words; empty when all does. `checked` is how many lines were
    compared, `foreign` how many belong to another ledger, `pending` how many of the newest
    events are not written yet."""

    checked: int = 0
    foreign: int = 0
    pending: int = 0


def verify(logs: Path, ledger: Ledger, *, pending_ok: bool = False) -> Findings:
    """Compares every line in the folder `logs` with what the ledger says of that event.

    With `pending_ok` the newest events may be missing: an orchestrator that runs has just
    not come to write them.
    """
    check = _Check(ledger)
    for name in sorted(_names(logs)):
        check.file(logs / name)
    check.missing(logs, pending_ok)
    return check.found


def _names(logs: Path) -> list[str]:
    try:
        return [name for name in os.listdir(logs) if name.endswith(".jsonl")]
    except FileNotFoundError:
        return []


class _Check:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.mark = record.mark(ledger)
        self.newest = ledger.last_event()
        self.found = Findings()
        self._places: dict[int, str] = {}

    def file(self, path: Path) -> None:
        if not _DAY.fullmatch(path.stem):
            self.found.append(
                f"{_name(path)} is none of my logs (a copy by a sync client?). Move it away"
            )
            return
        try:
            whole = disk.read_regular(path, LOG_MOST_BYTES)
        except OSError as failed:
            self.found.append(f"{_name(path)} cannot be read: {failed.strerror or failed}")
            return
        *lines, rest = whole.split(b"\n")
        before = 0
        for number, text in enumerate(lines, 1):
            before = self._line(path, f"{_name(path)}, line {number}", text, before)
        if rest:
            self.found.append(f"{_name(path)} ends in the middle of a line")

    def _line(self, path: Path, where: str, text: bytes, before: int) -> int:
        """Checks one line; returns the number of its event, or the one before."""
        line = record.read(text)
        if line is None or not isinstance(line.get("ledger"), str):
            self.found.append(f"{where}: cannot be read as a line of mine")
            return before
        if line["ledger"] != self.mark:
            self.found.foreign += 1
            return before
        seq = line.get("seq")
        event = record.event_of(line, self.ledger)
        if event is None:
            self.found.append(f"{where}: the ledger knows no event {one_line(str(seq), 30)}")
            return before
        if not record.same_event(line, event):
            self.found.append(f"{where}: the ledger has another event {seq} (was it put back?)")
            return before
        self.found.checked += 1
        if event.seq in self._places:
            self.found.append(f"{where}: event {seq} stands also in {self._places[event.seq]}")
        elif event.seq < before:
            self.found.append(f"{where}: event {seq} is not in its place, it stands after {before}")
        self._places[event.seq] = where
        expected = record.line(event, self.ledger)
        if text != expected.encode():
            self.found.append(f"{where}: was changed ({_difference(line, json.loads(expected))})")
        elif abs((date.fromisoformat(path.stem) - local(event.at).date()).days) > 1:
            self.found.append(f"{where}: event {seq} belongs into the log of another day")
        return max(before, event.seq)

    def missing(self, logs: Path, pending_ok: bool) -> None:
        """Adds the events that no line tells of, by the day on which they should stand."""
        last = max(self._places, default=0)
        gone = []
        for row in self.ledger.db.execute(
            "SELECT seq, at FROM event WHERE seq <= ? ORDER BY seq", (self.newest,)
        ):
            if row["seq"] in self._places:
                continue
            if pending_ok and row["seq"] > last:
                self.found.pending += 1
            else:
                gone.append((local(row["at"]).date(), row["seq"]))
        for day, some in groupby(sorted(gone), key=lambda one: one[0]):
            seqs = [seq for _, seq in some]
            name = f"{day.isoformat()}.jsonl"
            what = "lacks" if (logs / name).exists() else "is missing, and with it"
            self.found.append(f"{name} {what} {_events(seqs)}")


def _name(path: Path) -> str:
    return one_line(path.name.encode("utf-8", "backslashreplace").decode(), 100)


def _difference(line: dict[str, Any], expected: dict[str, Any]) -> str:
    """Which fields of a line are not what the ledger says."""
    keys = [*expected, *(key for key in line if key not in expected)]
    wrong = [key for key in keys if line.get(key) != expected.get(key)]
    return one_line(", ".join(wrong), 100) or "only its form"


def _events(seqs: Iterable[int]) -> str:
    """“event 3”, “events 3, 7 to 9”."""
    spans: list[list[int]] = []
    for seq in seqs:
        if spans and seq == spans[-1][1] + 1:
            spans[-1][1] = seq
        else:
            spans.append([seq, seq])
    told = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)
    return f"event{'s' if len(spans) > 1 or spans[0][0] != spans[0][1] else ''} {told}"
