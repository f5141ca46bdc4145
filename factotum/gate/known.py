"""What a card tells of the call itself: what will happen, to whom, and how well known they are.

From the sealed arguments and the ledger alone, so that it is told anew when a person changes
the arguments.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from factotum.gate.facets import recipients
from factotum.gate.register import Register
from factotum.gate.rows import LETTER, row_of
from factotum.inert import inert
from factotum.model import Call

#: Characters that change how a text looks without being seen: direction marks, joiners.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\U000e0000-\U000e0fff]"
)

#: How many unseen characters are named.
NAMED_MOST = 8

#: So many blanks put what follows them out of sight on any screen, and so many empty lines
#: out of mind.
WIDE, TALL = 60, 12
_WIDE = re.compile(rf"[^\S\n]{{{WIDE},}}")


def title(call: Call, sender: str, sender_name: str) -> str:
    """The question of the card, in one line: “Send this reply to Ada Rossi?”

    `sender` is who wrote, if somebody did. A name that could be taken for an address is
    theirs to choose, so then the address itself is told.
    """
    row = row_of(call.tool)
    if row.form is not LETTER:
        return f"{row.verb if row.reviewed else f'{row.verb}: {call.tool}'}?"
    to = recipients(call.tool, call.args)
    if sender and [one.casefold() for one in to] == [sender.casefold()]:
        name = sender_name if sender_name and "@" not in sender_name else sender
        return f"Send this reply to {name}?"
    return f"Send this mail to {to[0] if len(to) == 1 else f'{len(to)} people'}?"


def told(call: Call, register: Register) -> dict[str, Any]:
    """`who` it goes to, and `known`: a line for each address, and one for each way in which
    what it holds may be overlooked."""
    to = recipients(call.tool, call.args)
    known = [familiar(address, register) for address in to]
    text = "\n".join(map(str, call.args.values()))
    if odd := oddities(text):
        more = f" and {len(odd) - NAMED_MOST} more" if len(odd) > NAMED_MOST else ""
        named = ", ".join(odd[:NAMED_MOST])
        known.append(f"⚠ It holds characters that cannot be seen: {named}{more}")
    known += [f"⚠ Some of it stands far off, behind {gap}: look at all of it" for gap in gaps(text)]
    return {"who": ", ".join(inert(shown(address)) for address in to), "known": known}


def familiar(address: str, register: Register) -> str:
    """How well this address is known: how often a mail went to exactly it with a yes."""
    rows = register.ledger.db.execute(
        "SELECT s.tool, s.args FROM outcome o JOIN seal s USING (card, version)"
        " WHERE o.status IN ('SUCCEEDED', 'HAPPENED') AND instr(lower(s.args), lower(?)) > 0",
        (address,),
    )
    count = sum(
        address.casefold() in (to.casefold() for to in recipients(tool, json.loads(args)))
        for tool, args in rows
    )
    who = inert(shown(address))
    if not count:
        return f"{who}: the first mail that I would send there."
    return f"{who}: {count} mail{'s' * (count > 1)} sent there before, with your yes."


def shown(address: str) -> str:
    """The address as mail servers will see it, if its letters could be taken for others."""
    name, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{address} (that is {name}@{domain.encode('idna').decode()})"
    except UnicodeError:
        return address


def oddities(text: str) -> list[str]:
    """The unseen characters of a text, written out."""
    return sorted({f"U+{ord(found):04X}" for found in UNSEEN.findall(text)})


def gaps(text: str) -> list[str]:
    """The emptiness behind which text of a card would not be looked for, in words."""
    lines = [line.rstrip() for line in text.expandtabs(4).strip().split("\n")]
    wide = max((len(gap) for line in lines for gap in _WIDE.findall(line)), default=0)
    empty = (sum(1 for _ in group) for full, group in groupby(lines, key=bool) if not full)
    tall = max(empty, default=0)
    return [
        *([f"{wide:,} blanks"] if wide else []),
        *([f"{tall:,} empty lines"] if tall >= TALL else []),
    ]
