"""What an anchor is: a place elsewhere that remembers where the audit log stood.

Whoever rules this machine can rewrite its files, but not what another place was told
yesterday. An anchor is told the head of the chain and gives back all that it was ever told.
It must never be able to forget at our word: no key that we hold may delete or overwrite.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol


class AnchorError(Exception):
    """The anchor could not be told or asked; the message says what stood in the way."""


class AnchorRewritten(AnchorError):
    """The anchor no longer holds what it was told: somebody rewrote it."""


@dataclass(frozen=True)
class Head:
    """Where the chain stood: line `count` was the last, with this code and digest. `seq` is
    the event in it, `ledger` the mark of the ledger, `day` the local date (YYYY-MM-DD)."""

    ledger: str
    instance: str
    seq: int
    count: int
    mac: str
    digest: str
    day: str

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def parse(text: str) -> Head | None:
    """A head from its text, or None where it is none. Nothing else is taken from outside."""
    try:
        found = json.loads(text)
        head = Head(**found)
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = all(type(value) is int and 0 <= value < 2**62 for value in (head.seq, head.count))
    texts = (head.ledger, head.instance, head.mac, head.digest, head.day)
    return (
        head if numbers and all(type(text) is str and len(text) <= 100 for text in texts) else None
    )


class Anchor(Protocol):
    """One place elsewhere. Both calls may take seconds: never on the desk."""

    name: str

    def put(self, head: Head) -> None:
        """Adds the head to what it remembers. Raises AnchorError."""
        ...

    def read(self) -> Sequence[Head]:
        """All heads that it was ever told, oldest first. Raises AnchorError."""
        ...
