"""Calendars: what starts soon, and what the day holds.

From a CalDAV server, or from addresses of calendars that are only read. The login goes to the
server that its setting names. Nothing is ever changed in a calendar.
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum.watcher import Premises, Source, SourceError

ABOUT = "calendars: each event some time before it starts, and the day's plan"
SETTINGS = ("CALDAV_URL", "CALDAV_USER", "CALDAV_PASSWORD")


def sources(premises: Premises) -> Sequence[Source]:
    given = premises.settings
    if not given.given("CALDAV_URL") and not given.given("CALENDAR_ICS"):
        return []
    if given.given("CALDAV_URL"):
        for name in ("CALDAV_USER", "CALDAV_PASSWORD"):
            if not given.given(name):
                raise SourceError(
                    f"FACTOTUM_{name}: needed for FACTOTUM_CALDAV_URL. Set it in .env"
                )
    from watchers.calendars.setup import source

    return [source(given)]
