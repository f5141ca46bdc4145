"""`factotum watchers`: what is listened to, how that goes, and one watcher by itself."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from factotum import log
from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.telling import line
from factotum.ears import beats, found, runner
from factotum.ears.beats import Beat
from factotum.ears.house import room_of
from factotum.ears.post import Room
from factotum.ears.runner import Runner
from factotum.rooms import Clock, DoorError, Rooms, open_rooms
from factotum.worker.desk import Desk

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: How long a stop waits for what is under way, in seconds.
STOP_GRACE_S = 4.0


@click.group()
def watchers() -> None:
    """What is listened to: mail, schedules, feeds, folders, and how that goes."""


@watchers.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_(as_json: bool) -> int:
    """List the watchers, what each needs, and what it hears."""
    with place.books() as opened:
        state = opened.state
        heard = list(beats.read(state))
    pids = {name: beats.holder(state, name) for name in found.names()}
    if as_json:
        rows = [
            {
                "name": name,
                "app": found.watcher(name).app,
                "about": found.watcher(name).about,
                "settings": list(found.watcher(name).settings),
                "pid": pid,
                "sources": [asdict(one) for one in heard if one.watcher == name],
            }
            for name, pid in pids.items()
        ]
        print(json.dumps({"watchers": rows}, indent=1))
    else:
        for name, pid in pids.items():
            runs = f"runs (pid {pid})" if pid else "does not run"
            print(f"{name:<12} {runs:<20} {found.watcher(name).about}")
            for one in heard:
                if one.watcher == name:
                    print(f"  {line(one.source, 60):<60} {line(_how(one), 300)}")
    return FOUND_PROBLEMS if any(one.trouble for one in heard) else 0


def _how(beat: Beat) -> str:
    if beat.trouble:
        return f"hears nothing: {beat.trouble}"
    return "; ".join(["well", *(f"{about}: {what}" for about, what in beat.remarks.items())])


@watchers.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--once", is_flag=True, help="Look once at everything, then stop.")
def run(names: Sequence[str], once: bool) -> int:
    """Run one watcher, or several, in a process of its own; `all` for all of them."""
    given = place.settings()
    found.check(",".join(names))
    chosen = found.chosen(",".join(names))
    rooms = open_rooms(given, place.home(given.path("VAULT")), guest=True)
    log.hide(given.secrets())
    log.start(given.text("LOG_LEVEL"), sys.stderr)
    try:
        return _once(rooms, chosen) if once else _run(rooms, chosen)
    finally:
        rooms.close()


def _once(rooms: Rooms, names: list[str]) -> int:
    desk, held = Desk(), []
    try:
        for name in names:
            lock = beats.lock(rooms.state, name)
            if lock is None:
                raise DoorError(_runs_elsewhere(rooms, [name]))
            held.append(lock)
        before = rooms.ledger.last_event()
        wrong = runner.once(_room(rooms, desk), names)
        made = sum(1 for event in rooms.ledger.events(before) if event.kind == "task")
    finally:
        desk.close()
        for lock in held:
            lock.close()
    print(f"{made} {'task' if made == 1 else 'tasks'} from {', '.join(names)}.")
    for source, why in wrong.items():
        print(f"factotum: {source}: {line(why, 500)}", file=sys.stderr)
    return FAILED if wrong else 0


def _run(rooms: Rooms, names: list[str]) -> int:
    desk, stopping = Desk(), threading.Event()
    ears = Runner(_room(rooms, desk), names)
    if elsewhere := ears.take():
        raise DoorError(_runs_elsewhere(rooms, elsewhere))

    def stop(*_: object) -> None:
        if stopping.is_set():
            os._exit(FAILED)  # it may be killed anywhere; somebody is in a hurry
        stopping.set()

    for one in STOPS:
        signal.signal(one, stop)
    ears.start()
    for name, why in ears.wrong.items():
        print(f"factotum: {name}: {line(why, 500)}", file=sys.stderr)
    if not ears.busy:
        print(f"factotum: {', '.join(names)}: nothing is set up to listen to", file=sys.stderr)
    else:
        print(f"factotum listens: {', '.join(names)}. Stop it with Ctrl-C.", flush=True)
    while not stopping.wait(3600.0):
        pass
    begun = time.monotonic()
    ears.stop(STOP_GRACE_S)
    desk.close()
    print(f"factotum stopped listening after {time.monotonic() - begun:.1f} s.", flush=True)
    return 0


def _room(rooms: Rooms, desk: Desk) -> Room:
    return room_of(rooms.settings, rooms.vault, rooms.ledger, rooms.state, desk.wait, Clock())


def _runs_elsewhere(rooms: Rooms, names: Sequence[str]) -> str:
    one = names[0]
    return (
        f"the watcher {one} is run by process {beats.holder(rooms.state, one)} already; stop that "
        f"first, or let it be. Within `factotum up` none run with FACTOTUM_WATCHERS=none"
    )
