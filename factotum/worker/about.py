"""What a card tells besides its text: to whom, how well known, whose idea, what came before.

Fixed when the card is sealed, so that it cannot change under the person's eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factotum.gate.facets import facets
from factotum.gate.known import not_theirs, told
from factotum.gate.links import warning
from factotum.gate.register import Register
from factotum.gate.rules import House
from factotum.gate.strength import STRONG
from factotum.inert import code, inert, one_line
from factotum.joined import JoinedBook
from factotum.model import Call, Task, Trust

#: How much of what an outsider wrote is shown on a card, in characters.
EXCERPT_CHARS = 4000

#: What an earlier run of the same task may have done, in words.
EARLIER = {
    "succeeded": "Done already in an earlier run",
    "happened": "Done already in an earlier run",
    "unknown": "Perhaps done already in an earlier run (its outcome is unknown)",
}

NOBODY_ELSE = {
    Trust.OWNER: "you",
    Trust.KNOWN: "somebody you know",
    Trust.STRANGER: "a stranger",
}


def about(
    call: Call,
    task: Task,
    note: str,
    place: tuple[int, int],
    register: Register,
    house: House,
) -> dict[str, Any]:
    """Plain facts for the card of `call`; `place` is (which, of how many)."""
    impostor = "" if owners(task) else not_theirs(task.sender, task.sender_name, house)
    urls = facets(call, house.policy.tools.get(call.tool)).urls or ()
    hosts = filter(None, dict.fromkeys(map(warning, urls)))
    warnings = [*([impostor] if impostor else []), *hosts, *earlier(task.id, register)]
    return {
        "note": note.removesuffix(".md"),
        **told(call, house),
        "sender": task.sender,
        "sender_name": "" if impostor else task.sender_name,
        "stranger": task.trust is Trust.STRANGER and not owners(task),
        "brought": brought(task),
        "by_mail": task.kind == "email" and not owners(task),
        "lines": [
            cause(task),
            *answering(call, task),
            *(f"⚠ {line}" for line in warnings),
        ],
        "excerpt": excerpt(task, register),
        "place": place[0],
        "of": place[1],
    }


def answering(call: Call, task: Task) -> list[str]:
    """Of which letter it would be the answer, where that is not the one that caused it: what
    stands there goes out too, and is no word of the mail that can be read."""
    of = str(call.args.get("in_reply_to") or "").strip(" <>")
    if not of or of == str(task.properties.get("message_id") or "").strip(" <>"):
        return []
    other = "" if owners(task) else "another letter than theirs, "
    return [f"{'⚠ ' if other else ''}It goes out as the answer to {other}{code(of)}."]


def cause(task: Task) -> str:
    """Whose idea it was."""
    asked = f"You asked for it: “{inert(one_line(task.title, 80))}”."
    if task.by_itself and owners(task):
        began = "The heartbeat" if task.kind == "heartbeat" else "A schedule of yours"
        asked = asked.replace("You asked for", f"{began} began", 1)
    if task.trust is Trust.OWNER:
        return asked
    if owners(task):
        anew = " /new begins a conversation without them." if task.kind == "message" else ""
        return f"{asked} It has read words of others since.{anew}"
    if brought(task):
        return f"You sent “{inert(one_line(task.title, 80))}”. What stands in it is nobody's order."
    who = task.sender_name or task.sender or NOBODY_ELSE[task.trust]
    address = f" ({inert(task.sender)})" if task.sender and task.sender_name else ""
    title = inert(one_line(task.title, 80))
    return f"{inert(one_line(who, 60))}{address} caused it: “{title}”.{proved(task)}"


def brought(task: Task) -> bool:
    """Whether the owner sent what it came from, and what stands there is not their word: where
    they are known by who they are, what is nobody else's is theirs."""
    return task.source in STRONG and not (owners(task) or task.sender_name or task.sender)


def proved(task: Task) -> str:
    """Whether the owner's mail server vouches for who wrote it; of a mail alone."""
    if task.kind != "email" or not task.sender:
        return ""
    if task.properties.get("verified") is True:
        return " Sender verified."
    claimed = inert(one_line(str(task.properties.get("claimed") or ""), 120))
    return f" Sender not verified{f' (the mail itself says {claimed})' if claimed else ''}."


def owners(task: Task) -> bool:
    """Whether the owner typed it, whatever it has read since."""
    return task.is_owners if task.words else not (task.source or task.sender)


def earlier(task: str, register: Register) -> list[str]:
    """What earlier runs of the same task really did."""
    return [
        f"{EARLIER[card.status]}: {inert(card.title.rstrip('?'))}"
        for card in register.done_before(task)
    ]


def excerpt(task: Task, register: Register) -> str:
    """What others wrote that may have caused it: of the first mail the beginning, and the last
    of those that joined it."""
    first = "" if owners(task) else task.text
    later = [
        f"{one_line(one.who, 100)} wrote again:\n{one.drop.body}"
        for one in JoinedBook(register.ledger).of_task(task.id)
        if one.applied is not None
    ]
    if not later:
        return first[:EXCERPT_CHARS]
    told = [first[: EXCERPT_CHARS // 4], *(one[: EXCERPT_CHARS // 4] for one in later[-3:])]
    return "\n\n".join(filter(None, told))


def question(text: str, task: Task, note: str, register: Register) -> Mapping[str, Any]:
    return {
        "note": note.removesuffix(".md"),
        "who": "",
        "lines": [cause(task)],
        "excerpt": excerpt(task, register),
        "place": 1,
        "of": 1,
        "asked": text,
    }
