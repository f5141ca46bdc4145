"""Whether a call can be shown on a card and sent, beyond what its schema says."""

from __future__ import annotations

import re
import unicodedata

from factotum.gate.rows import row_of
from factotum.model import Call

#: The longest text that a card shows whole; a longer one could not be approved by reading.
TEXT_MOST_CHARS = 60_000

ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]]+@[^@\s,;<>\"()\[\]]+")


#: Kinds of characters that end a line somewhere, or that nothing can be made of.
LINE_BREAKERS = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: The most addresses in one field, and the longest one-line field, in characters.
RECIPIENTS_MOST = 100
LINE_MOST_CHARS = 900
#: The longest id of a letter that is answered, in characters: as much as a card shows.
REFERENCE_MOST_CHARS = 300


def is_address(text: str) -> bool:
    """Whether mail can be sent to exactly this: nothing in it that a server would map away."""
    if not ADDRESS.fullmatch(text) or not text.isprintable():
        return False
    domain = text.rpartition("@")[2]
    if domain.isascii():
        return True
    import idna  # only where it is needed: its tables are large

    try:
        return idna.decode(idna.encode(domain)) == domain.lower()
    except idna.IDNAError:
        return False


def misfits(call: Call) -> list[str]:
    """Why a call could not be shown on a card or sent, beyond what its schema says."""
    form = row_of(call.tool).form
    if form is None:
        return []
    problems = []
    for name in form.lines:
        value = call.args.get(name) or ()
        values = [value] if isinstance(value, str) else list(value)
        if any(unicodedata.category(c) in LINE_BREAKERS for one in values for c in str(one)):
            problems.append(f"{name} holds a line break or a control character")
        elif name in form.lists:
            problems += [
                f"{name}: {one!r:.60} is no mail address"
                for one in values
                if not is_address(str(one))
            ]
        if len(values) > RECIPIENTS_MOST:
            problems.append(f"{name}: more than {RECIPIENTS_MOST} addresses")
        problems += [f"{name} is too long" for one in values if len(str(one)) > LINE_MOST_CHARS]
    if len(str(call.args.get("in_reply_to") or "")) > REFERENCE_MOST_CHARS:
        problems.append("in_reply_to is too long for the id of a letter")
    if "to" in form.lines and not call.args.get("to"):
        problems.append("to: nobody is named to send it to")
    if len(str(call.args.get(form.text) or "")) > TEXT_MOST_CHARS:
        problems.append(f"{form.text} is longer than the {TEXT_MOST_CHARS} characters of a card")
    return problems
