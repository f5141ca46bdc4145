"""Where a card's note belongs and what it says: brings it there, and changes no more than that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from factotum import failpoint
from factotum.gate import card as cards
from factotum.gate import form
from factotum.gate.register import Card, Register
from factotum.gate.standing import Standing
from factotum.gate.strength import needs_strong, with_yes_by, yes_by
from factotum.note import Note, render, set_props, with_body
from factotum.scan import Entry, Shelf
from factotum.vault import Vault
from factotum.words import local


@dataclass(frozen=True)
class Pace:
    """How patient the gate is, in seconds."""

    stable_s: float
    regret_s: float


class Placer:
    def __init__(self, vault: Vault, shelf: Shelf, register: Register, pace: Pace) -> None:
        self.vault = vault
        self.shelf = shelf
        self.register = register
        self.pace = pace
        self.stands = Standing()
        self._checked: dict[str, tuple[object, ...]] = {}

    def text(self, card: Card, now: float) -> str:
        """What the note of a card says below its properties, as things stand now."""
        return cards.body(card, now, self.pace.regret_s, self.stands)

    def home(self, card: Card, now: float) -> Path:
        """Where the note belongs. A card that is over stays in the month in which it ended."""
        ended = card.ended.at if card.ended else card.decision.at if card.decision else now
        month = f"{local(ended):%Y-%m}"
        return self.vault.folder(cards.PLACES[card.status], month) / card.name

    def place(self, card: Card, entry: Entry | None, now: float, mono: float) -> None:
        """Brings the note into the words and the folder that the ledger says."""
        if entry is None:
            return self.drop(card, now)
        if self.placed(card, entry):
            return
        if not card.over and not self.still(entry, mono):
            return  # somebody may be typing, or has just moved or ticked it: heed that first
        self._rewrite(card, entry, now)
        self._checked[card.id] = self._looks(card, entry)

    def still(self, entry: Entry, mono: float) -> bool:
        """Whether nobody has touched the note for so long that nobody is at it now."""
        return self.shelf.still_s(entry, mono) >= self.pace.stable_s

    def placed(self, card: Card, entry: Entry) -> bool:
        """Whether the note was found to be as the ledger says, and neither changed since."""
        return self._checked.get(card.id) == self._looks(card, entry)

    def drop(self, card: Card, now: float) -> None:
        if card.status == "pending":
            self.register.shown(card, now)
            card = self.register.card(card.id)
        fresh = cards.fresh_props(card, self.vault.instance)
        text = self.text(card, now)
        target = self.home(card, now)
        try:
            self.vault.drop(target, render(fresh, text))
        except FileExistsError:
            if not card.over:
                return  # a copy that this look has not seen yet: the next one tells
        failpoint.hit("card.written")
        self._placed(card, text)

    def _rewrite(self, card: Card, entry: Entry, now: float) -> None:
        if card.status == "pending" and card.seal.shown is None:
            self.register.shown(card, now)
            card = self.register.card(card.id)
        note = self.shelf.note(entry)
        text = self.text(card, now)
        ours = text
        if card.status == "pending" and self._as_sealed(card, note, text):
            # what a person wrote under “Why not” stays
            text = with_yes_by(card, note.body, yes_by(card, self.stands.strong))
        elif fingerprint(note.body) not in {card.wrote, fingerprint(text)}:
            self.vault.keep(entry.name, note.raw)  # a person wrote on it: no word is lost
        wanted = cards.props(card, self.vault.instance)
        changed = {k: v for k, v in wanted.items() if note.props.get(k) != v}
        raw = set_props(with_body(note.raw, text), changed)
        self.vault.rewrite(entry.path, note.raw, raw)
        target = self.home(card, now)
        failpoint.hit("card.rewritten")
        if entry.path != target:
            try:
                self.vault.move(entry.path, target)
            except FileExistsError:
                self.vault.put_aside(entry.path)
        self._placed(card, ours)

    def _looks(self, card: Card, entry: Entry) -> tuple[object, ...]:
        moves: object = self.stands.held if card.status == "approved" else ""
        if card.status == "pending" and needs_strong(card):
            moves = self.stands.strong
        return (card.version, card.status, card.remark, moves, entry.path, entry.signature)

    def _as_sealed(self, card: Card, note: Note, text: str) -> bool:
        same = form.settled_text(note.body, card) == form.settled_text(text, card)
        return same and not self._form_differs(card, note)

    def _form_differs(self, card: Card, note: Note) -> bool:
        try:
            return form.edited(note, card) is not None
        except form.CardDamaged:
            return True

    def _placed(self, card: Card, text: str) -> None:
        self.register.lies(card, cards.PLACES[card.status].value, fingerprint(text))
        if card.over:
            self.register.settle(card)
            failpoint.hit("card.projected")


def fingerprint(body: str) -> str:
    """What a text is recognised by, whatever ends its lines."""
    lines = [line.rstrip() for line in body.replace("\r\n", "\n").rstrip().split("\n")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
