"""What becomes of a letter: sent at most once, kept, drafted, taken back or looked for.

Run data that is no argument comes in `_meta` under `factotum/`: `message_id` and `date` that
were fixed beforehand, `blobs` (where each attachment lies), `phase_file`. A caller that has
none of it gets an id and a date made here, and cannot attach files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

from mail_imap import DRAFTS, SENT, TRASH, Mailbox, MailboxError, NotThere
from mail_letter import Letter, LetterError, Wording, compose, reference
from mail_phase import Phases
from mail_smtp import Accepted, Doubtful, Postman, Refused


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


def _succeeded(receipt: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "succeeded", "receipt": receipt}


def _failed(reason: str, again: bool = False) -> dict[str, Any]:
    return {"outcome": "failed_clean", "reason": reason, "again": again}
