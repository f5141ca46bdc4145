"""Labels only fall: through notes, memory, tasks that are handed on, and restarts.

Every stranger brings a word of their own. Wherever such a word turns up, in what a task has
read or in a note, the label must say so; no order of deeds and restarts may lose it.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from factotum import names
from factotum.gate import policy
from factotum.gate.register import Proposal, Register
from factotum.gate.rows import row_of
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, Succeeded, Task, Trust
from factotum.worker.children import Children, TooMany
from factotum.worker.runs import Runs
from tests.worker.study import NOW, Study

pytestmark = [pytest.mark.prove, pytest.mark.slow]

STRANGE = re.compile(r"strange\d+word")


class Labels(RuleBasedStateMachine):
    tasks = Bundle("tasks")
    notes = Bundle("notes")
    handed = Bundle("handed")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="labels-"))
        self.study = Study(self.folder / "vault", self.folder / "state")
        self.count = itertools.count()
        self.knows: dict[str, set[str]] = {}
        self._use(self.study.ledger)

    def _use(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.runs = Runs(ledger, Register(ledger), self.study.root)
        self.children = Children(self.study.vault, ledger, self.runs)

    def teardown(self) -> None:
        self.study.close()
        shutil.rmtree(self.folder)

    def label(self, task: str) -> Trust:
        row = self.ledger.task(task)
        assert row is not None
        return row.trust

    # -- what people bring

    @rule(target=tasks, trust=st.sampled_from(Trust))
    def a_task_comes(self, trust: Trust) -> str:
        n = next(self.count)
        id = names.id_of("t", "test", str(n))
        name = names.note_name(f"task {n}", id=id, fallback="task")
        row = TaskRow(id, name, "email", f"task {n}", trust, "", "", "", b"", {}, NOW, None)
        self.ledger.add_task(row)
        self.runs.current(id, NOW)
        self.knows[id] = {f"strange{n}word"} if trust is not Trust.OWNER else {f"own{n}word"}
        return id

    @rule(target=notes, clipped=st.booleans())
    def a_note_is_written(self, clipped: bool) -> str:
        n = next(self.count)
        head = "---\nsource: https://a.example\n---\n" if clipped else ""
        word = f"strange{n}word" if clipped else f"own{n}word"
        self.study.write(f"Note {n}.md", f"{head}{word}\n")
        return f"Note {n}.md"

    # -- what tasks do

    @rule(task=tasks, note=notes)
    def it_reads(self, task: str, note: str) -> None:
        seen = self.study.read("notes__read", note=note)
        self.ledger.lower_trust(task, seen.trust, NOW)
        self.knows[task] |= set(re.findall(r"(?:strange|own)\d+word", seen.text))

    @rule(target=notes, task=tasks, tool=st.sampled_from(["notes__write", "remember"]))
    def it_writes_what_it_knows(self, task: str, tool: str) -> object:
        text = " ".join(sorted(self.knows[task]))
        folder, n = ("Drafts", next(self.count))
        args = (
            {"folder": folder, "title": f"Made {n}", "text": text}
            if tool == "notes__write"
            else {"text": f"{text} {n}", "about": f"Thing {n}"}
        )
        trust = self.label(task)
        verdict = policy.judge(Call(tool, args), Task(task, "email", "x", "y", trust))
        if not isinstance(verdict, policy.Allow):
            assert tool == "remember" and trust is not Trust.OWNER
            return multiple()  # it is asked, and refused
        before = {p.as_posix() for p in self.study.root.rglob("*.md")}
        row = row_of(tool)
        proposal = Proposal(
            next(self.count), tool, args, "Do it?", row.effect, row.risk, verdict.rule, 60.0,
            trust, "built-in-2", allowed_by=verdict.rule,
        )  # fmt: skip
        register = Register(self.ledger)
        (id,) = register.propose(task, 1, [proposal], NOW)
        assert isinstance(self.study.perform(register.card(id)), Succeeded)
        (made,) = {p.as_posix() for p in self.study.root.rglob("*.md")} - before
        return Path(made).relative_to(self.study.root).as_posix()

    @rule(target=handed, parent=tasks)
    def it_hands_on_what_it_knows(self, parent: str) -> object:
        row, run = self.ledger.task(parent), self.runs.latest(parent)
        assert row is not None and run is not None
        idx = 10_000 + next(self.count)
        call = Call("delegate", {"title": "A part", "task": " ".join(self.knows[parent])})
        try:
            self.children.start(row, run, idx, call, NOW)
        except TooMany:
            return multiple()
        child = self.children.of(run)[idx]
        self.runs.current(child, NOW)
        self.knows[child] = set(self.knows[parent])
        return (parent, idx, child)

    @rule(target=tasks, pair=handed)
    def what_was_handed_on_works_too(self, pair: tuple[str, int, str]) -> str:
        return pair[2]

    @rule(pair=consumes(handed), note=notes, reads=st.booleans())
    def what_was_handed_on_comes_back(
        self, pair: tuple[str, int, str], note: str, reads: bool
    ) -> None:
        parent, idx, child = pair
        if reads:
            self.it_reads(child, note)
        run = self.runs.latest(child)
        assert run is not None
        self.runs.end(run, "done", " ".join(self.knows[child]), NOW)
        row, above = self.ledger.task(parent), self.runs.latest(parent)
        assert row is not None and above is not None
        call = Call("delegate", {"title": "A part", "task": "x"})
        assert self.children.resume(above, idx, call, row, NOW)
        _, data = self.runs.steps(above)[idx]
        self.knows[parent] |= set(re.findall(r"(?:strange|own)\d+word", data["text"]))

    # -- what happens meanwhile

    @rule()
    def it_is_started_again(self) -> None:
        self.study.close()
        self.study = Study(self.folder / "vault", self.folder / "state")
        self._use(self.study.ledger)

    @invariant()
    def strange_words_are_known_for_what_they_are(self) -> None:
        for task, words in self.knows.items():
            if any(STRANGE.fullmatch(word) for word in words):
                assert self.label(task) is not Trust.OWNER, (task, words)
        for path in self.study.root.rglob("*.md"):
            where = path.relative_to(self.study.root).as_posix()
            if where.startswith(".") or not STRANGE.search(path.read_text()):
                continue
            assert self.study.notebook.label(where) is not Trust.OWNER, where


TestLabels = Labels.TestCase
TestLabels.settings = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
