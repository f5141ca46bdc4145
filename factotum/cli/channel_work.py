"""`factotum channels run` and `test`: a channel in a process of its own, and one line said by it.

Where another process runs the channel already, that one does the work, and here is only waited.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import click

from factotum import log
from factotum.blobs import Blobs
from factotum.channels import known, owners, running, within
from factotum.channels.contract import ChannelError, Lost, Message, Taken
from factotum.channels.ways import close, ways_of
from factotum.channels.words import Words
from factotum.cli import FAILED, place
from factotum.cli.place import Books
from factotum.cli.telling import line
from factotum.ears import beats
from factotum.outbox import ANSWER, LOST, SENDING, SENT, WAITING, Outbox
from factotum.rooms import DoorError, tell_news
from factotum.settings import Settings

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAME = click.Choice(known.NAMES)

#: How often is looked whether what is waited for has come, in seconds.
LOOK_S = 0.3
#: How long what is still to be said is waited for when it has, in seconds.
SAY_S = 5.0
#: How long one line may take to be said, in seconds.
TEST_S = 20.0
#: How long it is tried again where it could not be said, in seconds.
LATER_S = 3.0
WORKS = "It works. I tell you what waits for you here."


def until(opened: Books, done: Callable[[], bool], patience_s: float, say_s: float = SAY_S) -> str:
    """Has Telegram work till `done`, by the process that runs it already, else here; at most so
    long, and at most `say_s` more for what is to be said then. Why it ended before, or an empty
    string."""
    lock = beats.lock(opened.state, owners.TELEGRAM)
    if lock is not None:
        return asyncio.run(_here(opened, lock, done, patience_s, say_s))
    end = time.monotonic() + patience_s
    tell_news(opened.state)
    while not done() and time.monotonic() < end:
        time.sleep(LOOK_S)
    return ""


async def _here(
    opened: Books, lock: IO[str], done: Callable[[], bool], patience_s: float, say_s: float
) -> str:
    log.hide(opened.settings.secrets())
    log.start("error", sys.stderr)
    stop, end = asyncio.Event(), time.monotonic() + patience_s
    work = asyncio.create_task(running.alone(opened.settings, opened.root, stop, lock))
    try:
        while not (done() or work.done()) and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
        end = time.monotonic() + say_s
        while _says(opened) and not work.done() and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
    finally:
        stop.set()
    try:
        return await work
    except Taken as taken:
        return str(taken)


def _says(opened: Books) -> bool:
    """Whether something is still to be said, or being said now."""
    return Outbox(opened.ledger).speaks(owners.TELEGRAM, place.now())


# -- run


@click.command()
@click.argument("name", type=NAME)
def run(name: str) -> int:
    """Run one channel in a process of its own, as PM2 does."""
    with place.books() as opened:
        settings, state = opened.settings, opened.state
        _set_up(name, settings)
        if name != (first := known.first(settings)):
            raise DoorError(
                f"{name} is told what {first} cannot say, by the process of that: factotum "
                f"channels run {first}"
            )
        lock = beats.lock(state, name)
        if lock is None:
            raise DoorError(
                f"the channel {name} is run by process {beats.holder(state, name)} already; stop "
                f"that first, or let it be. Within `factotum up` none run with "
                f"FACTOTUM_CHANNELS=none"
            )
        log.hide(settings.secrets())
        log.start(settings.text("LOG_LEVEL"), sys.stderr)
        print(f"factotum {_does(name)} {name.capitalize()}. Stop it with Ctrl-C.", flush=True)
        began = time.monotonic()
        why = asyncio.run(_run(opened, lock, name))
        took_s = time.monotonic() - began
    if why:
        raise DoorError(f"{name} has ended: {line(why, 500)}")
    print(f"factotum has left {name.capitalize()} after {took_s:.0f} s.", flush=True)
    return 0


def _does(name: str) -> str:
    return "listens on" if known.kind(name).hears else "tells you by"


def _set_up(name: str, settings: Settings) -> None:
    """Raises DoorError where it is not."""
    if not (kind := known.kind(name)).set_up(settings):
        page = "docs/telegram.md" if kind.hears else "docs/notices.md"
        raise DoorError(f"{name} is not set up: {kind.begin} ({page})")


async def _run(opened: Books, lock: IO[str], name: str) -> str:
    """Till a signal comes; why it ended before, or an empty string. A second signal ends it at
    once: it may be killed anywhere. Where another program hears the bot it keeps still for a
    while, for whoever started it would do so again at once, and so disturb that one."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def signalled() -> None:
        if stop.is_set():
            os._exit(FAILED)
        stop.set()

    for one in STOPS:
        loop.add_signal_handler(one, signalled)
    held: IO[str] | None = lock
    while held is not None:
        try:
            return await running.alone(opened.settings, opened.root, stop, held, name)
        except Taken as taken:
            why = str(taken)
        if sys.stdin.isatty():
            return why
        print(f"factotum: {why}. It looks again in {within.TAKEN_S / 60:.0f} minutes.",
              file=sys.stderr, flush=True)  # fmt: skip
        with suppress(TimeoutError):
            async with asyncio.timeout(within.TAKEN_S):
                await stop.wait()
        if stop.is_set():
            return ""
        held = beats.lock(opened.state, owners.TELEGRAM)
    return "another process of this house runs it now"


# -- test


@click.command()
@click.argument("name", type=NAME)
def test(name: str) -> int:
    """Say one line on a channel, and tell what came of it."""
    with place.books() as opened:
        _set_up(name, opened.settings)
        if not known.kind(name).hears:
            return asyncio.run(_one_way(opened, name))
        there = owners.owners(opened.settings, opened.ledger, name)
        if not there:
            raise DoorError(f"nobody is paired to be told: factotum channels login {name}")
        outbox, now = Outbox(opened.ledger), place.now()
        wanted = Message(Words.of(WORKS)).to_json()
        key = f"test {now:.3f}"
        row = outbox.put(name, there[0].id, key, wanted, now, kind="answer", rank=ANSWER)
        why = until(opened, _Over(outbox, row.seq), TEST_S, say_s=0.0)
        row = outbox.of(row.seq)
        if row.state == WAITING:  # else it would be said some day
            outbox.drop(row.seq, row.why or "the test was over")
            row = outbox.of(row.seq)
        beat = beats.of(opened.state, name)
    reason = line(why or (beat.trouble if beat else "") or row.why or "nobody knows why", 300)
    if row.state == SENT:
        print(f"{line(there[0].said)} was told so. Look at your phone.")
        return 0
    said = {LOST: "It may have been said and may not", SENDING: "It is being said still"}
    print(f"{said.get(row.state, 'It was not said')}: {reason}")
    return FAILED


class _Over:
    """Whether a message was said, or a while has passed since it could not be."""

    def __init__(self, outbox: Outbox, seq: int) -> None:
        self._outbox, self._seq, self._failed = outbox, seq, 0.0

    def __call__(self) -> bool:
        row = self._outbox.of(self._seq)
        if row.state == WAITING and row.why:
            self._failed = self._failed or time.monotonic()
            return time.monotonic() - self._failed > LATER_S
        return row.state not in {WAITING, SENDING}


async def _one_way(opened: Books, name: str) -> int:
    """The same where nothing is heard: by each of its addresses, by itself."""
    ways = ways_of(opened.settings, Blobs(opened.state / "blobs"))
    failed = 0
    try:
        for way in ways:
            if way.channel.name != name:
                continue
            try:
                await way.channel.send(way.chat, Message(Words.of(WORKS)))
                print(f"{line(way.chat)} was told so.")
            except Lost as lost:
                failed += 1
                print(f"{line(way.chat)}: it may have been said and may not: {line(lost, 300)}")
            except ChannelError as refused:
                failed += 1
                print(f"{line(way.chat)}: it was not said: {line(refused, 300)}")
    finally:
        await close(ways)
    return FAILED if failed else 0
