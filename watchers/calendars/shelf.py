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
from watchers.calendars.happening import Happening, Leaf, View, read
from watchers.digest_time import Zone
from watchers.web.fetch import Fetcher, Refused, Unanswered
from watchers.web.polite import WAIT_MOST_S, Stamp, Unheard, news, stamp_of
from watchers.web.reach import host_of, url_of

#: After how long it is looked anew where the calendars of a server lie, in seconds.
WHERE_S = 6 * 3600.0

_ADDRESS = re.compile(r"https?://\S+")


class Shelf(Protocol):
    """`label` is what it is called on the Dashboard."""

    label: str

    def look(self, now: float, view: View, zone: Zone) -> None:
        """Asks for what has changed. Raises SourceError; then it still has what it had."""

    @property
    def happenings(self) -> Sequence[Happening]:
        """What there is in the view."""

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
        self._home: tuple[str, str] | None = None
        self._home_at = 0.0
        self._which: list[Collection] = []
        self._leaves: dict[str, tuple[str, View, Leaf]] = {}
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

    def look(self, now: float, view: View, zone: Zone) -> None:
        try:
            self._look(now, view, zone)
        except NotLetIn:
            raise SourceError(
                f"{self.server.url} does not take the login of {self.server.login[0]}. Check "
                f"FACTOTUM_CALDAV_USER and FACTOTUM_CALDAV_PASSWORD; many want a password made "
                f"for this app alone",
                login=True,
            ) from None
        except (Refused, Unanswered) as why:
            raise SourceError(f"FACTOTUM_CALDAV_URL: {why}") from None

    def _look(self, now: float, view: View, zone: Zone) -> None:
        if self._home is None or not 0 <= now - self._home_at < WHERE_S:
            self._home, self._home_at = self.server.home(), now
        home, self._home = self._home, None  # asked for anew if this fails
        self._which = self.server.collections(home)
        chosen, self._missing = dav.chosen(self._which, self.names)
        leaves = {}
        for one in chosen:
            known = self._leaves.get(one.url)
            if known is None or not one.tag or known[:2] != (one.tag, view):
                leaf = read(self.server.events(one, view), one.name, view, zone)
                known = (one.tag, view, leaf)
            leaves[one.url] = known
        self._leaves, self._home = leaves, home


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
        self._view: View | None = None
        self._held = 0.0

    @property
    def happenings(self) -> Sequence[Happening]:
        return self._leaf.happenings if self._leaf else ()

    @property
    def trouble(self) -> str:
        return self._leaf.trouble if self._leaf else ""

    def look(self, now: float, view: View, zone: Zone) -> None:
        if now < self._held <= now + WAIT_MOST_S:
            raise SourceError(f"{self.label}: its server wants to be left alone for now")
        try:
            answer = news(self.fetcher, self.url, self._stamp, "text/calendar", now)
        except Unheard as why:
            self._held = now + why.again_s
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
        if changed or self._leaf is None or view != self._view:
            self._leaf, self._view = read([self._text], "", view, zone), view
