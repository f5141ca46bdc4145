"""A mail as a watcher fetched it, made ready to be handed in; and whose words it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factotum import mailauth
from factotum.drop import Drop, File
from factotum.gate.contact import Contact
from factotum.mailauth import Sender
from factotum.model import Trust
from factotum.reading.shape import Reading
from factotum.settings import Settings


def own_servers(settings: Settings) -> tuple[str, ...]:
    """The names by which the owner's mail servers sign what they found out about a sender."""
    written = settings.text("MAIL_AUTHSERV").split(",")
    return tuple(name.strip() for name in written if name.strip())


def label_of(
    raw: bytes, own_servers: Sequence[str], contact: Callable[[str], Contact]
) -> tuple[Trust, Sender]:
    """Whose words the mail `raw` holds, and who wrote it as far as that is proved.

    Somebody known: a contact, whose address the owner's own mail server vouches for, and to whom
    the owner has written, here or by their word. Nobody is the owner by mail.
    """
    sender = mailauth.verify(raw, own_servers)
    known = sender.verified and contact(sender.address).may_be_known
    return (Trust.KNOWN if known else Trust.STRANGER), sender


def letter(
    raw: bytes,
    source: str,
    source_id: str,
    label: tuple[Trust, Sender],
    read: Callable[[bytes, str], Reading],
) -> Drop:
    """The mail `raw`, as its watcher fetched it from the owner's mailbox, ready to be handed in.

    `label` is what `label_of` says of it, `read` is `reading.read`. Where who wrote it is proved,
    it is that address that replies go to, whatever another program would make of its From line.
    """
    trust, sender = label
    found = read(raw, "mail.eml")
    facts = {key: value for key, value in found.properties.items() if key != "verified"}
    if sender.verified:
        facts["verified"] = True
    return Drop(
        source,
        source_id,
        found.kind,
        found.title,
        found.text,
        trust,
        sender.address if sender.verified else found.sender,
        found.sender_name,
        found.received,
        tuple(File(part.name, part.data) for part in found.attachments),
        facts,
        found.remarks,
    )
