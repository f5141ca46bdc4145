"""`undo`: takes back what was done, where something takes it back, and says why where not."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from factotum.cli import find, place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line
from factotum.gate import undo as table
from factotum.gate.records import Card, GateError
from factotum.vault import Vault
from factotum.worker.runs import Runs
from factotum.worker.undoing import Undoing


@click.command()
@click.argument("id")
def undo(id: str) -> None:
    """Take back what the request ID did, or all that the task ID did in its last run.

    What goes out by that, such as a correction to a mail, is shown to you first.
    """
    with books() as opened:
        cards = _cards(opened, id)
        vault = Vault(opened.root, opened.settings.text("INSTANCE"), time.monotonic, guest=True)
        undoing = Undoing(vault, opened.ledger, opened.register)
        row, new = undoing.ask(cards, place.who(), CHANNEL, place.now())
        for card in cards:
            asks = ", but a correction is proposed" * table.inverse_of(card.seal.tool).asks
            print(f"{line(card.title)} · {table.said(card.seal.tool)}{asks}")
        told = _what_now(cards) if new else "That was asked for already"
        print(f"{told}: factotum show {row.id}")
        place.hand_over(opened)


def _what_now(cards: Sequence[Card]) -> str:
    asks = [table.inverse_of(card.seal.tool).asks for card in cards]
    if all(asks):
        return "You are asked about the correction"
    return "It is taken back now" + ", and you are asked about the correction" * any(asks)


def _cards(opened: Books, id: str) -> list[Card]:
    """What is to be taken back, the last deed first. Raises GateError where nothing can be."""
    found = find.thing(opened, id)
    if isinstance(found, Card):
        if why := table.refusal(found):
            raise GateError(f"{line(found.title)}: {why}")
        return [found]
    run = Runs(opened.ledger, opened.register, opened.root).latest(found.id)
    cards = opened.register.of_run(found.id, run.n) if run else []
    done = [card for card in cards if card.status in {"succeeded", "happened"}]
    if not done:
        raise GateError(f"{line(found.title)}: nothing was done by it")
    refused = {card.id: why for card in done if (why := table.refusal(card))}
    for card in done:
        if card.id in refused:
            print(f"{line(card.title)}: {refused[card.id]}")
    able = [card for card in done if card.id not in refused]
    if not able:
        raise GateError(f"{line(found.title)}: nothing of it can be undone")
    ended = {card.id: (card.ended.at if card.ended else 0.0, n) for n, card in enumerate(able)}
    return sorted(able, key=lambda card: ended[card.id], reverse=True)
