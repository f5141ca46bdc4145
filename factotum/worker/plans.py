"""The plan of a run: a note with steps to tick, which the owner may change while it runs.

The note is read before each turn, so what stands in it is the plan. We tick lines and add
some; a line that stands there is never rewritten and never taken away. Whose words it holds
is on record before it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from factotum import names
from factotum.inert import inert, one_line
from factotum.ledger import TaskRow
from factotum.note import render
from factotum.reader import Reader
from factotum.vault import Changed, Vault
from factotum.worker.labels import Labels
from factotum.worker.runs import Run

FOLDER = "Plans"
STEPS_MOST = 30
STEP_CHARS = 200
PLAN_MOST_BYTES = 64 * 1024

_STEP = re.compile(r"^\s*[-*+] \[(?P<tick>[ xX-])\] (?P<text>.+?)\s*$")

INTRODUCTION = (
    "Change the steps, add some or tick them, whenever you like: I look here before each step."
)


@dataclass(frozen=True)
class Step:
    line: int
    done: bool
    text: str


@dataclass
class Plans:
    vault: Vault
    reader: Reader
    labels: Labels

    def path(self, row: TaskRow, run: Run) -> Path:
        again = f"-run-{run.n}" if run.n > 1 else ""
        name = names.note_name(f"{row.title}{again}", id=row.id, fallback="task")
        return self.vault.root / FOLDER / f"PLAN_{name}"

    def current(self, row: TaskRow, run: Run) -> str:
        """The steps as they stand now, numbered; an empty string when there is no plan."""
        try:
            raw = self.reader.read(self.path(row, run), PLAN_MOST_BYTES)
        except OSError:
            return ""
        found = steps(raw.decode(errors="replace"))
        return "\n".join(
            f"{n}. [{'x' if one.done else ' '}] {one.text}" for n, one in enumerate(found, 1)
        )

    def change(self, row: TaskRow, run: Run, wanted: Sequence[str], done: Sequence[int]) -> str:
        """Adds the steps that are not there yet and ticks the ones with these numbers, from
        1. Returns the plan as it then is. Doing it twice changes nothing."""
        texts = [inert(one_line(text, STEP_CHARS)) for text in wanted if text.strip()]
        path = self.path(row, run)
        self.labels.made(path.name, row.id, row.trust, row.created)
        if not path.exists():
            self._write(path, row, texts[:STEPS_MOST])
        for _ in range(3):
            raw = self.reader.read(path, PLAN_MOST_BYTES)
            new = _changed(raw.decode(errors="replace"), texts, done).encode()
            try:
                if new != raw:
                    self.vault.rewrite(path, raw, new)
                break
            except Changed:
                continue  # the owner is at it: look again at what stands there now
        return self.current(row, run)

    def _write(self, path: Path, row: TaskRow, texts: Sequence[str]) -> None:
        lines = "\n".join(f"- [ ] {text}" for text in texts)
        task = row.name.removesuffix(".md")
        props = {"type": "plan", "task": f"[[{task}]]", "aliases": [f"Plan: {row.title}"]}
        title = f"# Plan: {inert(one_line(row.title, 120))}"
        body = f"{title}\n\n{INTRODUCTION}\n\n## Steps\n\n{lines}\n"
        try:
            self.vault.drop(path, render(props, body))
        except FileExistsError:
            pass  # written in the moment since we looked


def steps(text: str) -> list[Step]:
    """The ticked and unticked lines of a plan, in their order."""
    found = []
    for number, line in enumerate(text.split("\n")):
        if match := _STEP.match(line):
            found.append(Step(number, match["tick"] in "xX", match["text"]))
    return found


def _changed(text: str, wanted: Sequence[str], done: Sequence[int]) -> str:
    lines = text.split("\n")
    there = steps(text)
    known = {one.text.casefold() for one in there}
    new = [one for one in wanted if one.casefold() not in known][: STEPS_MOST - len(there)]
    for n in done:
        if 0 < n <= len(there) and not there[n - 1].done:
            line = lines[there[n - 1].line]
            lines[there[n - 1].line] = re.sub(r"\[[ -]\]", "[x]", line, count=1)
    at = there[-1].line + 1 if there else len(lines)
    lines[at:at] = [f"- [ ] {one}" for one in new]
    return "\n".join(lines)
