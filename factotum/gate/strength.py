"""Which word counts for which risk: a move of a note is weaker than a tap behind a lock.

Whoever can write a file can move or tick a note, so what is of high risk needs a channel
that knows who is speaking. An installation that has none lets a person at a terminal type
what the request is about.
"""

from __future__ import annotations

from decimal import Decimal

from factotum import money
from factotum.gate.facets import recipients
from factotum.gate.records import Card
from factotum.ledger import Ledger
from factotum.model import Risk

#: Channels that know who is speaking, by the name under which they decide.
STRONG = ("telegram", "dashboard")
#: Where these are, as a card says it.
WHERE = {"telegram": "in Telegram", "dashboard": "on the dashboard"}
#: The channel of a person who typed, at a terminal, what the request is about.
TYPED = "typed"

#: Where the ledger keeps which strong channels are set up, by name, separated by blanks.
SET_UP = "strong_channels"


def set_up(ledger: Ledger) -> tuple[str, ...]:
    """The strong channels by which this installation can be told yes."""
    return tuple(name for name in ledger.meta(SET_UP).split() if name in STRONG)


def too_weak(card: Card, channel: str, ledger: Ledger) -> str:
    """Why a yes by this channel does not count, or an empty string."""
    if card.seal.risk is not Risk.HIGH or card.kind != "effect" or channel in STRONG:
        return ""
    if there := set_up(ledger):
        return f"a yes to this counts only by {' or '.join(map(str.capitalize, there))}"
    if channel == TYPED:
        return ""
    return f"a yes to this needs the typed word: factotum approve {card.id}"


def yes_by(card: Card, there: tuple[str, ...]) -> str:
    """How a yes to a card that needs a strong one is given, as its note says it; `there` are the
    channels that are `set_up`."""
    if told := [where for name, where in WHERE.items() if name in there]:
        return f"**Yes** only {' or '.join(told)}."
    return (
        f"**Yes:** `factotum approve {card.id}` in a terminal. To do it by a tap, set up Telegram: "
        f"`factotum channels login telegram`."
    )


def with_yes_by(card: Card, text: str, told: str) -> str:
    """The text of a card's note with `told` in place of that sentence, whatever was set up when
    it was written."""
    for there in ((), *((name,) for name in STRONG), STRONG):
        if (said := yes_by(card, there)) in text:
            return text.replace(said, told, 1)
    return text


def needs_strong(card: Card) -> bool:
    return card.kind == "effect" and card.seal.risk is Risk.HIGH


def typed_word(card: Card) -> str:
    """What a person types to approve a card of high risk: the address that it goes to, else
    the amount, the file or the tool, so that it is read once more."""
    args = card.seal.args
    if declared := card.seal.about.get("typed"):
        return str(declared)
    if to := recipients(card.seal.tool, args):
        return to[0]
    for name in ("amount", "note", "path", "url"):
        if value := args.get(name):
            return str(value)
    return card.seal.tool


def is_typed(card: Card, text: str) -> bool:
    """Whether a person typed the word of the card: an amount in any form that cannot be taken
    for another one, all else as it stands there."""
    word, about = typed_word(card), card.seal.about
    if not (total := about.get("sum")):
        return text == word
    return money.is_typed(text, Decimal(total["amount"]), total["currency"], word)
