"""What a person wants changed in a draft that waits: new words, or an order.

Any process of the same user may ask; the executor does it, and notes what came of it. A wish is
for one version: whatever happens to that first, the wish is dropped and says so.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.gate import form
from factotum.gate.form import CardDamaged, Edit
from factotum.gate.register import Card, GateError, NotOpen, Register
from factotum.gate.resealing import CHANGED, Resealer, changes
from factotum.gate.rows import row_of
from factotum.gate.seal import SealError
from factotum.gate.shape import misfits
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.lines import differences
from factotum.model import Call

__all__ = [
    "CHANGED",
    "MOST_CHARS",
    "ORDER",
    "TEXT",
    "Redrafter",
    "Unfit",
    "Wish",
    "ask",
    "begin",
    "by_fields",
    "by_text",
    "changes",
    "differences",
    "find",
    "latest",
    "open_wishes",
    "unchangeable",
    "under_way",
]

#: What a wish can be: the new words themselves, or what is to be done to the old ones.
TEXT, ORDER = "text", "order"

#: The longest of each, in characters.
MOST_CHARS = {TEXT: 100_000, ORDER: 10_000}

#: The longest reason that is kept, in characters.
WHY_CHARS = 400

#: How a card says that nothing came of a wish.
NOT_CHANGED = "It was not changed"

#: A sentence that has its end already, perhaps within quotation marks.
_ENDED = re.compile(r"[.!?…][”“»’\"')\]]*$")

NOTHING_CHANGED = "nothing changed: that is what it says already"


@dataclass(frozen=True)
class Wish:
    """One wish. `version` and `digest` are those that the person looked at; `begun` is when an
    order was first put to a model, `done` when something came of it: a new version where `why`
    is empty, else nothing, and `why` says why."""

    seq: int
    card: str
    version: int
    digest: str
    kind: str
    text: str
    channel: str
    who: str
    at: float
    begun: float | None
    done: float | None
    why: str

    @property
    def job(self) -> str:
        """By which the work on it is known."""
        return f"redraft-{self.seq}"


def ask(
    ledger: Ledger,
    register: Register,
    card_id: str,
    digest: str,
    kind: str,
    text: str,
    channel: str,
    who: str,
    now: float,
) -> int:
    """Asks for the change, and returns the wish's number. The caller touches `wake`.

    `kind` is TEXT or ORDER. Raises NotOpen when the card does not wait, was changed since this
    digest, or is being changed already; GateError for what could not be done to it anyway.
    """
    with ledger.tx() as db:
        card = register.card(card_id)
        if why_not := _too_late(register, card, digest):
            raise NotOpen(f"{card.name}: {why_not}")
        if under_way(ledger, card.id) is not None:
            raise NotOpen(f"{card.name} is being changed already; look at it when that is done")
        _check(card, kind, text)
        if card.remark.startswith(NOT_CHANGED):
            register.remark(card.id, "")  # that was the wish before
        row = db.execute(
            "INSERT INTO redraft (card, version, digest, kind, text, channel, who, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
            (card.id, card.version, digest, kind, text, channel, who, now),
        ).fetchone()
        told = {"what": kind, "channel": channel, "who": who, "version": card.version}
        order = {"order": one_line(text, WHY_CHARS)} if kind == ORDER else {}
        ledger.event("change", now, task=card.task, card=card.id, **told, **order)
        return int(row["seq"])


def _too_late(register: Register, card: Card, digest: str) -> str:
    """Why a wish for the version with this digest comes to nothing, or an empty string."""
    if card.status != "pending":
        return register.said(card)
    if card.seal.digest != digest:
        return f"it was changed meanwhile; look at version {card.version}"
    return ""


def _check(card: Card, kind: str, text: str) -> None:
    """Raises GateError for a wish that nobody could grant."""
    if why_not := unchangeable(card):
        raise GateError(f"{card.name}: {why_not}")
    most = MOST_CHARS[kind]
    if not text.strip():
        raise GateError("there is nothing to change it by: give the new words, or an order")
    if len(text) > most:
        raise GateError(f"that is longer than {most} characters, so {card.name} stays as it is")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise GateError("a character of it is cut in half; give it once more") from None
    if kind == TEXT:
        try:
            by_text(card, text)
        except Unfit as unfit:
            raise GateError(f"{card.name} stays as it is: {unfit}") from None


def unchangeable(card: Card) -> str:
    """Why a card's words can be changed by nobody from afar, and what can be done instead; or
    an empty string."""
    if card.kind == "question":
        return f"it is a question; answer it: factotum answer {card.id} TEXT"
    there = row_of(card.seal.tool).form
    if there is None:
        return "nothing of it can be changed. Say no, and why; then something else is proposed"
    if not there.text:
        fields = ", ".join(there.lines)
        return f"it has no text. Change its {fields} in its note, under “{there.heading}”"
    return ""


class Unfit(Exception):
    """The words cannot take the place of the old ones; the message says why."""


def by_text(card: Card, text: str) -> Edit:
    """The card with a person's own words in it. Raises Unfit."""
    try:
        return _fitting(card, form.reworded(card, text))
    except (CardDamaged, SealError) as wrong:
        raise Unfit(str(wrong)) from None


def by_fields(card: Card, new: Mapping[str, Any]) -> Edit:
    """The card with some fields of its form as they are in `new`. Raises Unfit."""
    try:
        return _fitting(card, form.changed(card, new))
    except SealError as wrong:
        raise Unfit(str(wrong)) from None


def _fitting(card: Card, edit: Edit | None) -> Edit:
    if edit is None:
        raise Unfit(NOTHING_CHANGED)
    if problems := misfits(Call(card.seal.tool, edit.args)):
        raise Unfit("; ".join(problems))
    return edit


# -- the table


def find(ledger: Ledger, seq: int) -> Wish | None:
    """The wish of this number, and what came of it."""
    found = _wishes(ledger, "seq = ?", seq)
    return found[0] if found else None


def under_way(ledger: Ledger, card_id: str) -> Wish | None:
    """The wish of which nothing came yet, if there is one for this card."""
    found = _wishes(ledger, "card = ? AND done IS NULL", card_id)
    return found[0] if found else None


def latest(ledger: Ledger, card_id: str) -> Wish | None:
    """The last wish for this card, whatever came of it, or None."""
    found = _wishes(ledger, "card = ?", card_id)
    return found[-1] if found else None


def open_wishes(ledger: Ledger) -> list[Wish]:
    return _wishes(ledger, "done IS NULL")


def _wishes(ledger: Ledger, where: str, *values: object) -> list[Wish]:
    rows = ledger.db.execute(f"SELECT * FROM redraft WHERE {where} ORDER BY seq", values)
    return [Wish(**dict(row)) for row in rows.fetchall()]


def begin(ledger: Ledger, wish: Wish, now: float) -> None:
    """Notes that an order is being put to a model. Killed then, it is put to one again."""
    with ledger.tx() as db:
        db.execute(
            "UPDATE redraft SET begun = ? WHERE seq = ? AND begun IS NULL AND done IS NULL",
            (now, wish.seq),
        )


def _close(db: sqlite3.Connection, wish: Wish, why: str, now: float) -> bool:
    """Whether it was still open."""
    done = db.execute(
        "UPDATE redraft SET done = ?, why = ? WHERE seq = ? AND done IS NULL",
        (now, why, wish.seq),
    )
    return bool(done.rowcount)


# -- the executor's part


@dataclass(frozen=True)
class Redrafter:
    """Brings wishes to their end. Use it on the desk."""

    ledger: Ledger
    register: Register
    resealer: Resealer

    def look(self, now: float) -> list[Wish]:
        """The wishes that can still be granted; those that cannot are dropped."""
        left = []
        for wish in open_wishes(self.ledger):
            card = self.register.find(wish.card)
            why = _too_late(self.register, card, wish.digest) if card else "it is gone"
            if why:
                self.drop(wish, why, now)
            else:
                left.append(wish)
        return left

    def grant(self, wish: Wish, edit: Edit, now: float, lies: str = "") -> Card | None:
        """Makes the new version, and closes the wish, in one transaction. `lies` is the folder
        in which the card's note was found. None where another word was first."""
        order = wish.text if wish.kind == ORDER else ""
        with self.ledger.tx() as db:
            card = self.register.card(wish.card)
            if why := _too_late(self.register, card, wish.digest):
                self.drop(wish, why, now)
                return None
            if not _close(db, wish, "", now):
                return None
            return self.resealer.reseal(card, edit, now, wish.channel, order, lies)

    def drop(self, wish: Wish, why: str, now: float) -> None:
        """Nothing comes of it. A card that still waits says why."""
        why = one_line(why, WHY_CHARS)
        with self.ledger.tx() as db:
            if not _close(db, wish, why, now):
                return
            card = self.register.find(wish.card)
            if card is None:
                return
            if not _too_late(self.register, card, wish.digest):
                end = "" if _ENDED.search(why) else "."
                self.register.remark(card.id, f"{NOT_CHANGED}: {why}{end}")
            self.ledger.event("unchanged", now, task=card.task, card=card.id, reason=why)
