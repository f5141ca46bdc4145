"""A rule of the house that the owner typed elsewhere: the task that asks whether it may stand.

It changes nothing: its one request shows the very lines, and a yes to that puts them into the
handbook, as with a rule that comes of habits. May be asked for by any process of the same user.
"""

from __future__ import annotations

from dataclasses import dataclass

from factotum import names
from factotum.ledger import Ledger, TaskRow
from factotum.note import fence
from factotum.privacy import HANDBOOK
from factotum.vault import Vault
from factotum.whereabouts import lies
from factotum.worker import own_task
from factotum.worker.habits import BY, FACT
from factotum.worker.runs import Runs


@dataclass(frozen=True)
class Change:
    """What to `find` in the handbook and what to put there instead, so that the rule of this
    `name` stands among the others."""

    name: str
    find: str
    replace: str


@dataclass
class RuleWish:
    vault: Vault
    ledger: Ledger
    runs: Runs

    def ask(self, change: Change, who: str, channel: str, now: float) -> tuple[TaskRow, bool]:
        """The task that asks for this change, and whether it is new. One that is over may be
        asked for again. Raises OSError; then it is to be asked for once more."""
        again = 0
        while True:
            epoch, what = self.ledger.epoch, (change.find, change.replace)
            id = names.id_of("t", epoch, "rule", *what, str(again))
            row, run = self.ledger.task(id), self.runs.latest(id)
            if row is None or run is None:
                return self._drop(id, change, who, channel, now), row is None
            if run.ended is None:
                return row, False
            again += 1

    def _drop(self, id: str, change: Change, who: str, channel: str, now: float) -> TaskRow:
        title = f"May “{change.name}” be a rule of the house?"
        how = {"find": change.find, "replace": change.replace, BY: f"{who} ({channel})"}
        row = own_task.row_of(id, title, now, fallback="rule", facts={FACT: how})
        self.ledger.add_task(row)
        if not lies(self.vault.root, row.name):
            body = (
                f"# {title}\n\nAsked for by {who} ({channel}). With your yes this stands in "
                f"{HANDBOOK}, and nothing else there changes:\n\n{fence(change.replace)}\n"
            )
            own_task.drop(self.vault, row, body)
        return row
