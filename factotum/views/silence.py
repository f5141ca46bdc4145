"""Whether the vault still hears from other devices: how long nothing came that we did not do.

By what a look costs next to nothing: what the ledger says a person did in the vault, when a note
at its root was last written, and when something last came or went in the person's own folders
(a sync client puts each note that it brings in place by a rename; we write in none of these).
What is usual is learnt. Where nothing ever came, nothing is missed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from factotum import names
from factotum.index import top_of
from factotum.ledger import Ledger, dumps
from factotum.scan import Problem
from factotum.vault import ALL_FOLDERS
from factotum.views.dashboard import NAME as DASHBOARD
from factotum.views.notices import SYNC, Notices
from factotum.views.saying import day
from factotum.words import span

#: Where the ledger keeps what is usual.
META = "vault_heard"
#: How often to look at most, in seconds.
EVERY_S = 1800.0
#: A pause shorter than this is one visit of a person, in seconds.
VISIT_S = 900.0
#: How many pauses are remembered, and with how few nothing is known yet.
PAUSES_MOST, PAUSES_LEAST = 50, 5
#: How many times as long as nearly all of the pauses a silence must be to be told, which part
#: “nearly all” is, and how long it must be in any case, in seconds.
TIMES, NEARLY_ALL, SILENT_LEAST_S = 4.0, 0.95, 24 * 3600.0
#: How many folders are looked at, and how deep below the top of the vault.
FOLDERS_MOST, DEPTH = 300, 2
#: How many events of the ledger are looked through at a start at most.
EVENTS_MOST = 5000

#: What a person did in the vault, as the ledger has it.
BY_A_PERSON = (
    "SELECT max(at) AS at FROM event WHERE seq > ? AND (kind IN ('added', 'resealed')"
    " OR (kind = 'decided' AND json_extract(data, '$.channel') IN ('move', 'tick'))"
    " OR (kind = 'task' AND json_extract(data, '$.source') IN ('', 'note', 'inbox')))"
)


@dataclass(frozen=True)
class Heard:
    """`last` is when something came (epoch seconds, 0 for never), `off_s` how long nobody was
    here since, `event` up to which event the ledger was read, `pauses` how long they were."""

    last: float = 0.0
    off_s: float = 0.0
    event: int = 0
    pauses: list[float] = field(default_factory=list)


class Silence:
    """Use it on the thread that owns the ledger."""

    def __init__(self, root: Path, ledger: Ledger, zone: Callable[[float], datetime]) -> None:
        self._root = root
        self._top = top_of(root)
        self._ledger = ledger
        self._zone = zone
        self._looked: float | None = None
        self._heard: Heard | None = None
        self._event = 0
        self._now = 0.0

    def away(self, since: float, till: float) -> None:
        """Nobody was here in this time, which is no silence."""
        heard = self._known()
        if heard.last and till > since:
            self._keep(replace(heard, off_s=heard.off_s + till - since))

    def look(self, now: float, mono: float) -> None:
        """Looks whether something came since the last time; `mono` is a monotonic clock."""
        if self._looked is not None and mono - self._looked < EVERY_S:
            return
        self._looked, self._now = mono, now
        heard, newest = self._known(), self._ledger.last_event()
        after = max(heard.event, self._event or newest - EVENTS_MOST)
        came = max(self._came(after, now), default=0.0)
        self._event = newest
        if came <= heard.last:
            return
        pause_s = came - heard.last - heard.off_s if heard.last else 0.0
        pauses = [*heard.pauses, round(pause_s)] if pause_s >= VISIT_S else heard.pauses
        self._keep(Heard(came, 0.0, newest, pauses[-PAUSES_MOST:]))

    def since(self) -> float | None:
        """Since when nothing came (epoch seconds), if that is much longer than usual."""
        heard = self._known()
        if len(heard.pauses) < PAUSES_LEAST:
            return None
        silent_s = self._now - heard.last - heard.off_s
        return heard.last if silent_s > max(SILENT_LEAST_S, TIMES * self._usual_s()) else None

    def problems(self) -> list[Problem]:
        since = self.since()
        return [] if since is None else [Problem(Path("Sync"), self._text(since))]

    def tell(self, told: Notices, now: float) -> None:
        """Makes a notice of it, once."""
        if (since := self.since()) is not None:
            told.add(SYNC, f"silence {since:.0f}", f"The vault: {self._text(since)}", now)

    def _text(self, since: float) -> str:
        at = day(self._zone(since), self._zone(self._now).year)
        return (
            f"may have stopped: nothing came from another device since {at}, and usually something "
            f"comes within {span(self._usual_s())}. Look whether it runs on each of your devices"
        )

    def _usual_s(self) -> float:
        pauses = sorted(self._known().pauses)
        return pauses[min(len(pauses) - 1, int(NEARLY_ALL * len(pauses)))]

    # -- what came

    def _came(self, after: int, now: float) -> Iterator[float]:
        """When something came, in epoch seconds; nothing from a clock that is ahead of ours."""
        (at,) = self._ledger.db.execute(BY_A_PERSON, (after,)).fetchone()
        moments = [float(at or 0.0)]
        for folder in {self._top, self._root}:
            moments += _written(folder)
        moments += self._folders(self._top, DEPTH, [FOLDERS_MOST])
        yield from (at for at in moments if at <= now)

    def _folders(self, within: Path, depth: int, left: list[int]) -> Iterator[float]:
        """When something last came or went in each folder that is not ours."""
        for folder in _sub_folders(within):
            if left[0] <= 0 or folder == self._root or self._is_ours(folder):
                continue
            left[0] -= 1
            try:
                yield folder.stat().st_mtime
            except OSError:
                continue  # it went
            if depth > 1:
                yield from self._folders(folder, depth - 1, left)

    def _is_ours(self, folder: Path) -> bool:
        return folder.parent == self._root and folder.name in _OURS

    # -- what is usual

    def _known(self) -> Heard:
        if self._heard is None:
            try:
                stored = json.loads(self._ledger.meta(META) or "{}")
                self._heard = Heard(**stored)
            except (ValueError, TypeError):
                self._heard = Heard()
        return self._heard

    def _keep(self, heard: Heard) -> None:
        self._heard = None  # so that what was not committed is not believed
        with self._ledger.tx(durable=False):  # what a power cut takes of it is heard again
            self._ledger.set_meta(META, dumps(asdict(heard)))


_OURS = frozenset(name.partition("/")[0] for name in ALL_FOLDERS)


def _written(folder: Path) -> Iterator[float]:
    """When each note in this folder came or was changed: a sync client keeps a note's own time,
    the system's change time says when it came here."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(".md") and entry.name != DASHBOARD and entry.is_file():
                    yield entry.stat().st_ctime
    except OSError:
        return


def _sub_folders(within: Path) -> list[Path]:
    try:
        with os.scandir(within) as found:
            return sorted(
                Path(entry.path)
                for entry in found
                if entry.is_dir(follow_symlinks=False) and not names.ignored(entry.name)
            )
    except OSError:
        return []
