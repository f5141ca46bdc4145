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
from factotum.channels import known, owners, running, within
from factotum.channels.contract import Message
from factotum.channels.telegram.poller import TAKEN
from factotum.channels.words import Words
from factotum.cli import FAILED, place
from factotum.cli.place import Books
from factotum.cli.telling import line
from factotum.ears import beats
from factotum.outbox import ANSWER, LOST, SENDING, SENT, WAITING, Outbox
from factotum.outbox import FAILED as NOT_TAKEN
from factotum.rooms import DoorError, tell_news

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAME = click.Choice([kind.name for kind in known.KINDS if kind.hears])

#: How often is looked whether what is waited for has come, in seconds.
LOOK_S = 0.3
#: How long what is still to be said is waited for when it has, in seconds.
SAY_S = 5.0
#: How long one line may take to be said, in seconds.
TEST_S = 20.0


def until(opened: Books, done: Callable[[], bool], patience_s: float) -> str:
    """Has the channel work till `done`, by the process that runs it already, else here; at most
    so long. Why it ended before, or an empty string."""
    lock = beats.lock(opened.state, owners.TELEGRAM)
    if lock is not None:
        return asyncio.run(_here(opened, lock, done, patience_s))
    end = time.monotonic() + patience_s
    tell_news(opened.state)
    while not done() and time.monotonic() < end:
        time.sleep(LOOK_S)
    return ""


async def _here(opened: Books, lock: IO[str], done: Callable[[], bool], patience_s: float) -> str:
    log.hide(opened.settings.secrets())
    log.start("error", sys.stderr)
    stop, end = asyncio.Event(), time.monotonic() + patience_s
    work = asyncio.create_task(running.alone(opened.settings, opened.root, stop, lock))
    try:
        while not (done() or work.done()) and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
        end = time.monotonic() + SAY_S
        while _says(opened) and not work.done() and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
    finally:
        stop.set()
    return await work


def _says(opened: Books) -> bool:
    """Whether something is still to be said, or being said now."""
    found = opened.ledger.db.execute(
        "SELECT 1 FROM said WHERE channel = ? AND not_before <= ? AND (due = 1 OR state = ?)",
        (owners.TELEGRAM, place.now(), SENDING),
    )
    return found.fetchone() is not None


# -- run


@click.command()
@click.argument("name", type=NAME)
def run(name: str) -> int:
    """Run one channel in a process of its own, as PM2 does."""
    with place.books() as opened:
        settings, state = opened.settings, opened.state
        kind = known.kind(name)
        if not kind.set_up(settings):
            raise DoorError(f"{name} is not set up: give {kind.needs} (docs/telegram.md)")
        lock = beats.lock(state, name)
        if lock is None:
            raise DoorError(
                f"the channel {name} is run by process {beats.holder(state, name)} already; stop "
                f"that first, or let it be. Within `factotum up` none run with "
                f"FACTOTUM_CHANNELS=none"
            )
        log.hide(settings.secrets())
        log.start(settings.text("LOG_LEVEL"), sys.stderr)
        print(f"factotum listens on {name.capitalize()}. Stop it with Ctrl-C.", flush=True)
        began = time.monotonic()
        why = asyncio.run(_run(opened, lock))
        took_s = time.monotonic() - began
    if why:
        raise DoorError(f"{name} has ended: {line(why, 500)}")
    print(f"factotum stopped listening on {name.capitalize()} after {took_s:.0f} s.", flush=True)
    return 0


async def _run(opened: Books, lock: IO[str]) -> str:
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
        why = await running.alone(opened.settings, opened.root, stop, held)
        if why != TAKEN or sys.stdin.isatty():
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
        there = owners.owners(opened.settings, opened.ledger, name)
        if not there:
            raise DoorError(f"nobody is paired to be told: factotum channels login {name}")
        outbox, now = Outbox(opened.ledger), place.now()
        wanted = Message(Words.of("It works. I tell you what waits for you here.")).to_json()
        key = f"test {now:.3f}"
        row = outbox.put(name, there[0].id, key, wanted, now, kind="answer", rank=ANSWER)
        waits = {WAITING, SENDING}
        why = until(opened, lambda: outbox.of(row.seq).state not in waits, TEST_S)
        row = outbox.of(row.seq)
        if row.state == WAITING:  # else it would be said some day
            outbox.drop(row.seq, row.why or "the test was over")
            row = outbox.of(row.seq)
        beat = beats.of(opened.state, name)
    reason = line(why or (beat.trouble if beat else "") or row.why or "nobody knows why", 300)
    if row.state == SENT:
        print(f"{line(there[0].said)} was told so. Look at your phone.")
        return 0
    said = {
        LOST: "It may have been said and may not",
        SENDING: "It is being said still",
        NOT_TAKEN: "It was not said",
    }
    print(f"{said.get(row.state, f'It was not said within {TEST_S:.0f} s')}: {reason}")
    if row.state == NOT_TAKEN:
        print("A bot can only write to you once you wrote to it: open its chat and tap Start.")
    return FAILED
