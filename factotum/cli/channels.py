"""`factotum channels`: by what you are told and asked away from the vault, and how that goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from factotum.channels import doubts, known, owners
from factotum.channels.known import Kind
from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.channel_login import login
from factotum.cli.channel_work import run, test
from factotum.cli.place import Books
from factotum.cli.telling import line, moment
from factotum.ears import beats
from factotum.words import local

NAMES = click.Choice(known.NAMES)


@click.group()
def channels() -> None:
    """By what you are told and asked away from the vault: Telegram, Discord."""


channels.add_command(login)
channels.add_command(run)
channels.add_command(test)


@channels.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_(as_json: bool) -> int:
    """List the channels: which are set up, with whom, who runs them, and what is wrong."""
    with place.books() as opened:
        known.check(opened.settings.text("CHANNELS"))
        rows = [_row(kind, opened) for kind in known.KINDS]
    if as_json:
        print(json.dumps({"channels": rows}, indent=1))
    else:
        for row in rows:
            _print_row(row)
        print(f"Not built yet: {', '.join(known.NOT_BUILT)}.")
    return FOUND_PROBLEMS if any(row["trouble"] or row["doubts"] for row in rows) else 0


@channels.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> int:
    """The same as list."""
    code: int = context.invoke(list_, as_json=as_json)
    return code


def _row(kind: Kind, opened: Books) -> dict[str, Any]:
    """Of one channel all that is known; nobody outside is asked."""
    settings, set_up = opened.settings, kind.set_up(opened.settings)
    beat = beats.of(opened.state, kind.name) if set_up else None
    return {
        "name": kind.name,
        "about": kind.about,
        "app": kind.app,
        "hears": kind.hears,
        "set_up": set_up,
        "runs": kind.name == known.first(settings),
        "wanted": kind.name in known.wanted(settings.text("CHANNELS")),
        "within": kind.name in known.chosen(settings.text("CHANNELS")),
        "missing": [] if set_up else [kind.needs],
        "owners": [asdict(one) for one in owners.owners(settings, opened.ledger, kind.name)],
        "pid": beats.holder(opened.state, kind.name) if set_up else 0,
        "answered": beat.answered if beat else 0.0,
        "trouble": beat.trouble if beat else "",
        "since": beat.since if beat else 0.0,
        "doubts": [
            {**asdict(one), "told": doubts.told(one, place.now(), local)}
            for one in doubts.doubts(opened.ledger, place.now())
            if one.channel == kind.name
        ],
    }


def _print_row(row: dict[str, Any]) -> None:
    print(f"{row['name']:<12} {row['about']}")
    for text in _how(row):
        print(f"{'':<12} {text}")


def _how(row: dict[str, Any]) -> list[str]:
    if not row["set_up"]:
        return [f"not set up: {known.kind(row['name']).begin}"]
    if not row["runs"]:
        return ["is told what cannot be said above, by the process of that"]
    said = []
    if row["pid"]:
        said.append(f"runs (process {row['pid']})")
    elif row["within"]:
        said.append("does not run. Start it: factotum up")
    elif row["wanted"]:
        said.append(f"does not run. Start it: factotum channels run {row['name']}")
    else:
        said.append("does not run: FACTOTUM_CHANNELS leaves it out")
    if row["hears"]:
        names = ", ".join(line(owners.Owner(**one).said) for one in row["owners"])
        pair = f"nobody is paired: factotum channels login {row['name']}"
        said.append(f"orders are taken from {names}" if names else pair)
    if row["trouble"]:
        said.append(f"! {line(row['trouble'], 300)} (since {moment(row['since'])})")
    said += [f"! {line(one['told'], 300)}" for one in row["doubts"]]
    if row["answered"]:
        said.append(f"last answered {moment(row['answered'])}")
    return said


@channels.command()
@click.argument("name", type=click.Choice(("telegram",)))
@click.option("--who", default="", metavar="ID", help="Only the one with this numeric id.")
def logout(name: str, who: str) -> int:
    """End the pairing: no more orders from there. The token stays where it is."""
    with place.books() as opened:
        gone = owners.unpair(opened.ledger, name, place.now(), who)
        owners.strong(opened.ledger, opened.settings, place.now())
        left = owners.owners(opened.settings, opened.ledger, name)
        by_setting = opened.settings.text("TELEGRAM_CHAT_ID")
        opened.wake()
    for one in gone:
        print(f"{line(one.said)} is paired no more.")
    if not gone:
        print(f"{line(who)} was not paired." if who else "Nobody was paired.")
    if left:
        names = ", ".join(line(one.said) for one in left)
        named = ": FACTOTUM_TELEGRAM_CHAT_ID names them" if by_setting else ""
        print(f"Orders are still taken from {names}{named}.")
    return FAILED if who and not gone else 0
