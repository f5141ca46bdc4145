"""The mail server of the office: search, read, draft and send, over the owner's own account.

It holds the mail credentials and nothing else. It never decides whether a letter may go:
whoever calls `send` has that behind them. What the tools do is in `mail_office.py`, with the
run data that comes beside the arguments.

    python mcp/mail_server.py      # over stdio, settings from the environment
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from mail_account import Account, AccountError, account
from mail_imap import Mailbox, MailboxError
from mail_letter import LetterError, Wording, address
from mail_office import Office
from mail_smtp import Postman, Waits

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
        _offer_reading(server, office.mailbox)
        _offer_drafts(server, office)
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


def _offer_reading(server: MCPServer, mailbox: Mailbox) -> None:
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


def _offer_drafts(server: MCPServer, office: Office) -> None:
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


if __name__ == "__main__":
    try:
        served = build(os.environ)
    except ValueError as wrong:
        raise SystemExit(f"mail_server: {wrong}") from None
    served.run("stdio")
