"""An office to measure: a vault, its state, and `orchestrator.py` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import ROOT
from factotum import names
from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust
from factotum.note import render
from factotum.views.snapshot import published
from factotum.worker.talks import Talks

#: How long anything is waited for, in seconds.
PATIENCE_S = 120.0
#: How often it is looked whether something has come about, in seconds.
LOOK_S = 0.001
#: After a task has reached Done: how long until the office has come to rest too, in seconds.
REST_S = 0.15


def until(true: Callable[[], bool], what: str, look_s: float = LOOK_S) -> None:
    """Waits till it is so. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE_S:g} s in vain for {what}")
        time.sleep(look_s)


@dataclass
class Office:
    """`env` are settings without their prefix. The driver stands outside: what it does, the
    office's own process does not pay for."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "vault"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def environ(self) -> dict[str, str]:
        """All that the office's process sees: nothing of who measures it."""
        base = {
            "VAULT": str(self.root),
            "STATE_DIR": str(self.state),
            "INSTANCE": "bench",
            "MODEL": "none",
            "MAIL_FROM": "Marco <marco@example.test>",
            "SETTLE_S": "0",
            "STABLE_S": "0",
            "REGRET_S": "0",
            "WATCHERS": "none",
        }
        given = {f"FACTOTUM_{name}": text for name, text in (base | self.env).items()}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", **given}

    def init(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "factotum.cli", "init", "--yes", str(self.root)]
        subprocess.run(command, cwd=ROOT, env=self.environ(), check=True, capture_output=True)

    @contextmanager
    def open(self) -> Iterator[Open]:
        """The office at work, from its first snapshot on."""
        with open(self.folder / "out.txt", "ab") as out:
            process = subprocess.Popen(
                [sys.executable, "orchestrator.py"],
                cwd=ROOT,
                env=self.environ(),
                stdout=out,
                stderr=out,
            )
        ledger = None
        try:
            until((self.state / "snapshot.json").exists, "the first snapshot")
            ledger = Ledger(self.state / "ledger.db")
            yield Open(self, process.pid, ledger)
        finally:
            if ledger is not None:
                ledger.close()
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(PATIENCE_S)


@dataclass
class Open:
    """An office at work, as the driver has it."""

    office: Office
    pid: int
    ledger: Ledger

    def snapshot(self) -> Mapping[str, Any]:
        return published(self.office.state / "snapshot.json") or {}

    def register(self, title: str, conversation: str = "", kind: str = "note") -> tuple[str, str]:
        """Makes a task known, as a channel does; returns its id and the name of its note."""
        id, now = names.new_id("t"), time.time()
        name = names.note_name(title, id=id, fallback="task")
        facts = {"conversation": conversation, "properties": {}} if conversation else {}
        origin = f"Needs_Action/{name}"
        with self.ledger.tx():
            self.ledger.add_task(
                TaskRow(id, name, kind, title, Trust.OWNER, "", id, origin, b"", facts, now, None)
            )
            if conversation:
                Talks(self.ledger).add(conversation, id, now)
        return id, name

    def write(self, id: str, name: str, text: str, kind: str = "note") -> Path:
        """Writes the task's note where nobody looks yet; `put` drops it."""
        path = self.office.root / ".factotum" / "tmp" / f"driver~{name}"
        props = {"id": id, "type": kind, "title": name, "status": "pending"}
        path.write_bytes(render(props, f"\n{text}\n"))
        return path

    def put(self, path: Path) -> Path:
        """Drops a written note; returns where it lies then."""
        target = self.office.root / "Needs_Action" / path.name.removeprefix("driver~")
        path.rename(target)
        return target

    def give(self, title: str, text: str, conversation: str = "") -> str:
        """One task; returns its note's name."""
        kind = "message" if conversation else "note"
        id, name = self.register(title, conversation, kind)
        self.put(self.write(id, name, text, kind))
        return name

    def is_done(self, name: str) -> bool:
        return any((month / name).exists() for month in self._months())

    def _months(self) -> list[Path]:
        return list((self.office.root / "Done").iterdir())

    def done(self) -> int:
        """How many notes lie in Done."""
        return sum(len(os.listdir(month)) for month in self._months())

    def rest(self, names: list[str]) -> None:
        """Waits till these tasks are done and what follows from that is over."""
        for name in names:
            until(lambda name=name: self.is_done(name), f"{name} in Done")  # type: ignore[misc]
        time.sleep(REST_S)

    def wake(self) -> None:
        (self.office.state / "wake").write_bytes(os.urandom(8))
