"""Ending a task in the vault: receipts by code, then the move to Done or Failed.

The ledger already says that the run ended; this only shows it, and may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from factotum import disk, failpoint
from factotum.gate.register import Card
from factotum.inert import code, inert, one_line
from factotum.note import NoteError, append, parse, set_props
from factotum.reader import Reader
from factotum.scan import TASK_MOST_BYTES
from factotum.vault import Vault
from factotum.words import when
from factotum.worker.runs import Run, Runs, home

VERBS = {
    "succeeded": "Done",
    "happened": "Done, by your word",
    "answered": "Answered",
    "rejected": "Refused by you",
    "cancelled": "Cancelled, not sent",
    "withdrawn": "Withdrawn, not sent",
    "failed_clean": "Failed, nothing left the house",
    "did_not": "Did not happen, by your word",
}


class Closer:
    def __init__(self, vault: Vault, runs: Runs, reader: Reader | None = None) -> None:
        self.vault = vault
        self.runs = runs
        self.reader = reader or Reader()

    def close(self, run: Run, path: Path, now: datetime) -> None:
        """Writes receipts into the note at `path` and moves it to where it ends.

        Raises Changed or FileNotFoundError when a person is at the note: try again at the
        next tick. Raises NoteError or OSError for what is no note any more, or is evicted.
        """
        result = run.result or "failed"
        raw = self.reader.read(path, TASK_MOST_BYTES)
        note = parse(raw, max_bytes=TASK_MOST_BYTES)
        changes = {self._key("status", run): result, self._key("run", run): run.n}
        if any(note.props.get(key) != value for key, value in changes.items()):
            text = self._text(run, now)
            self.vault.rewrite(path, raw, append(set_props(raw, changes), text))
        failpoint.hit("task.receipts")
        final = self._move(path, run)
        self.runs.ledger.rename_task(run.task, final.name)
        self.runs.projected(run, self.vault.relative(final))
        failpoint.hit("task.projected")

    def _key(self, name: str, run: Run) -> str:
        """The name of a property of ours; another one where the person had it for their own."""
        row = self.runs.ledger.task(run.task)
        try:
            own = parse(row.original).props if row else {}
        except NoteError:  # only its first part is kept
            own = {}
        return f"factotum_{name}" if name in own else name

    def _move(self, path: Path, run: Run) -> Path:
        target = self.vault.root / home(run, path.name)
        try:
            self.vault.move(path, target)
        except FileExistsError:
            unique = f"{disk.beginning(path.stem, 200)}_{run.task[2:6]}-{run.n}.md"
            target = target.with_name(unique)
            self.vault.move(path, target)
        return target

    def _text(self, run: Run, now: datetime) -> str:
        cards = [card for _, card in sorted(self.runs.cards(run).items())]
        lines = [self._receipt(card, now) for card in cards]
        steps = [data for _, (_, data) in sorted(self.runs.steps(run).items())]
        lines += [f"- Read: {one_line(str(d['read']), 100)}" for d in steps if "read" in d]
        parts = ["## Receipts", "", *(lines or ["- Nothing left the house."]), ""]
        took_s = max(0.0, (run.ended or run.started) - run.started)
        by = run.plan["by"] if run.plan else "no playbook"
        parts.append(f"Run {run.n}, by {inert(str(by))}, {_span(took_s)}, cost 0.00 USD.")
        if run.result == "failed":
            parts += ["", "## Why it failed", "", inert(run.reason), ""]
            parts.append("To have it done again, move this note to Needs_Action.")
        elif run.reason:
            parts += ["", "## Summary", "", inert(run.reason)]
        return "\n".join(parts) + "\n"

    def _receipt(self, card: Card, now: datetime) -> str:
        ended = card.ended
        at = ended.at if ended else card.decision.at if card.decision else card.created
        stamp = when(datetime.fromtimestamp(at).astimezone(), now)
        parts = [
            f"{VERBS.get(card.status, card.status)}: {inert(one_line(card.title, 120))}",
            stamp,
        ]
        if card.decision and card.decision.channel != "rule":
            parts.append(f"decided by {card.decision.who} ({card.decision.channel})")
            parts.append(f"[[{card.name.removesuffix('.md')}]]")
        elif card.decision:
            parts.append(f"rule: {card.decision.who}")
        if card.decision and card.decision.why:
            parts.append(f"“{inert(one_line(card.decision.why, 200))}”")
        parts += list(_evidence(card))
        return f"- {' · '.join(parts)}"


def _evidence(card: Card) -> Iterable[str]:
    evidence = card.ended.evidence if card.ended else {}
    for key in ("to", "message_id", "server_reply", "sent_copy", "note", "reason", "last_known"):
        value = evidence.get(key)
        if value:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{key.replace('_', ' ')} {shown if key == 'note' else code(shown)}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
