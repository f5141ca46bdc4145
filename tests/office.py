"""An office to test in: a real vault, a real ledger, the real orchestrator, a loopback relay.

Every `run()` opens the rooms anew, so every test of two runs is a test of a restart.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum.gate.register import Card, Register
from factotum.ledger import Ledger
from factotum.note import Note, parse, set_props
from factotum.settings import Settings, load
from factotum.vault import ALL_FOLDERS
from orchestrator import Clock, Orchestrator, open_rooms
from tests.servers.smtp import Relay

ME = "Marco <marco@example.test>"


def smtp(relay: Relay) -> dict[str, str]:
    """The settings that send through `relay`."""
    return {
        "FACTOTUM_SMTP_HOST": "127.0.0.1",
        "FACTOTUM_SMTP_PORT": str(relay.port),
        "FACTOTUM_SMTP_SECURITY": "none",
    }


@dataclass
class Hands:
    """The clock of a test: it stands still until it is told to go on."""

    wall: float = 1_795_000_000.0
    mono: float = 1000.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


@dataclass
class TestOffice:
    """`run()` is one pass of the orchestrator until nothing is left to do."""

    __test__ = False
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    instance: str = "pi"
    hands: Hands = field(default_factory=Hands)
    around: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*ALL_FOLDERS, ".factotum"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        return self.folder / "vault"

    @property
    def state(self) -> Path:
        return self.folder / f"state-{self.instance}"

    def settings(self) -> Settings:
        base = {
            "FACTOTUM_VAULT": str(self.root),
            "FACTOTUM_STATE_DIR": str(self.state),
            "FACTOTUM_INSTANCE": self.instance,
            "FACTOTUM_SETTLE_S": "0",
            "FACTOTUM_STABLE_S": "0",
            "FACTOTUM_REGRET_S": "0",
            "FACTOTUM_MAIL_FROM": ME,
            "FACTOTUM_MODEL": "none",
        }
        return load({**base, **self.env}, [])

    def clock(self) -> Clock:
        return Clock(lambda: self.hands.wall, lambda: self.hands.mono)

    def run(self, look: Callable[[Orchestrator], None] | None = None) -> None:
        """Runs to rest, from a fresh start; `look` may look at the rooms before it ends."""

        async def once() -> None:
            rooms = open_rooms(self.settings(), self.root, self.clock())
            try:
                orchestrator = Orchestrator(rooms, out=io.StringIO(), environ=self.around)
                await orchestrator.run(once=True)
                if look:
                    look(orchestrator)
            finally:
                rooms.close()

        asyncio.run(once())

    # -- a person's hands

    def type(self, text: str, name: str = "A task.md") -> Path:
        path = self.root / "Needs_Action" / name
        path.write_bytes(text.encode())
        return path

    def drop(self, name: str, data: bytes) -> Path:
        path = self.root / "Inbox" / name
        path.write_bytes(data)
        return path

    def playbook(self, text: str, name: str = "10-test.md") -> None:
        (self.root / "Office/Playbooks" / name).write_text(f"```yaml playbook\n{text}\n```\n")

    def move(self, path: Path, folder: str) -> Path:
        target = self.root / folder / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return target

    def tick(self, path: Path, *names: str) -> None:
        raw = path.read_bytes()
        path.write_bytes(set_props(raw, dict.fromkeys(names, True)))

    # -- what is there

    def files(self, folder: str) -> list[Path]:
        return sorted(p for p in (self.root / folder).rglob("*.md"))

    def one(self, folder: str) -> Path:
        (path,) = self.files(folder)
        return path

    def note(self, path: Path) -> Note:
        return parse(path.read_bytes())

    def cards(self) -> list[Card]:
        ledger = Ledger(self.state / "ledger.db")
        try:
            ids = [row["id"] for row in ledger.db.execute("SELECT id FROM card ORDER BY created")]
            return [Register(ledger).card(id) for id in ids]
        finally:
            ledger.close()

    def card(self) -> Card:
        (card,) = self.cards()
        return card

    def events(self) -> list[Mapping[str, Any]]:
        ledger = Ledger(self.state / "ledger.db")
        try:
            return [{"kind": e.kind, **e.data} for e in ledger.events()]
        finally:
            ledger.close()


@contextmanager
def opened(office: TestOffice) -> Iterator[Orchestrator]:
    """Its orchestrator, which does nothing by itself: whoever has it ticks."""

    async def made() -> Orchestrator:
        rooms = open_rooms(office.settings(), office.root, office.clock())
        return Orchestrator(rooms, out=io.StringIO())

    door = asyncio.run(made())
    try:
        yield door
    finally:
        door.desk.close()
        door.look.intake.close()
        door.presence.close()
        door.rooms.close()
