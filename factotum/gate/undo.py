"""What can be taken back, by what, and what is said of it: one table, a row for each tool.

Pure: whether the world is still as an effect left it is looked at when the undo is sealed
and again when it is carried out. A tool without a row cannot be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from factotum import names
from factotum.gate.records import Card
from factotum.model import Call

#: How much of a letter is quoted below its correction, in characters.
QUOTED_CHARS = 2000


@dataclass(frozen=True)
class Inverse:
    """`said` is the clause on the card. `call` is what takes the effect of a card back, or None
    where nothing does. What `asks` goes out itself: it is shown and waits for a yes."""

    said: str
    call: Callable[[Card], Call] | None = None
    asks: bool = False


def _evidence(card: Card) -> Mapping[str, Any]:
    return card.ended.evidence if card.ended else {}


def _written(card: Card) -> Call:
    args = card.seal.args
    name = names.note_name(str(args["title"]), id=card.id, fallback="note")
    return Call("notes__unwrite", {"note": f"{args['folder']}/{name}"})


def _remembered(card: Card) -> Call:
    name = str(_evidence(card).get("note", "")).removeprefix("[[").removesuffix("]]")
    return Call("notes__unwrite", {"note": f"Office/Memory/{name}.md"})


def _scheduled(card: Card) -> Call:
    name = names.note_name(str(card.seal.args["name"]), id=card.id, fallback="schedule")
    return Call("notes__unwrite", {"note": f"Office/Schedules/{name}"})


def _changed(card: Card) -> Call:
    about, args = card.seal.about, card.seal.args
    note = str(about.get("note_path") or args.get("note"))
    return Call(
        "notes__change",
        {"note": note, "find": str(about.get("put", "")), "replace": str(args.get("find", ""))},
    )


def _put_away(card: Card) -> Call:
    where = str(_evidence(card).get("where", ""))
    note = str(card.seal.about.get("note_path") or card.seal.args.get("note"))
    seen = _evidence(card).get("sha256") or card.seal.args.get("sha256")
    sha256 = str(seen or card.seal.about.get("sha256"))
    return Call("notes__bring_back", {"note": note, "where": where, "sha256": sha256})


def _brought_back(card: Card) -> Call:
    return Call("notes__unwrite", {name: card.seal.args[name] for name in ("note", "sha256")})


def _drafted(card: Card) -> Call:
    return Call("mail__undraft", {"message_id": str(_evidence(card).get("message_id", ""))})


def _corrected(card: Card) -> Call:
    """A letter to the same people that takes the first one back; the owner rewrites it."""
    args = card.seal.args
    kept = {name: list(args[name]) for name in ("to", "cc", "bcc") if args.get(name)}
    text = str(args.get("body", ""))
    cut = "\n…" if len(text) > QUOTED_CHARS else ""
    quoted = "\n".join(f"> {line}".rstrip() for line in (text[:QUOTED_CHARS] + cut).splitlines())
    body = f"My mail below went out by mistake. Please disregard it.\n\n{quoted}\n"
    subject = f"Correction: {args.get('subject', '')}".strip()
    reply = {"in_reply_to": str(_evidence(card)["message_id"])} if _knows_id(card) else {}
    return Call("mail__send", {**kept, "subject": subject, "body": body, **reply})


def _knows_id(card: Card) -> bool:
    return bool(_evidence(card).get("message_id"))


#: Tools that put a note into the trash.
PUT_AWAY = frozenset({"forget", "notes__unwrite", "schedule__remove"})

#: What takes back what each tool does.
INVERSES: dict[str, Inverse] = {
    "notes__write": Inverse("while nobody has edited the note", _written),
    "remember": Inverse("while nobody has edited the note", _remembered),
    "notes__change": Inverse("while what was put in stands there", _changed),
    "schedule": Inverse("while nobody has edited the note", _scheduled),
    "schedule__remove": Inverse("while it lies in .trash", _put_away),
    "forget": Inverse("while it lies in .trash", _put_away),
    "notes__unwrite": Inverse("while the note lies in .trash", _put_away),
    "notes__bring_back": Inverse("while nobody has edited the note", _brought_back),
    "mail__draft": Inverse("while it is a draft", _drafted),
    "mail__send": Inverse("cannot be undone once sent", _corrected, asks=True),
    "web__read": Inverse("cannot be undone: its owner sees that it was read"),
    "shell__run": Inverse("cannot be undone: a command can do anything"),
    "mail__undraft": Inverse("cannot be undone: the draft lies in the Trash of the mailbox"),
}

UNKNOWN = Inverse("cannot be undone: nobody has said what would take it back")


def inverse_of(tool: str) -> Inverse:
    return INVERSES.get(tool, UNKNOWN)


def said(tool: str) -> str:
    """Whether it can be undone, as a clause for the card."""
    row = inverse_of(tool)
    return row.said if row.call is None or row.asks else f"can be undone {row.said}"


def refusal(card: Card) -> str:
    """Why this cannot be taken back now, or an empty string."""
    if card.kind != "effect":
        return "it is a question; nothing was done by it"
    if card.status == "approved":
        return f"it is not done yet; stop it: factotum cancel {card.id}"
    if card.status == "pending":
        return f"it is not done; say no to it: factotum reject {card.id}"
    if card.status == "unknown":
        return f"whether it happened is unknown; say first: factotum resolve {card.id} happened"
    if card.status not in {"succeeded", "happened"}:
        return "nothing was done by it"
    row = inverse_of(card.seal.tool)
    if row.call is None:
        return f"it {row.said}"
    if _evidence(card).get("known"):
        return "it was remembered before already, not by this"
    if card.seal.tool == "mail__draft" and not _knows_id(card):
        return "under which id the draft lies is not on record"
    if card.seal.tool in PUT_AWAY and not _evidence(card).get("where"):
        return "where the note was put is not on record"
    return ""
