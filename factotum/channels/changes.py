"""What became of a change that a person wanted of a draft, as it is shown with the card."""

from __future__ import annotations

from factotum.channels.cards import Changed
from factotum.gate import redraft
from factotum.gate.records import Card
from factotum.gate.rows import row_of
from factotum.inert import one_line, visible
from factotum.ledger import Ledger

ORDER_CHARS = 200


def changed_of(ledger: Ledger, card: Card) -> Changed | None:
    """The last change that was wanted of a card that waits, or None where none was."""
    if card.status != "pending":
        return None
    row = ledger.db.execute(
        "SELECT * FROM redraft WHERE card = ? ORDER BY seq DESC LIMIT 1", (card.id,)
    ).fetchone()
    if row is not None and row["done"] is None and row["version"] == card.version:
        return Changed(under_way=True)
    if row is not None and row["why"] and row["version"] == card.version:
        return Changed(why=str(row["why"]))
    made = card.seal.about.get("changed")
    form = row_of(card.seal.tool).form
    if not made or form is None:
        return None
    now = str(card.seal.args.get(form.text) or "")
    lines = tuple(redraft.differences(str(made.get("was", "")), now))
    return Changed(lines, one_line(visible(str(made.get("order") or "")), ORDER_CHARS))
