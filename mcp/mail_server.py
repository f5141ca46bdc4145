"""The mail server of the office: search, read, draft and send, over the owner's own account.

It holds the mail credentials and nothing else. It never decides whether a letter may go:
whoever calls `send` has that behind them. Run data that is no argument comes in `_meta`
under `factotum/`: `message_id` and `date` that were fixed beforehand, `blobs` (where each
attachment lies), `phase_file`. A caller that has none of it gets an id and a date made here,
and cannot attach files.

    python mcp/mail_server.py      # over stdio, settings from the environment
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from mail_account import Account, AccountError, account
from mail_imap import DRAFTS, SENT, TRASH, Mailbox, MailboxError, NotThere
from mail_letter import Letter, LetterError, Wording, address, compose, reference
from mail_phase import Phases
from mail_smtp import Accepted, Doubtful, Postman, Refused, Waits

ENV = (
    "FACTOTUM_SMTP_HOST",
    "FACTOTUM_SMTP_PORT",
    "FACTOTUM_SMTP_USER",
    "FACTOTUM_SMTP_PASSWORD",
    "FACTOTUM_SMTP_SECURITY",
    "FACTOTUM_IMAP_HOST",
    "FACTOTUM_IMAP_PORT",
    "FACTOTUM_IMAP_USER",
    "FACTOTUM_IMAP_PASSWORD",
    "FACTOTUM_IMAP_SECURITY",
    "FACTOTUM_MAIL_FROM",
)

#: The settings that each tool cannot do without.
NEEDS = {
    "send": ("FACTOTUM_SMTP_HOST",),
    "search": ("FACTOTUM_IMAP_HOST", "FACTOTUM_IMAP_USER"),
    "read": ("FACTOTUM_IMAP_HOST", "FACTOTUM_IMAP_USER"),
    "draft": ("FACTOTUM_IMAP_HOST", "FACTOTUM_IMAP_USER"),
    "undraft": ("FACTOTUM_IMAP_HOST", "FACTOTUM_IMAP_USER"),
    "find_sent": ("FACTOTUM_IMAP_HOST", "FACTOTUM_IMAP_USER"),
}

#: The points at which `hit` is called, in order.
HITS = (
    "mail.connected",
    "mail.phase",
    "mail.data",
    "mail.dot",
    "mail.accepted",
    "mail.sent_copy",
)

#: The default of list arguments; never changed.
_NONE: list[str] = []


@dataclass(frozen=True)
class Run:
    """The run data of one attempt, as it came in `_meta` or as it was made up for it."""

    message_id: str
    date: str
    blobs: Mapping[str, str]
    phase_file: Path | None


@dataclass(frozen=True)
class Office:
    """What the tools work with. `postman` and `mailbox` are None where no host is set."""

    sender: Address
    postman: Postman | None
    mailbox: Mailbox | None
    clock: Callable[[], datetime]
    hit: Callable[[str], None]

    def run(self, meta: Mapping[str, Any] | None) -> Run:
        given = {
            key.removeprefix("factotum/"): value
            for key, value in (meta or {}).items()
            if key.startswith("factotum/")
        }
        phase_file = given.get("phase_file")
        return Run(
            message_id=str(given.get("message_id") or make_msgid(domain=self.sender.domain)),
            date=str(given.get("date") or format_datetime(self.clock())),
            blobs=dict(given.get("blobs") or {}),
            phase_file=Path(phase_file) if phase_file else None,
        )

    def send(self, wording: Wording, run: Run) -> dict[str, Any]:
        """One letter, handed over at most once; the outcome in the words of the toolbox."""
        assert self.postman is not None
        try:
            letter = self._letter(wording, run)
        except LetterError as wrong:
            return _failed(str(wrong))
        match self.postman.deliver(letter, Phases(run.phase_file, self.clock)):
            case Accepted(receipt):
                return _succeeded({**receipt, "sent_copy": self._sent_copy(letter)})
            case Refused(reason, again):
                return _failed(reason, again)
            case Doubtful(last_known):
                return {"outcome": "lost", "last_known": last_known}

    def draft(self, wording: Wording, run: Run) -> dict[str, Any]:
        """One letter in Drafts; a repeat under the same id finds it there."""
        assert self.mailbox is not None
        under_way = False

        def about_to() -> None:
            nonlocal under_way
            under_way = True

        try:
            letter = self._letter(wording, run, blind_copies_shown=True)
            folder, put = self.mailbox.keep(letter.data, letter.message_id, DRAFTS, about_to)
        except LetterError as wrong:
            return _failed(str(wrong))
        except MailboxError as broken:
            if under_way:
                return {"outcome": "lost", "last_known": f"the draft was on its way: {broken}"}
            return _failed(str(broken), again=True)
        return _succeeded(
            {
                "message_id": letter.message_id,
                "date": letter.date,
                "to": list(letter.recipients),
                "folder": folder,
                "added": put,
            }
        )

    def undraft(self, message_id: str) -> dict[str, Any]:
        """A draft of this id moved into the trash; a repeat finds it there."""
        assert self.mailbox is not None
        wanted = reference(message_id, "message_id")
        try:
            if folder := self.mailbox.take_away(wanted, DRAFTS):
                return _succeeded({"draft": wanted, "moved_to": folder})
            if folder := self.mailbox.where(wanted, TRASH):
                return _succeeded({"draft": wanted, "moved_to": folder})
            if folder := self.mailbox.where(wanted, SENT):
                return _failed(f"it is no draft any more: it was sent, and lies in {folder}")
        except NotThere as no:
            return _failed(str(no))
        except MailboxError as broken:
            return _failed(str(broken), again=True)  # to move it twice is to move it once
        return _failed("no such draft is in the mailbox any more")

    def find(self, message_id: str) -> dict[str, Any]:
        """Where a letter of this id lies among the sent ones and the drafts."""
        assert self.mailbox is not None
        wanted = reference(message_id, "message_id")
        sent = self.mailbox.where(wanted, SENT)
        draft = self.mailbox.where(wanted, DRAFTS)
        return {"message_id": wanted, "found": sent or draft, "sent": sent, "draft": draft}

    def _letter(self, wording: Wording, run: Run, *, blind_copies_shown: bool = False) -> Letter:
        return compose(
            wording,
            sender=self.sender,
            message_id=run.message_id,
            date=run.date,
            blobs=run.blobs,
            blind_copies_shown=blind_copies_shown,
        )

    def _sent_copy(self, letter: Letter) -> str:
        """Keeps a copy of what was sent; says in words what became of it, whatever it is."""
        if self.mailbox is None:
            return "no: FACTOTUM_IMAP_HOST is not set"
        try:
            folder, put = self.mailbox.keep(letter.data, letter.message_id, SENT)
        except Exception as broken:  # noqa: BLE001  (it is sent; nothing may say otherwise)
            return f"no: {broken}"
        self.hit("mail.sent_copy")
        return f"yes, in {folder}" if put else f"yes, the provider put it in {folder}"


def build(
    env: Mapping[str, str],
    *,
    hit: Callable[[str], None] = lambda name: None,
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    waits: Waits = Waits(),  # noqa: B008  (frozen)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> MCPServer:
    """The server, with the tools that these settings allow. Raises ValueError for a setting
    that is wrong."""
    smtp, imap = account(env, "SMTP"), account(env, "IMAP")
    office = Office(
        sender=_sender(env, smtp or imap),
        postman=Postman(smtp, tls, waits, hit) if smtp else None,
        mailbox=Mailbox(imap, tls) if imap and imap.user else None,
        clock=clock,
        hit=hit,
    )
    server = MCPServer("mail")
    if office.postman:
        _offer_send(server, office)
    if office.mailbox:
        _offer_mailbox(server, office, office.mailbox)
    return server


def _offer_send(server: MCPServer, office: Office) -> None:
    @server.tool()
    def send(
        ctx: Context,
        to: list[str],
        subject: str,
        body: str,
        cc: list[str] = _NONE,
        bcc: list[str] = _NONE,
        in_reply_to: str = "",
        attachments: list[str] = _NONE,
    ) -> dict[str, Any]:
        """Send one e-mail from the owner's address.

        Each entry of to, cc and bcc is one address: "ada@example.org" or "Ada <ada@example.org>".
        body is plain text. in_reply_to is the Message-ID of the letter that this answers.
        attachments are names of files that came with the task, such as "invoice-1042.pdf".
        """
        wording = Wording(to, subject, body, cc, bcc, in_reply_to, attachments)
        return office.send(wording, office.run(ctx.request_context.meta))


def _offer_mailbox(server: MCPServer, office: Office, mailbox: Mailbox) -> None:
    @server.tool()
    def search(query: str, folder: str = "INBOX", limit: int = 20) -> dict[str, Any]:
        """Find letters in the owner's mailbox, newest first, without marking any as read.

        All words of query must occur; also from:ada to:bob subject:"late invoice"
        since:2026-11-01 before:2026-12-01 unread. An empty query finds all. limit is at
        most 100. Gives id, from, to, subject, date, seen and message_id of each.
        """
        try:
            found = mailbox.search(query, folder, max(1, min(limit, 100)))
        except MailboxError as broken:
            raise ToolError(str(broken)) from broken
        return {"folder": folder, "letters": found}

    @server.tool()
    def read(id: str, folder: str = "INBOX") -> dict[str, Any]:
        """Read one letter without marking it as read. id is one that search gave."""
        try:
            return mailbox.read(id, folder)
        except MailboxError as broken:
            raise ToolError(str(broken)) from broken

    @server.tool()
    def draft(
        ctx: Context,
        to: list[str],
        subject: str,
        body: str,
        cc: list[str] = _NONE,
        bcc: list[str] = _NONE,
        in_reply_to: str = "",
        attachments: list[str] = _NONE,
    ) -> dict[str, Any]:
        """Put an e-mail into the owner's Drafts; nothing is sent. Arguments as for send."""
        wording = Wording(to, subject, body, cc, bcc, in_reply_to, attachments)
        return office.draft(wording, office.run(ctx.request_context.meta))

    @server.tool(meta={"factotum/offered": False})
    def undraft(message_id: str) -> dict[str, Any]:
        """Take the draft with this Message-ID back: it is moved into the trash."""
        try:
            return office.undraft(message_id)
        except LetterError as wrong:
            raise ToolError(str(wrong)) from wrong

    @server.tool(meta={"factotum/offered": False})
    def find_sent(message_id: str) -> dict[str, Any]:
        """In which folder a letter with this Message-ID lies, or an empty word: found.

        sent and draft tell which of the two folders it is.

        A letter among the sent ones was sent; one that is not found proves nothing.
        """
        try:
            return office.find(message_id)
        except (MailboxError, LetterError) as broken:
            raise ToolError(str(broken)) from broken


def _sender(env: Mapping[str, str], login: Account | None) -> Address:
    """Whom the letters are from: FACTOTUM_MAIL_FROM, else the login if it is an address."""
    given = env.get("FACTOTUM_MAIL_FROM", "").strip() or (login.user if login else "")
    try:
        return address(given, "FACTOTUM_MAIL_FROM")
    except LetterError as wrong:
        raise AccountError(
            f"{wrong}. It is the address that letters come from, like Ann <ann@example.org>"
        ) from None


def _succeeded(receipt: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "succeeded", "receipt": receipt}


def _failed(reason: str, again: bool = False) -> dict[str, Any]:
    return {"outcome": "failed_clean", "reason": reason, "again": again}


if __name__ == "__main__":
    try:
        served = build(os.environ)
    except ValueError as wrong:
        raise SystemExit(f"mail_server: {wrong}") from None
    served.run("stdio")
