"""`factotum schedule`: the notes in Office/Schedules from a terminal.

Nothing that a person wrote is ever deleted: what is removed is put aside, and it is said where.
Works beside a running office and without one; its schedule watcher sees what changed by itself.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import click

from factotum import names
from factotum.cli import FOUND_PROBLEMS, crontab, place, rota
from factotum.cli.place import Books, books
from factotum.cli.rota import Entry, NoSchedule
from factotum.cli.telling import line
from factotum.ears import beats
from factotum.ears.house import here, room_of
from factotum.inert import one_line
from factotum.note import NoteError, set_props
from factotum.rooms import Clock
from factotum.schedule import times, work
from factotum.schedule.note import FOLDER, MISSED, MODES, ScheduleError, read
from factotum.schedule.times import TimeError
from factotum.schedule.wish import NAME_CHARS, Wish, when_of, written, wrong
from factotum.schedule.zones import ZoneError
from factotum.vault import Changed, Vault

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
WATCHER = "schedule"


@click.group()
def schedule() -> None:
    """Work that comes again, or once later: list it, add to it, switch it off, run it now."""


@schedule.command("list")
@click.option("-a", "--all", "_all", is_flag=True, hidden=True)  # it lists all as it is
@AS_JSON
def list_(as_json: bool, _all: bool) -> int:
    """List the schedules: when each runs next, and how it went last."""
    now = place.now()
    with books() as opened:
        there = rota.entries(opened)
        if as_json:
            print(json.dumps({"schedules": [rota.plain(one, now) for one in there]}, indent=1))
        else:
            for one in there:
                print("\n".join(rota.told(one, now)))
            if not there:
                print(
                    f"There are no schedules in {FOLDER}. Write one: factotum schedule add --help"
                )
            _hint(opened)
    return FOUND_PROBLEMS if any(one.why for one in there) else 0


@schedule.command()
@click.option("--every", default="", metavar="T", help="'20 min', '2 h', a number of seconds.")
@click.option("--cron", default="", metavar="C", help="'0 9 * * 1-5': minute, hour, day, month, …")
@click.option("--at", default="", metavar="T", help="Once: 2026-12-24T09:00, 'tomorrow 9', …")
@click.option("--tz", "--timezone", "timezone", default="", metavar="ZONE", help="Europe/Berlin, …")
@click.option("-n", "--name", default="", help="What to call it; else the message's first line.")
@click.option("-m", "--message", required=True, help="What shall be done, or told, each time.")
@click.option("--mode", type=click.Choice(MODES), default=MODES[0], show_default=True)
@click.option("--missed", type=click.Choice(MISSED), help="What becomes of runs that were missed.")
@click.option("--delete-after-run", is_flag=True, help="Put it away once it has run well.")
@click.option("--disabled", is_flag=True, help="Write it, and leave it switched off.")
@click.option("--agent", default="", help="Which agent does it.")
@click.option("--deliver", is_flag=True, hidden=True)  # to name the channel is to want it
@click.option("--channel", default="", help="Where its result is told, too: telegram, …")
@click.option("--to", default="", help="To whom there.")
@AS_JSON
def add(
    message: str, name: str, missed: str | None, disabled: bool, deliver: bool, as_json: bool,
    **more: Any,
) -> None:  # fmt: skip
    """Write a schedule: exactly one of --every, --cron and --at says when."""
    if deliver and not more["channel"]:
        raise click.UsageError("--deliver: say where to, with --channel")
    called = one_line(name or message.strip().partition("\n")[0].lstrip("# "), NAME_CHARS)
    wish = Wish(called, message, missed=missed or "", enabled=not disabled, **more)
    with books() as opened:
        note = _written(opened, wish)
        now, one = place.now(), rota.find(opened, note)
        if as_json:
            print(json.dumps(rota.plain(one, now), indent=1))
            return
        print("\n".join(rota.told(one, now)))
        _hint(opened)


def _written(opened: Books, wish: Wish) -> str:
    """Writes the note of it; returns where it lies."""
    now = place.now()
    try:
        if why := wrong(wish):
            raise click.UsageError(why)
        due = times.next_due(when_of(wish, rota.HOUSE), now, now)
    except (TimeError, ZoneError) as unclear:
        raise click.UsageError(str(unclear)) from None
    if due is None:
        raise click.UsageError(f"{line(wish.when)} is past; name a moment that is to come")
    for one in rota.entries(opened):
        if one.title.casefold() == wish.name.casefold():
            raise NoSchedule(
                f"a schedule is called {line(wish.name)!r} already: {one.note}. Take another "
                f"--name, or remove that one first"
            )
    id = f"s-{secrets.token_hex(6)}"
    file = names.note_name(wish.name, id=id, fallback="schedule")
    data = written(wish, {"id": id})
    try:
        read(data, file, rota.HOUSE)
    except ScheduleError as unclear:
        raise click.UsageError(str(unclear)) from None
    _vault(opened).drop(opened.root / FOLDER / file, data)
    return f"{FOLDER}/{file}"


@schedule.command()
@click.argument("name")
@AS_JSON
def show(name: str, as_json: bool) -> None:
    """Show one: what it does, its next five runs, how the last one went."""
    now = place.now()
    with books() as opened:
        one, plan = rota.usable(opened, name)
        coming = _coming(one, now, 5)
        if as_json:
            more = {"next_runs": [rota.iso(one, at) for at in coming], "message": plan.body}
            print(json.dumps({**rota.plain(one, now), **more}, indent=1))
            return
        print("\n".join(rota.told(one, now)))
        for at in coming:
            print(f"  next: {rota.shown_at(one, at, now)}")
        print()
        print("\n".join(line(row, 1000) for row in plan.body.splitlines()))


@schedule.command("next")
@click.argument("name", required=False)
@click.option("-c", "--count", type=click.IntRange(1, 1000), default=10, show_default=True)
@AS_JSON
def next_(name: str | None, count: int, as_json: bool) -> None:
    """Tell what runs next, of all schedules or of one."""
    now = place.now()
    with books() as opened:
        there = [rota.usable(opened, name)[0]] if name else rota.entries(opened)
    runs = sorted((at, one.note, one) for one in there for at in _coming(one, now, count))
    told = [(at, one) for at, _, one in runs[:count]]
    if as_json:
        rows = [{"at": rota.iso(one, at), "name": one.title, "note": one.note} for at, one in told]
        print(json.dumps({"runs": rows}, indent=1))
        return
    for at, one in told:
        print(f"{rota.shown_at(one, at, now):<32} {line(one.title, 80)}")
    if not told:
        print("Nothing is to come: no schedule is switched on.")


def _coming(one: Entry, now: float, most: int) -> list[float]:
    return [at for at, _ in zip(one.coming(now), range(most), strict=False)]


# -- changing


@schedule.command()
@click.argument("name")
@AS_JSON
def remove(name: str, as_json: bool) -> None:
    """Take one away. Its note is put aside, not deleted."""
    with books() as opened:
        one = rota.find(opened, name)
        aside = _vault(opened).put_aside(opened.root / one.note, one.name)
        where = aside.relative_to(opened.root).as_posix()
        if as_json:
            print(json.dumps({"name": one.title, "note": one.note, "where": where}))
            return
        print(f"{line(one.title)} runs no more. Its note lies in {where} now.")


@schedule.command()
@click.argument("name")
@click.option("--disable", is_flag=True, help="Switch it off instead.")
def enable(name: str, disable: bool) -> None:
    """Switch one on."""
    _switch(name, not disable)


@schedule.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch one off; its note stays."""
    _switch(name, on=False)


def _switch(name: str, on: bool) -> None:
    with books() as opened:
        one, plan = rota.usable(opened, name)
        if plan.enabled == on:
            print(f"{line(one.title)} is switched {'on' if on else 'off'} already.")
            return
        path = opened.root / one.note
        try:
            raw = path.read_bytes()
            _vault(opened).rewrite(path, raw, set_props(raw, {"enabled": on}))
        except (Changed, FileNotFoundError):
            raise NoteError(f"{one.note} was edited just now, and stays so. Try again") from None
        now = place.now()
        print("\n".join(rota.told(rota.find(opened, one.note), now)))
        _hint(opened)


@schedule.command()
@click.argument("name")
@click.option("-f", "--force", is_flag=True, hidden=True)  # what is switched off runs as well
@click.option("--unless-watched", is_flag=True, help="Only if no schedule watcher runs: for cron.")
@AS_JSON
def run(name: str, force: bool, unless_watched: bool, as_json: bool) -> None:
    """Run one now, also one that is switched off. Its times stay as they are."""
    with books() as opened:
        if unless_watched and (pid := beats.holder(opened.state, WATCHER)):
            print(f"left to the schedule watcher (process {pid})")
            return
        one, plan = rota.usable(opened, name)
        part = one.state.part if one.state else names.id_of("s", one.note)
        by_hand = names.new_id("t")
        drop = work.drop(plan, one.note, part, place.now(), by_hand=by_hand)
        vault = _vault(opened)
        room = room_of(opened.settings, vault, opened.ledger, opened.state, here, Clock())
        task = room.mailroom.take(drop, place.now())
        row = opened.ledger.task(task)
        assert row is not None
        if as_json:
            opened.wake()
            print(json.dumps({"id": task, "note": f"Needs_Action/{row.name}"}))
            return
        print(f"Needs_Action/{row.name} ({task})")
        place.hand_over(opened)


@schedule.command()
@click.option("--crontab", "_crontab", is_flag=True, help="As lines of a crontab (the only form).")
@click.option("--install", is_flag=True, help="Put them into your crontab; those of before go.")
def export(_crontab: bool, install: bool) -> int:
    """Print the schedules as lines of a crontab, for a machine on which cron begins the runs.

    While a schedule watcher runs, what cron begins is left to that one.
    """
    with books() as opened:
        return crontab.export(opened, rota.entries(opened), install=install)


def _hint(opened: Books) -> None:
    if not beats.holder(opened.state, WATCHER):
        print("Their watcher does not run now, so nothing begins by itself. Start it: factotum up")


def _vault(opened: Books) -> Vault:
    return Vault(opened.root, opened.settings.text("INSTANCE"), time.monotonic, guest=True)


#: By this name people know it who come from nanobot.
cron = schedule
