"""The settings of the watchers: what is listened to, and how much of it becomes tasks."""

from __future__ import annotations

from factotum.settings.row import Setting

#: A time of the day.
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"

WATCHING: tuple[Setting, ...] = (
    Setting(
        "TASKS_PER_SENDER",
        int,
        20,
        "How many tasks one sender may bring in an hour. What is more is told in one task.",
        at_least=1,
        at_most=100_000,
    ),
    Setting(
        "TASKS_PER_SOURCE",
        int,
        120,
        "How many tasks strangers may bring in an hour by one mailbox or other source. What is "
        "more is told in one task.",
        at_least=1,
        at_most=100_000,
    ),
    Setting(
        "MB_PER_SOURCE",
        int,
        200,
        "How much strangers may send in files in an hour by one source before what comes is "
        "told, but not kept.",
        unit="MB",
        at_least=1,
        at_most=1_000_000,
    ),
    Setting(
        "DIGEST_AT",
        str,
        "07:00",
        "At what time of the day what was only collected is told: mails of lists, entries of "
        "feeds.",
        pattern=CLOCK,
        form="a time of the day from 00:00 to 23:59",
    ),
    Setting(
        "OUTAGE_S",
        float,
        3600.0,
        "After being off for longer than this, one note in Briefings says what was missed and what "
        "waits. 0 for none.",
        unit="seconds",
        at_least=0,
    ),
)
