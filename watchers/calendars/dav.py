"""The few questions of CalDAV that it takes to know which events there are (RFC 4791).

Only reads. The login goes to the server that its owner named, and to no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import httpx

from watchers.calendars.happening import View
from watchers.web.fetch import Answer, Fetcher, Question, Unanswered
from watchers.web.reach import host_of, port_of, url_of

DAV, CAL, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
CALENDARS_MOST = 50

ASKED = (
    '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" '
    'xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"><d:prop>'
    "<d:resourcetype/><d:displayname/><d:current-user-principal/><c:calendar-home-set/>"
    "<c:supported-calendar-component-set/><s:getctag/><d:sync-token/></d:prop></d:propfind>"
)
EVENTS = (
    '<?xml version="1.0" encoding="utf-8"?><c:calendar-query xmlns:d="DAV:" '
    'xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>'
    '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
    '<c:time-range start="{start}" end="{end}"/></c:comp-filter></c:comp-filter></c:filter>'
    "</c:calendar-query>"
)


class NotLetIn(Exception):
    """The server does not take this login."""


@dataclass(frozen=True)
class Collection:
    """A calendar at a server. `tag` changes whenever something in it does; it may be empty."""

    url: str
    name: str
    tag: str


@dataclass(frozen=True)
class Dav:
    fetcher: Fetcher
    url: str
    login: tuple[str, str]

    def home(self) -> tuple[str, str]:
        """Where the calendars lie, and how deep below that (0: that is the only one). Raises
        Unanswered, Refused, NotLetIn, as all here do."""
        at = self.url
        try:
            found = self._propfind(at, "0")
        except Unanswered:
            at = urljoin(self.url, "/.well-known/caldav")
            found = self._propfind(at, "0")
        for _ in range(2):
            here = found[0] if found else None
            if here is None:
                return at, "1"
            if here.is_calendar:
                return at, "0"
            if here.home:
                return here.home, "1"
            if not here.principal:
                return at, "1"
            at = here.principal
            found = self._propfind(at, "0")
        return at, "1"

    def collections(self, home: tuple[str, str]) -> list[Collection]:
        """The calendars that there are now, with their tags."""
        found = [one for one in self._propfind(*home) if one.is_calendar]
        return [Collection(one.url, one.name, one.tag) for one in found[:CALENDARS_MOST]]

    def events(self, calendar: Collection, view: View) -> list[str]:
        """The texts of the events that may touch the span of the view."""
        span = (view.after, view.before)
        start, end = (f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}" for at in span)
        body = EVENTS.replace("{start}", start).replace("{end}", end)
        answer = self._ask("REPORT", calendar.url, body, "1")
        texts = (one.findtext(f".//{CAL}calendar-data") for one in _responses(answer))
        return [text for text in texts if text]

    def _propfind(self, url: str, depth: str) -> list[_Place]:
        answer = self._ask("PROPFIND", url, ASKED, depth)
        return [_place(answer.url, one) for one in _responses(answer)]

    def _ask(self, method: str, url: str, body: str, depth: str) -> Answer:
        if not of_the_same(url_of(self.url), url_of(url)):
            raise Unanswered(f"it names another server, which does not get your password: {url}")
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        question = Question(method, headers, body.encode(), self.login)
        answer = self.fetcher.ask(url, question)
        if answer.status in (401, 403):
            raise NotLetIn
        if answer.status != 207:
            raise Unanswered(f"{url} answered {answer.status}: it is no CalDAV server")
        return answer


@dataclass(frozen=True)
class _Place:
    url: str
    name: str
    tag: str
    is_calendar: bool
    home: str
    principal: str


def _place(base: str, response: ET.Element) -> _Place:
    url = urljoin(base, response.findtext(f"{DAV}href", "").strip())
    kinds = {
        one.get("name", "").upper() for one in response.iter(f"{CAL}comp")
    }  # nothing said: everything
    calendar = response.find(f".//{DAV}resourcetype/{CAL}calendar") is not None
    tag = response.findtext(f".//{CS}getctag") or response.findtext(f".//{DAV}sync-token") or ""

    def href(name: str) -> str:
        said = response.findtext(f".//{name}/{DAV}href", "").strip()
        return urljoin(base, said) if said else ""

    return _Place(
        url,
        (response.findtext(f".//{DAV}displayname") or url.rstrip("/").rpartition("/")[2])[:80],
        tag[:500],
        calendar and (not kinds or "VEVENT" in kinds),
        href(f"{CAL}calendar-home-set"),
        href(f"{DAV}current-user-principal"),
    )


class _Plain(ET.TreeBuilder):
    """Takes no definitions, in whatever encoding they come."""

    def doctype(self, *_: object) -> None:
        raise Unanswered("it answers with definitions of its own, as attackers do")


def _responses(answer: Answer) -> Iterator[ET.Element]:
    try:
        parser = ET.XMLParser(target=_Plain())  # noqa: S314 (nothing can be defined in it)
        root = ET.fromstring(answer.data, parser)  # noqa: S314
    except (ET.ParseError, ValueError, RecursionError):
        raise Unanswered("what it answers cannot be read: it is no CalDAV server") from None
    yield from root.iter(f"{DAV}response")


def of_the_same(own: httpx.URL, other: httpx.URL) -> bool:
    """Whether `other` is the same server, or one beside it in the same domain (as iCloud has)."""
    if other.scheme != own.scheme:
        return False
    if port_of(own) != port_of(other):
        return False
    if host_of(own) == host_of(other):
        return True
    domain = host_of(own).partition(".")[2]
    beside = "." in domain and not domain.replace(".", "").isdigit()
    return beside and own.scheme == "https" and host_of(other).endswith(f".{domain}")


def chosen(found: Sequence[Collection], names: Sequence[str]) -> tuple[list[Collection], str]:
    """Those of the names, all where there are none; and which name there is not."""
    if not names:
        return list(found), ""
    wanted = {name.casefold() for name in names}
    known = {one.name.casefold() for one in found}
    missing = [name for name in names if name.casefold() not in known]
    return [one for one in found if one.name.casefold() in wanted], ", ".join(missing)
