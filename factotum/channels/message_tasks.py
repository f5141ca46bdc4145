"""A message as the task that it asks for: whose words it is made of, and what came along.

What the owner wrote is theirs. What they pass on, what stands in a file, and what was said by
others in the message that they reply to is not, and is told apart from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC

from factotum.channels import markdown
from factotum.channels.commands.new_rule import HOW
from factotum.channels.contract import SPOKEN, Heard, Message
from factotum.channels.own_words import OTHERS
from factotum.channels.sent_along import along, as_dropped, unread
from factotum.channels.window import CHANNEL, CHAT, CONVERSATION, MESSAGE, UNREAD, Window
from factotum.drop import Drop, File
from factotum.inert import one_line
from factotum.ledger import TaskRow
from factotum.model import Attachment, Trust
from factotum.outbox import Row
from factotum.reader import Reader
from factotum.reading import Reading
from factotum.worker.talks import SIDE_CHARS

TITLE_CHARS = 120
#: Of how much of a message a title is made.
TITLE_READ_CHARS = 1000
#: How much is told of the message that is replied to.
REPLIED_CHARS = 1000

#: What a message is called that has no words of its own.
NAMELESS = {
    "photo": "A picture",
    "voice": "A voice message",
    "round": "A round video",
    "audio": "A recording",
}
UNHEARD = {kind: f"{NAMELESS[kind]} that could not be heard" for kind in SPOKEN}


class MessageTasks:
    def __init__(self, window: Window) -> None:
        self.window = window

    def drop_of(self, heard: Heard, text: str, conversation: str) -> Drop:
        """What the mailroom makes the task of; `text` are the words that ask for it."""
        drop = Drop(
            self.window.name,
            self.window.source_id(heard.chat, heard.id),
            "message",
            "",
            "",
            Trust.STRANGER if heard.passed_on else Trust.OWNER,
            sender_name=heard.passed_on,  # chosen by whoever bears it, so it is no address
            received=heard.at.astimezone(UTC),
            remarks=(*heard.remarks, *_unheard(heard)),
        )
        reading = as_dropped(heard)
        drop = self._of_files(drop, reading) if reading else self._of_words(drop, heard, text)
        said = drop.title if reading else text.strip() or _nameless(heard)
        facts = {
            CHANNEL: self.window.name,
            CHAT: heard.chat,
            MESSAGE: heard.id,
            CONVERSATION: conversation,
            "said": said[:SIDE_CHARS],
            **({"spoken": True} if heard.spoken else {}),
            **({UNREAD: lines} if (lines := unread(heard.files)) else {}),
        }
        files = (*along(heard.files).files, *self._files_before(heard))
        return replace(drop, attachments=files, ours=facts)

    def _of_files(self, drop: Drop, reading: Reading) -> Drop:
        """What was sent without words is what a file in Inbox is: nobody's order."""
        return replace(
            drop,
            kind=reading.kind,
            title=reading.title,
            body=reading.text,
            trust=Trust.STRANGER,
            sender=reading.sender,
            sender_name=reading.sender_name or drop.sender_name,
            received=reading.received or drop.received,
            properties=reading.properties,
            remarks=(*drop.remarks, *reading.remarks),
        )

    def _of_words(self, drop: Drop, heard: Heard, text: str) -> Drop:
        asked = text.strip() or _nameless(heard)
        if heard.unheard and text.strip():
            asked += f"\n\n({_nameless(heard)})"
        about, others = self._said_before(heard)
        sent = along(heard.files)
        enclosed = "\n\n".join(filter(None, [others, *heard.remarks, sent.said]))
        body = f"{about}{asked}"
        if drop.trust is not Trust.OWNER:  # all of it is somebody else's
            body, enclosed = "\n\n".join(filter(None, [body, enclosed])), ""
        return replace(
            drop,
            title=one_line(_unheard_title(heard, text) or _title(asked), TITLE_CHARS),
            body=body,
            enclosed=enclosed,
            remarks=(*drop.remarks, *sent.remarks),
        )

    def _said_before(self, heard: Heard) -> tuple[str, str]:
        """Which message it replies to, so that it is known what “that” means: as the
        owner may say it, or, where words of others may stand in it, as those are told."""
        row = self.window.outbox.standing(self.window.name, heard.chat, heard.reply_to)
        if row is None or not row.wanted:
            return self._own_before(heard)
        text = one_line(Message.from_json(dict(row.wanted)).words.text, REPLIED_CHARS)
        if self._whose(row) is Trust.OWNER:
            return f"(In reply to: “{text}”)\n\n", ""
        return "", f"The message that it replies to: “{text}”"

    def _own_before(self, heard: Heard) -> tuple[str, str]:
        """Which message of their own the person replies to, and where what came with it stands."""
        before = self._replied(heard)
        if before is None:
            return "", ""
        said = f"“{one_line(str(before.facts.get('said') or before.title), REPLIED_CHARS)}”"
        note = before.name.removesuffix(".md")
        if before.words is Trust.OWNER:
            return f"(In reply to what I sent before: {said}, see the note {note})\n\n", ""
        return "", f"What was sent before, to which it replies: {said}, see the note {note}"

    def _replied(self, heard: Heard) -> TaskRow | None:
        return self.window.ledger.task(self._task_of(heard.chat, heard.reply_to))

    def _files_before(self, heard: Heard) -> tuple[File, ...]:
        """The files of the message of their own that a person replies to, where no others came
        and they are as they were."""
        before = self._replied(heard)
        if before is None or any(one.kind not in SPOKEN for one in heard.files):
            return ()
        found = []
        for one in [Attachment(**told) for told in before.facts.get("attachments", ())]:
            try:
                data = Reader().read(self.window.root / one.path, one.size_bytes)
            except OSError:
                continue  # it was taken away; the note says what there was
            if hashlib.sha256(data).hexdigest() == one.sha256:
                found.append(File(one.name, data))
        return tuple(found)

    def _whose(self, row: Row) -> Trust:
        """Whose words stand in a message of ours, as far as that is on record."""
        about, ledger = row.key.partition(" ")[2].split(" ")[0], self.window.ledger
        match row.kind:
            case "card" if card := self.window.register.find(about):
                return card.seal.trust
            case "result" | "progress" if task := ledger.task(about):
                return task.trust
            case "spoken" if task := ledger.task(self._task_of(row.chat, about)):
                return task.words
            case "message" if not row.wanted["file"]:
                text = str(row.wanted["words"]["text"])
                return Trust.STRANGER if text.startswith(OTHERS) else Trust.OWNER
        return Trust.STRANGER

    def _task_of(self, chat: str, message: str) -> str:
        source_id = self.window.source_id(chat, message)
        return self.window.ledger.seen(self.window.name, source_id) or ""


def _title(asked: str) -> str:
    """What was asked for, without marks and what the agent alone is told of it."""
    said = asked.removesuffix(HOW.strip())[:TITLE_READ_CHARS]
    return markdown.read(said).text or said


def _unheard(heard: Heard) -> tuple[str, ...]:
    return (f"the recording was not heard: {heard.unheard}",) if heard.unheard else ()


def _unheard_title(heard: Heard, text: str) -> str:
    """What a recording is called that was not heard and has no words; empty for any other."""
    if text.strip() or not heard.unheard:
        return ""
    return UNHEARD.get(heard.files[0].kind, UNHEARD["voice"])


def _nameless(heard: Heard) -> str:
    """What a message without words asks for."""
    first = heard.files[0]
    if heard.unheard:
        return f"{_unheard_title(heard, '')} ({heard.unheard})."
    what = NAMELESS.get(first.kind) or first.name
    return f"{what}: look at it and say what it is about, and what is to be done."
