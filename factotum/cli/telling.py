"""The sayings of the views, and other texts, as they may stand on a terminal.

What outsiders wrote is on one line and holds no control characters; the marks that make it
harmless in Obsidian are taken out again, for here they are only noise.
"""

from __future__ import annotations

from factotum.cli import place
from factotum.gate.card import body
from factotum.gate.records import Card
from factotum.gate.standing import Standing
from factotum.inert import one_line, uninert, visible
from factotum.ledger import Event, Ledger
from factotum.views.saying import tell
from factotum.words import local, when

#: Callouts of a card that are not folded away.
SHOWN = ("> [!warning]", "> [!danger]")


def told(event: Event, ledger: Ledger) -> str:
    """The event in plain words, or an empty string for a step that nobody reads about."""
    text = tell(event, ledger)
    return uninert(text) if text else ""


def line(text: object, most_chars: int = 100) -> str:
    """Any text on one line."""
    return one_line(visible(str(text)), most_chars)


def moment(at: float) -> str:
    """A time as a person says it now."""
    return when(local(at), local(place.now()))


def as_shown(card: Card, regret_s: float, stands: Standing) -> str:
    """A request as its note shows it, without what is folded away there."""
    whole = visible(body(card, place.now(), regret_s, stands))
    lines = [one for one in whole.splitlines() if not one.startswith(">") or one.startswith(SHOWN)]
    text = "\n".join(lines).strip()
    return f"{text}\n\nWhy it asks: {line(card.seal.rule, 200)} ({card.seal.risk} risk)"
