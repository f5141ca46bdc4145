"""What a card tells besides its text: to whom, how well known, whose idea, what came before.

Fixed when the card is sealed, so that it cannot change under the person's eyes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from factotum.gate.policy import LETTER, recipients, row_of
from factotum.gate.register import Card, Register
from factotum.inert import inert, one_line
from factotum.model import Call, Task, Trust

#: How much of what an outsider wrote is shown on a card, in characters.
EXCERPT_CHARS = 4000

#: Characters that change how a text looks without being seen: direction marks, joiners.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")

NOBODY_ELSE = {Trust.OWNER: "you", Trust.KNOWN: "somebody you know", Trust.STRANGER: "a stranger"}


def title(call: Call, task: Task) -> str:
    """The question of the card, in one line: “Send this reply to Ada Rossi?”"""
    row = row_of(call.tool)
    if row.form is LETTER:
        to = recipients(call.tool, call.args)
        if is_reply(call, task):
            return f"Send this reply to {task.sender_name or task.sender}?"
        who = to[0] if len(to) == 1 else f"{len(to)} people"
        return f"Send this mail to {who}?"
    verb = row.verb if row.reviewed else f"{row.verb}: {call.tool}"
    return f"{verb}?"


def is_reply(call: Call, task: Task) -> bool:
    """Whether the call reaches nobody but the person who wrote."""
    to = [address.casefold() for address in recipients(call.tool, call.args)]
    return bool(task.sender) and to == [task.sender.casefold()]


def about(
    call: Call, task: Task, note: str, place: tuple[int, int], register: Register
) -> dict[str, Any]:
    """Plain facts for the card of `call`; `place` is (which, of how many)."""
    to = recipients(call.tool, call.args)
    lines = [familiar(address, register) for address in to]
    lines.append(cause(task))
    text = str(call.args.get(LETTER.text, "")) if row_of(call.tool).form is LETTER else ""
    if odd := oddities(text + " ".join(map(str, call.args.values()))):
        lines.append(f"⚠ The text holds characters that cannot be seen: {', '.join(odd)}")
    lines += [f"⚠ {line}" for line in earlier(task.id, register)]
    return {
        "note": note.removesuffix(".md"),
        "who": ", ".join(inert(address) for address in to),
        "lines": lines,
        "excerpt": "" if task.trust is Trust.OWNER else task.text[:EXCERPT_CHARS],
        "place": place[0],
        "of": place[1],
    }


def familiar(address: str, register: Register) -> str:
    """How well this address is known: how often a mail went there with a yes."""
    (count,) = register.ledger.db.execute(
        "SELECT count(*) FROM outcome o JOIN seal s USING (card, version) WHERE o.status ="
        " 'SUCCEEDED' AND s.tool = 'mail__send' AND instr(lower(s.args), lower(?)) > 0",
        (address,),
    ).fetchone()
    who = inert(address)
    if not count:
        return f"{who}: the first mail that I would send there."
    return f"{who}: {count} mail{'s' * (count > 1)} sent there before, with your yes."


def cause(task: Task) -> str:
    """Whose idea it was."""
    if task.trust is Trust.OWNER:
        return f"You asked for it: “{inert(one_line(task.title, 80))}”."
    who = task.sender_name or task.sender or NOBODY_ELSE[task.trust]
    address = f" ({inert(task.sender)})" if task.sender and task.sender_name else ""
    return f"{inert(one_line(who, 60))}{address} caused it: “{inert(one_line(task.title, 80))}”."


def earlier(task: str, register: Register) -> list[str]:
    """What earlier runs of the same task really did."""
    return [
        f"Done already in an earlier run: {inert(card.title.rstrip('?'))}"
        for card in register.of_task(task)
        if card.status in {"succeeded", "happened"} and card.kind == "effect" and _asked(card)
    ]


def _asked(card: Card) -> bool:
    return card.decision is not None and card.decision.channel != "rule"


def oddities(text: str) -> list[str]:
    """The unseen characters of a text, written out."""
    return sorted({f"U+{ord(found):04X}" for found in UNSEEN.findall(text)})


def question(text: str, task: Task, note: str) -> Mapping[str, Any]:
    return {
        "note": note.removesuffix(".md"),
        "who": "",
        "lines": [cause(task)],
        "excerpt": "" if task.trust is Trust.OWNER else task.text[:EXCERPT_CHARS],
        "place": 1,
        "of": 1,
        "asked": text,
    }
