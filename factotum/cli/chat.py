"""`factotum chat`: a conversation in the terminal, each message a task of its own.

What is said here is the owner's. Without a running orchestrator the office runs in this
process as long as the conversation lasts.
"""

from __future__ import annotations

import asyncio
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import click

from factotum import names
from factotum.cli import FAILED, place
from factotum.cli.place import Books, books
from factotum.cli.telling import as_shown, line, told
from factotum.gate.register import Card, NotOpen
from factotum.inert import one_line, visible
from factotum.ledger import TaskRow
from factotum.model import Risk, State, Trust
from factotum.note import render
from factotum.rooms import DoorError, open_rooms
from factotum.vault import Vault
from factotum.views.snapshot import published
from factotum.views.views import snapshot_path
from factotum.worker.runs import Run, Runs
from factotum.worker.talks import SIDE_CHARS, Talks

#: How often it looks whether there is an answer, in seconds.
LOOK_S = 0.2
TITLE_CHARS = 120
#: What is told in another way, or not at all.
QUIET = frozenset({"task", "ended", "sealed", "decided"})
BYE = frozenset({"/quit", "/exit", "/bye"})

HELP = """Write a message and press Enter. What needs your yes is shown, and you are asked.
/new    begin a conversation anew
/quit   stop (so does Ctrl-D); what is under way goes on in the office"""


@click.command()
@click.argument("text", nargs=-1)
def chat(text: tuple[str, ...]) -> int:
    """Talk: TEXT is one message, without it a conversation begins."""
    with books() as opened:
        try:
            return asyncio.run(_chat(opened, " ".join(text).strip()))
        except KeyboardInterrupt:
            print("\nWhat is under way goes on when the office runs: factotum up")
            return 0


async def _chat(opened: Books, text: str) -> int:
    asks = sys.stdin.isatty()
    talk = Talk(opened, names.new_id("t"), asks)
    async with office(opened) as talk.work:
        if text:
            return 0 if await talk.say(text) else FAILED
        print(HELP)
        while (said := await asyncio.to_thread(_line, "you> ")) is not None:
            if said.casefold() in BYE:
                break
            if said == "/new":
                talk = replace(talk, conversation=names.new_id("t"))
                print("(a new conversation)")
            elif said.startswith("/"):
                print(HELP)
            elif said:
                await talk.say(said)
    return 0


def _line(prompt: str) -> str | None:
    """What a person types, None at the end of the input."""
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        return None


@asynccontextmanager
async def office(opened: Books) -> AsyncIterator[asyncio.Task[None] | None]:
    """Someone at work on this vault: whoever runs already, else this process, whose work is
    the task that is given."""
    if place.running(opened.state) is not None:
        yield None
        return
    from factotum import log
    from orchestrator import Orchestrator

    log.start("error", sys.stderr)
    rooms = open_rooms(opened.settings, opened.root)
    orchestrator = Orchestrator(rooms)
    work = asyncio.create_task(orchestrator.run())
    try:
        yield work
    finally:
        orchestrator.stop()
        await asyncio.wait([work])
        rooms.close()


@dataclass
class Talk:
    """One conversation, as a person at a terminal has it."""

    opened: Books
    conversation: str
    asks: bool
    told: str = ""
    work: asyncio.Task[None] | None = None

    async def say(self, text: str) -> bool:
        """Sends one message and shows what comes of it, until it ends or waits for a word
        that is not given here. False when it failed."""
        task = self._send(text)
        last = self.opened.ledger.last_event()
        runs = Runs(self.opened.ledger, self.opened.register, self.opened.root)
        while True:
            last = self._progress(task, last)
            run = runs.latest(task)
            if run is not None and run.ended is not None:
                print(_answer(run))
                return run.result == "done"
            self._waits()
            self._check()
            for card in self.opened.register.of_task(task):
                if card.status == "pending" and not await self._decided(card):
                    return True
            await asyncio.sleep(LOOK_S)

    def _send(self, text: str) -> str:
        opened, now = self.opened, place.now()
        id = names.new_id("t")
        title = one_line(text, TITLE_CHARS)
        name = names.note_name(title, id=id, fallback="message")
        origin = f"Needs_Action/{name}"
        facts = {"conversation": self.conversation, "said": text[:SIDE_CHARS]}
        row = TaskRow(
            id, name, "message", title, Trust.OWNER, "", id, origin, b"", facts, now, None
        )
        with opened.ledger.tx():
            opened.ledger.add_task(row)
            Talks(opened.ledger).add(self.conversation, id, now)
        vault = Vault(opened.root, opened.settings.text("INSTANCE"), time.monotonic, guest=True)
        props = {"id": id, "type": "message", "title": title, "status": "pending"}
        vault.drop(vault.folder(State.NEEDS_ACTION) / name, render(props, f"\n{text}\n"))
        opened.wake()
        return id

    def _progress(self, task: str, last: int) -> int:
        """Prints what was done for the task since event `last`; returns the newest one."""
        events = self.opened.ledger.events(last, task=task)
        for event in events:
            if event.kind not in QUIET and (text := told(event, self.opened.ledger)):
                print(f"  {text}")
        return events[-1].seq if events else last

    def _check(self) -> None:
        """Raises when nobody is at work any more: DoorError, or what ended our own work."""
        if self.work is not None and self.work.done():
            self.work.result()
        elif self.work is not None or place.running(self.opened.state) is not None:
            return
        raise DoorError("the office has stopped; start it again: factotum up")

    def _waits(self) -> None:
        """Says once why nothing goes on, where the office says so: no model, no money."""
        shown = published(snapshot_path(self.opened.state))
        for problem in shown["health"]["problems"] if shown else ():
            reason = line(problem["reason"], 300)
            if reason.startswith("waits for") and reason != self.told:
                print(f"  it {reason}\n  (Ctrl-C leaves it with the office; it goes on by itself)")
                self.told = reason

    # -- what waits for a word

    async def _decided(self, card: Card) -> bool:
        """Asks for the person's word on a request; False when it is not given here."""
        print(
            f"\n{textwrap.indent(as_shown(card, self.opened.settings.seconds('REGRET_S')), '  ')}"
        )
        question = card.kind == "question"
        if not self.asks or card.seal.risk is Risk.HIGH:
            print(f"  factotum {'answer' if question else 'approve'} {card.id}")
            return False
        prompt = "your answer> " if question else "yes, no or later> "
        said = await asyncio.to_thread(_line, prompt) or "later"
        if said.casefold() in {"later", "l"}:
            return False
        if question:
            return self._decide(card, "answer", said)
        if said.casefold() in {"yes", "y"}:
            return self._decide(card, "approve", "")
        return self._decide(card, "reject", "" if said.casefold() in {"no", "n"} else said)

    def _decide(self, card: Card, verdict: str, why: str) -> bool:
        register, now = self.opened.register, place.now()
        try:
            register.decide(
                card.id, card.seal.digest, verdict, place.CHANNEL, place.who(), now, why
            )
        except NotOpen as late:
            print(f"  {line(str(late), 200)}")
        if verdict == "approve":
            regret_s = self.opened.settings.seconds("REGRET_S")
            print(f"  approved: it goes out in {regret_s:g} s (factotum cancel {card.id})")
        self.opened.wake()
        return True


def _answer(run: Run) -> str:
    text = visible(run.reason.strip()) or "(nothing was said)"
    return f"factotum> {text}" if run.result == "done" else f"factotum> It did not work: {text}"
