"""A provider's key that lies around: the owner is asked once whether it may be used.

The question is a task like any other, with its note and its card. Nothing is asked of the
provider before the yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from factotum import names
from factotum.ledger import Ledger, TaskRow
from factotum.model import State, Trust
from factotum.models import Choice, Proposal
from factotum.note import render
from factotum.progress import has_begun
from factotum.vault import Vault
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
        name = names.note_name(title, id=id, fallback="model")
        known = self.ledger.task(id) is not None
        if known and (has_begun(self.ledger, id) or self._lies(name)):
            return
        facts = {
            FACT: {"model": found.model, "variable": found.variable},
            "day_usd": f"{self.caps().day_usd:g}",
        }
        self.ledger.add_task(
            TaskRow(id, name, "note", title, Trust.OWNER, "", id, "", b"", facts, now, None)
        )
        props = {"id": id, "type": "note", "title": title, "status": "pending"}
        body = f"# {title}\n\n{found.variable} is set here, and no model is named in .env.\n"
        self.vault.drop(self.vault.folder(State.NEEDS_ACTION) / name, render(props, body))

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
