"""What a person says on a channel, written down: a task, an answer, a command, a change.

Each message counts once, however often it comes. What it means is decided by code: by what it
replies to, and by whether it begins with a stroke. Words that the person only passes on are not
the person's.
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum import failpoint, names
from factotum.channels import commands, owners
from factotum.channels.card_messages import ASKING, CardMessages
from factotum.channels.changes import promise, under_way
from factotum.channels.contract import Heard, Message
from factotum.channels.meant import TAKEN_AS, meant, quoted, yes_or_no
from factotum.channels.message_tasks import MessageTasks
from factotum.channels.news import SHOW_MOST, show_buttons
from factotum.channels.prompts import KIND as PROMPT
from factotum.channels.prompts import Asked, Prompts, plainly
from factotum.channels.split import split
from factotum.channels.window import CONVERSATION, Window
from factotum.channels.words import Words
from factotum.gate import redraft
from factotum.gate.records import Card, GateError
from factotum.outbox import ANSWER, Row
from factotum.rooms import running
from factotum.worker.talks import Talks

#: What is said where a file comes in answer to a message.
WITH_FILES = "It brings a file, so I take it as new work. To answer, reply with words alone."

#: What is said of a file that came with a command which has no use for it.
NO_FILE = "I did not take what came with it. Send it once more without the command."

#: What is said of a yes that was to be typed and was spoken, and of one below words that others
#: put there.
BY_HAND = (
    "Nothing was approved. This one is typed, letter by letter: what is heard may be misheard."
)
NOT_OURS = (
    "⚠ What you replied to is not what I wrote there, so nothing was approved. Somebody else has "
    "your bot's token: /revoke it at @BotFather."
)

BY_TAP = "Nothing was decided: yes and no are tapped. What you write in reply to it changes it."
BY_CHOICE = "Nothing was decided: type the number or the word of a choice. Other words change it."

#: With what a command begins; the second is that of an East Asian keyboard.
STROKES = ("/", "／")

#: What is answered with what waits.
SHOWS = frozenset({"/tasks", "/status", "/stop"})


class Talk:
    def __init__(self, window: Window, messages: CardMessages, prompts: Prompts) -> None:
        self.window = window
        self.messages = messages
        self.prompts = prompts
        self.tasks = MessageTasks(window)

    def known(self, heard: Heard) -> bool:
        """Whether this message was taken already."""
        source_id = self.window.source_id(heard.chat, heard.id)
        return self.window.ledger.seen(self.window.name, source_id) is not None

    def _mark_known(self, heard: Heard, now: float) -> None:
        source_id = self.window.source_id(heard.chat, heard.id)
        self.window.ledger.mark_seen(self.window.name, source_id, "", now)

    def hear(self, heard: Heard, now: float) -> None:
        """Takes the message, once. Raises OSError where the disk takes nothing; then it is to
        come again."""
        if self.known(heard):
            return
        if heard.remarks:
            self._remark(heard, now)
        work = heard.text if heard.passed_on else self._work_in(heard, now)
        if work is not None and (work.strip() or heard.files):
            self._make(heard, work, now)
        elif work is not None:
            self._mark_known(heard, now)
        failpoint.hit("talk.heard")
        self.window.wake()

    def _remark(self, heard: Heard, now: float) -> None:
        """Says what could not be had of the message; where that is all, it is no work."""
        nothing = "" if heard.text.strip() or heard.files else "\nNothing was begun."
        told = "\n".join(f"⚠ {one}" for one in heard.remarks)
        self.say(heard, Words.of(f"{told}{nothing}"), now, what="remark")

    def _work_in(self, heard: Heard, now: float) -> str | None:
        """The words of which a task is to be made; None where it was something else, which is
        done then."""
        with self.window.ledger.tx():
            work = self._command(heard, now) if heard.text.startswith(STROKES) else heard.text
            if work == heard.text and self._answered(heard, now):  # a path is no command
                work = None
            if work is None:
                if heard.files and heard.text.startswith(STROKES):
                    self.say(heard, Words.of(NO_FILE), now, what="file")
                self._mark_known(heard, now)
            return work

    def _answered(self, heard: Heard, now: float) -> bool:
        """Whether it was an answer to a message of ours, and was taken as that."""
        row = self._about(heard, now)
        if row is None or not heard.text.strip():
            return False
        asked, card = Asked.of(row), self._waits(row)
        if asked is None and card is None and row.kind != PROMPT:
            return False
        if heard.files and not heard.spoken:
            self.say(heard, Words.of(WITH_FILES), now)
            return False
        who = owners.person(heard.name, heard.who)
        if asked is None and row.kind == PROMPT:
            self.say(heard, Words.of(self.prompts.late(row, heard.text, who, now)), now)
            return True
        if asked is not None and asked.what == "type" and heard.spoken:
            self.say(heard, Words.of(BY_HAND), now)
        elif self.prompts.imposed(row, heard.reply_text):
            self.say(heard, Words.of(NOT_OURS), now)
        elif asked is not None:
            self.prompts.answer(row, heard.text, who, now)
        if asked is not None:
            return True
        return card is not None and self._word(card, heard, who, now)

    def _waits(self, row: Row) -> Card | None:
        """The card that the message shows, if it waits for a word."""
        found = self.window.register.find(row.key.removeprefix("card "))
        return found if row.kind == "card" and found and found.status == "pending" else None

    def _about(self, heard: Heard, now: float) -> Row | None:
        """The message of ours that it answers: the one that it replies to, else a question that
        was the last thing said here, or a request where it says yes or no to it."""
        outbox, name = self.window.outbox, self.window.name
        if heard.reply_to:
            there = outbox.standing(name, heard.chat, heard.reply_to)
            return there or self._arrived(heard, now)
        if not self.window.limits.replies:  # there each line says itself what it is a word on
            return None
        row, told = meant(self.window, heard, self.conversation(heard.chat), now)
        if told:
            self.say(heard, Words.of(told), now, what="meant")
        return row

    def _arrived(self, heard: Heard, now: float) -> Row | None:
        """The message that it replies to, where only the reply shows that it has arrived."""
        for row in self.window.outbox.doubtful(self.window.name, heard.chat):
            words = Message.from_json(dict(row.wanted)).words.text
            if words.split() == heard.reply_text.split():
                self.window.outbox.found(row.seq, heard.reply_to, now)
                return self.window.outbox.of(row.seq)
        return None

    def _word(self, card: Card, heard: Heard, who: str, now: float) -> bool:
        """A reply to a card that waits: the answer to a question, or how to change a draft."""
        register, name, text = self.window.register, self.window.name, heard.text.strip()
        if card.kind == "effect" and yes_or_no(text):
            how = BY_TAP if self.window.limits.replies else BY_CHOICE
            self.say(heard, Words.of(how), now, [card.id])
            return True
        try:
            if card.kind == "question":
                card = register.decide(card.id, card.seal.digest, "answer", name, who, now, text)
                if not heard.reply_to:
                    told = TAKEN_AS.format(question=quoted(card))
                    self.say(heard, Words.of(told), now, what="meant")
            else:
                ledger, digest = self.window.ledger, card.seal.digest
                wish = redraft.ask(ledger, register, card.id, digest, "order", text, name, who, now)
                row = self.say(heard, Words.of(under_way(self.window)), now)
                promise(self.window.outbox, row, wish)
        except GateError as cannot:
            self.say(heard, Words.of(f"⚠ {plainly(card, cannot)}"), now)
        self.messages.refresh(card, now, stage="")
        return True

    # -- commands

    def _command(self, heard: Heard, now: float) -> str | None:
        """Does what a command says; the words of the task that it asks for, if it does."""
        place = commands.Place(
            settings=self.window.settings,
            root=self.window.root,
            state=self.window.state,
            ledger=self.window.ledger,
            register=self.window.register,
            runs=self.window.runs,
            zone=self.window.zone,
            now=now,
            channel=self.window.name,
            who=owners.person(heard.name, heard.who),
            conversation=self.conversation(heard.chat),
            running=lambda: running(self.window.state),
            limits=self.window.limits,
        )
        said = commands.answer(heard.text, place)
        if said is None:
            return heard.text
        if said.new_conversation:
            self.begin_anew(heard.chat)
        if said.words:
            name = "/" + heard.text[1:].split(maxsplit=1)[0].partition("@")[0]
            self.say(heard, said.words, now, self._waiting() if name in SHOWS else ())
        return said.task

    def _waiting(self) -> list[str]:
        """The cards that wait, the oldest first."""
        asking = (card for card in self.window.register.unsettled() if card.status in ASKING)
        return [card.id for card in asking][:SHOW_MOST]

    def say(
        self,
        heard: Heard,
        words: Words,
        now: float,
        cards: Sequence[str] = (),
        what: str = "answer",
    ) -> Row:
        """Answers the message, in as many parts as it takes; below the last, which is returned,
        what brings up these cards. `what` tells several answers to one message apart."""
        outbox, parts = self.window.outbox, split(words, self.window.limits.units)
        for n, part in enumerate(parts):
            key = f"{what} {heard.id} {n}"
            row = outbox.ensure(self.window.name, heard.chat, key, now, kind="answer", rank=ANSWER)
            last = n == len(parts) - 1 and self.window.lasting
            rows = show_buttons(self.window, row, cards, now) if last else ()
            message = Message(part, rows, reply_to=heard.id if n == 0 else "")
            outbox.want(row, message.to_json())
        return row

    # -- conversations

    def conversation(self, chat: str) -> str:
        """Which conversation goes on in this chat."""
        key = f"talk {self.window.name} {chat}"
        there = self.window.ledger.meta(key)
        if not there:
            there = names.new_id("t")
            self.window.ledger.set_meta(key, there)
        return there

    def begin_anew(self, chat: str) -> None:
        self.window.ledger.set_meta(f"talk {self.window.name} {chat}", names.new_id("t"))

    # -- work

    def _make(self, heard: Heard, text: str, now: float) -> None:
        """Makes a task of it. Handed in twice it is one task."""
        drop = self.tasks.drop_of(heard, text, self.conversation(heard.chat))
        task = self.window.mailroom.take(drop, now)
        Talks(self.window.ledger).add(str(drop.ours[CONVERSATION]), task, now)
