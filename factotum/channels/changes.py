"""What became of a change that a person wanted of a draft, as it is shown with the card."""

from __future__ import annotations

from factotum.channels.cards import Changed
from factotum.gate import redraft
from factotum.gate.records import Card
from factotum.inert import one_line, visible
from factotum.ledger import Ledger

ORDER_CHARS = 200


def changed_of(ledger: Ledger, card: Card) -> Changed | None:
    """The last change that was wanted of a card that waits, or None where none was."""
    if card.status != "pending":
        return None
    wish = redraft.latest(ledger, card.id)
    if wish is not None and wish.version == card.version:
        if wish.done is None:
            return Changed(under_way=True)
        if wish.why and wish.why not in card.remark:  # the card says it already
            return Changed(why=wish.why)
    lines = redraft.changes(card)
    if not lines:
        return None
    order = str(card.seal.about[redraft.CHANGED].get("order") or "")
    return Changed(tuple(lines), one_line(visible(order), ORDER_CHARS))
