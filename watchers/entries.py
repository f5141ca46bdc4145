"""What the owner wrote in a section of the handbook's `yaml watching` block, entry by entry.

A bad entry is told with its line and left out; it takes no other one with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from factotum.fenced import Node, nearest
from factotum.words import UNITS_S

T = TypeVar("T")

_SPAN = re.compile(r"(\d{1,6})\s*([a-z]+)")


class BadEntry(Exception):
    """What is wrong with an entry, and what to write instead. `line` is in the handbook."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Entry:
    """One entry: its words by their names."""

    values: dict[str, Node]
    line: int

    def text(self, name: str, default: str = "") -> str:
        node = self.values.get(name)
        if node is None:
            return default
        if isinstance(node.value, tuple | dict) or str(node.value).strip() == "":
            raise BadEntry(f"`{name}` wants one text", node.line)
        return str(node.value).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them."""
        node = self.values.get(name)
        if node is None:
            return ()
        if not isinstance(node.value, tuple):
            return (self.text(name),)
        return tuple(Entry({name: one}, one.line).text(name) for one in node.value)

    def one_of(self, name: str, words: Sequence[str]) -> str:
        """One of the words, the first where nothing is said."""
        said = self.text(name, words[0]).casefold()
        if said not in words:
            raise BadEntry(f"`{name}: {said}`: {nearest(said, words)}", self.at(name))
        return said

    def spans_s(self, name: str, default_s: float, least_s: float = 0.0) -> tuple[float, ...]:
        """Each length of time that is said there, in seconds."""
        said = [span_s(text, self.at(name)) for text in self.texts(name)] or [default_s]
        if min(said) < least_s:
            least = f"{least_s / 60:g} min"
            raise BadEntry(f"`{name}` is at least {least}", self.at(name))
        return tuple(said)

    def at(self, name: str) -> int:
        node = self.values.get(name)
        return node.line if node else self.line


def span_s(text: str, line: int) -> float:
    """A length of time in seconds. Raises BadEntry."""
    found = _SPAN.fullmatch(text.casefold().strip())
    unit_s = UNITS_S.get(found[2]) if found else None
    if found is None or unit_s is None:
        raise BadEntry(f"{text!r} is no length of time: write `15 min`, `2 h` or `1 d`", line)
    return float(int(found[1]) * unit_s)


def read(
    nodes: Sequence[Node], main: str, keys: Collection[str], make: Callable[[Entry], T]
) -> tuple[list[T], dict[str, str]]:
    """What `make` makes of each entry, and what is wrong with others, by where they stand. An
    entry that is a text alone says only `main`."""
    made: list[T] = []
    wrong: dict[str, str] = {}
    for node in nodes:
        try:
            made.append(make(_entry(node, main, keys)))
        except BadEntry as bad:
            wrong[f"handbook line {bad.line}"] = str(bad)
    return made, wrong


def _entry(node: Node, main: str, keys: Collection[str]) -> Entry:
    if isinstance(node.value, tuple):
        raise BadEntry(f"a list stands where `{main}` belongs", node.line)
    values = node.value if isinstance(node.value, dict) else {main: node}
    for name, value in values.items():
        if name not in keys:
            raise BadEntry(f"`{name}` is not known here: {nearest(name, keys)}", value.line)
    return Entry(values, node.line)
