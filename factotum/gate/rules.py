"""The rules of the house as data: what a person wrote into the handbook, checked.

First match wins. A facet that the tool does not declare fails an allow and satisfies an
ask, a strong or a deny.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from factotum.gate.contact import Contact, nobody
from factotum.gate.facets import Declared, Facets
from factotum.model import Call, Task


class Verb(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    STRONG = "strong"
    DENY = "deny"


@dataclass(frozen=True)
class Rule:
    """One rule. `name` is unique in its policy; `said` is how the card names it (“house rule
    3, “replies ask””); `line` is where it stands in the handbook, 1 for the note's first.
    `for_task` is set on a permission that a person gave for one task: it holds there although
    others' words caused the call, because a person saw it."""

    name: str
    verb: Verb
    tools: tuple[str, ...]
    said: str = ""
    line: int = 0
    for_task: str = ""
    matches: Callable[[Call, Facets, Task, House], bool] = field(
        default=lambda call, facets, task, house: True, compare=False
    )


@dataclass(frozen=True)
class Quiet:
    """From when to when nobody is told of anything but emergencies; may span midnight."""

    start: time
    end: time


@dataclass(frozen=True)
class Policy:
    """The policy in force. `broken` says why the handbook's block cannot be used, with the
    line and the word that is wrong (then everything asks). `version` goes into every seal.
    `tools` are facets that the owner declared for third-party tools. Budgets are in USD."""

    rules: tuple[Rule, ...] = ()
    quiet: Quiet | None = None
    budgets: Mapping[str, float] = field(default_factory=dict)
    tools: Mapping[str, Declared] = field(default_factory=dict)
    version: str = "built-in-2"
    broken: str = ""

    def first(self, call: Call, found: Facets, task: Task, house: House) -> Rule | None:
        """The first rule that fits the call, or None."""
        for rule in self.rules:
            if rule.matches(call, found, task, house):
                return rule
        return None


@dataclass(frozen=True)
class House:
    """All that a judgement goes by beside the call and its task.

    `contact` tells how the owner stands to an address; `used(rule, seconds)` how many calls
    the rule of that name allowed within the last so many seconds; `secret` names the setting
    whose value stands in the arguments, in whatever disguise, or is empty. `grants` are
    permissions with an end, which go before the policy's rules.
    """

    now: datetime
    policy: Policy = Policy()
    contact: Callable[[str], Contact] = nobody
    used: Callable[[str, float], int] = lambda rule, seconds: 0
    secret: Callable[[Mapping[str, Any]], str] = lambda args: ""
    grants: Sequence[Rule] = ()
