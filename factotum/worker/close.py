"""Ending a task in the vault: receipts by code, then the move to Done or Failed.

The ledger already says that the run ended; this only shows it, and may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from factotum import disk, failpoint
from factotum.agent.transcript import cut
from factotum.agent.turn import Became
from factotum.inert import code, inert, one_line
from factotum.ledger import TaskRow
from factotum.note import NoteError, append, parse, set_props
from factotum.reader import Reader
from factotum.scan import TASK_MOST_BYTES
from factotum.vault import Vault
from factotum.worker import messaging
from factotum.worker.brief import RUN_END
from factotum.worker.receipts import receipt
from factotum.worker.runs import Run, Runs, home
from factotum.worker.turns import Turns

#: How much of how a run ended stands in its task's note, in characters: a note of more than a
#: megabyte would be no note any more.
REASON_MOST_CHARS = 20_000
#: Under which run stands in the ledger what it cost to hear a recording before its first one.
HEARING = 0


class Closer:
    def __init__(
        self, vault: Vault, runs: Runs, turns: Turns, reader: Reader | None = None
    ) -> None:
        self.vault = vault
        self.runs = runs
        self.turns = turns
        self.reader = reader or Reader()

    def close(self, run: Run, path: Path) -> None:
        """Writes receipts into the note at `path` and moves it to where it ends.

        Raises Changed or FileNotFoundError when a person is at the note: try again at the
        next tick. Raises NoteError or OSError for what is no note any more, or is evicted.
        """
        result = run.result or "failed"
        raw = self.reader.read(path, TASK_MOST_BYTES)
        note = parse(raw, max_bytes=TASK_MOST_BYTES)
        row = self.runs.ledger.task(run.task)
        own = _own(row)
        changes = {_key("status", own): result, _key("run", own): run.n}
        if any(note.props.get(key) != value for key, value in changes.items()):
            new = append(set_props(raw, changes), self._text(run))
            self.vault.rewrite(path, raw, new, durable=False)  # the move that follows is
        failpoint.hit("task.receipts")
        final = self._move(path, run)
        if row is None or row.name != final.name:
            self.runs.ledger.rename_task(run.task, final.name)
        self.runs.projected(run, self.vault.relative(final))
        failpoint.hit("task.projected")

    def _move(self, path: Path, run: Run) -> Path:
        target = self.vault.root / home(run, path.name)
        try:
            self.vault.move(path, target)
        except FileExistsError:
            unique = f"{disk.beginning(path.stem, 200)}_{run.task[2:6]}-{run.n}.md"
            target = target.with_name(unique)
            self.vault.move(path, target)
        return target

    def _text(self, run: Run) -> str:
        cards = [card for _, card in sorted(self.runs.cards(run).items())]
        ledger = self.runs.ledger
        lines = [receipt(card, messaging.became(ledger, card)) for card in cards]
        steps = [
            data
            for _, (became, data) in sorted(self.runs.steps(run).items())
            if became is Became.GOOD
        ]
        lines += list(dict.fromkeys(line for data in steps for line in _read(data)))
        parts = ["## Receipts", "", *(lines or ["- Nothing was sent or changed."]), ""]
        took_s = max(0.0, (run.ended or run.started) - run.started)
        by = run.plan["by"] if run.plan else "no playbook"
        cost = self.turns.budget.task_usd(run.task, run.n)
        heard = self.turns.budget.task_usd(run.task, HEARING) if run.n == 1 else 0.0
        to_hear = f", and {_usd(heard)} to hear it" if heard else ""
        told = f"Run {run.n}, by {inert(str(by))}, {_span(took_s)}, cost {_usd(cost)}{to_hear}."
        parts.append(told)
        parts += self._thought(run)
        if run.result == "failed":
            parts += ["", "## Why it failed", "", inert(cut(run.reason, REASON_MOST_CHARS)), ""]
            parts.append("To have it done again, move this note to Needs_Action.")
        elif run.reason:
            parts += ["", "## Summary", "", inert(cut(run.reason, REASON_MOST_CHARS))]
        parts += ["", RUN_END.format(n=run.n)]
        return "\n".join(parts) + "\n"

    def _thought(self, run: Run) -> list[str]:
        """What left the house for a model, if one was asked."""
        thought = self.turns.thought(run)
        if not thought.calls:
            return []
        models = ", ".join(f"{words} to {code(name)}" for name, words in thought.models.items())
        calls = "one call" if thought.calls == 1 else f"{thought.calls} calls"
        return [f"Words that left for a model, in {calls}: {models}."]


def _own(row: TaskRow | None) -> Mapping[str, Any]:
    """The properties that the person's note had."""
    try:
        return parse(row.original).props if row else {}
    except NoteError:  # only its first part is kept
        return {}


def _key(name: str, own: Mapping[str, Any]) -> str:
    """The name of a property of ours; another one where the person had it for their own."""
    return f"factotum_{name}" if name in own else name


def _read(data: Mapping[str, Any]) -> Iterator[str]:
    """What a step of the run read: the notes it saw, or the tool that told it."""
    if notes := data.get("notes"):
        yield from (f"- Read: {code(str(note))}" for note in notes)
    elif tool := data.get("read"):
        yield f"- Read: {one_line(str(tool), 100)}"


def _usd(cost: float) -> str:
    """Two digits, and more for what is smaller than a cent."""
    return f"{cost:.2f} USD" if cost >= 0.01 or not cost else f"{cost:.4f} USD"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
