"""`factotum chat`: a conversation in the terminal, each message a task of its own.

What is said here is the owner's. Without a running orchestrator the office runs in this
process as long as the conversation lasts. It is the terminal's end of a channel: what is asked,
shown and understood is the same as on every other.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import IO

import click

from factotum import log
from factotum.channels.at_terminal import AtTerminal, at_terminal
from factotum.cli import FAILED
from factotum.cli.chat_drawn import Drawn
from factotum.cli.chat_office import Office
from factotum.cli.chat_person import Person
from factotum.cli.chat_piped import Piped
from factotum.cli.chat_screen import Out, Plain, Screen
from factotum.cli.chat_talk import Conversation
from factotum.cli.place import Books, books
from factotum.rooms import open_rooms

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Signals that come within this of one another are one, in seconds: a shell tells of a window that
#: is closed beside the terminal itself.
AT_ONCE_S = 1.0


@click.command()
@click.argument("text", nargs=-1)
def chat(text: tuple[str, ...]) -> int:
    """Talk: TEXT is one message, without it a conversation begins."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with books() as opened:
        return asyncio.run(_chat(opened, " ".join(text).strip()))


async def _chat(opened: Books, text: str) -> int:
    """The conversation, till it ends or a signal comes; a second one ends it at once."""
    person = sys.stdin is not None and sys.stdin.isatty()
    talk = asyncio.create_task(_with_person(opened, text) if person else _piped(opened, text))
    with _stopping(talk.cancel) as stopped:
        try:
            return 0 if await talk else FAILED
        except asyncio.CancelledError:
            if not stopped:
                raise
            return FAILED if text or not person else 0


async def _with_person(opened: Books, text: str) -> bool:
    screen = _screen(sys.stdin.fileno(), sys.stdout)
    loop = asyncio.get_running_loop()
    there: list[Person] = []
    log.start("error", Out(screen.late))

    def hear(said: str) -> None:
        for one in there:
            one.overheard(said)

    def overhear(said: str) -> None:
        loop.call_soon_threadsafe(hear, said)

    try:
        async with (
            _at_work(opened, Out(overhear)) as office,
            _here(opened, Out(screen.say)) as here,
        ):
            person = Person(here, office, screen, once=bool(text))
            there.append(person)
            try:
                with screen:
                    return await person.converse(text)
            finally:
                there.clear()
                _part(person, there=not screen.gone)
    finally:
        log.start("error", sys.stderr)


async def _piped(opened: Books, text: str) -> bool:
    async with _at_work(opened, sys.stderr) as office:
        if office.ours:
            log.start("error", sys.stderr)
        async with _here(opened, None) as here:
            talk = Piped(here, office)
            try:
                if text:
                    return await talk.say(text)
                await talk.converse()
                return True
            finally:
                _part(talk, there=not here.channel.gone)


def _screen(source: int, out: IO[str]) -> Screen:
    """What is drawn on where that can be done."""
    drawn = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return Drawn(source, out) if drawn else Plain(source, out)


def _part(talk: Conversation, *, there: bool) -> None:
    """Says where what is under way goes on. Where nobody reads it, nothing more is printed."""
    try:
        if there and (told := talk.farewell()):
            print(told, flush=True)
    except OSError:
        there = False
    if not there:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


@asynccontextmanager
async def _at_work(opened: Books, out: IO[str]) -> AsyncIterator[Office]:
    office = Office(opened, out)
    office.begin()
    try:
        yield office
    finally:
        await office.close()


@asynccontextmanager
async def _here(opened: Books, out: Out | None) -> AsyncIterator[AtTerminal]:
    """Somebody at a terminal, with `out` where they can choose."""
    rooms = open_rooms(opened.settings, opened.root, guest=True)
    try:
        async with at_terminal(rooms, out or sys.stdout, asks=out is not None) as here:
            yield here
    finally:
        rooms.close()


@contextmanager
def _stopping(stop: Callable[[], object]) -> Iterator[list[float]]:
    """Calls `stop` at the first signal to end; gives when they came."""
    came: list[float] = []
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if came and loop.time() - came[0] > AT_ONCE_S:
            os._exit(FAILED)  # it may be killed anywhere; somebody is in a hurry
        came.append(loop.time())
        if len(came) == 1:
            stop()

    main = threading.current_thread() is threading.main_thread()
    wanted = [one for one in STOPS if main and signal.getsignal(one) != signal.SIG_IGN]
    for one in wanted:
        loop.add_signal_handler(one, heard)
    try:
        yield came
    finally:
        for one in wanted:
            loop.remove_signal_handler(one)
