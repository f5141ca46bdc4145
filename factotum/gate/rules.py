"""The rules of the house as data: what a person wrote into the handbook, checked.

First match wins. What a rule says of a facet that the tool does not declare fails an allow
and satisfies an ask, a strong or a deny.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Protocol

from factotum.gate.contact import Contact, nobody
from factotum.gate.facets import Declared, Facets
from factotum.model import Call, Task
from factotum.money import Teller, plain


class Verb(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    STRONG = "strong"
    DENY = "deny"


@dataclass(frozen=True)
class Scene:
    """One call as a condition sees it: what it holds, who caused it, in which house."""

    call: Call
    found: Facets
    task: Task
    house: House


class Condition(Protocol):
    """One condition of a rule. `key` and `written` are its line in the handbook, `said` the
    same in plain words, behind “mail__send”."""

    @property
    def key(self) -> str: ...
    @property
    def written(self) -> str | tuple[str, ...]: ...
    @property
    def said(self) -> str: ...

    def why_not(self, rule: Rule, scene: Scene) -> str:
        """Why it does not hold, in plain words, or an empty string."""


@dataclass(frozen=True)
class Rule:
    """One rule. `name` is unique in its policy; `said` is how the card names it (“house rule
    3, “replies ask””); `line` is where it stands in the handbook, 1 for the note's first.
    `tools` are names with * for any letters. All of the conditions must hold.
    `for_task` is set on a permission that a person gave for one task: it holds there although
    others' words caused the call, because a person saw it."""

    name: str
    verb: Verb
    tools: tuple[str, ...]
    said: str = ""
    line: int = field(default=0, compare=False)
    for_task: str = ""
    conditions: tuple[Condition, ...] = ()

    def matches(self, call: Call, found: Facets, task: Task, house: House) -> bool:
        return not self.why_not(call, found, task, house)

    def why_not(self, call: Call, found: Facets, task: Task, house: House) -> str:
        """Why the rule says nothing of this call, in plain words, or an empty string."""
        if not any(fnmatchcase(call.tool, tool) for tool in self.tools):
            return "it is about other tools"
        scene = Scene(call, found, task, house)
        reasons = (condition.why_not(self, scene) for condition in self.conditions)
        return next(filter(None, reasons), "")


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
        for rule, why_not in self.tried(call, found, task, house):
            if not why_not:
                return rule
        return None

    def tried(
        self, call: Call, found: Facets, task: Task, house: House
    ) -> Iterator[tuple[Rule, str]]:
        """Each rule in order with why it does not fit, up to the first that does."""
        for rule in self.rules:
            why_not = rule.why_not(call, found, task, house)
            yield rule, why_not
            if not why_not:
                return


@dataclass(frozen=True)
class House:
    """All that a judgement goes by beside the call and its task.

    `contact` tells how the owner stands to an address; `used(rule, seconds)` how many calls
    the rule of that name allowed within the last so many seconds; `secret` names the setting
    whose value stands in the arguments, in whatever disguise, or is empty. `grants` are
    permissions with an end, which go before the policy's rules. `namesake` is the address of
    the contact who is called so, or empty. `money` is how amounts are told; none is compared
    by it.
    """

    now: datetime
    policy: Policy = Policy()
    contact: Callable[[str], Contact] = nobody
    used: Callable[[str, float], int] = lambda rule, seconds: 0
    secret: Callable[[Mapping[str, Any]], str] = lambda args: ""
    grants: Sequence[Rule] = ()
    namesake: Callable[[str], str] = lambda name: ""
    money: Teller = plain
