"""`pause` and `resume`: the kill switch, from a terminal.

The word stands in the ledger at once, whatever runs; what has begun already is finished.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from factotum.cli import place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line
from factotum.gate import pause as switch
from factotum.gate.apart import apart, titled
from factotum.gate.pause import Pause
from factotum.gate.records import Card
from factotum.inert import one_line
from factotum.vault import stop_lies

WHY_CHARS = 200


@click.command()
@click.option("--why", default="", metavar="TEXT", help="The reason, for whoever wonders.")
def pause(why: str) -> None:
    """Begin nothing more: no mail leaves, no note is changed, no model is asked.

    Requests can still be decided; what was approved waits for: factotum resume
    """
    with books() as opened:
        wanted = Pause(place.who(), CHANNEL, one_line(why, WHY_CHARS), place.now())
        there = switch.pause(opened.ledger, wanted)
        if there != wanted:
            print(f"It was paused already. {line(switch.said(there), 400)}")
        else:
            print("Paused. Nothing is begun until: factotum resume")
        if under_way := _under_way(opened):
            print(f"Too late for what is being carried out at this moment: {under_way}")
        opened.wake()


@click.command()
def resume() -> None:
    """Go on after a pause."""
    with books() as opened:
        there = switch.resume(opened.ledger, place.who(), CHANNEL, place.now())
        print("It goes on." if there else "It was not paused.")
        if stop_lies(opened.root):
            print("STOP.md still lies in the vault and stops everything. Remove it, too")
        elif there and (due := _approved(opened)):
            print(f"Approved and not carried out yet, so it is done now: {due}")
        opened.wake()
        if there and place.running(opened.state) is None:
            print("No office runs now. Start it: factotum up")


def _approved(opened: Books) -> str:
    return _titles([card for card in opened.register.unsettled() if card.status == "approved"])


def _under_way(opened: Books) -> str:
    register = opened.register
    return _titles([card for card in register.unsettled() if register.in_flight(card)])


def _titles(cards: Sequence[Card]) -> str:
    details = apart(cards)
    return ", ".join(line(titled(card.title, details[card.id], 60), 60) for card in cards)
