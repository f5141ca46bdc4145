"""What became of a change that a person wanted of a draft, as it is shown with the card, and where
the person was told that it is under way."""

from __future__ import annotations

from factotum.channels.cards import Changed
from factotum.channels.contract import Message
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.gate import redraft
from factotum.gate.records import Card
from factotum.inert import one_line, visible
from factotum.ledger import Ledger
from factotum.outbox import Outbox, Row

ORDER_CHARS, WHY_CHARS = 200, 300

#: What is answered to whoever wants a change, till it is known what came of it.
UNDER_WAY = "It is being changed; it comes back above."
UNDER_WAY_HERE = "It is being changed; it comes back below."


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


def under_way(window: Window) -> str:
    """What is answered to whoever wants a change; below it where nothing stands for long."""
    return UNDER_WAY if window.lasting else UNDER_WAY_HERE


def promise(outbox: Outbox, row: Row, wish: int) -> None:
    """Marks the message that says UNDER_WAY, so that it is kept."""
    outbox.set_stage(row.seq, f"change {wish}")


def keep_promises(window: Window, card: Card) -> None:
    """Has the messages that say UNDER_WAY of this card say what came of it: the card may stand
    far above them. Where all that is new of a card is shown below them, it says so itself."""
    outbox = window.outbox
    wish = redraft.latest(outbox.ledger, card.id)
    if wish is None or wish.done is None:
        return
    shown = not window.lasting and card.status == "pending"
    said = "It is changed, and stands above."
    if wish.why:
        said = f"⚠ It was not changed: {one_line(visible(wish.why), WHY_CHARS)}"
    for row in outbox.at_stage(window.name, ("prompt", "answer"), f"change {wish.seq}"):
        outbox.set_stage(row.seq, "")
        if shown:
            continue
        reply_to = str(row.wanted.get("reply_to") or "")
        outbox.want(row, Message(Words.italic(said), reply_to=reply_to).to_json())
