"""From the settings to the calendars that are listened to."""

from __future__ import annotations

from email.utils import parseaddr

import httpx

from factotum.settings import Settings
from factotum.watcher import SourceError
from watchers.calendars.agenda import Agenda
from watchers.calendars.dav import Dav
from watchers.calendars.shelf import DavShelf, Shelf, WebShelf
from watchers.web.fetch import MB, Fetcher
from watchers.web.reach import Reach, Refused, host_of, inside_of, is_public, port_of, url_of

#: The largest answer, in bytes, and how long one may take, in seconds: reminders wait meanwhile.
MOST_BYTES, LIMIT_S = 8 * MB, 30.0


def source(given: Settings) -> Agenda:
    """Raises SourceError."""
    inside = inside_of(given.text("WEB_INSIDE"))
    shelves: list[Shelf] = []
    if given.given("CALDAV_URL"):
        shelves.append(_server(given, inside))
    for url in given.text("CALENDAR_ICS").replace(",", " ").split():
        for scheme in ("webcal://", "webcals://"):
            if url.startswith(scheme):
                url = "https://" + url.removeprefix(scheme)
        try:
            url_of(url)
        except Refused as why:
            raise SourceError(f"FACTOTUM_CALENDAR_ICS: {why}") from None
        shelves.append(WebShelf(Fetcher(Reach(inside), MOST_BYTES, LIMIT_S), url))
    own = (given.text("CALDAV_USER"), parseaddr(given.text("MAIL_FROM"))[1])
    me = tuple(address.lower() for address in own if "@" in address)
    return Agenda(shelves, given.text("CALENDAR_PLAN_AT"), me)


def _server(given: Settings, inside: tuple[str, ...]) -> DavShelf:
    try:
        url = url_of(given.text("CALDAV_URL"))
    except Refused as why:
        raise SourceError(f"FACTOTUM_CALDAV_URL: {why}") from None
    own = f"{host_of(url)}:{port_of(url)}"  # whoever names a server here means it
    fetcher = Fetcher(Near((*inside, own)), MOST_BYTES, LIMIT_S)
    login = (given.text("CALDAV_USER"), given.text("CALDAV_PASSWORD"))
    names = [name.strip() for name in given.text("CALDAV_CALENDARS").split(",") if name.strip()]
    return DavShelf(Dav(fetcher, str(url), login), names)


class Near(Reach):
    """Sends no password in the open but within the owner's own network."""

    def checked(self, url: httpx.URL) -> str:
        address = super().checked(url)
        if url.scheme == "http" and is_public(address):
            raise Refused("begin it with https://: with http anybody can read your password")
        return address
