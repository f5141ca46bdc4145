"""A study to test in: a real vault, ledger and index, and a notebook over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum.gate.register import Card, Proposal, Register
from factotum.gate.rows import row_of
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, Outcome, Trust
from factotum.reader import Reader
from factotum.settings import load
from factotum.vault import ALL_FOLDERS, Vault
from factotum.worker.notebook import Notebook, Seen

NOW = 1_795_000_000.0


@dataclass
class Study:
    root: Path
    state: Path
    env: Mapping[str, str] = field(default_factory=dict)
    reader: Reader = field(default_factory=Reader)

    def __post_init__(self) -> None:
        for name in (*ALL_FOLDERS, ".factotum"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.state.mkdir(exist_ok=True)
        self.vault = Vault(self.root, "pi", lambda: 0.0)
        self.ledger = Ledger(self.state / "ledger.db")
        self.register = Register(self.ledger)
        self.notebook = self.another()
        self._idx = 0

    def another(self) -> Notebook:
        """A notebook as it is after a restart."""
        settings = load(dict(self.env), [])
        return Notebook(self.vault, self.ledger, self.reader, self.state, settings, lambda: NOW)

    def close(self) -> None:
        self.notebook.close()
        self.ledger.close()

    # -- what is there

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def task(self, trust: Trust, name: str = "a-task_aaaaaa.md") -> str:
        """A task in the ledger; returns its id."""
        id = f"t-{trust.value:a<16}"
        row = TaskRow(id, name, "email", "A task", trust, "", "", "", b"", {}, NOW, None)
        self.ledger.add_task(row)
        return id

    def notes(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).glob("*.md"))

    # -- what an agent does

    def read(self, tool: str, **args: Any) -> Seen:
        return self.notebook.read(Call(tool, args))

    def card(self, tool: str, args: Mapping[str, Any], trust: Trust = Trust.OWNER) -> Card:
        """The approved card of this call, sealed as it is shown."""
        self._idx += 1
        call, row = Call(tool, args), row_of(tool)
        about = self.notebook.before(call, trust)
        task = self.task(trust, f"task-of-{trust.value}_aaaaaa.md")
        with self.ledger.tx() as db:
            db.execute("INSERT OR IGNORE INTO run (task, n, started) VALUES (?, 1, ?)", (task, NOW))
        proposal = Proposal(
            self._idx, tool, args, "Do it?", row.effect, row.risk, "because", 60.0, trust,
            "built-in-2", allowed_by="a rule", about=about,
        )  # fmt: skip
        (id,) = self.register.propose(task, 1, [proposal], NOW)
        return self.register.card(id)

    def do(self, tool: str, trust: Trust = Trust.OWNER, **args: Any) -> Outcome:
        return self.perform(self.card(tool, args, trust))

    def perform(self, card: Card) -> Outcome:
        return self.notebook.perform(card, "a-task_aaaaaa")


@contextmanager
def study(folder: Path, **env: str) -> Iterator[Study]:
    made = Study(folder / "vault", folder / "state", env)
    try:
        yield made
    finally:
        made.close()
