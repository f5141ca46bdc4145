"""A house to look into: a real vault, a real ledger, tasks and cards as the rooms make them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from factotum.gate.records import Card, Proposal
from factotum.gate.register import Register
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Outcome, Risk, Trust
from factotum.names import id_of, note_name
from factotum.reader import Reader
from factotum.scan import Listing, Problem, Shelf
from factotum.vault import ALL_FOLDERS, Vault
from factotum.views.snapshot import build
from factotum.worker.runs import Runs
from tests.patience import PATIENCE_S

#: Fri 27 Nov 2026 14:02 UTC.
NOON = datetime(2026, 11, 27, 14, 2, tzinfo=UTC).timestamp()


def written(path: Path) -> tuple[int, int, int]:
    """What shows whether a file was written; a look at it changes none of this."""
    seen = path.stat()
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Waits for something that another thread or process does."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


@dataclass
class House:
    folder: Path
    instance: str = "pi"
    now: float = NOON
    mono: float = 1000.0
    made: int = field(default=0)

    def __post_init__(self) -> None:
        for name in (*ALL_FOLDERS, ".factotum"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.vault = Vault(self.root, self.instance, lambda: self.mono)
        self.ledger = Ledger(self.folder / f"{self.instance}.db")
        self.register = Register(self.ledger)
        self.runs = Runs(self.ledger, self.register, self.root)
        self.reader = Reader()
        self.shelf = Shelf(self.root, self.instance, self.reader)

    @property
    def root(self) -> Path:
        return self.folder / "vault"

    @property
    def logs(self) -> Path:
        return self.root / "Logs"

    def close(self) -> None:
        self.ledger.close()

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.mono += seconds

    def task(
        self, title: str = "Invoice 1042", trust: Trust = Trust.OWNER, name: str = "", **facts: str
    ) -> str:
        self.made += 1
        id = id_of("t", self.instance, str(self.made))
        name = name or note_name(title, id=id, fallback="task")
        self.ledger.add_task(
            TaskRow(id, name, "note", title, trust, "", "", "", b"", facts, self.now, None)
        )
        return id

    def card(self, title: str = "Send this mail to Ada?", *, task: str = "", **more: Any) -> Card:
        """A card that was shown and waits. `args`, `kind`, `allowed_by`, `ttl_s` in `more`."""
        task = task or self.task()
        run = self.runs.current(task, self.now)
        letter = {"to": ["ada@rossi.example"], "subject": "Invoice", "body": "Hi Ada, here it is."}
        more = {"args": letter, "ttl_s": 86_400.0, "tool": "mail__send", **more}
        more.setdefault("risk", Risk.MEDIUM)
        trust = Trust.STRANGER if more.pop("stranger", False) else Trust.OWNER
        about = {"note": "a-task", **more.pop("about", {})}
        proposal = Proposal(
            idx=len(self.runs.cards(run)),
            title=title,
            effect=Effect.OPAQUE,
            rule="whatever leaves the house asks",
            trust=trust,
            policy="built-in-1",
            about=about,
            **more,
        )
        (id,) = self.register.propose(task, run.n, [proposal], self.now)
        self.register.shown(self.register.card(id), self.now)
        return self.register.card(id)

    def approve(self, card: Card, who: str = "Marco", channel: str = "cli") -> Card:
        return self.register.decide(card.id, card.seal.digest, "approve", channel, who, self.now)

    def end(self, card: Card, outcome: Outcome) -> Card:
        if not card.decision:
            card = self.approve(card)
        self.register.begin(card, "key", self.now)
        self.register.end(card, outcome, self.now)
        return self.register.card(card.id)

    def listing(self) -> Listing:
        return self.shelf.look(self.mono)

    def snapshot(self, *problems: Problem, rev: int = 1, **health: Any) -> dict[str, Any]:
        return build(
            listing=self.listing(),
            cards=[card for card in self.register.unsettled() if not card.over or not card.ended],
            ledger=self.ledger,
            runs=self.runs,
            problems=problems,
            health={"ok": True, "stopped": "", **health},
            mind={},
            rev=rev,
            now=self.now,
        )


def houses(folder: Path) -> Iterator[House]:
    """One house, closed after the test."""
    house = House(folder)
    yield house
    house.close()
