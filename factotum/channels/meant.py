"""What plain words mean that reply to nothing: perhaps the answer to what was said last.

They answer a question only where nothing else can be meant: it is of the owner's own work, no
other one waits in the chat, and no other work was given there since. Decided by code; what is
decided is told.
"""

from __future__ import annotations

from factotum.channels.contract import Heard
from factotum.channels.window import Window
from factotum.gate.records import Card
from factotum.inert import one_line, visible
from factotum.model import Trust
from factotum.outbox import Row
from factotum.worker.talks import Talks

#: How long after a question plain words without a reply count as its answer, in seconds.
ANSWER_S = 3600.0
#: How much of a question is quoted, in characters.
QUESTION_CHARS = 120

#: What is said of words that were taken as an answer, and of those that might be meant so.
TAKEN_AS = "Taken as the answer to “{question}”. If it is new work: write /new and what it is."
NEW_WORK = "I take it as new work. To answer “{question}”, reply to it."
TO_WHICH = "I take it as new work: {count} questions wait here. To answer one, reply to it."

#: Words that mean yes or no, where one that replies to a request wants it changed.
YES_OR_NO = frozenset(
    "yes|yep|yeah|yes please|ok|okay|sure|approve|approved|send|send it|go|go ahead|do it"
    "|no|nope|no thanks|reject|stop|ja|nein|oui|non|si|sì|да|нет|👍|👎|✅|❌".split("|")
)


def meant(window: Window, heard: Heard, conversation: str, now: float) -> tuple[Row | None, str]:
    """The message of ours that the words answer, or None; and what is to be said of words that
    might have been meant as an answer and are taken as new work. `conversation` is that which
    goes on in the chat."""
    last = window.outbox.newest(window.name, heard.chat)
    if last is None or last.kind != "card" or _crossed(heard, last):
        return None, ""
    if heard.files or heard.remarks:  # words that go with a file, also with one not taken
        return None, ""
    card = window.register.find(last.key.removeprefix("card "))
    if card is None or now - (last.told or 0.0) > ANSWER_S:
        return None, ""
    if card.kind != "question":
        return (last if yes_or_no(heard.text) else None), ""
    if card.status != "pending":
        return None, ""
    count = _waiting(window, heard.chat)
    if count > 1:
        return None, TO_WHICH.format(count=count)
    since = Talks(window.ledger).last(conversation) > (last.told or 0.0)
    if since or not _of_own_work(window, card, heard.chat):
        return None, NEW_WORK.format(question=quoted(card))
    return last, ""


def _of_own_work(window: Window, card: Card, chat: str) -> bool:
    """Whether it is asked about what the owner ordered in this chat, in their own words."""
    task = window.ledger.task(card.task)
    own = task is not None and task.words is Trust.OWNER
    return own and window.chat_of_card(card) == (chat, True)


def _waiting(window: Window, chat: str) -> int:
    """How many questions wait in a chat."""
    cards = (one for one in window.register.unsettled() if one.kind == "question")
    return sum(
        one.status == "pending"
        and window.outbox.row(window.name, chat, f"card {one.id}") is not None
        for one in cards
    )


def quoted(card: Card) -> str:
    return one_line(visible(card.title), QUESTION_CHARS).rstrip(".")


def yes_or_no(text: str) -> bool:
    return text.strip().casefold().rstrip("!. ") in YES_OR_NO


def _crossed(heard: Heard, row: Row) -> bool:
    """Whether it was written before our message stood there, and only comes now: where the ids
    of a chat are numbers, they count up for both sides."""
    ours, theirs = row.message, heard.id
    return ours.isdecimal() and theirs.isdecimal() and int(theirs) < int(ours)
