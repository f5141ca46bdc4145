"""`policy grants` and `policy revoke`: what a yes still holds for, and its end.

Anybody may look; what is taken back is taken back at once, whatever runs.
"""

from __future__ import annotations

import json

import click

from factotum.cli import place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line, moment
from factotum.gate import grants as permissions
from factotum.gate.grants import SAID, Grant, GrantError
from factotum.words import local, when


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def grants(as_json: bool) -> None:
    """List what you gave leave for beforehand, and till when it holds."""
    with books() as opened:
        found = permissions.standing(opened.ledger, place.now())
        if as_json:
            print(json.dumps([_plain(one) for one in found]))
            return
        for one in found:
            print(f"{one.id}  {line(told(one, place.now()), 400)}")
            print(f"  given {moment(one.at)} by {line(one.who)} ({line(one.channel)})")
        if not found:
            print("No permission stands: each request is asked about by the rules alone.")


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…", required=True)
def revoke(ids: tuple[str, ...]) -> None:
    """End the permissions ID…, or all of them. The beginning of an id is enough."""
    with books() as opened:
        for one in _meant(opened, ids):
            permissions.revoke(opened.ledger, one.id, CHANNEL, place.who(), place.now())
            print(f"Ended: {line(told(one, place.now()), 400)}")
        opened.wake()


def told(grant: Grant, now: float) -> str:
    """What is permitted, how much of it is left and till when, in one line."""
    till = when(local(grant.until), local(now))
    left = f"{grant.most - grant.used} of {grant.most} left"
    return f"{grant.tool}: {SAID[grant.kind]}, {grant.where}; {left}, till {till}"


def _meant(opened: Books, ids: tuple[str, ...]) -> list[Grant]:
    """The permissions with these beginnings. Raises GrantError where one means none, or two."""
    there = permissions.standing(opened.ledger, place.now())
    if ids == ("all",):
        return there
    found = []
    for id in ids:
        fits = [one for one in there if one.id.startswith(id) or one.id[2:].startswith(id)]
        if len(fits) != 1:
            how_many = "none" if not fits else f"{len(fits)}"
            raise GrantError(
                f"{id} means {how_many} of your permissions. List them: factotum policy grants"
            )
        found += fits
    return list({one.id: one for one in found}.values())


def _plain(grant: Grant) -> dict[str, object]:
    return {**vars(grant), "scope": dict(grant.scope), "trust": grant.trust.value}
