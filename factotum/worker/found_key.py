"""A provider's key that lies around: the owner is asked once whether it may be used.

The question is a task like any other, with its note and its card. Nothing is asked of the
provider before the yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from factotum import names
from factotum.ledger import Ledger
from factotum.model import State
from factotum.models import Choice, Proposal
from factotum.progress import has_begun
from factotum.vault import Vault
from factotum.worker import own_task
from factotum.worker.caps import Caps
from factotum.worker.case import Case
from factotum.worker.steps import Next, Park

#: Under which name the ledger keeps the model that the owner said yes to.
META = "model"

#: The fact by which such a task is known.
FACT = "found"
YES, NO = "yes", "no"


@dataclass
class FoundKey:
    vault: Vault
    ledger: Ledger
    caps: Callable[[], Caps]

    def choice(self, choice: Choice) -> Choice:
        """The choice with what the owner said yes to, if the key still lies there."""
        found = choice.proposed
        if choice.model or found is None or self.ledger.meta(META) != found.model:
            return choice
        return Choice(found.model, f"you said yes to using {found.variable}")

    def propose(self, found: Proposal, now: float) -> None:
        """Asks for leave to use the key, unless that was asked before."""
        id = names.id_of("t", "found key", found.variable, found.model)
        title = f"May I think with {found.model}?"
        known = self.ledger.task(id)
        if known is not None and (has_begun(self.ledger, id) or self._lies(known.name)):
            return
        facts = {
            FACT: {"model": found.model, "variable": found.variable},
            "day_usd": f"{self.caps().day_usd:g}",
        }
        row = own_task.row_of(id, title, now, fallback="model", facts=facts)
        self.ledger.add_task(row)
        body = f"# {title}\n\n{found.variable} is set here, and no model is named in .env.\n"
        own_task.drop(self.vault, row, body)

    def _lies(self, name: str) -> bool:
        folders = (State.NEEDS_ACTION, State.IN_PROGRESS)
        return any((self.vault.folder(state) / name).exists() for state in folders)


def next_step(case: Case) -> Next:
    """The course of such a task: one question, and what follows from its answer."""
    found = case.row.facts[FACT]
    questions = case.questions()
    if not questions:
        return case.ask(
            f"I found {found['variable']}. May I use it to think with {found['model']}?",
            choices=[YES, NO],
            explained=(
                f"{YES}: what a task needs is then sent to that provider, for at most "
                f"{case.row.facts['day_usd']} USD a day. {NO}: playbooks go on alone. "
                f"Another model is named in .env (FACTOTUM_MODEL)"
            ),
        )
    (card,) = questions
    if not card.over:
        return Park()
    said = card.decision.why.strip().casefold() if card.decision else ""
    if card.status == "answered" and said in {YES, "y"}:
        case.office.ledger.set_meta(META, found["model"])
        return case.end("done", f"From now on I think with {found['model']}.")
    return case.end("done", f"{found['variable']} is left alone; you will not be asked again.")
