"""The settings of the watchers: what is listened to, and how much of it becomes tasks."""

from __future__ import annotations

from pathlib import Path

from factotum.settings.row import Setting

#: A time of the day.
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"

WATCHING: tuple[Setting, ...] = (
    Setting(
        "MENTION",
        str,
        "@fac",
        "By which word in a line `- [ ] @fac …` of a daily note a task is meant for me "
        "(docs/daily-notes.md).",
        pattern=r"[^\s`*_\[\]|<>]{2,30}",
        form="one word of 2 to 30 characters",
    ),
    Setting(
        "HEARTBEAT_S",
        float,
        1800.0,
        "How often the list HEARTBEAT.md is gone through, if anything stands on it; 0 for never.",
        unit="seconds",
        at_least=0,
        at_most=7 * 86400,
    ),
    Setting(
        "HEARTBEAT_HOURS",
        str,
        None,
        "From when to when it is gone through, as `08:00-22:00`.",
        pattern=rf"{CLOCK}\s*-\s*{CLOCK}",
        form="two times of day, as 08:00-22:00",
        otherwise="at any hour",
    ),
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
    Setting(
        "IMAP_FOLDERS",
        str,
        "INBOX",
        "Which folders of the mailbox are listened to, with commas between them; `Projects/*` "
        "means all that fit.",
    ),
    Setting(
        "GMAIL_CREDENTIALS",
        Path,
        None,
        "The file with the OAuth client for reading your mail by Gmail's API (docs/gmail.md). "
        "GMAIL_CREDENTIALS alone means the same.",
        otherwise="Gmail's API is not used",
    ),
    Setting(
        "GMAIL_QUERY",
        str,
        None,
        "Which letters of the Gmail account count, as you would search there: "
        "`is:unread is:important`.",
        otherwise="all that come into its inbox",
    ),
    Setting(
        "GMAIL_POLL_S",
        float,
        120.0,
        "How often Gmail is asked for news.",
        unit="seconds",
        at_least=1,
        at_most=86_400,
    ),
    Setting(
        "GMAIL_URL",
        str,
        None,
        "Where Gmail's API is found, for tests.",
        otherwise="at Google",
    ),
    Setting(
        "MAIL_ACCOUNTS",
        Path,
        None,
        "A file with further mailboxes (docs/mail-in.md says how it is written).",
        otherwise="only the mailbox of FACTOTUM_IMAP_HOST",
    ),
    Setting(
        "MAIL_MARK",
        str,
        "never",
        "Whether a mail is marked as read at the server when it has become a task: never, or "
        "`seen`.",
        one_of=("never", "seen"),
    ),
    Setting(
        "MAIL_FIRST_H",
        int,
        24,
        "When a folder is listened to for the first time, how old a mail that lies there unread "
        "may be to become a task. 0: only what comes from then on.",
        unit="hours",
        at_least=0,
        at_most=24 * 365,
    ),
    Setting(
        "MAIL_MOST_MB",
        int,
        25,
        "Of a larger mail only the beginning is fetched, without its files.",
        unit="MB",
        at_least=1,
        at_most=200,
    ),
    Setting(
        "MAIL_IDLE_S",
        float,
        1500.0,
        "After how long a mail server that tells of new mail is asked all the same.",
        unit="seconds",
        at_least=1,
        at_most=1740,
    ),
    Setting(
        "MAIL_POLL_S",
        float,
        120.0,
        "How often a mail server that does not tell of new mail is asked, and folders that were "
        "not named in full.",
        unit="seconds",
        at_least=1,
        at_most=86400,
    ),
    Setting(
        "MAIL_SILENT_H",
        int,
        96,
        "After how long without any new mail in a mailbox you are told of that; 0 for never.",
        unit="hours",
        at_least=0,
        at_most=24 * 365,
    ),
)
