"""A person at a terminal who talks: whatever they type is taken up at once, while work goes on.

A line means what stood before it when it was begun: a word on what is asked there, else a message.
A yes counts for what the person could read before they began to type it, and for nothing that came
up meanwhile.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field

from factotum import log
from factotum.channels.at_terminal import AtTerminal
from factotum.channels.contract import Message, NotSent, Reply, Tapped
from factotum.channels.reception import AGAIN, STAGES
from factotum.channels.terminal import SYNONYMS, chosen
from factotum.cli import chat_says as says
from factotum.cli import place
from factotum.cli.chat_office import Office
from factotum.cli.chat_screen import Screen, Typed
from factotum.cli.chat_talk import BYE, LOOK_S, Conversation
from factotum.rooms import DoorError

logger = log.get("factotum.cli")

#: How long is waited till what came of a word shows in what is asked, and how long till all of
#: it is there once something of it is, in seconds.
SHOWS_S, SETTLES_S = 0.5, 0.05
#: How soon after a request has pushed another aside a word may be meant for it, in seconds.
READ_S = 1.0
#: How often it is looked whether the office is there, and within which time a second Ctrl-C
#: leaves, in seconds.
CHECK_S, TWICE_S = 2.0, 5.0

#: The id of a card in a line of the office.
_CARD = re.compile(r"\ba-[0-9a-z]+\b")

#: What may be chosen without having been read: it shows, or asks for, something else.
HARMLESS = frozenset({*AGAIN, *STAGES, "skip"})


@dataclass(frozen=True)
class Asked:
    """A message that asks for something: its id, of which card, in which version. A choice is
    not taken that was begun before `read_at` (of the loop's clock, in seconds)."""

    id: str
    message: Message
    card: str
    digest: str
    read_at: float = field(default=0.0, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.id, self.digest


class Person(Conversation):
    """With `once` the conversation ends with what comes of its first message."""

    def __init__(self, here: AtTerminal, office: Office, screen: Screen, *, once: bool) -> None:
        super().__init__(here, office)
        self.screen = screen
        self.once = once
        screen.listener = self
        self.channel.changed = self.changed
        self._loop = asyncio.get_running_loop()
        self._left = asyncio.Event()
        self._asked: Asked | None = None
        self._put_off: set[tuple[str, str]] = set()
        self._spoken: Asked | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._warned = False
        self._interrupted = -TWICE_S
        self._over = False

    async def converse(self, first: str = "") -> bool:
        """Talks till the person leaves, or, with `once`, till all that was said has its end.
        Whether it came to its end, or was put off."""
        try:
            if first:
                self.hear(first)
            else:
                self._tell(says.HELP)
            self._ask()
            return await self._till_the_end()
        finally:
            self._over = True

    def farewell(self) -> str:
        told = super().farewell()
        return f"{told}\n{says.NEXT_TIME}" if told else ""

    async def _till_the_end(self) -> bool:
        while not self._left.is_set():
            try:
                async with asyncio.timeout(LOOK_S if self.once else CHECK_S):
                    await self._left.wait()
            except TimeoutError:
                self._check()
            if self.once and all(map(self.is_said, self.given)):
                return not any(self.failed(one) for one in self.given)
        return not self.once or bool(self._put_off)

    def _check(self) -> None:
        """Says that nobody is at work, and when somebody is again, each once; raises it where
        there is nothing but to wait."""
        try:
            self.office.check()
            if self._warned:
                self._tell(says.BACK)
            self._warned = False
        except DoorError:
            if self.once or self.office.ours:
                raise
            if not self._warned:
                self._tell(says.STOPPED)
            self._warned = True

    # -- what a person does

    def typed(self, line: Typed) -> None:
        text, about = line.text.strip(), line.prompt.about
        self._interrupted = -TWICE_S
        try:
            if text.casefold() in BYE:
                self._left.set()
            elif isinstance(about, Asked) and not text.startswith("/"):
                self._answer(text, about, line.begun < max(line.prompt.since, about.read_at))
            elif not text:
                self._bring_back()
            elif _is_choice(text) and self._asking():
                self._tell(says.NOT_READ if self._due() else says.NOTHING)
            else:
                self._say(text)
        except (OSError, sqlite3.OperationalError) as refused:
            self._tell(says.NOT_TAKEN.format(why=refused))
        except Exception as broken:  # the conversation outlives any one line
            logger.error("a line was not taken", exc_info=broken)
            self._tell(says.NOT_TAKEN.format(why=f"{type(broken).__name__}: {broken}"))

    def interrupted(self) -> None:
        now = self._loop.time()
        if self.once or now - self._interrupted < TWICE_S:
            self._left.set()
            return
        self._interrupted = now
        self._tell(says.TWICE)

    def ended(self) -> None:
        self._left.set()

    def changed(self) -> None:
        """Something was shown: what is asked may be another thing now. It is so at once, before
        any key is read, that no word is for another than the one that was shown last."""
        if self._spoken is None:
            self._ask()
        else:
            self._look_in(SETTLES_S)

    def overheard(self, text: str) -> None:
        """What the office says by itself; what is shown here anyway is not said twice."""
        if "\a" in text:
            self.screen.ring()
        lines = text.replace("\a", "").splitlines()
        self._tell("\n".join(line for line in lines if not self._is_shown(line)))

    def _is_shown(self, line: str) -> bool:
        cards = map(self.window.register.find, _CARD.findall(line))
        return any(one and self.window.chat_of_card(one)[0] == self.window.chat for one in cards)

    # -- words

    def _say(self, text: str) -> None:
        try:
            if not self.once and self.office.begin():
                self._warned = False
                self._tell(says.RUNS_HERE)
        except (DoorError, OSError) as shut:  # it is heard all the same, for who works here next
            self._tell(f"⚠ {shut}")
        self.hear(text)

    def _answer(self, text: str, about: Asked, unread: bool) -> None:
        if not text:
            self._put(about)
        elif about.key not in {one.key for one in self._asking()}:
            self._tell(says.NOT_READ if self._due() else says.NOT_ASKED)
        elif token := chosen(text, about.message):
            self._choose(token, about, unread)
        elif text.isdecimal() and self._is_request(about):
            most = sum(map(len, about.message.rows))
            self._tell(says.NO_CHOICE.format(typed=text, most=most))
        else:
            self.hear(text, about.id, about.message.words.text)
            self._wait_for(about)

    def _choose(self, token: str, about: Asked, unread: bool) -> None:
        drawn = self.window.buttons.find(token)
        wish = drawn.wish.partition(" ")[0] if drawn else ""
        if unread and wish not in HARMLESS:
            self._tell(says.NOT_READ)
            return
        tap = Tapped("", self.window.chat, about.id, "", place.who(), token)
        reply: Reply | None = self.service.tap(tap)
        if reply is not None and reply.text:
            self._tell(f"  {reply.text}")
        if wish == "later":
            self._put(about)
        self._wait_for(about)

    def _put(self, about: Asked) -> None:
        """Asks for it no more till the person wants it, or it is another version."""
        self._put_off.add(about.key)
        buttons = [one for row in about.message.rows for one in row]
        command = self.channel.hint(buttons[0].token) if buttons else ""
        if self.once:
            self._tell(says.COMMAND.format(command=command) if command else "")
            self._left.set()
            return
        self._tell(
            says.PUT_OFF.format(hint=f"; elsewhere, or later: {command}" if command else ".")
        )
        if self._spoken is None:
            self._ask()

    def _bring_back(self) -> None:
        self._put_off.clear()
        self._asked, self.channel.last = None, ""  # it is said once more what is asked
        self._ask()

    # -- what is asked

    def _asking(self) -> list[Asked]:
        return [self._of(id, message) for id, message in self.channel.asking()]

    def _due(self) -> Asked | None:
        """What the next line is a word on."""
        return next((one for one in self._asking() if one.key not in self._put_off), None)

    def _of(self, id: str, message: Message) -> Asked:
        drawn = self.window.buttons.find(message.rows[0][0].token) if message.rows else None
        return Asked(id, message, drawn.card if drawn else "", drawn.digest if drawn else "")

    def _is_request(self, about: Asked) -> bool:
        card = self.window.register.find(about.card) if about.card else None
        return card is not None and card.kind != "question"

    def _wait_for(self, about: Asked) -> None:
        """Takes no further line till what came of this word shows, so that nothing is asked
        twice."""
        self._spoken = about
        self.screen.hold()
        self._look_in(SHOWS_S)

    def _look_in(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._ask)

    def _ask(self) -> None:
        """Has the prompt say what is asked now."""
        if self._over:
            return
        before, spoken = self._asked, self._spoken is not None
        self._timer = self._spoken = None
        now = self._due()
        if now is not None and before is not None and before.card != now.card and not spoken:
            now = Asked(*(now.id, now.message, *(now.card, now.digest)), self._loop.time() + READ_S)
        if now is not None and (before is None or before.id != now.id):
            self._remind(now)
        self._asked = now
        self.screen.ask(self._prompt(now), now)

    def _remind(self, now: Asked) -> None:
        if self.channel.last != now.id:
            with suppress(NotSent):
                self.channel.again(now.id)

    def _prompt(self, asked: Asked | None) -> str:
        if asked is None:
            return "" if self.once else "you> "
        if asked.message.prompt:
            return f"{asked.message.prompt}> "
        card = self.window.register.find(asked.card)
        return "your answer> " if card and card.kind == "question" else "your choice> "

    def _tell(self, text: str) -> None:
        if text:
            self.screen.tell(f"{text}\n")


def _is_choice(text: str) -> bool:
    said = text.casefold()
    return said.isdecimal() or said in SYNONYMS or said in SYNONYMS.values()
