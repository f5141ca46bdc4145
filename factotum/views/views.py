"""All faces of the office at once, for the orchestrator: it hands over what a tick found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from factotum import disk, failpoint
from factotum.gate.records import Card
from factotum.keybox import Keybox
from factotum.ledger import Ledger
from factotum.scan import Listing, Problem
from factotum.vault import Vault
from factotum.views.dashboard import Dashboard
from factotum.views.journal import Journal
from factotum.views.links import Links
from factotum.views.notices import Notices
from factotum.views.notify import Bell
from factotum.views.reminding import Pace
from factotum.views.snapshot import Snapshot
from factotum.whereabouts import is_here
from factotum.worker.runs import Runs

#: How long the day's logs may wait for what else the work under way has to tell, in seconds.
LOGS_S = 1.0


def snapshot_path(state: Path) -> Path:
    """Where the snapshot of a vault's orchestrator is published: a name of its own for each
    state directory, for all vaults of a person share the runtime directory."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.access(runtime, os.W_OK):
        mark = hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:8]
        return Path(runtime) / f"factotum-{mark}.json"
    return state / "snapshot.json"


class Views:
    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        runs: Runs,
        state: Path,
        zone: Callable[[float], datetime],
        out: IO[str],
        pace: Pace = Pace(),  # noqa: B008  (frozen)
    ) -> None:
        self.root = vault.root
        self.ledger = ledger
        self.runs = runs
        self.snapshot = Snapshot(snapshot_path(state))
        self.dashboard = Dashboard(vault, ledger, zone)
        self.journal = Journal(vault, ledger, zone, Links(ledger, Keybox(state)))
        self.bell = Bell(out, os.environ)
        self.notices = Notices(ledger, zone, pace)
        self._troubles: dict[str, Problem] = {}
        self.logs_due: float | None = None

    def show(
        self,
        listing: Listing,
        cards: Sequence[Card],
        problems: Sequence[Problem],
        health: Mapping[str, Any],
        mind: Mapping[str, Any],
        now: float,
        mono: float,
        *,
        at_work: bool = False,
    ) -> None:
        """Brings every view up to date; writes only what changed. While something is `at_work`
        the logs may wait till `logs_due` (monotonic).

        The snapshot first: it lies outside the vault, and tells when that takes nothing more.
        """
        content = self.snapshot.update(
            listing=listing,
            cards=cards,
            ledger=self.ledger,
            runs=self.runs,
            problems=[*problems, *self._troubles.values()],
            health=health,
            mind=mind,
            now=now,
        )
        if is_here(self.root):  # else it would be written where its disk is mounted
            self._log(mono, at_work)
            self._written("Dashboard.md", lambda: self.dashboard.update(content, now, mono))
        self.bell.write(cards)
        self._tell(cards, now)

    def _tell(self, cards: Sequence[Card], now: float) -> None:
        """Gives a sign of what is due. It is marked as told before, so it is never told twice."""
        self.notices.look(cards, now)
        if due := self.notices.due(cards, now):
            self.notices.told(due, now)
            failpoint.hit("notice.told")
            self.bell.ring(due)

    def _log(self, mono: float, at_work: bool) -> None:
        if at_work and self.logs_due is None:
            self.logs_due = mono + LOGS_S
        if not at_work or self.logs_due is None or mono >= self.logs_due:
            self._written("Logs", self.journal.write)
            self.logs_due = None

    def _written(self, name: str, write: Callable[[], object]) -> None:
        """Writes one view. What stands in the way of one (a folder of a log's name) is told
        and stops nothing else; a disk that takes nothing more does. Raises OSError then."""
        try:
            write()
            self._troubles.pop(name, None)
        except OSError as refused:
            if disk.failing(refused):
                raise
            at = refused.filename  # of a file that was open already it is a number
            path = Path(at if isinstance(at, str) else name)
            reason = f"cannot be written ({refused.strerror}). Move away what stands there"
            self._troubles[name] = Problem(path, reason)

    @property
    def settled(self) -> bool:
        """Whether all is written that was to be shown, so that only news brings more."""
        return not self._troubles and self.snapshot.settled and self.dashboard.settled

    def flush(self, mono: float) -> None:
        """Shows what was held back for the sake of quiet, before a stop."""
        if not is_here(self.root):
            return
        self._written("Logs", self.journal.write)
        self.dashboard.flush(mono)
