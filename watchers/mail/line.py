"""The line to one IMAP account: its folders, its letters, and being told of new ones.

Folders are opened read-only and letters are fetched with PEEK, so that nothing is ever marked as
seen by looking. Whatever goes wrong comes out as a SourceError that says what to do.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from factotum.watcher import Post, SourceError
from watchers.mail.accounts import Account
from watchers.mail.answers import Entry, entries
from watchers.mail.refusals import plainly


class Refused(SourceError):
    """The server understood, and said no to just that."""


#: How long the server may be silent within an answer, in seconds.
ANSWER_S = 30.0
#: After how long without a word the system asks whether the other side is still there, so that
#: routers on the way keep the connection; how often, and how many times in vain, in seconds.
ALIVE_IDLE_S, ALIVE_EVERY_S, ALIVE_TRIES = 120, 30, 3

#: What is not looked at by a pattern (RFC 6154): what goes out, what was thrown away, and views
#: of what lies in other folders.
NOT_MEANT = {"\\sent", "\\trash", "\\junk", "\\drafts", "\\all", "\\flagged", "\\important"}
#: The same by their names, where a server does not mark them.
NOT_NAMED = {
    *("sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete objekte"),
    *("trash", "deleted items", "deleted messages", "papierkorb", "drafts", "entwürfe"),
    *("spam", "junk", "junk e-mail", "outbox", "all mail"),
}


@dataclass(frozen=True)
class Opened:
    """A folder as it was opened. `validity` changes when its letters are numbered anew; `next`
    is the number that the next letter gets, 0 where the server does not say."""

    folder: str
    validity: int
    next: int


class Line:
    """One connection; of one thread. Raises SourceError from every method."""

    def __init__(self, account: Account, *, tls: ssl.SSLContext | None = None) -> None:
        self.account = account
        with self._told("connecting"):
            self._box = _connected(account, tls or ssl.create_default_context())
        try:
            with self._told("logging in"):
                self._log_in()
            with self._told("asking what the server can do"):
                self._able = self._box.client.capability()[1][0].upper().split()
        except BaseException:
            self.close()
            raise
        self._opened = ""

    @property
    def can_push(self) -> bool:
        return b"IDLE" in self._able

    def close(self) -> None:
        """Without a word to the other side, which could take its time to answer."""
        with contextlib.suppress(OSError):
            self._box.client.shutdown()

    # -- folders

    def folders(self, patterns: Sequence[str]) -> list[str]:
        """The folders that fit a pattern, in order: none that holds what is sent, thrown away or
        kept twice, unless it is named in full."""
        with self._told("listing the folders"):
            listed = self._box.folder.list()
        return [
            one.name
            for one in listed
            if any(fnmatchcase(one.name.casefold(), named.casefold()) for named in patterns)
            and "\\noselect" not in {flag.lower() for flag in one.flags}
            and (_is_meant(one.name, one.delim, one.flags) or one.name in patterns)
        ]

    def state(self, folder: str) -> Opened:
        """Where a folder stands, without opening it."""
        with self._told(f"asking for the state of {folder!r}"):
            found = self._box.folder.status(folder, ["UIDNEXT", "UIDVALIDITY"])
        return Opened(folder, found["UIDVALIDITY"], found["UIDNEXT"])

    def open(self, folder: str, *, write: bool = False) -> Opened:
        client: Any = self._box.client
        with self._told(f"opening the folder {folder!r}"):
            self._box.folder.set(folder, readonly=not write)
            said = client.untagged_responses
            found = [int((said.get(key) or [b"0"])[-1]) for key in ("UIDVALIDITY", "UIDNEXT")]
        self._opened = folder
        self._news()
        return Opened(folder, *found)

    def refresh(self) -> None:
        """Has the server look at the open folder: till then it shows what it showed before."""
        with self._told("asking for news"):
            self._box.client.noop()
            self._news()

    # -- letters

    def since(self, uid: int) -> list[Entry]:
        """What came after the letter `uid`, without its text, in order."""
        found = self._fetch(f"{uid + 1}:*", "(UID FLAGS INTERNALDATE RFC822.SIZE)")
        return sorted((one for one in found if one.uid > uid), key=lambda one: one.uid)

    def attributes(self, uids: Sequence[int]) -> list[Entry]:
        """What is known of these letters, without their text; of those that are there."""
        if not uids:
            return []
        return self._some(uids, "(UID FLAGS INTERNALDATE RFC822.SIZE)")

    def search(self, criteria: str) -> list[int]:
        with self._told("searching"):
            return sorted(map(int, self._box.uids(criteria, charset=None)))

    def fetch(self, uids: Sequence[int], part: str = "") -> list[Entry]:
        """These letters, or a part of each: HEADER, or `<0.1000>`, its first thousand bytes."""
        section, first = ("", part) if part.startswith("<") else (part, "")
        items = f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[{section}]{first})"
        return self._some(uids, items)

    def _some(self, uids: Sequence[int], items: str) -> list[Entry]:
        wanted = set(uids)
        found = [one for one in self._fetch(_set(uids), items) if one.uid in wanted]
        return sorted(found, key=lambda one: one.uid)

    def structure(self, uid: int) -> bytes:
        """What a letter is built of, as the server puts it."""
        return b" ".join(one.said for one in self._fetch(str(uid), "(UID BODYSTRUCTURE)"))

    def mark_seen(self, uids: Sequence[int]) -> None:
        with self._told("marking letters as read"):
            answer, said = self._box.client.uid("STORE", _set(uids), "+FLAGS.SILENT", "(\\Seen)")
            if answer != "OK":
                raise imaplib.IMAP4.error(said_by(said))

    def _fetch(self, uids: str, items: str) -> list[Entry]:
        with self._told("fetching letters"):
            answer, data = self._box.client.uid("FETCH", uids, items)
            found = entries(data) if answer == "OK" else []
        if answer != "OK":
            no = plainly(self.account, "fetching letters", imaplib.IMAP4.error(said_by(data)))
            raise no if no.again_s else Refused(str(no))
        return found

    # -- being told

    def wait(self, post: Post, seconds: float) -> bool:
        """Waits for news of the open folder, at most so long (RFC 2177); whether there is any.
        Raises Stopped."""
        client: Any = self._box.client
        if self._news():
            return True
        with self._told("waiting for news"):
            tag = client._command("IDLE")
            while client._get_response():  # news may stand before its yes
                if client.tagged_commands[tag]:
                    raise imaplib.IMAP4.error(repr(client.tagged_commands.pop(tag)))
        if "EXISTS" not in client.untagged_responses and not self._buffered():
            post.rest(seconds, client.sock.fileno())
        with self._told("waiting for news"):
            client.send(b"DONE\r\n")
            self._box.consume_until_tagged_response(tag)
        return self._news()

    def _news(self) -> bool:
        """Whether the server said that there are letters since this was asked last."""
        client: Any = self._box.client
        return client.untagged_responses.pop("EXISTS", None) is not None

    def _buffered(self) -> bool:
        """Whether something came already that the socket will not tell of again."""
        client: Any = self._box.client
        client.sock.settimeout(0.0)
        try:
            return bool(client.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True  # it is broken; the next word says so
        finally:
            client.sock.settimeout(ANSWER_S)

    # -- to the server

    def _log_in(self) -> None:
        user, password = self.account.user, self.account.password
        if user.isascii() and password.isascii():
            self._box.login(user, password, None)
        else:
            self._box.login_utf8(user, password, None)

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, LookupError) as broken:
            no = plainly(self.account, doing, broken)
            if isinstance(broken, ImapToolsError) and not (no.login or no.again_s):
                no = Refused(str(no))
            raise no from broken


def _connected(account: Account, tls: ssl.SSLContext) -> BaseMailBox:
    host, port = account.host.strip("[]"), account.port
    box: BaseMailBox
    match account.security:
        case "tls":
            box = MailBox(host, port, timeout=ANSWER_S, ssl_context=tls)
        case "starttls":
            box = MailBoxStartTls(host, port, timeout=ANSWER_S, ssl_context=tls)
        case _:
            box = MailBoxUnencrypted(host, port, timeout=ANSWER_S)
    _keep_alive(box.client.sock)
    return box


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", ALIVE_IDLE_S),
        ("TCP_KEEPINTVL", ALIVE_EVERY_S),
        ("TCP_KEEPCNT", ALIVE_TRIES),
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def said_by(data: Sequence[object]) -> str:
    """What a server said beside its no."""
    return " ".join(one.decode("utf-8", "replace") for one in data if isinstance(one, bytes))


def _is_meant(name: str, delim: str, flags: Sequence[str]) -> bool:
    if {flag.lower() for flag in flags} & NOT_MEANT:
        return False
    last = name.rsplit(delim, 1)[-1] if delim else name
    return last.casefold() not in NOT_NAMED


def _set(uids: Sequence[int]) -> str:
    """Numbers as IMAP writes many of them: 3:7,9."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if runs and runs[-1][1] == uid - 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in runs)
