"""The mailbox over IMAP: searching and reading without a trace, keeping a copy, finding it.

Folders are opened read-only, so nothing is ever marked as seen. Nothing is deleted; only a
draft of ours is moved, into the trash, when it is taken back.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from imap_tools import (
    AND,
    BaseMailBox,
    H,
    ImapToolsError,
    MailBox,
    MailBoxStartTls,
    MailBoxUnencrypted,
)
from imap_tools.utils import encode_folder

from mail_account import Account
from mail_told import heading, whole

#: How long the server may take for one answer, in seconds.
ANSWER_S = 30.0


class MailboxError(Exception):
    """The mailbox could not be used: what was tried, why, and what to check."""


class NotThere(MailboxError):
    """The mailbox answered; the folder or letter that was named is not in it."""


@dataclass(frozen=True)
class Place:
    """A folder by its purpose (RFC 6154), its usual names, and the flags of a letter in it."""

    purpose: str
    names: tuple[str, ...]
    flags: tuple[str, ...]


SENT = Place(
    "\\Sent",
    ("Sent", "Sent Items", "Sent Messages", "Sent Mail", "Gesendet", "Gesendete Objekte"),
    ("\\Seen",),
)
DRAFTS = Place("\\Drafts", ("Drafts", "Draft", "Entwürfe"), ("\\Draft", "\\Seen"))
TRASH = Place("\\Trash", ("Trash", "Deleted Items", "Deleted Messages", "Papierkorb"), ("\\Seen",))


@dataclass(frozen=True)
class Mailbox:
    """One IMAP account; each call below opens a connection of its own and closes it."""

    account: Account
    tls: Callable[[], ssl.SSLContext]
    answer_s: float = ANSWER_S

    def search(self, query: str, folder: str, limit: int) -> list[dict[str, Any]]:
        """The newest letters that fit, at most `limit`, without their text."""
        criteria = criteria_of(query)
        with self._open(folder) as box:
            found = box.fetch(
                criteria,
                None if criteria.isascii() else "UTF-8",
                limit=limit,
                reverse=True,
                mark_seen=False,
                headers_only=True,
                bulk=True,
            )
            return [heading(letter) for letter in found]

    def read(self, uid: str, folder: str) -> dict[str, Any]:
        """One letter with its text and the names of its attachments. Raises NotThere."""
        if not (uid.isascii() and uid.isdigit()):
            raise NotThere(f"id: {uid!r} is no id of a letter; take one from a search")
        with self._open(folder) as box:
            letter = next(iter(box.fetch(AND(uid=uid), mark_seen=False)), None)
            if letter is None:
                raise NotThere(f"{folder} has no letter {uid}; search again, it may have moved")
            return whole(letter)

    def where(self, message_id: str, place: Place) -> str:
        """The folder of that purpose in which a letter of this id lies, or an empty word."""
        with self._open() as box:
            folder = _folder(box, place)
            return folder if folder and _has(box, folder, message_id) else ""

    def keep(
        self,
        data: bytes,
        message_id: str,
        place: Place,
        about_to: Callable[[], None] = lambda: None,
    ) -> tuple[str, bool]:
        """Puts a letter into a folder unless one of its id lies there; the folder, and if
        it was put. `about_to` is called before anything can change."""
        with self._open() as box:
            folder = _folder(box, place)
            if folder and _has(box, folder, message_id):
                return folder, False
            about_to()
            folder = folder or _made(box, place)
            box.append(data, folder, flag_set=place.flags)
            return folder, True

    def take_away(self, message_id: str, place: Place) -> str:
        """Moves the letter of this id from a folder into the trash, whose name it returns; an
        empty word where no such letter lies there. Raises MailboxError."""
        with self._open() as box:
            folder = _folder(box, place)
            if not folder or not _has(box, folder, message_id):
                return ""
            _, (able,) = box.client.capability()  # what it tells before the login may be less
            if b"MOVE" not in able.upper().split():  # to copy and expunge would take others along
                raise NotThere(
                    f"{self.account.host} cannot move letters (RFC 6851); delete the draft in "
                    f"{folder} by hand"
                )
            trash = _folder(box, TRASH) or _made(box, TRASH)
            box.folder.set(folder)
            uids = ",".join(box.uids(AND(header=H("Message-ID", message_id))))
            answer, said = box.client.uid("MOVE", uids, encode_folder(trash).decode())
            if answer != "OK":
                raise MailboxError(f"{self.account.host} moved nothing: {said!r:.200}")
            return trash

    @contextlib.contextmanager
    def _open(self, folder: str = "") -> Iterator[BaseMailBox]:
        """A connection that is logged in, `folder` opened read-only. Raises MailboxError."""
        at = f"{self.account.host}:{self.account.port}"
        doing = "connecting"
        try:
            box = self._connected()
            try:
                doing = f"logging in as {self.account.setting('USER')}"
                self._log_in(box)
                doing = "using the mailbox"
                if folder:
                    _enter(box, folder)
                yield box
            finally:
                with contextlib.suppress(Exception):  # whatever it says to goodbye is no news
                    box.logout()
        except ssl.SSLCertVerificationError as no:
            raise MailboxError(
                f"the certificate of {at} is not to be trusted ({no.verify_message}); "
                f"check {self.account.setting('HOST')}"
            ) from None
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as broken:
            words = " ".join(str(broken).split())[:300]
            raise MailboxError(f"{at} failed when {doing}: {words}") from broken

    def _log_in(self, box: BaseMailBox) -> None:
        user, password = self.account.user, self.account.password
        if user.isascii() and password.isascii():
            box.login(user, password, None)
        else:
            box.login_utf8(user, password, None)

    def _connected(self) -> BaseMailBox:
        host, port = self.account.host, self.account.port
        match self.account.security:
            case "tls":
                return MailBox(host, port, timeout=self.answer_s, ssl_context=self.tls())
            case "starttls":
                return MailBoxStartTls(host, port, timeout=self.answer_s, ssl_context=self.tls())
            case _:
                return MailBoxUnencrypted(host, port, timeout=self.answer_s)


def criteria_of(query: str) -> str:
    """A search as IMAP has it (RFC 9051, 6.4.4). Words must all occur; `from:`, `to:`,
    `subject:` look in one header, `since:` and `before:` take a day, `unread` is a flag;
    "a phrase" stays together. Raises NotThere for what cannot be searched.
    """
    if any(not char.isprintable() for char in query):
        raise NotThere("query: it has a line break or a control character; write one line")
    parts: list[Any] = []
    for key, quoted, plain in re.findall(r'(?:(\w+):)?(?:"([^"]*)"|(\S+))', query):
        value = quoted or plain
        match key:
            case "from":
                parts.append(AND(from_=value))
            case "to" | "subject":
                parts.append(AND(**{key: value}))
            case "since":
                parts.append(AND(date_gte=_day(value)))
            case "before":
                parts.append(AND(date_lt=_day(value)))
            case "" if value == "unread":
                parts.append(AND(seen=False))
            case _:
                parts.append(AND(text=f"{key}:{value}" if key else value))
    return str(AND(*parts)) if parts else "ALL"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotThere(f"query: {text!r} is no day; write it like 2026-11-30") from None


def _enter(box: BaseMailBox, folder: str) -> None:
    if any(not char.isprintable() for char in folder):
        raise NotThere("folder: it has a control character; write the folder's name")
    try:
        box.folder.set(folder, readonly=True)
    except ImapToolsError:
        names = ", ".join(one.name for one in box.folder.list()[:30])
        raise NotThere(f"there is no folder {folder!r}; there are: {names}") from None


def _folder(box: BaseMailBox, place: Place) -> str:
    """The name of the folder for a purpose: as the server marks it, else by its name."""
    listed = [one for one in box.folder.list() if "\\Noselect" not in one.flags]
    for one in listed:
        if place.purpose in one.flags:
            return one.name
    known = [name.casefold() for name in place.names]
    for one in listed:
        last = one.name.rsplit(one.delim, 1)[-1] if one.delim else one.name
        if last.casefold() in known:
            return one.name
    return ""


def _made(box: BaseMailBox, place: Place) -> str:
    """Makes the folder, below INBOX where the server wants all folders there."""
    name = place.names[0]
    try:
        box.folder.create(name)
    except ImapToolsError:
        inbox = next(one for one in box.folder.list() if one.name.upper() == "INBOX")
        name = f"INBOX{inbox.delim}{name}"
        box.folder.create(name)
    return name


def _has(box: BaseMailBox, folder: str, message_id: str) -> bool:
    box.folder.set(folder, readonly=True)
    return bool(box.uids(AND(header=H("Message-ID", message_id))))
