"""From changed words to the next version: what a person changed is told and judged anew.

One way for all of them: an edit in the note, words given elsewhere, an order that was carried
out. Whatever changes them, recipients, files and label stay what the seal says, unless the form
itself was changed; the risk never falls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from factotum.gate import known, policy
from factotum.gate.form import Edit, form_text
from factotum.gate.register import Card, Register
from factotum.gate.rows import row_of
from factotum.gate.rules import House
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.lines import differences
from factotum.model import Call, Risk, Task

#: How much of an order is told on the card, in characters.
ORDER_CHARS = 200

#: The channel of an edit in the card's own note.
NOTE = "note"

#: Under which name a version tells how it came from the one before it.
CHANGED = "changed"


@dataclass(frozen=True)
class Resealer:
    """`house` is by what is told anew of a card that was changed."""

    ledger: Ledger
    register: Register
    house: known.HouseAt

    def reseal(
        self, card: Card, edit: Edit, now: float, by: str, order: str = "", lies: str = ""
    ) -> Card:
        """The next version of the card, with `edit`; `by` is the channel by which it was
        changed, `order` what was ordered, empty for a person's own words. Raises NotOpen."""
        call, house = Call(card.seal.tool, edit.args), self.house(now)
        about = {**card.seal.about, **known.told(call, house)}
        about[CHANGED] = _changed(card, edit, by, order)
        sender, name = str(about.get("sender", "")), str(about.get("sender_name", ""))
        risk, rule = self._risk_now(card, call, house)
        changed = replace(
            card.proposal(),
            args=edit.args,
            title=known.title(call, sender, name),
            risk=risk,
            rule=rule,
            about=about,
        )
        noted = by if by == NOTE else ""  # a wish from elsewhere is on record itself
        return self.register.reseal(card, now, _remark(card, edit, order), changed, lies, noted)

    def denied(self, card: Card, edit: Edit, house: House) -> str:
        """The rule that forbids the card as it would be then, or an empty string."""
        verdict = self._judged(card, Call(card.seal.tool, edit.args), house)
        return verdict.rule if isinstance(verdict, policy.Deny) else ""

    def _risk_now(self, card: Card, call: Call, house: House) -> tuple[Risk, str]:
        """The risk of the edited call, and why it asks: never less than before, for whoever can
        write a file can edit one, and what became more needs the word that more needs."""
        verdict, seal = self._judged(card, call, house), card.seal
        if isinstance(verdict, policy.Ask) and _above(verdict.risk, seal.risk):
            return verdict.risk, verdict.rule
        return seal.risk, seal.rule

    def _judged(self, card: Card, call: Call, house: House) -> policy.Verdict:
        seal, row = card.seal, self.ledger.task(card.task)
        trust = row.trust.lowest(seal.trust) if row else seal.trust
        kind, source = (row.kind, row.source) if row else ("note", "")
        sender = str(seal.about.get("sender", ""))
        task = Task(card.task, kind, card.title, "", trust, source, sender)
        return policy.judge(call, task, house)


def _changed(card: Card, edit: Edit, by: str, order: str) -> dict[str, Any]:
    """`was` is the text that stood there, `above` the lines over it."""
    above, was = _form(card)
    told = {"was": was, "above": above, "lines": edit.lines, "order": order, "by": by}
    return {**told, "version": card.version + 1}


def _form(card: Card) -> tuple[str, str]:
    form = row_of(card.seal.tool).form
    above, _, text = form_text(form, card.seal.args).partition("\n\n") if form else ("", "", "")
    return above, text


def _remark(card: Card, edit: Edit, order: str) -> str:
    lines = "1 line" if edit.lines == 1 else f"{edit.lines} lines"
    what = one_line(order, ORDER_CHARS).rstrip(".") if order else f"you changed {lines}"
    return f"Version {card.version + 1}: {what}. Approve it as it stands now."


def changes(card: Card) -> list[tuple[str, str]]:
    """How this version differs from the one before it, as `lines.differences` tells it; empty
    for one that a person did not change."""
    told = card.seal.about.get(CHANGED)
    if not told or told["version"] != card.version:
        return []
    was = f"{told['above']}\n\n{told['was']}"
    return differences(was, "\n\n".join(_form(card)))


def _above(one: Risk, other: Risk) -> bool:
    order = list(Risk)
    return order.index(one) > order.index(other)
