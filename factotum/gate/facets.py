"""What of a call a rule can speak of: to whom, how much, where to, which file.

A tool declares its facets in its row, or the owner declares them for a third-party tool in
the handbook. A facet that nobody declared is None: it fails an allow and satisfies the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from factotum import addresses
from factotum.gate.rows import row_of
from factotum.gate.shape import is_address
from factotum.model import Call
from factotum.money import MINOR_DIGITS

#: The facets that a tool can declare, each as the names of the arguments that hold it.
#: `amount` holds whole units as text or integer ("120.00"), `amount_minor` an integer of the
#: smallest unit: of cents, and where a currency has none, of what it has.
NAMES = ("recipients", "amount", "amount_minor", "currency", "url", "path")

#: An amount as every reader takes it. Three digits behind a point are thousands to some.
_AMOUNT = re.compile(r"[0-9]{1,18}(?:\.(?:[0-9]{1,2}|[0-9]{4,8}))?")
_MINOR = re.compile(r"[0-9]{1,18}")
#: No amount that anybody means is so large.
MOST = 10**18
_CURRENCY = re.compile(r"[A-Z]{2,10}")
#: What makes one reader see an address where another sees a name, a remark or a group.
_TWOFOLD = re.compile(r"[\"();:\\%!]")

Declared = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Facets:
    """`amount` is in whole units of `currency` (an upper-case code). What is declared but
    cannot be read, or could be read in two ways, is None: it counts as undeclared."""

    recipients: tuple[str, ...] | None = None
    amount: Decimal | None = None
    currency: str | None = None
    urls: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    attachments: int = 0


def facets(call: Call, declared: Declared | None = None) -> Facets:
    """The facets of a call; `declared` overrides what the tool's row says, if given."""
    names = row_of(call.tool).facets if declared is None else declared
    currency = _currency(call.args, names.get("currency", ()))
    return Facets(
        _reached(call.args, names["recipients"], declared) if "recipients" in names else None,
        _amount(call.args, names, MINOR_DIGITS.get(currency or "", 2)),
        currency,
        _plain(call.args, names["url"]) if "url" in names else None,
        _plain(call.args, names["path"]) if "path" in names else None,
        _count(call.args.get("attachments")),
    )


def pays(call: Call, declared: Declared | None = None) -> bool:
    """Whether a call is about money, readable or not. Of a tool of others of which nobody has
    said what its arguments mean, one that is called after an amount is enough."""
    row = row_of(call.tool)
    if {"amount", "amount_minor"} & {*row.facets, *(declared or ())}:
        return True
    return not row.reviewed and any("amount" in str(name).casefold() for name in call.args)


def _count(value: Any) -> int:
    """How many files are named; what another tool calls so may be anything."""
    return len(value) if isinstance(value, list | tuple) else int(bool(value))


def recipients(tool: str, args: Mapping[str, Any]) -> list[str]:
    """Every bare address that a call would reach, in order, without repeats."""
    return _addresses(args, row_of(tool).facets.get("recipients", ()))


def _reached(
    args: Mapping[str, Any], names: Sequence[str], declared: Declared | None
) -> tuple[str, ...] | None:
    """Every address, or None where something may be read as another one, or as none: a tool
    that takes it for one would reach whom no rule has looked at. Of a tool that the owner
    `declared` also the number of an account, whole."""
    wanted: list[str] = []
    for name in names:
        for text in _listed(args.get(name)):
            if declared and isinstance(text, str) and (number := addresses.account(text)):
                wanted.append(number)
                continue
            found = [address for _, address in addresses.pairs([str(text)]) if address]
            if not isinstance(text, str) or _TWOFOLD.search(text) or not text.isprintable():
                return None
            if not found or text.count("@") != len(found) or not all(map(is_address, found)):
                return None
            wanted += found
    return tuple(dict.fromkeys(wanted))


def _listed(value: Any) -> Sequence[Any]:
    if value in (None, ""):
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _addresses(args: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    texts = [str(text) for name in names for text in _listed(args.get(name))]
    found = [address for _, address in addresses.pairs(texts) if address]
    return list(dict.fromkeys(found))


def _plain(args: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...] | None:
    """Every text, or None where something else stands there, of which nobody here knows what
    the tool makes of it."""
    found = [one for name in names for one in _listed(args.get(name)) if one not in (None, "")]
    return tuple(found) if all(isinstance(one, str) for one in found) else None


def _amount(args: Mapping[str, Any], names: Declared, minor_digits: int) -> Decimal | None:
    """The sum of all declared amounts, or None where one of them cannot be read."""
    total = Decimal(0)
    wanted = [(name, _AMOUNT, 0) for name in names.get("amount", ())]
    wanted += [(name, _MINOR, minor_digits) for name in names.get("amount_minor", ())]
    if not wanted:
        return None
    for name, form, places in wanted:
        value = args.get(name)
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        if isinstance(value, int) and not 0 <= value < MOST:
            return None
        if not form.fullmatch(str(value)):
            return None
        total += Decimal(value).scaleb(-places)
    return total


def _currency(args: Mapping[str, Any], names: Sequence[str]) -> str | None:
    found = {text.strip().upper() for text in _plain(args, names) or () if text.isascii()}
    one = found.pop() if len(found) == 1 else ""
    return one if _CURRENCY.fullmatch(one) else None
