"""Commands as a person gives them on a channel, in a house to look into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from factotum.channels.commands import Place, Said, answer
from factotum.settings import Settings, load
from tests.views.house import House, utc


@dataclass
class Ann:
    """She gives commands on Telegram; nobody is at work unless a process id is given."""

    house: House
    zone: Callable[[float], datetime] = utc
    pid: int | None = None
    env: dict[str, str] = field(default_factory=dict)

    def settings(self) -> Settings:
        base = {
            "FACTOTUM_VAULT": str(self.house.root),
            "FACTOTUM_STATE_DIR": str(self.house.folder),
            "FACTOTUM_INSTANCE": self.house.instance,
        }
        return load({**base, **self.env}, [])

    def place(self, **more: Any) -> Place:
        house = self.house
        known: dict[str, Any] = {
            "settings": self.settings(),
            "root": house.root,
            "state": house.folder,
            "ledger": house.ledger,
            "register": house.register,
            "runs": house.runs,
            "now": house.now,
            "zone": self.zone,
            "channel": "telegram",
            "who": "Ann (4711)",
            "conversation": "c-1",
            "running": lambda: self.pid,
        }
        return Place(**{**known, **more})

    def gets(self, text: str) -> Said:
        """What she is answered, which must be an answer to a command."""
        said = answer(text, self.place())
        assert said is not None, f"{text!r} is no command"
        return said

    def __call__(self, text: str) -> str:
        return self.gets(text).words.text

    def lines(self, text: str) -> list[str]:
        return self(text).split("\n")
