"""Of which events the owner is told, how long before, and how: the handbook's `calendar:`."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from factotum.fenced import Node
from watchers import entries
from watchers.calendars.happening import Happening
from watchers.entries import BadEntry, Entry

BEFORE_S = 15 * 60.0
BEFORE_MOST_S = 7 * 86400.0
KEYS = ("calendar", "event", "before", "do")
WAYS = ("reminder", "task", "nothing")


@dataclass(frozen=True)
class Rule:
    """`calendar` and `event` may hold stars."""

    calendar: str = "*"
    event: str = "*"
    before_s: tuple[float, ...] = (BEFORE_S,)
    way: str = "reminder"

    def fits(self, one: Happening) -> bool:
        return _fits(one.calendar, self.calendar) and _fits(one.title, self.event)


def read(nodes: Sequence[Node]) -> tuple[list[Rule], Mapping[str, str]]:
    """The rules, the first that fits counts; and what is wrong with which line."""
    rules, wrong = entries.read(nodes, "calendar", KEYS, _rule)
    return [*rules, Rule()], wrong


def rule_of(rules: Sequence[Rule], one: Happening) -> Rule:
    return next(rule for rule in rules if rule.fits(one))


def _rule(entry: Entry) -> Rule:
    before_s = entry.spans_s("before", BEFORE_S)
    if max(before_s) > BEFORE_MOST_S:
        raise BadEntry("`before` is at most 7 d", entry.at("before"))
    return Rule(
        entry.text("calendar", "*"), entry.text("event", "*"), before_s, entry.one_of("do", WAYS)
    )


def _fits(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text.casefold(), pattern.casefold())
