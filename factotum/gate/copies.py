"""Which note is which card's, and what becomes of a note in a card's folder that is none.

Nothing is ever done for a note that nobody sealed, nor for a copy of a card that is over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factotum import names
from factotum.gate import card as cards
from factotum.gate.place import Placer
from factotum.gate.register import Card, Register
from factotum.ledger import Ledger
from factotum.model import State
from factotum.note import NoteError
from factotum.scan import Entry, Listing, Problem, Shelf, Signature
from factotum.vault import Vault

INSTANCE = re.compile(r"[a-z0-9-]{1,60}")

#: The folders in which a card's note is looked for.
CARD_FOLDERS = (State.PENDING, State.APPROVED, State.REJECTED, State.FAILED)


@dataclass
class Copies:
    vault: Vault
    shelf: Shelf
    ledger: Ledger
    register: Register
    placer: Placer
    _at_rest: dict[Path, Signature] = field(default_factory=dict, init=False)

    def found(
        self,
        listing: Listing,
        unsettled: Mapping[str, Card],
        problems: list[Problem],
        now: float,
        mono: float,
    ) -> dict[str, list[Entry]]:
        """The notes of each card that is not settled; what a person should know of the others
        is added to the problems."""
        found: dict[str, list[Entry]] = {}
        for entry in listing.within(*CARD_FOLDERS):
            if self._at_rest.get(entry.path) == entry.signature:
                continue
            try:
                card = self._card_of(entry, unsettled)
                if card is None:
                    self._stranger(entry, problems, now, mono)
                elif card.settled:
                    self._replay(card, entry, now, mono)
                else:
                    found.setdefault(card.id, []).append(entry)
            except FileNotFoundError:
                continue  # somebody moved it since it was listed
        return found

    def _card_of(self, entry: Entry, unsettled: Mapping[str, Card]) -> Card | None:
        try:
            id = self.shelf.note(entry).props.get("id")
        except NoteError:
            id = None
        if isinstance(id, str) and names.is_id(id, "a"):
            return unsettled.get(id) or self.register.find(id)
        return self.register.named(entry.name)

    def _stranger(self, entry: Entry, problems: list[Problem], now: float, mono: float) -> None:
        """A note in a card's folder that is none of our cards: nothing is ever done for it."""
        if entry.state in {State.REJECTED, State.FAILED}:
            self._at_rest[entry.path] = entry.signature
            return
        try:
            props = self.shelf.note(entry).props
        except NoteError as broken:
            problems.append(Problem(entry.path, str(broken)))
            return
        instance = props.get("instance")
        if self._foreign(instance):
            return
        if self._is_task(props.get("id")):
            reason = "is the task itself, not the request. Move it back to where it was"
            problems.append(Problem(entry.path, reason))
            return
        claims = entry.state is State.APPROVED or names.is_id(props.get("id"), "a")
        if not claims:
            reason = "is no card of mine. To have it done, move it to Needs_Action"
            problems.append(Problem(entry.path, reason))
        elif self.placer.still(entry, mono):
            self._put_into_rejected(entry)
            self.ledger.event("forged", now, name=entry.name, found=entry.state.value)

    def _is_task(self, id: object) -> bool:
        return isinstance(id, str) and names.is_id(id, "t") and self.ledger.task(id) is not None

    def _foreign(self, instance: object) -> bool:
        """Whether this is the name of another machine that works on the same vault."""
        if not isinstance(instance, str) or not INSTANCE.fullmatch(instance):
            return False
        others = self.vault.folder(State.IN_PROGRESS).parent
        return instance != self.vault.instance and (others / instance).is_dir()

    def _put_into_rejected(self, entry: Entry) -> None:
        target = self.vault.folder(State.REJECTED) / entry.name
        try:
            self.vault.move(entry.path, target)
        except FileExistsError:
            self.vault.put_aside(entry.path)

    def _replay(self, card: Card, entry: Entry, now: float, mono: float) -> None:
        """A copy of a card that is over: a stale device brought it back. It runs nothing."""
        at_home = entry.state is cards.PLACES[card.status] and entry.name == card.name
        if at_home:
            self._at_rest[entry.path] = entry.signature
        elif self.placer.still(entry, mono) and not self._came_home(card, entry):
            self.put_aside(card, entry, now)

    def _came_home(self, card: Card, entry: Entry) -> bool:
        """Puts a card that is over back to where it belongs, if it lies nowhere there: a person
        moved it, and its receipt is linked to."""
        home = self.placer.home(card, card.ended.at if card.ended else card.created)
        if not home.parent.is_dir() or home.exists():
            return False
        try:
            self.vault.move(entry.path, home)
        except FileExistsError:
            return False
        return True

    def put_aside(self, card: Card, entry: Entry, now: float) -> None:
        """Takes a copy of a card out of the folders in which it would mean something."""
        self.vault.put_aside(entry.path)
        self.ledger.event(
            "replay", now, task=card.task, card=card.id, name=entry.name, found=entry.state.value
        )
