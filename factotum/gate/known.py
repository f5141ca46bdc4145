"""What a card tells of the call itself: what will happen, to whom, and how well known they are.

From the sealed arguments and the ledger alone, so that it is told anew when a person changes
the arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from factotum.addresses import exact
from factotum.gate.contact import Contact
from factotum.gate.facets import facets, pays, recipients
from factotum.gate.rows import LETTER, row_of
from factotum.gate.rules import House
from factotum.inert import inert, one_line
from factotum.model import Call
from factotum.money import word
from factotum.words import day

#: The house at a moment (epoch seconds).
HouseAt = Callable[[float], House]

#: Characters that change how a text looks without being seen: direction marks, joiners.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\U000e0000-\U000e0fff]"
)

#: What to do about somebody who may be another.
ASK = "Ask them another way."

#: What a reading tool looks for, by the names of its arguments, and how much of it is told.
SOUGHT = ("query", "note", "name", "id")
SOUGHT_CHARS = 60

#: How many unseen characters are named.
NAMED_MOST = 8

#: So many blanks put what follows them out of sight on any screen, and so many empty lines
#: out of mind.
WIDE, TALL = 60, 12
#: Up to so many blanks at the end of a line are a line break of Markdown, or a mail program's.
END_MOST = 2
_WIDE = re.compile(rf"[^\S\n]{{{WIDE},}}")


def title(call: Call, sender: str, sender_name: str) -> str:
    """The question of the card, in one line: “Send this reply to Ada Rossi?”

    `sender` is who wrote, if somebody did. A name that could be taken for an address is
    theirs to choose, so then the address itself is told.
    """
    row = row_of(call.tool)
    if row.form is not LETTER:
        if not row.acts and (what := next(filter(None, map(call.args.get, SOUGHT)), "")):
            return f"{row.verb}: {one_line(str(what), SOUGHT_CHARS)}?"
        return f"{row.verb if row.reviewed else f'{row.verb}: {call.tool}'}?"
    to = recipients(call.tool, call.args)
    if row.egress and sender and list(map(exact, to)) == [exact(sender)]:
        name = sender_name if sender_name and "@" not in sender_name else sender
        return f"Send this reply to {name}?"
    whom = to[0] if len(to) == 1 else f"{len(to)} people"
    return f"Send this mail to {whom}?" if row.egress else f"{row.verb}, to {whom}?"


def told(call: Call, house: House) -> dict[str, Any]:
    """`who` it goes to; `known`: a line for each address, and one for each way in which what it
    holds may be overlooked, or should not leave; and what is `typed` to approve it, if
    that can be told from whom it reaches or what it pays; `sum`: the amount that this is, so
    that it may be typed in any form that has one reading; `amount`: what it pays, as told."""
    to = recipients(call.tool, call.args)
    known = [familiar(house.contact(address), house.now) for address in to]
    text = "\n".join(map(str, call.args.values()))
    known += money(call, house)
    if odd := oddities(text):
        more = f" and {len(odd) - NAMED_MOST} more" if len(odd) > NAMED_MOST else ""
        named = ", ".join(odd[:NAMED_MOST])
        known.append(f"⚠ It holds characters that cannot be seen: {named}{more}")
    if ends := unseen_ends(text):
        known.append(f"⚠ Lines of it end in {ends:,} blanks, which may say something to a machine")
    known += [f"⚠ Some of it stands far off, behind {gap}: look at all of it" for gap in gaps(text)]
    if secret := house.secret(call.args):
        known.append(f"⚠ A secret stands in it ({secret}): whoever gets this has it")
    who = ", ".join(inert(shown(address)) for address in to)
    return {"who": who, "known": known, **_typed(call, house)}


def money(call: Call, house: House) -> list[str]:
    """How much would be paid to whom, in a line; or that it cannot be told, which is a warning."""
    declared = house.policy.tools.get(call.tool)
    if not pays(call, declared):
        return []
    found = facets(call, declared)
    if found.amount is None:
        return ["⚠ It is about money, and how much cannot be told: look at all that it is given"]
    to = ", ".join(inert(one_line(one, 100)) for one in found.recipients or ())
    amount = inert(house.money(found.amount, found.currency or ""))
    amount += "" if found.currency else " (of a currency that is not named)"
    return [f"It is about {amount}, {f'for {to}' if to else '⚠ for whom cannot be told'}."]


def _typed(call: Call, house: House) -> dict[str, Any]:
    """Of those whom it reaches the one who is least known, else how much it pays where the
    owner declared what holds that: who is named among friends is read once more."""
    declared = house.policy.tools.get(call.tool)
    found = facets(call, declared) if declared else None
    to = (found.recipients or ()) if found else recipients(call.tool, call.args)
    amount, currency = (found.amount, found.currency or "") if found else (None, "")
    paid = house.money(amount, currency) if amount else ""
    if to:
        least = min(to, key=lambda address: _trusted(house.contact(address)))
        return {"typed": least, "sum": None, "amount": paid}
    if not amount:
        return {"typed": "", "sum": None, "amount": ""}
    total = {"amount": f"{amount:f}", "currency": currency}
    return {"typed": word(amount, currency, paid), "sum": total, "amount": paid}


def _trusted(contact: Contact) -> tuple[bool, bool, bool, int]:
    """The lower, the more it matters that a person reads the address."""
    doubtful = bool(contact.alike) or contact.never
    return (not doubtful, contact.known, contact.listed, contact.sent)


def familiar(contact: Contact, now: datetime) -> str:
    """How well this address is known: whether it is in the contacts, and how often a mail went
    to exactly it with a yes. `now` carries the zone in which days are told."""
    who = inert(shown(contact.address))
    if contact.alike:
        return f"⚠ {who}: {_not_theirs(contact)}"
    if contact.name:
        who = f"{inert(one_line(contact.name, 60))}, {who}"
    listed = "in your contacts" if contact.listed else "not in your contacts"
    if contact.never:
        listed = "⚠ your note on them says never to take them for known"
    if not contact.sent:
        return f"{who}: {listed}; the first mail that I would send there, ever."
    since = day(datetime.fromtimestamp(contact.first_sent, UTC), now)
    last = day(datetime.fromtimestamp(contact.last_sent, UTC), now)
    when = _on(last) if since == last else f"since {since}, last {_on(last)}"
    mails = f"{contact.sent} mail{'s' * (contact.sent > 1)}"
    return f"{who}: {listed}; {mails} sent there before, with your yes, {when}."


def _on(day: str) -> str:
    return day if day == "today" else f"on {day}"


def _whose(contact: Contact) -> str:
    """Whose address it is that theirs looks like."""
    name = inert(one_line(contact.alike_name, 60))
    return f"your {name}'s" if name else "the known"


def _not_theirs(contact: Contact) -> str:
    before = f" {contact.sent} sent there before." if contact.sent else " First mail there, ever."
    return f"NOT {_whose(contact)} address (that is {inert(shown(contact.alike))}).{before}"


def not_theirs(sender: str, name: str, house: House) -> str:
    """What to say of a sender who could be taken for somebody known, or an empty string: their
    address looks like a known one, or they call themselves what a contact is called."""
    contact, who = house.contact(sender), inert(shown(sender))
    if contact.alike:
        theirs = contact.alike
        return f"{who} is NOT {_whose(contact)} address, which is {inert(shown(theirs))}. {ASK}"
    if name and not contact.listed and (theirs := house.namesake(name)):
        return (
            f"{who} is NOT the address that you have of {inert(one_line(name, 60))}, which is "
            f"{inert(shown(theirs))}. {ASK}"
        )
    return ""


def shown(address: str) -> str:
    """The address as mail servers will see it, if its letters could be taken for others."""
    if address.rpartition("@")[2].isascii():
        return address
    there = exact(address)
    return address if there == address.lower() else f"{address} (that is {there})"


def oddities(text: str) -> list[str]:
    """The unseen characters of a text, written out."""
    return sorted({f"U+{ord(found):04X}" for found in UNSEEN.findall(text)})


def unseen_ends(text: str) -> int:
    """How many blanks stand where nobody sees them, at the ends of lines, if they could spell
    something: of several kinds, or now more and now fewer. Else 0."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    ends = [line[len(line.rstrip()) :] for line in lines]
    mixed = any(len(end) > END_MOST and len(set(end)) > 1 for end in ends)
    return sum(map(len, ends)) if mixed or len(set(map(len, ends))) > END_MOST + 1 else 0


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
