"""`factotum watchers`: what is listened to, how that goes, and one watcher by itself."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from factotum import log
from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.login import login
from factotum.cli.telling import line
from factotum.ears import beats, found, listening
from factotum.ears.beats import Beat
from factotum.ears.dry import Tried
from factotum.ears.house import room_of
from factotum.ears.post import Room
from factotum.ears.rules import Rules
from factotum.ears.runner import Runner
from factotum.privacy import HANDBOOK
from factotum.rooms import Clock, DoorError, Rooms, open_rooms
from factotum.settings import Settings
from factotum.watcher import Premises
from factotum.worker.desk import Desk

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: How long a stop waits for what is under way, in seconds.
STOP_GRACE_S = 3.0
#: How many things a trial shows of one source.
SHOWN = 50


@click.group()
def watchers() -> None:
    """What is listened to: mail, schedules, feeds, folders, and how that goes."""


watchers.add_command(login)


@watchers.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_(as_json: bool) -> int:
    """List the watchers: which are set up, what the others lack, and what each hears."""
    with place.books() as opened:
        premises = found.premises_of(opened.settings, opened.root, opened.state)
        rules = Rules(opened.root, opened.ledger)
        rows = [_row(name, premises, rules) for name in found.names()]
    if as_json:
        print(json.dumps({"watchers": rows}, indent=1))
    else:
        for row in rows:
            _print_row(row)
        if not any(row["pid"] for row in rows):
            within = found.chosen(premises.settings.text("WATCHERS"))
            start = "factotum up" if within else "factotum watchers run all"
            print(f"None of them runs now. Start them: {start}")
    heard = [one for row in rows for one in row["sources"]]
    bad = any(row["wrong"] for row in rows) or any(one["trouble"] for one in heard)
    return FOUND_PROBLEMS if bad else 0


def _row(name: str, premises: Premises, rules: Rules) -> dict[str, Any]:
    """Of one watcher all that is known; nothing outside is asked."""
    row: dict[str, Any] = {"name": name, "about": "", "app": found.app(name), "settings": []}
    set_up, wrong, missing, unnamed = False, "", [], ""
    try:
        one = found.watcher(name)
        row |= {"about": one.about, "settings": list(one.settings)}
        set_up = bool(one.sources(premises))
        missing = [] if set_up else one.missing(premises.settings)
        unnamed = _unnamed(one.section, rules)
    except Exception as broken:  # noqa: BLE001 (a file of somebody else's; the others are shown)
        set_up, wrong = True, found.said(broken)
    heard = [asdict(beat) for beat in beats.read(premises.state) if beat.watcher == name]
    pid = beats.holder(premises.state, name)
    wanted = name in found.wanted(premises.settings.text("WATCHERS"))
    row |= {"set_up": set_up, "wanted": wanted}
    row |= {"missing": missing, "unnamed": unnamed, "wrong": wrong, "pid": pid}
    return {**row, "sources": heard}


def _unnamed(section: str, rules: Rules) -> str:
    """The section of the handbook that would have to name something first; empty for none.
    Raises SourceError when the handbook cannot be read."""
    return "" if not section or rules.section(section) else section


def _print_row(row: dict[str, Any]) -> None:
    if row["wrong"]:
        how = f"set up wrongly: {line(row['wrong'], 300)}"
    elif not row["set_up"]:
        lacks = ", ".join(row["missing"])
        how = f"not set up: give {lacks}" if lacks else "not set up"
    else:
        idle = "does not run" if row["wanted"] else "does not run: FACTOTUM_WATCHERS leaves it out"
        how = f"runs (process {row['pid']})" if row["pid"] else idle
        if row["unnamed"]:
            how += f"; nothing stands under `{row['unnamed']}:` in {HANDBOOK}, so nothing is heard"
    print(f"{row['name']:<12} {line(row['about'], 200)}")
    print(f"{'':<12} {how}")
    for one in row["sources"] if row["set_up"] else ():
        print(f"{'':<12} - {line(one['source'], 60)}: {line(_how(Beat(**one)), 400)}")


def _how(beat: Beat) -> str:
    if beat.trouble:
        return f"hears nothing: {beat.trouble}"
    return "; ".join(["well", *(f"{about}: {what}" for about, what in beat.remarks.items())])


@watchers.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def test(names: Sequence[str], as_json: bool) -> int:
    """Look once and show what would be handed in. Makes no task and changes nothing."""
    with _opened(names) as (rooms, chosen, desk):
        tried, wrong = listening.tried(_room(rooms, desk), chosen)
        if as_json:
            sources = [_shown(one) for one in tried]
            print(json.dumps({"sources": sources, "wrong": wrong}, indent=1))
        else:
            for one in tried:
                _print_tried(one)
        if not tried and not wrong:
            raise DoorError(_nothing(rooms.settings, chosen))
    _print_wrong(wrong)
    return FAILED if wrong or any(one.wrong for one in tried) else 0


def _shown(one: Tried) -> dict[str, Any]:
    drops = [
        {
            "title": drop.title,
            "kind": drop.kind,
            "sender": drop.sender,
            "trust": drop.trust,
            "files": len(drop.attachments),
            "bundle": drop.bundle.key if drop.bundle else "",
            "known": (drop.source, drop.source_id) in one.known,
        }
        for drop in one.drops
    ]
    return {"source": one.source, "drops": drops, "remarks": one.remarks, "wrong": one.wrong}


def _print_tried(one: Tried) -> None:
    new = len(one.drops) - len(one.known)
    print(f"{line(one.source, 80)}: {line(one.wrong, 500) if one.wrong else f'answers, {new} new'}")
    for about, text in one.remarks.items():
        print(f"  ! {line(about, 100)}: {line(text, 300)}")
    for drop in one.drops[:SHOWN]:
        known = (drop.source, drop.source_id) in one.known
        what = "known" if known else "told with others" if drop.bundle else "a task"
        print(f"  {what:<16} {line(drop.title, 60):<60} {drop.trust:<8} {line(drop.sender, 40)}")
    if (more := len(one.drops) - SHOWN) > 0:
        print(f"  … and {more} more")


@watchers.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--once", is_flag=True, help="Look once at everything, then stop.")
def run(names: Sequence[str], once: bool) -> int:
    """Run one watcher, or several, in a process of its own; `all` for all of them."""
    with _opened(names) as (rooms, chosen, desk):
        log.hide(rooms.settings.secrets())
        log.start(rooms.settings.text("LOG_LEVEL"), sys.stderr)
        return _once(rooms, chosen, desk) if once else _run(rooms, chosen, desk)


@contextmanager
def _opened(names: Sequence[str]) -> Iterator[tuple[Rooms, list[str], Desk]]:
    """The rooms beside whoever works there, the watchers that are meant, and a desk."""
    given = place.settings()
    named = ",".join(names)
    try:
        found.check(named, "watchers")
    except DoorError as wrong:
        raise click.UsageError(str(wrong)) from None
    rooms = open_rooms(given, place.root_of(given), guest=True)
    desk = Desk()
    try:
        yield rooms, found.chosen(named), desk
    finally:
        desk.close()
        rooms.close()


def _once(rooms: Rooms, names: list[str], desk: Desk) -> int:
    room, held = _room(rooms, desk), []
    try:
        for name in names:
            lock = beats.lock(rooms.state, name)
            if lock is None:
                raise DoorError(_runs_elsewhere(rooms, [name]))
            held.append(lock)
        looked, wrong = listening.once(room, names)
    finally:
        for lock in held:
            lock.close()
    if not looked and not wrong:
        raise DoorError(_nothing(rooms.settings, names))
    made = room.mailroom.made
    print(f"{made} {'task' if made == 1 else 'tasks'} from {', '.join(names)}.")
    _print_wrong(wrong)
    return FAILED if wrong else 0


def _run(rooms: Rooms, names: list[str], desk: Desk) -> int:
    stopping = threading.Event()
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
    _print_wrong(ears.wrong)
    if not ears.busy:
        ears.stop(0.0)
        if ears.wrong:
            return FAILED
        raise DoorError(_nothing(rooms.settings, names))
    print(f"factotum listens: {', '.join(names)}. Stop it with Ctrl-C.", flush=True)
    # A signal may be taken by any thread, and does not end then what this one waits for: the
    # pipe does.
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    while not stopping.is_set():
        select.select([woken], [], [], ears.again())
    begun = time.monotonic()
    ears.stop(STOP_GRACE_S)
    print(f"factotum stopped listening after {time.monotonic() - begun:.1f} s.", flush=True)
    return 0


def _room(rooms: Rooms, desk: Desk) -> Room:
    return room_of(rooms.settings, rooms.vault, rooms.ledger, rooms.state, desk.wait, Clock())


def _print_wrong(wrong: Mapping[str, str]) -> None:
    for source, why in wrong.items():
        print(f"factotum: {source}: {line(why, 500)}", file=sys.stderr)


def _nothing(settings: Settings, names: Sequence[str]) -> str:
    """Why there is nothing to listen to."""
    lacking = [f"{name} ({', '.join(lack)})" for name in names if (lack := _lack(settings, name))]
    give = f"Give what is missing: {'; '.join(lacking)}" if lacking else "See: docs/watchers.md"
    return f"nothing is set up for {', '.join(names) or 'any watcher'} to listen to. {give}"


def _lack(settings: Settings, name: str) -> list[str]:
    return found.watcher(name).missing(settings)


def _runs_elsewhere(rooms: Rooms, names: Sequence[str]) -> str:
    one = names[0]
    return (
        f"the watcher {one} is run by process {beats.holder(rooms.state, one)} already; stop that "
        f"first, or let it be. Within `factotum up` none run with FACTOTUM_WATCHERS=none"
    )
