"""What of a call a rule can speak of: to whom, how much, where to, which file.

A tool declares its facets in its row, or the owner declares them for a third-party tool in
the handbook. A facet that nobody declared is None: it fails an allow and satisfies the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from factotum import addresses
from factotum.gate.rows import row_of
from factotum.model import Call

#: The facets that a tool can declare, each as the names of the arguments that hold it.
#: `amount` holds whole units as text or integer ("120.00"), `amount_minor` cents as integer.
NAMES = ("recipients", "amount", "amount_minor", "currency", "url", "path")

#: An amount with more digits before or behind the point is none that anybody means.
DIGITS_MOST = 18

Declared = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Facets:
    """`amount` is in whole units of `currency` (an upper-case code). What is
    declared but cannot be read is None, as what nobody declared."""

    recipients: tuple[str, ...] | None = None
    amount: Decimal | None = None
    currency: str | None = None
    urls: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    attachments: int = 0


def facets(call: Call, declared: Declared | None = None) -> Facets:
    """The facets of a call; `declared` overrides what the tool's row says, if given."""
    names = row_of(call.tool).facets if declared is None else declared
    return Facets(
        tuple(_addresses(call.args, names["recipients"])) if "recipients" in names else None,
        _amount(call.args, names),
        _currency(call.args, names.get("currency", ())),
        tuple(_texts(call.args, names["url"])) if "url" in names else None,
        tuple(_texts(call.args, names["path"])) if "path" in names else None,
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


def _addresses(args: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    wanted: list[str] = []
    for name in names:
        value = args.get(name) or ()
        values = value if isinstance(value, list | tuple) else [value]
        wanted += [address for _, address in addresses.pairs(map(str, values)) if address]
    return list(dict.fromkeys(wanted))


def _texts(args: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        value = args.get(name)
        values = value if isinstance(value, list | tuple) else [value]
        found += [str(one) for one in values if one not in (None, "")]
    return found


def _amount(args: Mapping[str, Any], names: Declared) -> Decimal | None:
    """The sum of all declared amounts, or None where one of them cannot be read."""
    total = Decimal(0)
    wanted = [(name, 0) for name in names.get("amount", ())]
    wanted += [(name, 2) for name in names.get("amount_minor", ())]
    if not wanted:
        return None
    for name, places in wanted:
        value = args.get(name)
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        try:
            one = Decimal(value)
        except InvalidOperation:
            return None
        if not one.is_finite() or one < 0 or abs(one.adjusted()) > DIGITS_MOST:
            return None
        total += one.scaleb(-places)
    return total


def _currency(args: Mapping[str, Any], names: Sequence[str]) -> str | None:
    found = {text.strip().upper() for text in _texts(args, names)}
    return found.pop() if len(found) == 1 else None
