"""Which lines of the chain stand under which first key, and whether a key made their codes.

Read from the events that announce a key. Only the owner has keys: without one there is
nothing to check here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factotum import chain
from factotum.ledger import Ledger
from factotum.views import links

#: How a key is written down by its owner: 64 hex digits, with blanks or hyphens as one likes.
KEY_CHARS = 2 * chain.KEY_BYTES


class KeyFormError(Exception):
    """What was given is no key; the message says what one looks like."""


def key_of(text: str) -> bytes:
    """The key from what its owner wrote down. Raises KeyFormError."""
    plain = text.replace(" ", "").replace("-", "").strip()
    try:
        key = bytes.fromhex(plain)
    except ValueError:
        key = b""
    if len(key) != chain.KEY_BYTES:
        raise KeyFormError(
            f"a key of the audit log has {KEY_CHARS} digits from 0 to 9 and a to f, as "
            f"`factotum audit key` printed it; this has {len(plain)} characters"
        )
    return key


def key_text(key: bytes) -> str:
    """A key as it is shown, in groups that can be copied by hand."""
    digits = key.hex()
    return "-".join(digits[at : at + 8] for at in range(0, len(digits), 8))


@dataclass(frozen=True)
class Period:
    """The lines under one first key. `because` is begun, taken (by the owner) or lost."""

    name: str
    first: int
    last: int
    because: str


def periods(ledger: Ledger) -> list[Period]:
    """All periods, oldest first; the last one ends with the chain."""
    last = links.head(ledger).n
    rows = ledger.db.execute(
        "SELECT seq FROM event WHERE kind = ? ORDER BY seq", (links.KEY_EVENT,)
    ).fetchall()
    said = [event.data for row in rows for event in ledger.events(row["seq"] - 1, limit=1)]
    firsts = [first if isinstance(first := data.get("first"), int) else 1 for data in said]
    ends = [*(first - 1 for first in firsts[1:]), last]
    return [
        Period(str(data.get("key")), max(1, first), min(end, last), str(data.get("because")))
        for data, first, end in zip(said, firsts, ends, strict=False)
    ]


class Keyring:
    """The keys that the owner gave, and the key of every line that they cover."""

    def __init__(self, ledger: Ledger, keys: Sequence[bytes]) -> None:
        self.periods = periods(ledger)
        self.given = {chain.commitment(key): key for key in keys}
        self.keys: dict[int, bytes] = {}
        for period in self.periods:
            if key := self.given.get(period.name):
                for n in range(period.first, period.last + 1):
                    key = chain.next_key(key)
                    self.keys[n] = key

    def findings(self) -> Iterator[str]:
        names = {period.name for period in self.periods}
        for name in self.given.keys() - names:
            yield (
                f"no line was written under the key {name[:8]}…: is it mistyped, or of another "
                f"vault?"
            )
        for period in self.periods:
            if period.first > period.last:
                continue  # it counts from the next line on, and there is none yet
            one = period.first == period.last
            lines = f"line {period.last}" if one else f"lines {period.first} to {period.last}"
            lines += " stands" if one else " stand"
            if period.because == "lost":
                yield (
                    f"{lines} under a key that was made because the one before was gone: "
                    f"somebody removed or changed audit.key, or the ledger was put back"
                )
            elif period.because == "taken" and self.given and period.name not in self.given:
                yield f"{lines} under the key {period.name[:8]}…, which you did not give"
