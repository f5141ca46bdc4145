"""Work that one task hands to another: the child is a task of its own, with its own note.

The child is known to the ledger, with its parent's label, before its note exists: nobody
can take it for something that the owner typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum import failpoint, names
from factotum.agent.context import DELEGATED
from factotum.agent.turn import Became
from factotum.inert import inert, one_line, visible
from factotum.ledger import BY_ITSELF, Ledger, TaskRow
from factotum.model import Call, State, Trust
from factotum.note import fence, render
from factotum.vault import Vault
from factotum.worker.brief import CONTENT
from factotum.worker.receipts import headline
from factotum.worker.runs import Run, Runs

#: How many levels of tasks below a first one, and how many tasks one run may hand on.
DEPTH_MOST = 2
CHILDREN_MOST = 8


#: What stands above a child's own words, and above what the ledger says.
SAID = "It said (its own words, each line with a mark):"
DONE = "Receipts, from the ledger:"


class TooMany(Exception):
    """No further task may be handed on; the message says why."""


@dataclass
class Children:
    vault: Vault
    ledger: Ledger
    runs: Runs

    def start(self, parent: TaskRow, run: Run, idx: int, call: Call, now: float) -> None:
        """Registers the child, records the open step, drops the note. Raises TooMany."""
        depth = int(parent.facts.get("depth") or 0) + 1
        if depth > DEPTH_MOST:
            raise TooMany(f"a task may be handed on {DEPTH_MOST} times, not further")
        if len(self.of(run)) >= CHILDREN_MOST:
            raise TooMany(f"one run may hand on {CHILDREN_MOST} tasks, not more")
        row = self._row(parent, run, idx, call, depth, now)
        with self.ledger.tx():
            self.ledger.add_task(row)
            self.runs.record(run, idx, Became.OPEN, {"child": row.id}, now)
        failpoint.hit("child.registered")
        self._drop(row, str(call.args["task"]), parent)
        self.runs.settle(run, idx, Became.OPEN, {"child": row.id, "dropped": True})

    def _row(
        self, parent: TaskRow, run: Run, idx: int, call: Call, depth: int, now: float
    ) -> TaskRow:
        id = names.id_of("t", self.ledger.epoch, parent.id, str(run.n), str(idx))
        title = one_line(str(call.args["title"]), 120)
        facts = {
            "parent": parent.id,
            "root": root_of(parent),
            "depth": depth,
            "sender": parent.facts.get("sender", ""),
            "sender_name": parent.facts.get("sender_name", ""),
            "properties": {"agent": str(call.args.get("agent") or "")},
            **({BY_ITSELF: True} if parent.by_itself else {}),
        }
        name = names.note_name(title, id=id, fallback="task")
        return TaskRow(
            id, name, "note", title, parent.trust, DELEGATED, "", "", b"", facts, now, None
        )

    def _drop(self, row: TaskRow, text: str, parent: TaskRow) -> None:
        props: dict[str, Any] = {
            "id": row.id,
            "type": "note",
            "from": f"[[{parent.name.removesuffix('.md')}]]",
            "title": row.title,
            "aliases": [row.title],
        }
        if row.trust is not Trust.OWNER:
            props["source"] = row.source
        text = text.replace("\0", "").strip()
        plain = row.trust is Trust.OWNER and not names.git_markers(text)
        body = text if plain else f"## {CONTENT}\n\n{fence(text)}"
        note = render(props, f"# {inert(row.title)}\n\n{body}\n")
        try:
            self.vault.drop(self.vault.folder(State.NEEDS_ACTION) / row.name, note)
        except FileExistsError:
            pass  # dropped before a crash

    def of(self, run: Run) -> dict[int, str]:
        """The tasks that this run handed on, by the number of the call."""
        steps = self.runs.steps(run).items()
        return {idx: str(data["child"]) for idx, (_, data) in steps if "child" in data}

    def resume(self, run: Run, idx: int, call: Call, parent: TaskRow, now: float) -> bool:
        """Looks how the child of an open step fares; True when the step has an end now."""
        _, data = self.runs.steps(run)[idx]
        child = self.ledger.task(str(data["child"]))
        assert child is not None
        latest = self.runs.latest(child.id)
        if latest is None:
            if not data.get("dropped"):
                self._drop(child, str(call.args["task"]), parent)
                self.runs.settle(run, idx, Became.OPEN, {**data, "dropped": True})
                return False
            if self._lies(child.name):
                return False
            self.runs.settle(run, idx, Became.REFUSED, {**data, "why": "the owner removed it"})
            return True
        if latest.ended is None:
            return False
        became = {"done": Became.GOOD, "failed": Became.FAILED}.get(
            latest.result or "", Became.REFUSED
        )
        with self.ledger.tx():
            self.ledger.lower_trust(parent.id, child.trust, now)
            words = {"text": self.result(latest), "why": latest.reason}
            told = {**data, **words, "trust": child.trust.value}
            self.runs.settle(run, idx, became, told)
        return True

    def result(self, run: Run) -> str:
        """What became of an ended run: its own words, each line marked, and below them what
        was really done, in lines that no words of its can look like."""
        cards = [card for _, card in sorted(self.runs.cards(run).items())]
        done = [f"- {headline(card)}" for card in cards] or ["- Nothing was sent or changed."]
        words = visible(run.reason or f"It ended: {run.result}.").splitlines()
        said = [f"> {line}" for line in words]
        return "\n".join([SAID, *said, "", DONE, *done])

    def wanted(self, row: TaskRow, run: Run) -> bool:
        """Whether somebody still waits for the first run of a task that was handed on. A
        later run is a person's wish."""
        parent = row.facts.get("parent")
        if parent is None or run.n > 1:
            return True
        above = self.runs.latest(str(parent))
        return above is not None and above.ended is None and row.id in self.of(above).values()

    def waits(self, run: Run) -> bool:
        """Whether a task that this run handed on is still to be done."""
        return any(
            became is Became.OPEN and "child" in data and self._to_do(str(data["child"]))
            for became, data in self.runs.steps(run).values()
        )

    def _to_do(self, child: str) -> bool:
        latest = self.runs.latest(child)
        if latest is not None:
            return latest.ended is None
        row = self.ledger.task(child)
        return row is not None and self._lies(row.name)

    def _lies(self, name: str) -> bool:
        """Whether the child's note still lies where a task lies that has not begun."""
        folders = (State.NEEDS_ACTION, State.IN_PROGRESS)
        paths: list[Path] = [self.vault.folder(state) / name for state in folders]
        return any(path.exists() for path in paths)


def root_of(row: TaskRow) -> str:
    """The task at the top of a chain of handed-on ones: its money pays for all of them."""
    return str(row.facts.get("root") or row.id)
