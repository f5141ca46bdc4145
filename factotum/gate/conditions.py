"""What a rule can ask of a call: to whom, how much, when, for whom, with files, how often.

A condition of an allow holds only if all that the call names fits it, and not if that cannot
be read; a condition of any other rule holds as soon as one thing fits, or cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import StrEnum

from factotum import addresses
from factotum.gate.rows import row_of
from factotum.gate.rules import Rule, Scene, Verb
from factotum.inert import one_line
from factotum.model import Trust

#: The longest value of a call that a reason quotes, in characters.
QUOTED_CHARS = 80
#: The units of a rate, in seconds.
UNITS = {"hour": 3600.0, "day": 86400.0}


class Stand(StrEnum):
    """How the owner stands to a recipient."""

    KNOWN = "known"
    NEW = "new"


@dataclass(frozen=True)
class Domain:
    """A domain and all below it, as `domain()` writes it."""

    name: str

    def holds(self, host: str) -> bool:
        host = domain(host)
        return host == self.name or host.endswith(f".{self.name}")


def domain(text: str) -> str:
    """A domain as it is compared: as servers see it, without case or a point at its end."""
    return addresses.wire(text)


def either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def by_law(
    rule: Rule, values: Sequence[str] | None, fits: Callable[[str], bool], what: str, words: str
) -> str:
    """The law of all conditions on what a call names: `what` it names, `words` that must fit."""
    strict = rule.verb is Verb.ALLOW
    if not values:
        return f"no {what} can be read from this call" if strict else ""
    if strict:
        return next((f"{quoted(one)} is not {words}" for one in values if not fits(one)), "")
    if any(map(fits, values)):
        return ""
    return f"no {what} of it is {words}"


def quoted(value: str) -> str:
    return f"`{one_line(value, QUOTED_CHARS)}`"


@dataclass(frozen=True)
class Recipient:
    """Each of `whom` is a Stand, a Domain, one address or the number of an account."""

    whom: tuple[Stand | Domain | str, ...]
    key = "recipient"

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(f"in {one.name}" if isinstance(one, Domain) else one for one in self.whom)

    @property
    def said(self) -> str:
        return f"to {either(self._words())}"

    def _words(self) -> list[str]:
        stands = {Stand.KNOWN: "somebody you know", Stand.NEW: "somebody new"}
        return [
            f"somebody in {one.name}"
            if isinstance(one, Domain)
            else stands[one]
            if isinstance(one, Stand)
            else one
            for one in self.whom
        ]

    def why_not(self, rule: Rule, scene: Scene) -> str:
        def fits(address: str) -> bool:
            return any(_is(address, one, rule.verb, scene) for one in self.whom)

        words = either(self._words())
        return by_law(rule, scene.found.recipients, fits, "recipient", words)


def _is(address: str, whom: Stand | Domain | str, verb: Verb, scene: Scene) -> bool:
    if isinstance(whom, Stand):
        return scene.house.contact(address).known is (whom is Stand.KNOWN)
    if isinstance(whom, Domain):
        return whom.holds(address.rpartition("@")[2])
    return _address(address, verb) == _address(whom, verb)


def _address(text: str, verb: Verb) -> str:
    """An address as it is compared. `ada+news@…` mostly reaches ada@…: what forbids or asks
    counts it as hers, what allows does not."""
    name, _, host = addresses.exact(text).rpartition("@")
    if verb is not Verb.ALLOW:
        name = name.partition("+")[0]
        host = host if name else host.replace("-", "")  # of an account: some write it in groups
    return f"{name}@{host}"


@dataclass(frozen=True)
class Amount:
    """More than `over` or at least `least`, and at most `most`, in whole units of `currency`."""

    currency: str
    most: Decimal | None = None
    least: Decimal | None = None
    over: Decimal | None = None
    key = "amount"

    @property
    def written(self) -> str:
        if self.over is not None:
            return f"over {self.over:f} {self.currency}"
        if self.least is not None:
            return f"from {self.least:f} to {self.most:f} {self.currency}"
        return f"up to {self.most:f} {self.currency}"

    @property
    def said(self) -> str:
        return f"of {self.written}" if self.over is None else f"of more than {self.written[5:]}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        amount, currency = scene.found.amount, scene.found.currency
        strict = rule.verb is Verb.ALLOW
        if amount is None or currency is None:
            return "no amount with its currency can be read from this call" if strict else ""
        if currency != self.currency:
            return f"{one_line(currency, 10)} is not {self.currency}" if strict else ""
        if self._holds(amount):
            return ""
        return f"{scene.house.money(amount, currency)} is not {self.written}"

    def _holds(self, amount: Decimal) -> bool:
        above = self.over is None or amount > self.over
        enough = self.least is None or amount >= self.least
        return above and enough and (self.most is None or amount <= self.most)


@dataclass(frozen=True)
class Hours:
    """From `start` until just before `end` by the owner's clock; may span midnight."""

    start: time
    end: time
    key = "hour"

    @property
    def written(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    @property
    def said(self) -> str:
        return f"between {self.start:%H:%M} and {self.end:%H:%M}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        now = scene.house.now.time().replace(tzinfo=None)
        return "" if self.holds(now) else f"{now:%H:%M} is not {self.said}"

    def holds(self, now: time) -> bool:
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


@dataclass(frozen=True)
class Caused:
    """Whose words the task carries."""

    labels: tuple[Trust, ...]
    key = "trust"

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(self.labels)

    @property
    def said(self) -> str:
        words = {
            Trust.OWNER: "yours",
            Trust.KNOWN: "somebody you know",
            Trust.STRANGER: "a stranger",
        }
        return f"for a task of {either(words[label] for label in self.labels)}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        trust = scene.task.trust
        return "" if trust in self.labels else f"the task's label is {trust}"


@dataclass(frozen=True)
class Files:
    """Without files (`none`), or with them (`any`); an allow with `any` holds without, too."""

    none: bool
    key = "attachments"

    @property
    def written(self) -> str:
        return "none" if self.none else "any"

    @property
    def said(self) -> str:
        return "without files" if self.none else "with files"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        strict = rule.verb is Verb.ALLOW
        if not row_of(scene.call.tool).reviewed:
            return "whether it carries files is not known of this tool" if strict else ""
        there = scene.found.attachments > 0
        if self.none:
            return "it carries files" if there else ""
        return "" if there or strict else "it carries no files"


@dataclass(frozen=True)
class Rate:
    """At most so many calls within so long, of those that this very rule allowed."""

    most: tuple[tuple[int, str], ...]
    key = "rate"

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(f"{n} per {unit}" for n, unit in self.most)

    @property
    def said(self) -> str:
        return f"at most {' and '.join(self.written)}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        for most, unit in self.most:
            if (used := scene.house.used(rule.name, UNITS[unit])) >= most:
                return f"it allowed {used} within the last {unit}, and may allow {most}"
        return ""
