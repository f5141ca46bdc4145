"""The agent's tool `message__send`: the owner is told something on their channel, nobody else.

There is no recipient to name: where the owner is told is known from where the task came from,
and from who is set up. To tell is to write rows of the outbox under the key of the attempt, in
one transaction, so that it is there once however often it is begun. What becomes of it the
channel writes into those rows, and it is looked up there whenever somebody asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from factotum import outbox
from factotum.gate.records import Card
from factotum.gate.rules import Quiet
from factotum.gate.strength import STRONG
from factotum.inert import inert, one_line
from factotum.ledger import Ledger, TaskRow
from factotum.model import Attachment, Call, FailedClean, Outcome, Succeeded, Task, Trust
from factotum.outbox import Outbox, Row
from factotum.tooling.tools import misfits
from factotum.words import local
from factotum.worker.attach import AttachError, Cupboard, task_file
from factotum.worker.children import root_of
from factotum.worker.local import MESSAGE, OWN_FOLDERS, TOOLS
from factotum.worker.pages import NotebookError

TOOL = MESSAGE
#: The argument that names the files.
FILES = "files"

#: What a row of the outbox is called that holds such a message.
KIND = "message"

#: How many messages work may send unasked, and in which time in seconds: a model that has run
#: away is not to be heard all night.
MOST, WITHIN_S = 10, 3600.0

#: The longest text in UTF-16 units, as chats count: with what code sets above it, it must fit
#: into one message.
UNITS_MOST = 3500
#: The largest file that a bot may send, in bytes.
FILE_MOST_BYTES = 50 * 1024 * 1024

#: What is said where there is nobody to tell.
NOWHERE = "no channel is set up on which you are told anything; say it in finish instead"

#: Where the ledger keeps who is told on which channel (`channels/owners.py` writes it).
META = "channels"

#: Makes the messages that channels show, of a text, whose words are in it, and files.
Shown = Callable[[str, Trust, Sequence[Attachment]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Telling:
    """How it is told: `shown` makes the messages, `till` says when a quiet time ends that it is
    now (epoch seconds), 0 where it is none; `news` has the channels look at once."""

    shown: Shown
    till: Callable[[Quiet | None, float], float]
    news: Callable[[], None]


@dataclass(frozen=True)
class Place:
    """`answers`: the owner asked there, so an answer comes at any hour."""

    channel: str
    chat: str
    answers: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        return self.channel.capitalize()


def places(ledger: Ledger) -> dict[str, tuple[Place, ...]]:
    """The chats in which the owner may be told, by channel, the first one where nothing else is
    said; the channels that know who is speaking come first."""
    try:
        table = json.loads(ledger.meta(META) or "{}")
        there = {str(name): _chats(str(name), one) for name, one in table.items()}
    except (ValueError, AttributeError, TypeError):
        return {}
    order = sorted(there, key=lambda name: (name not in STRONG, name))
    return {name: there[name] for name in order if there[name]}


def _chats(channel: str, found: Mapping[str, Any]) -> tuple[Place, ...]:
    chats = [str(found.get("home") or ""), *map(str, found.get("owners") or ())]
    return tuple(Place(channel, chat) for chat in dict.fromkeys(chats) if chat)


def place_for(ledger: Ledger, task: str) -> Place | None:
    """Where the owner is told of this task: in the chat that it came from, if that is one of
    theirs, else where they are told everything; None where no channel is set up."""
    there = places(ledger)
    row = ledger.task(task)
    for one in (row, ledger.task(root_of(row)) if row else None):
        if one is not None:
            facts = one.facts
            from_there = Place(str(facts.get("channel") or ""), str(facts.get("chat") or ""))
            if from_there in there.get(from_there.channel, ()):
                return replace(from_there, answers=True)
    return next((chats[0] for chats in there.values()), None)


def problems(call: Call) -> list[str]:
    """What is wrong with a call beyond its schema, for the model."""
    text = str(call.args["text"])
    if not text.strip():
        return [f"{TOOL}: text is empty"]
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > UNITS_MOST:
        return [f"{TOOL}: text is too long; write a note with notes__write and send it as a file"]
    return []


def too_many(ledger: Ledger, row: TaskRow, now: float) -> str:
    """Why this work may say no more unasked for now, or an empty string. What it handed on
    counts as its own; what a person approved does not count."""
    (said,) = ledger.db.execute(
        "SELECT count(*) FROM decision d JOIN seal s ON (s.card, s.version) = (d.card, d.version)"
        " JOIN card c ON c.id = d.card JOIN task t ON t.id = c.task"
        " WHERE d.channel = 'rule' AND d.at > ? AND s.tool = ?"
        " AND coalesce(json_extract(t.facts, '$.root'), t.id) = ?",
        (now - WITHIN_S, TOOL, root_of(row)),
    ).fetchone()
    if said < MOST:
        return ""
    return (
        f"{MOST} messages went to the owner within an hour, which is the most. Say the rest in "
        f"finish, or ask_owner"
    )


# -- files


def take(cupboard: Cupboard, ledger: Ledger, name: str, task: Task) -> Attachment:
    """Seals a copy of a file that came with the task or that it wrote. Raises AttachError."""
    if task_file(name, task):
        return cupboard.take(name, task, FILE_MOST_BYTES)
    stem = Path(name.strip().removeprefix("[[").removesuffix("]]")).name.removesuffix(".md")
    note = f"{stem}.md"
    if _wrote(ledger, note, task):
        for folder in OWN_FOLDERS:
            if (cupboard.root / folder / note).exists():
                return cupboard.take(f"{folder}/{note}", task, FILE_MOST_BYTES)
    raise AttachError(
        f"{name[:200]} neither came with this task nor was written by it, and only that can be "
        f"sent. Say where it lies instead, as a [[link]]"
    )


def _wrote(ledger: Ledger, note: str, task: Task) -> bool:
    row = ledger.task(task.id)
    found = ledger.db.execute(
        "SELECT 1 FROM made m JOIN card c ON c.id = m.card JOIN task t ON t.id = c.task"
        " WHERE m.name = ? AND coalesce(json_extract(t.facts, '$.root'), t.id) = ?",
        (note, root_of(row) if row else task.id),
    ).fetchone()
    return found is not None


# -- telling


@dataclass
class Messenger:
    """Use it on the thread that owns the ledger."""

    ledger: Ledger
    telling: Telling
    quiet: Callable[[], Quiet | None]
    clock: Callable[[], float]

    @property
    def set_up(self) -> bool:
        """Whether there is a channel on which the owner can be told."""
        return bool(places(self.ledger))

    def before(self, call: Call, task: Task) -> Mapping[str, Any]:
        """What the card shows, and where the owner will be told. Raises NotebookError."""
        place = place_for(self.ledger, task.id)
        if place is None:
            raise NotebookError(f"{TOOL}: {NOWHERE}")
        return {
            "title": f"Tell you: “{one_line(str(call.args['text']), 60)}”?",
            "who": f"you, on {place.name}",
            "to": asdict(place),
        }

    def perform(self, card: Card, key: str) -> Outcome:
        """Has the channel say it: done twice, it is said once."""
        if receipt := self.found(card, key):
            return Succeeded(receipt)
        call = Call(card.seal.tool, card.seal.args)  # a person may have changed it on the card
        if wrong := misfits(TOOLS[TOOL], call.args) or problems(call):
            return FailedClean("; ".join(wrong))
        place = _place(card)
        if place not in places(self.ledger).get(place.channel, ()):
            return FailedClean(f"{place.name} is no channel of yours any more; nothing was said")
        text, seal = str(call.args["text"]), card.seal
        shown = self.telling.shown(text, seal.trust, seal.attachments)
        now, book = self.clock(), Outbox(self.ledger)
        till = 0.0 if place.answers else self.telling.till(self.quiet(), now)
        with self.ledger.tx():
            for n, wanted in enumerate(shown):
                put = (place.channel, place.chat, _key(key, n), wanted, now)
                book.put(*put, kind=KIND, not_before=till)
        self.telling.news()
        return Succeeded(_receipt(place, key, len(shown)))

    def found(self, card: Card, key: str) -> Mapping[str, Any] | None:
        """The receipt of a message that is in the outbox, or None where it is not."""
        place = _place(card)
        first = Outbox(self.ledger).row(place.channel, place.chat, _key(key, 0))
        if first is None:
            return None
        return _receipt(place, key, 1 + len(card.seal.attachments))


def _place(card: Card) -> Place:
    to = card.seal.about.get("to") or {}
    answers = bool(to.get("answers"))
    return Place(str(to.get("channel", "")), str(to.get("chat", "")), answers)


def _key(key: str, n: int) -> str:
    return f"say {key}{f' {n}' if n else ''}"


def _receipt(place: Place, key: str, messages: int) -> Mapping[str, Any]:
    return {"channel": place.channel, "chat": place.chat, "key": key, "messages": messages}


# -- what became of it


def became(ledger: Ledger, card: Card) -> str:
    """What is known now of a message that the channel was to say, in words for anybody; empty
    for a card of another tool, or one that was not carried out."""
    evidence = card.ended.evidence if card.ended else {}
    if card.seal.tool != TOOL or card.status not in ("succeeded", "happened") or not evidence:
        return ""
    place, book = _place(card), Outbox(ledger)
    keys = (_key(str(evidence.get("key")), n) for n in range(int(evidence.get("messages") or 1)))
    rows = [row for key in keys if (row := book.row(place.channel, place.chat, key))]
    if not rows:
        return f"handed over to {place.name}"
    return _words(max(rows, key=lambda row: _WORSE.index(row.state)), place)


#: Of several parts of one message that one counts with which it fares worst.
_WORSE = (outbox.SENT, outbox.DROPPED, outbox.SENDING, outbox.WAITING, outbox.LOST, outbox.FAILED)


def _words(row: Row, place: Place) -> str:
    why = inert(one_line(row.why, 200)) if row.why else ""
    match row.state:
        case outbox.SENT:
            return f"said on {place.name}, {local(row.told or row.at):%a %d %b %H:%M}"
        case outbox.LOST:
            return f"it may not have arrived on {place.name} ({why})"
        case outbox.FAILED:
            return f"{place.name} did not take it ({why}), so you were not told"
        case outbox.DROPPED:
            return why or f"not said on {place.name}"
        case _:
            return f"handed over; {place.name} says it when it can, and not in the quiet time"
