"""From notes to decisions: what people did to the cards, and where each card's note belongs.

Called once a tick with what lies in the folders. It has decisions and edits recorded, lets
cards expire and wake, and brings each note into the folder and the words that the ledger
says. It never acts outward: `due` says what may be begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from factotum import disk, failpoint
from factotum.gate import card as cards
from factotum.gate import form, known
from factotum.gate.copies import Copies
from factotum.gate.heed import Heeder
from factotum.gate.place import Pace, Placer
from factotum.gate.redraft import ORDER, TEXT, Redrafter, Unfit, Wish, by_text
from factotum.gate.register import Card, NotOpen, Register
from factotum.gate.resealing import Resealer
from factotum.gate.standing import standing
from factotum.ledger import Ledger
from factotum.model import Effect, State
from factotum.note import NoteError
from factotum.scan import Entry, Listing, Problem, Shelf, Unreadable
from factotum.vault import Changed, Vault

#: How long a card's note may be gone before it is written again, in seconds. Between
#: devices a move is a deletion and, a while later, a creation.
MISSING_S = 60.0

#: How much of the time for regret is left at least when the office comes back, in seconds:
#: whoever undid it while nobody was there, on a phone say, is heard before it goes out.
HEARD_S = 10.0


@dataclass
class Seen:
    """What one look at the cards found: what is due, and what a person should know. `later`
    are the moments (monotonic) at which time alone changes something; `restless` says that
    some card is not yet as it will stay till then; `orders` are changes that a model must make."""

    due: list[Card] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    restless: bool = False
    problems: list[Problem] = field(default_factory=list)
    soon: list[float] = field(default_factory=list)
    waiting: list[Card] = field(default_factory=list)
    approved: list[Card] = field(default_factory=list)
    orders: list[Wish] = field(default_factory=list)


class Observer:
    """`house` is by what is told anew of a card that a person changed."""

    def __init__(
        self,
        vault: Vault,
        shelf: Shelf,
        ledger: Ledger,
        register: Register,
        pace: Pace,
        house: known.HouseAt,
    ) -> None:
        self.vault = vault
        self.shelf = shelf
        self.ledger = ledger
        self.register = register
        self.pace = pace
        self.placer = Placer(vault, shelf, register, pace)
        self.copies = Copies(vault, shelf, ledger, register, self.placer)
        resealer = Resealer(ledger, register, house)
        self.redrafter = Redrafter(ledger, register, resealer)
        self.heeder = Heeder(vault, shelf, ledger, register, self.placer, resealer)
        self._gone: dict[str, float] = {}
        self._since: dict[tuple[str, int], float] = {}
        self._texts: dict[str, Wish] = {}

    def look(self, listing: Listing, now: float, mono: float) -> Seen:
        """One look. `now` is the wall clock (epoch seconds), `mono` a monotonic one."""
        seen = Seen()
        self.placer.stands = standing(self.ledger, self.vault.stopped)
        self._wishes(now)
        changes = self.redrafter.look(now)
        self._texts = {wish.card: wish for wish in changes if wish.kind == TEXT}
        seen.orders = [wish for wish in changes if wish.kind == ORDER]
        unsettled = {card.id: card for card in self.register.unsettled()}
        copies = self.copies.found(listing, unsettled, seen.problems, now, mono)
        for card in unsettled.values():
            entries = copies.get(card.id, [])
            seen.restless |= not self._rests(card, entries)
            try:
                self._one(card, entries, seen, now, mono)
            except Changed:
                continue  # an editor is at it: the next look tells
            except FileNotFoundError:
                continue  # it was moved between the look and us
            except NotOpen:
                continue  # another process was first: the next look tells
            except OSError as refused:
                if disk.failing(refused):
                    raise
                seen.problems.append(Problem(Path(card.name), disk.said(refused)))
        return seen

    # -- one card

    def _one(self, card: Card, entries: list[Entry], seen: Seen, now: float, mono: float) -> None:
        if quiet(card):
            return self._quiet(card, seen, now, mono)
        if len(entries) > 1:
            entries = self._several(card, entries, seen, now, mono)
            if not entries:
                return
        entry = entries[0] if entries else None
        if entry is not None:
            self._gone.pop(card.id, None)
            if not self._readable(card, entry, seen, now, mono):
                return self._list(card, seen)
        card = self._expire(card, seen, now, mono)
        if entry is not None:
            try:
                card = self._heed(card, entry, seen, now, mono)
            except form.CardDamaged as damaged:  # the person's words stay: they can mend it
                reason = f"cannot be read as it is now, so nothing is decided: {damaged}"
                seen.problems.append(Problem(entry.path, reason))
                self._leave(card, f"its note {reason}", now)
                return self._list(card, seen)
        card = self._reword(card, entry, now, mono)
        self._list(card, seen)
        if entry is not None or self._missing_long(card, now, mono):
            self.placer.place(card, entry, now, mono)
        if card.status == "approved":
            self._due(card, seen, now, mono)
            last = self.register.last_try(card)
            if last is not None and last[2]:
                reason = f"was not sent yet ({last[2]}). It is tried again"
                seen.problems.append(Problem(Path(card.name), reason))

    def _quiet(self, card: Card, seen: Seen, now: float, mono: float) -> None:
        """An effect that a rule allowed: no note is shown for it unless it ends Unknown."""
        if card.over:
            self.register.settle(card)
        elif card.status == "approved":
            self._due(card, seen, now, mono)

    def _rests(self, card: Card, entries: list[Entry]) -> bool:
        """Whether this card waits for a person and the look before left nothing to do for it."""
        if card.status not in {"pending", "expired", "unknown"} or len(entries) != 1:
            return False
        (entry,) = entries
        return self.heeder.heard(card, entry) and self.placer.placed(card, entry)

    def _list(self, card: Card, seen: Seen) -> None:
        if card.status == "approved":
            seen.approved.append(card)
        elif not card.over:
            seen.waiting.append(card)

    def _missing_long(self, card: Card, now: float, mono: float) -> bool:
        """Whether a card's note is to be written (again): at first, or after a while."""
        if not card.lies:
            return True
        if card.over and self.placer.home(card, now).exists():
            self.register.settle(card)  # it got there just before a crash
            return False
        return mono - self._gone.setdefault(card.id, mono) >= MISSING_S

    def _several(
        self, card: Card, entries: list[Entry], seen: Seen, now: float, mono: float
    ) -> list[Entry]:
        """Two notes with one card's id. Before a decision: no decision. After it: the copy
        that does not belong is put aside; in the regret wait, one in Rejected means no."""
        if card.status == "pending":
            where = " and ".join(sorted(f"{e.path.parent.name}/{e.name}" for e in entries))
            reason = f"stands twice ({where}), so nothing is decided. Remove one of them"
            all_still = all(self.placer.still(entry, mono) for entry in entries)
            if all_still or not self._identical(entries):
                seen.problems.append(Problem(entries[0].path, reason))
            seen.waiting.append(card)
            return []
        refused = [e for e in entries if e.state is State.REJECTED]
        if card.status == "approved" and refused:
            return refused[:1]
        home = cards.PLACES[card.status]
        ordered = sorted(entries, key=lambda e: (e.state is not home, e.name != card.name))
        for late in ordered[1:]:
            if self.placer.still(late, mono):
                self.copies.put_aside(card, late, now)
        return ordered[:1]

    def _identical(self, entries: Iterable[Entry]) -> bool:
        try:
            return len({self.shelf.note(entry).raw for entry in entries}) == 1
        except NoteError:
            return False

    def _readable(self, card: Card, entry: Entry, seen: Seen, now: float, mono: float) -> bool:
        """False while the note cannot be read; once it is still, it is written anew."""
        try:
            self.shelf.note(entry)
            return True
        except Unreadable as now_not:  # evicted, or slow: it is asked again, and stays as it is
            seen.problems.append(Problem(entry.path, str(now_not)))
            return False
        except NoteError as broken:
            if not self.placer.still(entry, mono):
                return False
            self.ledger.event("damaged", now, task=card.task, card=card.id, why=str(broken))
            kept = self.vault.put_aside(entry.path)
            remark = f"I could not read this note any more ({broken}). It is kept as {kept.name}."
            self.register.remark(card.id, remark)
            if card.status == "pending" and card.attempts == 0:
                card = self.register.reseal(card, now, remark)
            self.placer.drop(card, now)
            return False

    def _heed(self, card: Card, entry: Entry, seen: Seen, now: float, mono: float) -> Card:
        """Records what the note says that a person wants, if it is still."""
        if not self.placer.still(entry, mono):
            seen.soon.append(mono + self.pace.stable_s - self.shelf.still_s(entry, mono))
            return card
        return self.heeder.heed(card, entry, now)

    # -- what was written elsewhere

    def _reword(self, card: Card, entry: Entry | None, now: float, mono: float) -> Card:
        """Puts the words that a person gave elsewhere into the card, when nobody is at its
        note: what is written there is heeded first."""
        wish = self._texts.get(card.id)
        if wish is None or card.status != "pending" or card.seal.digest != wish.digest:
            return card
        if entry is not None and not self.placer.still(entry, mono):
            return card
        try:
            edit = by_text(card, wish.text)
        except Unfit as unfit:
            self._leave(card, str(unfit), now)
        else:
            self.redrafter.grant(wish, edit, now, entry.state.value if entry else "")
            failpoint.hit("redraft.sealed")
        return self.register.card(card.id)

    def _leave(self, card: Card, why: str, now: float) -> None:
        if wish := self._texts.get(card.id):
            self.redrafter.drop(wish, why, now)

    # -- time

    def _expire(self, card: Card, seen: Seen, now: float, mono: float) -> Card:
        deadline = card.seal.deadline
        if card.status != "pending" or deadline is None:
            return card
        if now < deadline:
            seen.later.append(mono + deadline - now)
            return card
        self.register.close(card, "expired", now)
        return self.register.card(card.id)

    def _wishes(self, now: float) -> None:
        for seq, id, what in self.register.wishes():
            card = self.register.find(id)
            if what == "wake" and card and card.status == "expired":
                self.register.reseal(card, now, "It had expired; here it is again.")
            if what == "wake" or card is None or card.status != "approved" or card.attempts:
                self.register.granted(seq, now)

    def _due(self, card: Card, seen: Seen, now: float, mono: float) -> None:
        decision = card.decision
        if decision is None:
            return
        waits = card.seal.effect is Effect.OPAQUE and decision.channel != "rule"
        most_s = self.pace.regret_s - (0.0 if card.attempts else HEARD_S)
        elapsed_s = min(max(now - decision.at, 0.0), max(most_s, 0.0))
        since = self._since.setdefault((card.id, card.version), mono - elapsed_s)
        left = since + self.pace.regret_s - mono if waits else 0.0  # a set clock changes nothing
        if left <= 0 or self.register.hurried(card):
            seen.due.append(card)
        else:
            seen.soon.append(mono + left)


def quiet(card: Card) -> bool:
    """Whether no person is concerned: a rule allowed it and its outcome is known."""
    by_rule = card.decision is not None and card.decision.channel == "rule"
    return by_rule and card.status not in {"unknown", "happened", "did_not"}
