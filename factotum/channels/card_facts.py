"""What is known of a card, where it is no note: whom it reaches, how well they are known, and
whose idea it was. Pure.

What is too much gives way; what warns stays the longest.
"""

from __future__ import annotations

from factotum.channels.split import fitted, utf16
from factotum.channels.words import Words
from factotum.gate import card as cards
from factotum.gate.records import Card
from factotum.inert import one_line, uninert, visible
from factotum.words import local

#: How long all of that may be, and whom it reaches, in UTF-16 units.
FACTS_UNITS, WHO_UNITS = 1200, 300


def facts(card: Card, share: float) -> list[Words]:
    """What is known of it. Where that is too much, what warns stands before what only tells."""
    if card.over:
        return []
    about, most = card.seal.about, int(FACTS_UNITS * share)
    own = {uninert(str(line)) for line in about.get("lines", ())}
    told = uninert("\n".join(cards.told(card))).split("\n")
    lines = [one_line(line, int(FACTS_UNITS * share) // 3) for line in told if line]
    if first := " · ".join(filter(None, (_who(card, lines, share), cards.place(card)))):
        lines.insert(0, first)
    kept: list[int] = []
    for n in sorted(range(len(lines)), key=lambda n: _matters(n, lines[n], own)):
        if utf16("\n".join(lines[one] for one in (*kept, n))) <= most:
            kept.append(n)
    if missing := len(lines) - len(kept):
        lines.append(f"⚠ … and {missing} more of these; they stand in the note")
        kept.append(len(lines) - 1)
    return [Words.of("\n".join(lines[n] for n in sorted(kept)))]


def _who(card: Card, lines: list[str], share: float) -> str:
    """Whom it reaches; empty where the first line says that, and how well they are known."""
    who = uninert(str(card.seal.about.get("who", "")))
    if card.seal.about.get("known") and who in lines[0]:
        return ""
    return fitted(Words.of(who), int(WHO_UNITS * share)).text if who else ""


def _matters(n: int, line: str, own: set[str]) -> tuple[int, int]:
    """The lower, the less it may be left out."""
    return (0 if n == 0 else 1 if line.startswith("⚠") else 2 if line in own else 3), n


def receipt(card: Card) -> list[Words]:
    """What became of it, in a line."""
    if card.ended is None:
        return []
    found = card.ended.evidence
    told = [f"{local(found.get('resolved_at', card.ended.at)):%a %H:%M}"]
    for key in ("to", "note", "reason", "resolved_by"):
        if value := found.get(key):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            told.append(f"{key.replace('_', ' ')} {one_line(visible(text), 120)}")
    return [Words.of(" · ".join(told))]
