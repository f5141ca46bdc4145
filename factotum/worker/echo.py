"""What became of a run is told in the owner's note that it came from: once, and in one place.

A line of a daily note is ticked, a schedule gets a line in its history, and of the heartbeats
that had nothing to say only the last is kept. What is to be told was written into the ledger
with the run's end and is taken out when it is told, so that a kill in between tells it again,
which changes nothing. A person who is at the note comes first: it is tried again later.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from factotum import log
from factotum.index.places import INDEXED_MOST_BYTES, Places, top_of
from factotum.ledger import Ledger, TaskRow, dumps
from factotum.model import State
from factotum.note import NoteError
from factotum.reader import Reader
from factotum.vault import Changed, Vault
from factotum.worker import heartbeat, mentions
from factotum.worker.fit import Fit, Unfit
from factotum.worker.history import with_run
from factotum.worker.runs import Run, Runs

logger = log.get("factotum.worker")

#: The facts of a task whose end is told, and what they hold. `line`: the `note` (its path from
#: our folder), the `text` and place `n` of the line in it, the `mention`. `schedule`: the `note`,
#: `due`, `delete_after_run`.
LINE, SCHEDULE, HEARTBEAT = "line", "schedule", heartbeat.FACT

#: How soon it is tried again to tell a note that cannot be written now, in seconds: at first,
#: and at most. After how long nothing is told any more.
AGAIN_S, AGAIN_MOST_S = 5.0, 600.0
GIVE_UP_S = 7 * 86_400.0
#: The same for what is not there: a person may be moving it, in seconds.
GONE_S = 600.0

#: How long a single pass waits at most till a note has lain still, in seconds.
SOON_S = 10.0
#: How soon after the end of a heartbeat nobody can have written into its note yet, in seconds.
AT_ONCE_S = 30.0

#: Where the ledger keeps what the watcher of notes knows of the lines in each.
LINES = "cursor:notes:note "
#: Where the ledger keeps which heartbeat that had nothing to say was the last.
QUIET = "heartbeat_quiet"

_RESULTS = {"done": "ok", "failed": "error"}
#: A name that may stand between `[[` and `]]` as it is.
_LINKABLE = re.compile(r"[\w (),.'+@-]+")


class Untold(Exception):
    """It cannot be told at all; the message says why."""


class Gone(Untold):
    """There is no such note or line now."""


class Young(Changed):
    """Somebody may be at the note; in `still_s` seconds it will have lain still."""

    def __init__(self, message: str, still_s: float) -> None:
        super().__init__(message)
        self.still_s = still_s


class Rest(NamedTuple):
    """Till when something is left alone, and how long after a failure the last time. `soon`: a
    single pass waits for it."""

    till: float = float("-inf")
    again_s: float = 0.0
    soon: bool = False


@dataclass
class Echo:
    """Use it on the thread that owns the ledger. A note that was written less than `stable_s`
    ago is left to whoever is at it."""

    vault: Vault
    ledger: Ledger
    runs: Runs
    reader: Reader
    fit: Fit
    zone: Callable[[float], datetime]
    stable_s: float
    _rests: dict[tuple[str, int], Rest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root = self.vault.root.absolute()
        self._places = Places(root, top_of(root))

    def look(self, now: float, mono: float) -> tuple[list[float], list[float]]:
        """Tells all that is to be told and can be. When to look again, in seconds of `mono`:
        first for what a single pass waits out, then for the rest."""
        pending = list(self._pending())
        self._rests = {key: self._rests[key] for key, _ in pending if key in self._rests}
        for key, ended in pending:
            before = self._rests.get(key, Rest())
            if before.till <= mono and (still_s := self._tell(key, ended, now)) is not None:
                again_s = min(AGAIN_MOST_S, max(AGAIN_S, 2 * before.again_s))
                wait_s = still_s or again_s
                self._rests[key] = Rest(mono + wait_s, again_s, soon=0 < still_s <= SOON_S)
        rests = self._rests.values()
        return [one.till for one in rests if one.soon], [one.till for one in rests if not one.soon]

    def _pending(self) -> Iterator[tuple[tuple[str, int], float]]:
        """The runs whose notes have come to rest but whose end is not told."""
        rows = self.ledger.db.execute(
            "SELECT echo.task, echo.run, echo.at FROM echo JOIN run ON run.task = echo.task"
            " AND run.n = echo.run WHERE run.projected = 1 ORDER BY echo.rowid"
        ).fetchall()
        for row in rows:
            yield (row["task"], row["run"]), row["at"]

    def _tell(self, key: tuple[str, int], ended: float, now: float) -> float | None:
        """None when nothing of it is left to tell; else in how many seconds its note will have
        lain still, or 0 where that is not known."""
        task, run = self.ledger.task(key[0]), self.runs.run(*key)
        assert task is not None and run is not None, f"{key} ended without having been"
        try:
            self._tell_of(task, run, now)
        except Untold as untold:
            if isinstance(untold, Gone) and now - ended < GONE_S:
                return 0.0
            self._give_up(task, str(untold), now)
        except (Changed, OSError) as busy:
            logger.debug("not told yet", extra={"task": task.id, "reason": str(busy)})
            if now - ended < GIVE_UP_S:
                return busy.still_s if isinstance(busy, Young) else 0.0
            self._give_up(task, f"its note cannot be written ({busy})", now)
        else:
            self._over(key)
        return None

    def _tell_of(self, task: TaskRow, run: Run, now: float) -> None:
        """Raises Untold, and Changed or OSError where it is to be tried again."""
        facts = task.facts
        if isinstance(line := facts.get(LINE), dict):
            self._line(task, run, line)
        elif isinstance(schedule := facts.get(SCHEDULE), dict):
            self._schedule(run, schedule)
        elif HEARTBEAT in facts:
            self._heartbeat(run, now)

    def _give_up(self, task: TaskRow, why: str, now: float) -> None:
        with self.ledger.tx() as db:
            db.execute("DELETE FROM echo WHERE task = ?", (task.id,))
            self.ledger.event("untold", now, task=task.id, reason=why)

    def _over(self, key: tuple[str, int]) -> None:
        with self.ledger.tx() as db:
            db.execute("DELETE FROM echo WHERE task = ? AND run = ?", key)

    # -- notes of the owner's

    def _read(self, path: str) -> tuple[Path, bytes]:
        """The note at this path from our folder. Raises Untold for one that is none of ours to
        touch, and Changed while somebody is at it."""
        file = self._places.file(path)
        if ".." in file.parts:
            raise Untold(f"{path} lies outside the vault")
        try:
            self.fit.may_open(file)
            data = self.reader.read(file, INDEXED_MOST_BYTES)
            if not self.fit.may_use(file, data):
                raise Untold("its note is private now")
            age_s = time.time() - file.stat().st_mtime
        except FileNotFoundError:
            raise Gone(f"{path} is not there any more") from None
        except Unfit as unfit:
            raise Untold(f"{path} {unfit}") from None
        if 0 <= age_s < self.stable_s:
            raise Young(f"{path} was written a moment ago", self.stable_s - age_s)
        return file, data

    # -- a line of a daily note

    def _line(self, task: TaskRow, run: Run, fact: dict[str, Any]) -> None:
        if run.result == "withdrawn":
            return  # the owner took it back and knows
        path, words, n = self._where(task, fact)
        file, raw = self._read(path)
        line = mentions.choose(mentions.find(raw, str(fact["mention"])), words, n)
        if line is None:
            raise Gone(f"the line is not in {path} any more")
        done = run.result == "done"
        self.vault.rewrite(file, raw, mentions.tell(raw, line, _stem(run), done=done))

    def _where(self, task: TaskRow, fact: dict[str, Any]) -> tuple[str, str, int]:
        """In which note the line stands by now, what it says, and which of those it is. The
        watcher follows a line that is moved or edited."""
        rows = self.ledger.db.execute(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? AND instr(value, ?) > 0",
            (len(LINES), LINES, task.source_id),
        )
        for row in rows:
            for words, ids in json.loads(row["value"])["lines"].items():
                if task.source_id in ids:
                    return row["key"].removeprefix(LINES), words, ids.index(task.source_id)
        return str(fact["note"]), str(fact["text"]), int(fact["n"])

    # -- a schedule

    def _schedule(self, run: Run, fact: dict[str, Any]) -> None:
        path, gone = str(fact["note"]), run.result == "done" and bool(fact.get("delete_after_run"))
        month = f"{self.zone(run.ended or run.started):%Y-%m}"
        put_away = self.vault.folder(State.DONE, month) / Path(path).name
        if gone and put_away.exists() and not self._places.file(path).exists():
            return  # killed between the move and here
        file, raw = self._read(path)
        try:
            self.vault.rewrite(file, raw, with_run(raw, self._entry(run, fact)))
        except (NoteError, UnicodeDecodeError) as broken:
            raise Untold(f"{path} cannot be read ({broken})") from None
        if gone:
            self.vault.move_beside(file, put_away, run.task[2:6])

    def _entry(self, run: Run, fact: dict[str, Any]) -> str:
        """One line: when, what became of it, how long it took, and where to read about it."""
        how = _RESULTS.get(str(run.result), "skipped")
        took_s = max(0.0, (run.ended or run.started) - run.started)
        parts = [f"- {self.zone(run.started):%Y-%m-%d %H:%M} {how}", _span(took_s)]
        if (missed := int(fact.get("missed") or 0)) > 1:
            parts.append(f"for {missed} that were missed")
        if run.final:
            parts.append(f"[[{_stem(run)}|{f'run {run.n}' if run.n > 1 else 'task'}]]")
        return ", ".join(parts)

    # -- a heartbeat

    def _heartbeat(self, run: Run, now: float) -> None:
        """One that had nothing to say takes the place of the last such one, whose note goes if
        it is as we left it. How that is, is noted right after the end, or not at all."""
        if run.result != "done" or not heartbeat.is_quiet(run.reason) or self.runs.cards(run):
            return
        before = json.loads(self.ledger.meta(QUIET) or "{}")
        if (
            before
            and before["path"] != run.final
            and self._sha256(before["path"]) == before["sha256"]
        ):
            self.vault.remove_own(self.vault.root / before["path"])
        at_once = now - (run.ended or now) < AT_ONCE_S
        if at_once and (sha256 := self._sha256(run.final)):
            self.ledger.set_meta(QUIET, dumps({"path": run.final, "sha256": sha256}))

    def _sha256(self, path: str) -> str:
        """Of what a note of ours holds; empty where it is not there."""
        try:
            data = self.reader.read(self.vault.root / path, INDEXED_MOST_BYTES)
        except FileNotFoundError:
            return ""
        return hashlib.sha256(data).hexdigest()


def _stem(run: Run) -> str:
    stem = Path(run.final).name.removesuffix(".md")
    return stem if _LINKABLE.fullmatch(stem) else run.task


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
