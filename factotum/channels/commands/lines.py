"""How the answers to commands are put together: lines, headings, times, names of people.

What anybody else may have written comes in through `name` alone: in one line, without what
nobody sees, without secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from factotum.channels.commands.place import Place
from factotum.channels.words import Words
from factotum.gate.apart import apart, titled
from factotum.gate.records import Card
from factotum.views.saying import plain

Line = str | Words

TITLE_CHARS = 70
REASON_CHARS = 160

#: How many characters of an id tell one from another: as many as in the name of its note.
ID_CHARS = 6


def page(lines: Iterable[Line]) -> Words:
    """The lines below each other, without the empty ones."""
    return Words.join("\n", [one for one in lines if one])


def parts(*pages: Words) -> Words:
    """Blocks with an empty line between them."""
    return Words.join("\n\n", [one for one in pages if one])


def head(text: str, rest: str = "") -> Words:
    return Words.bold(text) + rest


def name(text: object, most_chars: int = TITLE_CHARS) -> str:
    return plain(text, most_chars)


def asked(title: object, detail: str = "") -> str:
    """The title of a request without its question mark: “Send this mail to Ada”; with the
    `detail` that tells it from others of this title."""
    return named(title, detail).removesuffix("?")


def named(title: object, detail: str, most_chars: int = TITLE_CHARS) -> str:
    """A title with the `detail` that tells it from others."""
    return titled(name(title, 2 * most_chars), name(detail), most_chars)


def all_asked(cards: Sequence[Card]) -> list[str]:
    """The titles of these requests, those that are alike with what tells them apart."""
    details = apart(cards)
    return [asked(card.title, details[card.id]) for card in cards]


def listed(rows: Sequence[Line], most: int, more: str = "") -> list[Line]:
    """The rows as a list of at most so many, with how many there are beside them; `more` says
    where they are seen."""
    shown: list[Line] = [Words.of("• ") + row for row in rows[:most]]
    left = len(rows) - most
    return [*shown, f"… and {left} more{more}"] if left > 0 else shown


def count(n: int, thing: str, things: str = "") -> str:
    return f"{n} {thing if n == 1 else things or f'{thing}s'}"


def short(id: str) -> str:
    """The id as a person may type it."""
    return id[2 : 2 + ID_CHARS]


def clock(place: Place, at: float) -> str:
    """“14:02”, where the person is."""
    return f"{place.zone(at):%H:%M}"


def moment(place: Place, at: float) -> str:
    """“14:02” of today, “Sat 28 Nov 14:02” of another day."""
    here, today = place.zone(at).date(), place.zone(place.now).date()
    return clock(place, at) if here == today else f"{day(here, today)} {clock(place, at)}"


def day(one: date, today: date) -> str:
    """“Sat 28 Nov”, with the year when it is another one."""
    return f"{one:%a} {one.day} {one:%b}{'' if one.year == today.year else f' {one.year}'}"


def nobody(place: Place) -> str:
    """That nobody is at work, or an empty string."""
    return "" if place.running() else "Nobody is at work now. Start it on its machine: factotum up"


def by(place: Place, who: str, channel: str) -> str:
    """Who said it, and on which channel where it was another than this one."""
    return name(who) if channel == place.channel else f"{name(who)} ({name(channel)})"
