"""Mail, as it arrives: each letter of a person becomes a task, the rest is told once a day.

A mailbox is listened to by IMAP; the server says when there is something new (IDLE). A Gmail
account may be asked by its API. What is in the package `watchers/mail` knows how; here is only
put together what this house listens to.
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum.settings import Settings
from factotum.watcher import Premises, Source
from watchers.digest_time import digest_at
from watchers.mail.accounts import Account, accounts, is_pattern, names_of

ABOUT = "your mailboxes, by IMAP or Gmail's API: letters become tasks, newsletters a daily digest"
SETTINGS = ("IMAP_HOST", "IMAP_USER", "IMAP_PASSWORD")

MB = 1024 * 1024


def sources(premises: Premises) -> Sequence[Source]:
    """One for each folder that is named, and the Gmail account. Raises SourceError."""
    found: list[Source] = [
        source for one in accounts(premises.settings) for source in _of(one, premises)
    ]
    return [*found, *_gmail(premises)]


def _gmail(premises: Premises) -> list[Source]:
    settings = premises.settings
    if not settings.given("GMAIL_CREDENTIALS"):
        return []
    from watchers.mail.gmail import Gmail  # only where there is one
    from watchers.mail.making import Maker

    maker = Maker(
        "mail Gmail", premises.read, premises.zone, "gmail", digest_at=digest_at(settings)
    )
    return [Gmail(settings, premises.state, maker)]


def _of(account: Account, premises: Premises) -> list[Source]:
    from watchers.mail.folders import Habits, Mailbox  # only where there is a mailbox
    from watchers.mail.making import Maker

    settings: Settings = premises.settings
    habits = Habits(
        settings.seconds("MAIL_IDLE_S"),
        settings.seconds("MAIL_POLL_S"),
        settings.count("MAIL_SILENT_H") * 3600.0,
        settings.count("MAIL_MOST_MB") * MB,
        settings.count("MAIL_FIRST_H"),
        settings.text("MAIL_MARK"),
    )
    named = names_of(account)
    return [
        Mailbox(
            name,
            account,
            folders,
            Maker(
                *(name, premises.read, premises.zone, account.name or "main", account.addresses),
                digest_at(settings),
            ),
            habits,
            kin=[one for one, _ in named],
            patterns=is_pattern(folders[0]),
        )
        for name, folders in named
    ]
