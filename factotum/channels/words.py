"""Words with marks, as every channel shows them: text is text, and marks stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MARKS = ("bold", "italic", "code", "pre", "quote", "strike", "link", "spoiler")


@dataclass(frozen=True)
class Span:
    """A mark on `length` code points of a text, from `start` on; `href` where a link leads."""

    start: int
    length: int
    mark: str
    href: str = ""


@dataclass(frozen=True)
class Words:
    text: str
    spans: tuple[Span, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "spans": [[one.start, one.length, one.mark, one.href] for one in self.spans],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Words:
        return cls(found["text"], tuple(Span(*one) for one in found["spans"]))
