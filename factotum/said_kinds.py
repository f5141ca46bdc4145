"""The kinds of messages that the outbox holds, and what holds of each. A table, nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`asks`: it waits for a word, so where its channel fails one line elsewhere says that it
    does. `stands`: it must stand somewhere, so it is sent anew where it is gone. `news`: where
    its channel fails it is told elsewhere in its own words. `passing`: nobody need know that it
    did not arrive. `beside`: it stands beside what is said, and plain words never answer it."""

    name: str
    asks: bool = False
    stands: bool = False
    news: bool = False
    passing: bool = False
    beside: bool = False


#: The place where a message stood before it was sent once more; a message with files of which it
#: is written down that they are to be fetched, and of which nothing is shown.
MOVED, LATER = "moved", "later"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # requests
        Kind("card", asks=True, stands=True),
        Kind("batch", asks=True, stands=True),
        Kind("prompt", stands=True),
        Kind("more"),
        Kind("waits"),  # the one line elsewhere; where no way took it, it is tried again
        # what was said here, and what came of it
        Kind("answer"),
        Kind("spoken"),
        Kind("overheard"),  # what is said in a file that came
        Kind("progress", passing=True, beside=True),
        Kind("result"),
        Kind("aloud"),
        Kind(LATER, passing=True, beside=True),
        # what nobody asked for here
        Kind("notices", news=True),
        Kind("notice", news=True),
        Kind("message", news=True),
        Kind("absent", news=True),
        Kind("anchor", passing=True),
        Kind(MOVED, passing=True, beside=True),
    )
}

ASKS = tuple(name for name, kind in KINDS.items() if kind.asks)
STANDS = tuple(name for name, kind in KINDS.items() if kind.stands)
NEWS_OF = tuple(name for name, kind in KINDS.items() if kind.news)
PASSING = tuple(name for name, kind in KINDS.items() if kind.passing)
BESIDE = tuple(name for name, kind in KINDS.items() if kind.beside)


def listed(kinds: tuple[str, ...]) -> str:
    """The kinds as SQL lists them."""
    return ", ".join(f"'{name}'" for name in kinds)
