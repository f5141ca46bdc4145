"""How things stand in the house where a request is read: whether everything is stopped, and by
which channels a yes to much risk can come. Looked up once for all requests of one look."""

from __future__ import annotations

from dataclasses import dataclass

from factotum.gate import pause
from factotum.gate.strength import set_up
from factotum.ledger import Ledger


@dataclass(frozen=True)
class Standing:
    """`held` is till when nothing is begun, empty while it is; `strong` as `strength.set_up`."""

    held: str = ""
    strong: tuple[str, ...] = ()


def standing(ledger: Ledger, stop_note: bool) -> Standing:
    """`stop_note`: whether STOP.md lies in the vault."""
    return Standing(pause.till(ledger, stop_note, "`factotum resume`"), set_up(ledger))
