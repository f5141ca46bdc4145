"""From notes to decisions: what people did to the cards, and where each card's note belongs.

Called once a tick with what lies in the folders. It records decisions (by move and by
tick), seals edits anew, lets cards expire and wake, and brings each note into the folder
and the words that the ledger says. It never acts outward: `due` says what may be begun.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factotum import disk, failpoint, names
from factotum.gate import card as cards
from factotum.gate import form, known
from factotum.gate.grants import GrantError, said_in
from factotum.gate.place import Pace, Placer, fingerprint
from factotum.gate.register import Card, NotOpen, Register, TooWeak
from factotum.gate.shape import misfits
from factotum.ledger import Ledger
from factotum.model import Call, Effect, State
from factotum.note import Note, NoteError
from factotum.scan import Entry, Listing, Problem, Shelf, Signature, Unreadable
from factotum.vault import Changed, Vault

#: How long a card's note may be gone before it is written again, in seconds. Between
#: devices a move is a deletion and, a while later, a creation.
MISSING_S = 60.0

INSTANCE = re.compile(r"[a-z0-9-]{1,60}")

#: The folders in which a card's note is looked for.
CARD_FOLDERS = (State.PENDING, State.APPROVED, State.REJECTED, State.FAILED)


@dataclass
class Seen:
    """What one look at the cards found: what is due, and what a person should know. `later`
    are the moments (monotonic) at which time alone changes something; `restless` says that
    some card is not yet as it will stay till then."""

    due: list[Card] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    restless: bool = False
    problems: list[Problem] = field(default_factory=list)
    soon: list[float] = field(default_factory=list)
    waiting: list[Card] = field(default_factory=list)
    approved: list[Card] = field(default_factory=list)


class Observer:
    def __init__(
        self, vault: Vault, shelf: Shelf, ledger: Ledger, register: Register, pace: Pace
    ) -> None:
        self.vault = vault
        self.shelf = shelf
        self.ledger = ledger
        self.register = register
        self.pace = pace
        self._gone: dict[str, float] = {}
        self.placer = Placer(vault, shelf, register, pace)
        self._at_rest: dict[Path, Signature] = {}
        self._heeded: dict[str, tuple[object, ...]] = {}
        self._since: dict[tuple[str, int], float] = {}
        #: By what is told anew of a card that a person changed; the door says which house it is.
        self.house: known.HouseAt = known.bare

    def look(self, listing: Listing, now: float, mono: float) -> Seen:
        """One look. `now` is the wall clock (epoch seconds), `mono` a monotonic one."""
        seen = Seen()
        self._wishes(now)
        unsettled = {card.id: card for card in self.register.unsettled()}
        copies = self._copies(listing, unsettled, seen, mono, now)
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

    # -- which note is which card's

    def _copies(
        self,
        listing: Listing,
        unsettled: Mapping[str, Card],
        seen: Seen,
        mono: float,
        now: float,
    ) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in listing.within(*CARD_FOLDERS):
            if self._at_rest.get(entry.path) == entry.signature:
                continue
            try:
                card = self._card_of(entry, unsettled)
                if card is None:
                    self._stranger(entry, seen, mono, now)
                elif card.settled:
                    self._replay(card, entry, mono, now)
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

    def _stranger(self, entry: Entry, seen: Seen, mono: float, now: float) -> None:
        """A note in a card's folder that is none of our cards: nothing is ever done for it."""
        if entry.state in {State.REJECTED, State.FAILED}:
            self._at_rest[entry.path] = entry.signature
            return
        try:
            props = self.shelf.note(entry).props
        except NoteError as broken:
            seen.problems.append(Problem(entry.path, str(broken)))
            return
        instance = props.get("instance")
        if self._foreign(instance):
            return
        if self._is_task(props.get("id")):
            reason = "is the task itself, not the request. Move it back to where it was"
            seen.problems.append(Problem(entry.path, reason))
            return
        claims = entry.state is State.APPROVED or names.is_id(props.get("id"), "a")
        if not claims:
            reason = "is no card of mine. To have it done, move it to Needs_Action"
            seen.problems.append(Problem(entry.path, reason))
        elif self._still(entry, mono):
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

    def _replay(self, card: Card, entry: Entry, mono: float, now: float) -> None:
        """A copy of a card that is over: a stale device brought it back. It runs nothing."""
        at_home = entry.state is cards.PLACES[card.status] and entry.name == card.name
        if at_home:
            self._at_rest[entry.path] = entry.signature
        elif self._still(entry, mono) and not self._came_home(card, entry):
            self._put_aside(card, entry, now)

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

    def _put_aside(self, card: Card, entry: Entry, now: float) -> None:
        self.vault.put_aside(entry.path)
        self.ledger.event(
            "replay", now, task=card.task, card=card.id, name=entry.name, found=entry.state.value
        )

    def _still(self, entry: Entry, mono: float) -> bool:
        return self.shelf.still_s(entry, mono) >= self.pace.stable_s

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
                return self._list(card, seen)
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
        heeded = self._heeded.get(card.id) == _seen_as(card, entry)
        return heeded and self.placer.placed(card, entry)

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
            if not (self._identical(entries) and not all(self._still(e, mono) for e in entries)):
                seen.problems.append(Problem(entries[0].path, reason))
            seen.waiting.append(card)
            return []
        refused = [e for e in entries if e.state is State.REJECTED]
        if card.status == "approved" and refused:
            return refused[:1]
        home = cards.PLACES[card.status]
        ordered = sorted(entries, key=lambda e: (e.state is not home, e.name != card.name))
        for late in ordered[1:]:
            if self._still(late, mono):
                self._put_aside(card, late, now)
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
            if not self._still(entry, mono):
                return False
            self.ledger.event("damaged", now, task=card.task, card=card.id, why=str(broken))
            kept = self.vault.put_aside(entry.path)
            remark = f"I could not read this note any more ({broken}). It is kept as {kept.name}."
            self.register.remark(card.id, remark)
            if card.status == "pending" and card.attempts == 0:
                card = self.register.reseal(card, now, remark)
            self.placer.drop(card, now)
            return False

    # -- what a person did

    def _heed(self, card: Card, entry: Entry, seen: Seen, now: float, mono: float) -> Card:
        """Records what the note says that a person wants, if it is still and new."""
        if not self._still(entry, mono):
            seen.soon.append(mono + self.pace.stable_s - self.shelf.still_s(entry, mono))
            return card
        key = _seen_as(card, entry)
        if self._heeded.get(card.id) == key:
            return card  # nothing was changed since it said nothing new
        try:
            after = self._word(card, entry, now)
        except NotOpen:
            return self.register.card(card.id)  # another channel was first
        if after is card:
            self._heeded[card.id] = key
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
                return self.register.reseal(cancelled, now, "You took it back; nothing was sent.")
            return cancelled
        if edit := self._edit(card, note):  # a word after the yes takes the yes back
            cancelled = self.register.cancel(card.id, "edit", "you", now)
            return self._reseal(cancelled, edit, entry, now)
        if "send_now" in ticks and not self._hurried(card):
            self.register.wish(card.id, "send_now", "tick", "you", now)
        return card

    def _expired(self, card: Card, entry: Entry, ticks: set[str], now: float) -> Card:
        if "reject" in ticks or entry.state is State.REJECTED:
            self.register.close(card, "withdrawn", now)
            return self.register.card(card.id)
        if "wake" in ticks or entry.state is State.APPROVED:
            here = entry.state.value
            again = "It had expired; here it is again."
            return self.register.reseal(card, now, again, lies=here)
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
        lines = "1 line" if edit.lines == 1 else f"{edit.lines} lines"
        remark = f"Version {card.version + 1}: you changed {lines}. Approve it as it stands now."
        call = Call(card.seal.tool, edit.args)
        about = {**card.seal.about, **known.told(call, self.house(now))}
        sender, name = str(about.get("sender", "")), str(about.get("sender_name", ""))
        return self.register.reseal(
            card,
            now,
            remark,
            args=edit.args,
            about=about,
            title=known.title(call, sender, name),
            lies=entry.state.value,
        )

    def _tampered(self, card: Card, note: Note, now: float) -> bool:
        if fingerprint(note.body) == card.wrote:
            return False
        ours = cards.body(card, now, self.pace.regret_s)
        return form.settled_text(note.body, card) != form.settled_text(ours, card)

    def _restore(self, card: Card, entry: Entry, now: float, remark: str) -> Card:
        """Undoes an edit that cannot count; what the note held is kept. Moved to Approved
        with it, the card comes back."""
        self.vault.keep(entry.name, self.shelf.note(entry).raw)
        if entry.state is State.APPROVED:
            return self.register.reseal(card, now, remark, lies=entry.state.value)
        self.register.remark(card.id, remark)
        return self.register.card(card.id)

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

    def _hurried(self, card: Card) -> bool:
        return any(id == card.id and what == "send_now" for _, id, what in self.register.wishes())

    def _due(self, card: Card, seen: Seen, now: float, mono: float) -> None:
        decision = card.decision
        if decision is None:
            return
        waits = card.seal.effect is Effect.OPAQUE and decision.channel != "rule"
        elapsed_s = min(max(now - decision.at, 0.0), self.pace.regret_s)
        since = self._since.setdefault((card.id, card.version), mono - elapsed_s)
        left = since + self.pace.regret_s - mono if waits else 0.0  # a set clock changes nothing
        if left <= 0 or self._hurried(card):
            seen.due.append(card)
        else:
            seen.soon.append(mono + left)


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


def quiet(card: Card) -> bool:
    """Whether no person is concerned: a rule allowed it and its outcome is known."""
    by_rule = card.decision is not None and card.decision.channel == "rule"
    return by_rule and card.status not in {"unknown", "happened", "did_not"}
