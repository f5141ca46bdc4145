"""“No, and ignore them”: a stranger's request is refused, and a rule is proposed by which mail of
theirs is left alone from then on.

It changes nothing by itself: the very lines are put to the owner, who says yes or no to them.
"""

from __future__ import annotations

import time

from factotum.channels import ignore_rule
from factotum.channels.window import Window
from factotum.gate.records import Card
from factotum.gate.strength import needs_strong
from factotum.privacy import HANDBOOK, HANDBOOK_MOST_BYTES
from factotum.reader import Reader
from factotum.vault import Vault
from factotum.worker.rule_wish import Change, RuleWish

LABEL = "No, and ignore them"
#: Whose mail it was can be told of a task that came by mail alone.
KIND = "email"


def offered(card: Card) -> bool:
    """Whether it is a stranger's, who has an address, and risky."""
    about = card.seal.about
    return bool(
        about.get("stranger") and needs_strong(card) and _sender(card) and about.get("by_mail")
    )


def _sender(card: Card) -> str:
    return ignore_rule.address(str(card.seal.about.get("sender") or ""))


def propose(card: Card, window: Window, who: str, now: float) -> str:
    """Proposes the rule; what came of that, in a line. Raises OSError where the disk takes
    nothing."""
    sender = _sender(card)
    by_hand = f"Write it yourself, below `mail:`: {ignore_rule.entry(sender)}"
    try:
        raw = Reader().read(window.root / HANDBOOK, HANDBOOK_MOST_BYTES)
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return f"{HANDBOOK} cannot be read. {by_hand}"
    found = ignore_rule.insertion(text, sender)
    if found is None:
        return f"I find no place for the rule. {by_hand}"
    vault = Vault(window.root, window.settings.text("INSTANCE"), time.monotonic, guest=True)
    wish = RuleWish(vault, window.ledger, window.runs)
    wish.ask(Change(f"leave alone mail of {sender}", *found), who, window.name, now)
    return f"I ask you for your yes to a rule that leaves mail of {sender} alone."
