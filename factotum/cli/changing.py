"""`change`: other words for a draft that waits, by the words themselves or by an order.

The wish is written into the ledger; the orchestrator seals the next version, or has a model
write it. Nothing is approved by it.
"""

from __future__ import annotations

import sys

import click

from factotum.cli import find, place
from factotum.cli.deciding import ID, what_it_is
from factotum.cli.place import CHANNEL, books
from factotum.gate import redraft


@click.command()
@ID
@click.argument("order", nargs=-1)
@click.option(
    "--text", default=None, metavar="TEXT", help="The new words themselves; - for those on stdin."
)
def change(id: str, order: tuple[str, ...], text: str | None) -> None:
    """Change the draft ID: by an ORDER such as “shorter, say Thursday”, which your employee
    carries out, or by --text with the new words themselves, or by those that come in on stdin.

    Lines such as “Subject: …” at the top of the new words, with an empty line below them, change
    their fields. It comes back as its next version, which waits for your yes.
    """
    kind, said = _wanted(" ".join(order).strip(), text)
    with books() as opened:
        card = find.card(opened, id, "pending")
        print(what_it_is(card))
        asked = (card.id, card.seal.digest, kind, said, CHANNEL, place.who(), place.now())
        redraft.ask(opened.ledger, opened.register, *asked)
        what = "new words" if kind == redraft.TEXT else "order"
        print(f"Your {what} will make its next version. Look at it: factotum show {card.id}")
        place.hand_over(opened)


def _wanted(order: str, text: str | None) -> tuple[str, str]:
    """Which kind of wish it is, and its words."""
    if order and text is not None:
        raise click.UsageError("give an order or --text, not both")
    if order:
        return redraft.ORDER, order
    if text not in (None, "-"):
        return redraft.TEXT, str(text)
    if text is None and sys.stdin.isatty():
        raise click.UsageError(
            "say how: an order behind the id, or the new words with --text or on stdin"
        )
    return redraft.TEXT, sys.stdin.read()
