"""The settings of what is listened to outside the vault: folders and calendars."""

from __future__ import annotations

from factotum.settings.row import Setting
from factotum.settings.watching import CLOCK

OUTSIDE: tuple[Setting, ...] = (
    Setting(
        "FOLDERS",
        str,
        None,
        "Folders outside the vault, with colons between them: `~/Scans:/mnt/nas/post`. Each new "
        "file in them becomes a task; the file stays where it is.",
        otherwise="none but the Inbox",
    ),
    Setting(
        "CALDAV_URL",
        str,
        None,
        "The address of your calendar server (CalDAV).",
        pattern=r"https?://[^\s@]+",
        form="an address that begins with https://, without a login",
        otherwise="no calendar server is asked",
    ),
    Setting("CALDAV_USER", str, None, "Your name there.", otherwise="none"),
    Setting(
        "CALDAV_PASSWORD",
        str,
        None,
        "Your password there, best one made for Factotum alone.",
        secret=True,
        otherwise="none",
    ),
    Setting(
        "CALDAV_CALENDARS",
        str,
        None,
        "Which calendars there are listened to, by their names with commas between them.",
        otherwise="all",
    ),
    Setting(
        "CALENDAR_ICS",
        str,
        None,
        "Addresses of calendars (`.ics`) that are only read, with commas between them. Who knows "
        "such an address can read the calendar.",
        secret=True,
        otherwise="none",
    ),
    Setting(
        "CALENDAR_PLAN_AT",
        str,
        "07:00",
        "When you are told what the day holds by your calendars, or `never`.",
        pattern=rf"{CLOCK}|never",
        form="a time of the day from 00:00 to 23:59, or never",
    ),
)
