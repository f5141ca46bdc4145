"""Mail addresses in text that anybody may have written.

The standard library's parser raises on some of what an outsider can write; here that is
simply no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import utils

#: A longer header is cut: nobody names so many people in good faith.
TEXT_MOST_CHARS = 100_000


#: Under these, below a country, anybody can have a name: `rossi.co.uk` is a house of its own.
_SHARED = frozenset({"ac", "co", "com", "edu", "gov", "gv", "ltd", "ne", "net", "or", "org"})


def house(domain: str) -> str:
    """The part of a domain that one owner has: `rossi.example` of `mx.rossi.example`.

    A guess without the list of public suffixes: good enough to compare with, never to trust.
    """
    labels = domain.strip(".").lower().split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3:] if shared else labels[-2:])


def exact(address: str) -> str:
    """An address as it is compared: as mail servers see it, in small letters.

    Two that differ here reach two people: `ada@faß.example` is not `ada@fass.example`.
    """
    local, at, domain = address.strip().rpartition("@")
    return f"{local.lower()}{at}{wire(domain)}"


def wire(domain: str) -> str:
    """A domain as it stands on the wire (IDNA 2008, UTS 46), without a point at its end; what
    can be no domain comes back in small letters."""
    domain = domain.strip().rstrip(".")
    if domain.isascii():
        return domain.lower()
    import idna  # only where it is needed: its tables are large

    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain.lower()


#: A number of an account or a telephone: no mail address, no name, no host.
_ACCOUNT = re.compile(r"(?=[^0-9]*[0-9])\+?[A-Za-z0-9][A-Za-z0-9 -]{3,63}")


def account(text: str) -> str:
    """The number of an account (an IBAN) or a telephone as it is compared: without blanks, in
    capitals. Empty for what is none."""
    return "".join(text.split()).upper() if _ACCOUNT.fullmatch(text.strip()) else ""


#: One address that no two programs read differently. Most are such, and the parser of the
#: standard library takes ten times as long.
_WORD, _LABEL = r"[A-Za-z0-9_+-]{1,64}", r"[A-Za-z0-9-]{1,63}"
_BARE = rf"{_WORD}(?:\.{_WORD}){{0,8}}@{_LABEL}(?:\.{_LABEL}){{1,8}}"
_NAME = r"[A-Za-z0-9]{1,40}(?: [A-Za-z0-9]{1,40}){0,5}"
_PLAIN = re.compile(rf" ?(?:({_NAME}) )?<({_BARE})> ?| ?({_BARE}) ?")


def pairs(texts: Iterable[str]) -> list[tuple[str, str]]:
    """(shown name, address) of everybody named, in order; never raises."""
    texts = list(texts)
    if len(texts) == 1 and (plain := _PLAIN.fullmatch(texts[0])):
        return [(" ".join((plain[1] or "").split()), plain[2] or plain[3])]
    try:
        return utils.getaddresses([text[:TEXT_MOST_CHARS] for text in texts])
    except (ValueError, IndexError, TypeError, RecursionError):
        return []


def first(text: str) -> tuple[str, str]:
    """(shown name, address) of the first who is named; empty when nobody is."""
    return next(iter(pairs([text])), ("", ""))
