"""What a person did to a card's note, and what the ledger says after it.

A decision by move or by tick, an edit that is sealed anew, a change that cannot count and is
undone, a word on what ended Unknown. Nothing acts here, and no note is brought anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from factotum import failpoint
from factotum.gate import card as cards
from factotum.gate import form
from factotum.gate.grants import GrantError, said_in
from factotum.gate.place import Placer, fingerprint
from factotum.gate.register import Card, NotOpen, Register, TooWeak
from factotum.gate.resealing import NOTE, Resealer
from factotum.gate.shape import misfits
from factotum.ledger import Ledger
from factotum.model import Call, State
from factotum.note import Note
from factotum.scan import Entry, Shelf
from factotum.vault import Vault


@dataclass
class Heeder:
    vault: Vault
    shelf: Shelf
    ledger: Ledger
    register: Register
    placer: Placer
    resealer: Resealer
    _heeded: dict[str, tuple[object, ...]] = field(default_factory=dict, init=False)

    def heard(self, card: Card, entry: Entry) -> bool:
        """Whether the note said nothing new when it was looked at, and neither changed since."""
        return self._heeded.get(card.id) == _seen_as(card, entry)

    def heed(self, card: Card, entry: Entry, now: float) -> Card:
        """Records what a note that lies still says that a person wants. Raises CardDamaged."""
        if self.heard(card, entry):
            return card
        try:
            after = self._word(card, entry, now)
        except NotOpen:
            return self.register.card(card.id)  # another channel was first
        if after is card:
            self._heeded[card.id] = _seen_as(card, entry)
        return after

    def _word(self, card: Card, entry: Entry, now: float) -> Card:
        """The card after what its note says; the same object where it says nothing new."""
        note = self.shelf.note(entry)
        ticks = cards.ticked(note)
        match card.status:
            case "pending":
                return self._pending(card, entry, note, ticks, now)
            case "approved":
                return self._approved(card, entry, note, ticks, now)
            case "expired":
                return self._expired(card, entry, ticks, now)
            case "unknown":
                return self._unknown(card, ticks, now)
            case _:
                return card

    def _pending(self, card: Card, entry: Entry, note: Note, ticks: set[str], now: float) -> Card:
        if entry.state is State.REJECTED or ticks & {"reject", "approve", "answered"} == {"reject"}:
            channel = "move" if entry.state is State.REJECTED else "tick"
            return self._decide(card, "reject", channel, now, form.why_not(note))
        if "reject" in ticks and ticks & {"approve", "answered"}:
            remark = "Both boxes are ticked. Untick one of them."
            if card.remark == remark:
                return card
            self.register.remark(card.id, remark)
            return self.register.card(card.id)
        wanted = entry.state is State.APPROVED or "approve" in ticks or "answered" in ticks
        if card.kind == "question":
            return self._answered(card, entry, note, wanted, now)
        if self._behind(card, note):
            return card
        if edit := self._edit(card, note):
            if self._tampered(card, note, now):
                self.vault.keep(entry.name, note.raw)  # what stands outside the form goes
            return self._reseal(card, edit, entry, now)
        if _outdated(card, entry, note):
            return card  # what is wanted there is wanted of the version before
        if self._tampered(card, note, now):
            where = "outside the part that can be changed"
            return self._restore(card, entry, now, f"I undid what was changed {where}.")
        return self._approve(card, entry, said_in(note.props), now) if wanted else card

    def _approve(self, card: Card, entry: Entry, also: str, now: float) -> Card:
        channel = "move" if entry.state is State.APPROVED else "tick"
        try:
            return self._decide(card, "approve", channel, now, also=also)
        except GrantError as wrong:
            return self._restore(card, entry, now, f"Nothing is decided yet: {wrong}.")
        except TooWeak:
            remark = f"{'Moving' if channel == 'move' else 'Ticking'} it is too weak a yes for this"
            if card.remark != f"{remark}.":
                self.ledger.event("too_weak", now, task=card.task, card=card.id, channel=channel)
                self.register.remark(card.id, f"{remark}.")
            return self.register.card(card.id)

    def _answered(self, card: Card, entry: Entry, note: Note, wanted: bool, now: float) -> Card:
        if not wanted:
            return card
        text = form.answer(note)
        if not text:
            remark = f"Please write your answer under “{form.YOUR_ANSWER}” first."
            return self._restore(card, entry, now, remark)
        return self._decide(
            card, "answer", "move" if entry.state is State.APPROVED else "tick", now, text
        )

    def _edit(self, card: Card, note: Note) -> form.Edit | None:
        """What was changed in the form. Raises CardDamaged for what could not be sent so."""
        edit = form.edited(note, card)
        if edit and (problems := misfits(Call(card.seal.tool, edit.args))):
            raise form.CardDamaged("; ".join(problems))
        return edit

    def _approved(self, card: Card, entry: Entry, note: Note, ticks: set[str], now: float) -> Card:
        taken_back = entry.state is State.PENDING and card.lies == State.APPROVED
        if "cancel" in ticks or entry.state is State.REJECTED or taken_back:
            channel = "tick" if "cancel" in ticks else "move"
            cancelled = self.register.cancel(card.id, channel, "you", now)
            if taken_back and "cancel" not in ticks:
                remark = "You took it back; nothing was sent."
                return self.register.reseal(cancelled, now, remark, by="move")
            return cancelled
        if edit := self._edit(card, note):  # a word after the yes takes the yes back
            cancelled = self.register.cancel(card.id, "edit", "you", now)
            return self._reseal(cancelled, edit, entry, now)
        if "send_now" in ticks and not self.register.hurried(card):
            self.register.wish(card.id, "send_now", "tick", "you", now)
        return card

    def _expired(self, card: Card, entry: Entry, ticks: set[str], now: float) -> Card:
        if "reject" in ticks or entry.state is State.REJECTED:
            channel = "move" if entry.state is State.REJECTED else "tick"
            return self._decide(card, "reject", channel, now)
        if "wake" in ticks or entry.state is State.APPROVED:
            here = entry.state.value
            again = "It had expired; here it is again."
            by = "tick" if "wake" in ticks else "move"
            return self.register.reseal(card, now, again, lies=here, by=by)
        return card

    def _unknown(self, card: Card, ticks: set[str], now: float) -> Card:
        chosen = ticks & {"happened", "did_not"}
        if len(chosen) == 1:
            choice = "happened" if "happened" in chosen else "did-not"
            return self.register.resolve(card.id, choice, "tick", "you", now)
        return card

    def _decide(
        self, card: Card, verdict: str, channel: str, now: float, why: str = "", also: str = ""
    ) -> Card:
        decided = self.register.decide(
            card.id, card.seal.digest, verdict, channel, "you", now, why, also
        )
        failpoint.hit("decision.recorded")
        return decided

    def _reseal(self, card: Card, edit: form.Edit, entry: Entry, now: float) -> Card:
        return self.resealer.reseal(card, edit, now, NOTE, lies=entry.state.value)

    def _behind(self, card: Card, note: Note) -> bool:
        """Whether the note still shows an older version's words, as they were sealed: then they
        are no edit of this one, and what is wanted there is wanted of the one before."""
        shown = note.props.get("version")
        if not isinstance(shown, int) or shown >= card.version:
            return False
        for seal in self.register.versions(card.id):
            if seal.version == shown:
                return form.edited(note, replace(card, version=shown, seal=seal)) is None
        return False

    def _tampered(self, card: Card, note: Note, now: float) -> bool:
        if fingerprint(note.body) == card.wrote:
            return False
        ours = self.placer.text(card, now)
        return form.settled_text(note.body, card) != form.settled_text(ours, card)

    def _restore(self, card: Card, entry: Entry, now: float, remark: str) -> Card:
        """Undoes an edit that cannot count; what the note held is kept. Moved to Approved
        with it, the card comes back."""
        self.vault.keep(entry.name, self.shelf.note(entry).raw)
        if entry.state is State.APPROVED:
            return self.register.reseal(card, now, remark, lies=entry.state.value)
        self.register.remark(card.id, remark)
        return self.register.card(card.id)


def _seen_as(card: Card, entry: Entry) -> tuple[object, ...]:
    """A card and its note: while both are so, the note says nothing new."""
    return (card.version, card.status, card.remark, card.lies, entry.path, entry.signature)


def _outdated(card: Card, entry: Entry, note: Note) -> bool:
    """Whether the card was sealed anew since this note was put here, and a crash or an editor
    kept the note from being brought back: then nobody has said yes to it as it is now."""
    version = note.props.get("version")
    if isinstance(version, int) and version < card.version:
        return True
    return entry.state is State.APPROVED and card.lies == State.APPROVED
