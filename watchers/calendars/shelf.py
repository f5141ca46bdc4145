"""Where calendars come from: a CalDAV server, or an address of a calendar that is only read.

Each is asked only for what has changed, and keeps what it knew while its server is away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from factotum.watcher import SourceError
from watchers.calendars import dav
from watchers.calendars.dav import Collection, Dav, NotLetIn
from watchers.calendars.happening import Happening, Leaf, read
from watchers.digest_time import Zone
from watchers.web.fetch import Fetcher, Refused, Unanswered
from watchers.web.polite import Stamp, Unheard, news, stamp_of
from watchers.web.reach import host_of, url_of

#: After how long it is looked anew which calendars there are, in seconds.
WHICH_S = 6 * 3600.0

Span = tuple[float, float]

_ADDRESS = re.compile(r"https?://\S+")


class Shelf(Protocol):
    """`label` is what it is called on the Dashboard."""

    label: str

    def look(self, now: float, span: Span, zone: Zone) -> None:
        """Asks for what has changed. Raises SourceError; then it still has what it had."""

    @property
    def happenings(self) -> Sequence[Happening]:
        """What there is in the span."""

    @property
    def trouble(self) -> str:
        """What of it could not be read."""


@dataclass
class DavShelf:
    """The calendars of a CalDAV server, those of the `names` or all."""

    server: Dav
    names: Sequence[str]
    label: str = "CalDAV"

    def __post_init__(self) -> None:
        self._which: list[Collection] = []
        self._which_at = 0.0
        self._leaves: dict[str, tuple[str, Span, Leaf]] = {}
        self._missing = ""

    @property
    def happenings(self) -> Sequence[Happening]:
        return [one for _, _, leaf in self._leaves.values() for one in leaf.happenings]

    @property
    def trouble(self) -> str:
        said = [f"{leaf.name}: {leaf.trouble}" for _, _, leaf in self._leaves.values()]
        found = [one for one in said if not one.endswith(": ")]
        if self._missing:
            there = ", ".join(one.name for one in self._which) or "none"
            found.append(f"there is no calendar {self._missing} at the server (there is: {there})")
        return "; ".join(found)

    def look(self, now: float, span: Span, zone: Zone) -> None:
        try:
            self._look(now, span, zone)
        except NotLetIn:
            raise SourceError(
                f"{self.server.url} does not take the login of {self.server.login[0]}. Check "
                f"FACTOTUM_CALDAV_USER and FACTOTUM_CALDAV_PASSWORD; many want a password made "
                f"for this app alone",
                login=True,
            ) from None
        except (Refused, Unanswered) as why:
            raise SourceError(f"FACTOTUM_CALDAV_URL: {why}") from None

    def _look(self, now: float, span: Span, zone: Zone) -> None:
        anew = not self._which or not 0 <= now - self._which_at < WHICH_S
        if anew:
            self._which, self._missing = dav.chosen(self.server.collections(), self.names)
            self._which_at = now
        leaves = {}
        for one in self._which:
            one = one if anew else self.server.tagged(one)
            known = self._leaves.get(one.url)
            if known is None or not one.tag or known[:2] != (one.tag, span):
                leaf = read(self.server.events(one, span), one.name, span, zone)
                known = (one.tag, span, leaf)
            leaves[one.url] = known
        self._leaves = leaves


@dataclass
class WebShelf:
    """A calendar at an address (`.ics`), which may be a secret itself: it is never told."""

    fetcher: Fetcher
    url: str
    label: str = ""
    _stamp: Stamp = field(default_factory=Stamp)
    _text: str = ""

    def __post_init__(self) -> None:
        self.label = f"calendar at {host_of(url_of(self.url))}"
        self._leaf: Leaf | None = None
        self._span: Span = (0.0, 0.0)

    @property
    def happenings(self) -> Sequence[Happening]:
        return self._leaf.happenings if self._leaf else ()

    @property
    def trouble(self) -> str:
        return self._leaf.trouble if self._leaf else ""

    def look(self, now: float, span: Span, zone: Zone) -> None:
        try:
            answer = news(self.fetcher, self.url, self._stamp, "text/calendar", now)
        except Unheard as why:
            said = _ADDRESS.sub("its address", str(why))
            raise SourceError(f"{self.label}: {said}", again_s=why.again_s) from None
        if answer is not None:
            text = answer.data.decode("utf-8-sig", errors="replace")
            if "BEGIN:VCALENDAR" not in text[:2000]:
                raise SourceError(f"{self.label}: what lies there is no calendar")
            self._stamp, changed = stamp_of(answer), text != self._text
            self._text = text
        else:
            changed = False
        if changed or self._leaf is None or span != self._span:
            self._leaf, self._span = read([self._text], "", span, zone), span
