"""From what stands behind a condition's name in the handbook to the condition itself.

A value is one text or a list of them. What is no right value is told with its line and with
what would be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal

from factotum.addresses import account
from factotum.fenced import BlockError, Node, nearest
from factotum.gate.conditions import (
    UNITS,
    Amount,
    Caused,
    Domain,
    Files,
    Hours,
    Rate,
    Recipient,
    Stand,
    domain,
)
from factotum.gate.rules import Condition
from factotum.gate.shape import is_address
from factotum.gate.where import Host, Place, Web, plain_path
from factotum.model import Trust

_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IN = re.compile(r"in\s+[@.]?(\S+)", re.I)
#: How mail programs name all of a domain; as an address it would be nobody's.
_WHOLE_DOMAIN = re.compile(r"\*?@([^@*\s]+)")
_NUMBER = r"(\d{1,12}(?:\.\d{1,8})?)"
_UP_TO = re.compile(rf"up\s+to\s+{_NUMBER}\s*([A-Za-z]{{3,5}})", re.I)
_OVER = re.compile(rf"over\s+{_NUMBER}\s*([A-Za-z]{{3,5}})", re.I)
_BETWEEN = re.compile(rf"from\s+{_NUMBER}\s+to\s+{_NUMBER}\s*([A-Za-z]{{3,5}})", re.I)
_HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")
_RATE = re.compile(r"(\d{1,6})\s+per\s+(\w+)", re.I)
#: How long what a person wrote is quoted back, in characters.
QUOTED_CHARS = 60


def _texts(node: Node, key: str) -> list[tuple[str, int]]:
    """Each text of a value with its line."""
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    found = []
    for one in nodes:
        if isinstance(one.value, dict | tuple) or str(one.value).strip() == "":
            raise BlockError(f"`{key}` is one text, or a list of them in [ ]", one.line)
        text = " ".join(str(one.value).split())
        # `true` is a word here like any other
        found.append((text.lower() if isinstance(one.value, bool) else text, one.line))
    if not found:
        raise BlockError(f"`{key}` is an empty list: take it out, or name something", node.line)
    return found


def _one(node: Node, key: str) -> tuple[str, int]:
    found = _texts(node, key)
    if len(found) > 1:
        raise BlockError(f"`{key}` can hold but one thing", found[1][1])
    return found[0]


def _quoted(text: str) -> str:
    return f"`{text if len(text) <= QUOTED_CHARS else text[: QUOTED_CHARS - 1] + '…'}`"


def _recipient(node: Node) -> Recipient:
    return Recipient(tuple(dict.fromkeys(_whom(*one) for one in _texts(node, "recipient"))))


def _whom(text: str, line: int) -> Stand | Domain | str:
    if text.casefold() in list(Stand):
        return Stand(text.casefold())
    if found := _IN.fullmatch(text):
        return Domain(_domain(found[1], "recipient", line))
    if found := _WHOLE_DOMAIN.fullmatch(text):
        raise BlockError(f"`recipient`: for a whole domain write `in {found[1]}`", line)
    if is_address(text):
        return text
    if number := account(text):
        return number
    if "@" in text:
        raise BlockError(f"`recipient`: {_quoted(text)} is no mail address", line)
    if _DOMAIN.fullmatch(text):
        raise BlockError(f"`recipient`: for a whole domain write `in {text}`", line)
    hint = nearest(text, [*Stand, "in example.org", "ada@example.org"])
    raise BlockError(f"`recipient`: {_quoted(text)} is nobody; {hint}", line)


def _domain(text: str, key: str, line: int) -> str:
    name = domain(text)
    if not _DOMAIN.fullmatch(name):
        hint = "a domain is written `example.org`"
        raise BlockError(f"`{key}`: {_quoted(text)} is no domain; {hint}", line)
    return name


def _amount(node: Node) -> Amount:
    text, line = _one(node, "amount")
    if found := _UP_TO.fullmatch(text):
        return Amount(found[2].upper(), most=Decimal(found[1]))
    if found := _OVER.fullmatch(text):
        return Amount(found[2].upper(), over=Decimal(found[1]))
    if found := _BETWEEN.fullmatch(text):
        least, most = Decimal(found[1]), Decimal(found[2])
        if least > most:
            raise BlockError(f"`amount`: {_quoted(text)} begins above its end", line)
        return Amount(found[3].upper(), most=most, least=least)
    hint = "write `up to 50 EUR`, `over 50 EUR` or `from 10 to 50.00 EUR`"
    raise BlockError(f"`amount`: {_quoted(text)} is no amount; {hint}", line)


def hours(node: Node, key: str = "hour") -> Hours:
    """A span of a day, such as `22:00-07:30`. Raises BlockError."""
    text, line = _one(node, key)
    found = _HOURS.fullmatch(text)
    if not found:
        hint = "write two times as `08:00-20:00`"
        raise BlockError(f"`{key}`: {_quoted(text)} is no span of time; {hint}", line)
    h1, m1, h2, m2 = map(int, found.groups())
    if (h2, m2) == (24, 0):
        h2 = 0
    if max(h1, h2) > 23 or max(m1, m2) > 59:
        raise BlockError(f"`{key}`: {_quoted(text)} holds a time that no clock shows", line)
    if (h1, m1) == (h2, m2):
        raise BlockError(f"`{key}`: {_quoted(text)} ends where it begins: take it out", line)
    return Hours(time(h1, m1), time(h2, m2))


def _trust(node: Node) -> Caused:
    labels = []
    for text, line in _texts(node, "trust"):
        if text.casefold() not in list(Trust):
            raise BlockError(f"`trust` is never {_quoted(text)}; {nearest(text, Trust)}", line)
        labels.append(Trust(text.casefold()))
    return Caused(tuple(dict.fromkeys(labels)))


def _url(node: Node) -> Web:
    hosts: list[Domain | Host] = []
    for text, line in _texts(node, "url"):
        if found := _IN.fullmatch(text):
            hosts.append(Domain(_domain(found[1], "url", line)))
            continue
        if "/" in text:
            hint = "a rule goes by the host alone: `in example.org`, or `www.example.org`"
            raise BlockError(f"`url`: {_quoted(text)}: {hint}", line)
        hosts.append(Host(_domain(text, "url", line)))
    return Web(tuple(dict.fromkeys(hosts)))


def _path(node: Node) -> Place:
    globs = []
    for text, line in _texts(node, "path"):
        if not plain_path(text) or "[" in text:
            hint = "write it from the top of the vault, as `Office/Contacts/*`"
            raise BlockError(f"`path`: {_quoted(text)} is no plain path; {hint}", line)
        globs.append(text)
    return Place(tuple(dict.fromkeys(globs)))


def _attachments(node: Node) -> Files:
    text, line = _one(node, "attachments")
    if text.casefold() not in ("none", "any"):
        raise BlockError(f"`attachments`: {_quoted(text)} is neither `none` nor `any`", line)
    return Files(text.casefold() == "none")


def _rate(node: Node) -> Rate:
    texts = [
        (part.strip(), line) for text, line in _texts(node, "rate") for part in text.split(",")
    ]
    most = []
    for text, line in texts:
        found = _RATE.fullmatch(text)
        if not found or int(found[1]) < 1 or found[2].casefold() not in UNITS:
            hint = "write `5 per hour`, `20 per day`, or both as a list"
            raise BlockError(f"`rate`: {_quoted(text)} is no rate; {hint}", line)
        most.append((int(found[1]), found[2].casefold()))
    return Rate(tuple(dict.fromkeys(most)))


#: Every condition of a rule, by its name in the handbook.
READERS: dict[str, Callable[[Node], Condition]] = {
    "recipient": _recipient,
    "amount": _amount,
    "hour": hours,
    "trust": _trust,
    "url": _url,
    "path": _path,
    "attachments": _attachments,
    "rate": _rate,
}

#: What each asks of a call, for people.
MEANINGS: dict[str, str] = {
    "recipient": "`known`, `new`, `in example.org` (also all below it), an address, "
    "or the number of an account (`DE89 3704 0044 0532 0130 00`)",
    "amount": "`up to 50 EUR`, `over 50 EUR`, or `from 10 to 50 EUR`",
    "hour": "`08:00-20:00` by this machine's clock; may go past midnight",
    "trust": "whose words caused it: `owner`, `known` or `stranger`",
    "url": "the host: `in example.org`, or `www.example.org` and no other",
    "path": "the path of a note from the top of the vault; `*` stands for any letters",
    "attachments": "`none`, or `any`",
    "rate": "`5 per hour`, `20 per day`: only with `allow`, counts what this rule allowed",
}
