"""`factotum up` and `factotum run`: the orchestrator in this process, till it is told to stop.

Here is what a service needs round it: signals, a log file, the first and the last words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

from factotum import log
from factotum.cli import FAILED, place
from factotum.cli.telling import line
from factotum.ears import found
from factotum.gate.apart import apart, titled
from factotum.gate.observe import quiet
from factotum.gate.register import Card
from factotum.rooms import Rooms, open_rooms

#: How large the log file may grow, and how many old ones are kept.
LOG_MOST_BYTES = 4 * 1024 * 1024
LOGS_KEPT = 3

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
def up() -> int:
    """Run the office until Ctrl-C or SIGTERM."""
    return _up()


@click.command()
@click.option("--once", is_flag=True, help="Do what there is to do now, then stop.")
def run(once: bool) -> int:
    """Run the office; with --once do what there is to do now, then stop.

    It waits out what only needs time (notes to settle, the wait before sending), but no
    person, and exits 0 even if a task failed or something waits for you.
    """
    return _once() if once else _up()


def _up() -> int:
    with _Office() as office:
        asyncio.run(office.serve(once=False))
        with contextlib.suppress(OSError):
            print("factotum stopped. What is open goes on at the next start.", flush=True)
    return 0


def _once() -> int:
    with _Office() as office:
        rooms = office.rooms
        start = rooms.ledger.last_event()
        trouble = asyncio.run(office.serve(once=True))
        _summary(rooms, start)
    if trouble:
        print(f"factotum: {trouble}", file=sys.stderr)
    return FAILED if trouble else 0


class _Office:
    """The rooms of one vault, opened, logged and closed."""

    def __enter__(self) -> _Office:
        given = place.settings()
        self.rooms: Rooms = open_rooms(given, place.home(given.path("VAULT")))
        log.hide(given.secrets())
        _log_to(self.rooms.state / "factotum.log", given.text("LOG_LEVEL"))
        return self

    def __exit__(self, *_: object) -> None:
        self.rooms.close()

    async def serve(self, *, once: bool) -> str:
        """Runs until it is done or a signal comes; a second signal ends it at once.

        Returns why the last look failed, or an empty string.
        """
        from orchestrator import Orchestrator

        orchestrator = Orchestrator(self.rooms)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if orchestrator.stopping:
                os._exit(FAILED)  # it may be killed anywhere; somebody is in a hurry
            orchestrator.stop()
            with contextlib.suppress(OSError):  # nobody may be there any more to read it
                print("factotum is stopping …", file=sys.stderr, flush=True)

        for one in STOPS:
            loop.add_signal_handler(one, stop)
        if not once:
            print(self._first_words(), flush=True)
        await orchestrator.run(once=once)
        return orchestrator.trouble

    def _first_words(self) -> str:
        vault, state = self.rooms.vault, self.rooms.state
        listens = found.chosen(self.rooms.settings.text("WATCHERS"))
        more = "What else it listens to shows: factotum watchers list. " if listens else ""
        return (
            f"factotum works in {vault.root} as {vault.instance}; its books are in {state}. "
            f"It watches Inbox, Needs_Action and what you decide. {more}Stop it with Ctrl-C."
        )


def _log_to(path: Path, level: str) -> None:
    """Everything of `level` goes into the file, warnings to stderr too."""
    log.start(level, sys.stderr)
    root = logging.getLogger()
    root.handlers[0].setLevel(logging.WARNING)
    file = RotatingFileHandler(
        path, maxBytes=LOG_MOST_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
    )
    file.setFormatter(log.Lines())
    root.addHandler(file)


def _summary(rooms: Rooms, start: int) -> None:
    """What ended in this pass, and what waits for a person."""
    ended = [event for event in rooms.ledger.events(start) if event.kind == "ended"]
    for event in ended:
        row = rooms.ledger.task(event.task)
        title = line(row.title, 80) if row else event.task
        reason = line(event.data.get("reason", ""), 120)
        print(f"{event.data['result']:<10} {title}{f' ({reason})' if reason else ''}")
    waiting = [c for c in rooms.register.unsettled() if not (c.over or quiet(c))]
    details = apart(waiting)
    for card in waiting:
        title = line(titled(card.title, details[card.id], 80), 80)
        print(f"{card.status:<10} {title}\n           {_hint(card)}")
    if not (ended or waiting):
        print("Nothing was to be done, and nothing waits for you.")


def _hint(card: Card) -> str:
    """The command by which a person goes on with it."""
    if card.status == "pending":
        return f"factotum {'answer' if card.kind == 'question' else 'approve'} {card.id}"
    command = {"expired": "wake", "unknown": "resolve", "approved": "cancel"}[card.status]
    return f"factotum {command} {card.id}"
