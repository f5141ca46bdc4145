"""The house of the demo: a vault, a state directory and the real orchestrator, for an hour.

The orchestrator runs as a process of its own, by the same door as in earnest, with a `.env`
of its own. Nothing of it reads a setting, a vault or a mail account of the person.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from factotum import adopt
from factotum.demo import letter
from factotum.note import NoteError, parse

#: Where the program lies: the folder of the clone.
HERE = Path(__file__).resolve().parents[2]

INSTANCE = "demo"

#: How long an approved mail can still be cancelled in the demo, in seconds.
REGRET_S = 2.0
#: How long a file must lie still in the demo, in seconds.
STABLE_S = 0.4
#: How long one step may take before the demo gives up, in seconds. A slow machine needs
#: some of it to start Python.
PATIENCE_S = 60.0
LOOK_S = 0.02


class DemoError(Exception):
    """The demo cannot go on; the message says what was seen."""


class House:
    """Stands while its `with` block runs; then the office is stopped and all is removed."""

    def __init__(
        self,
        smtp_port: int,
        *,
        regret_s: float = REGRET_S,
        keep: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`more` are settings beside those of the demo, without their prefix."""
        self.keep = keep
        self.folder = Path(tempfile.mkdtemp(prefix="factotum-demo-")).resolve()
        self.root = self.folder / "vault"
        self.state = self.folder / "state"
        self.office: subprocess.Popen[bytes] | None = None
        adopt.make(adopt.plan(self.root, HERE / "vault_template"), None, time.time())
        self._write_env(smtp_port, regret_s, more or {})

    def _write_env(self, smtp_port: int, regret_s: float, more: Mapping[str, str]) -> None:
        values = {
            "VAULT": self.root,
            "STATE_DIR": self.state,
            "INSTANCE": INSTANCE,
            "STABLE_S": STABLE_S,
            "SCAN_S": 1,
            "REGRET_S": regret_s,
            "WATCHERS": "none",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": smtp_port,
            "SMTP_SECURITY": "none",
            "MAIL_FROM": letter.OWNER,
            **more,
        }
        text = "".join(f'FACTOTUM_{name}="{value}"\n' for name, value in values.items())
        path = self.folder / ".env"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the office

    def start(self, failpoint: str = "") -> int:
        """Starts the orchestrator and returns its process id once it holds the vault."""
        env = _surroundings(os.environ) | ({"FACTOTUM_FAILPOINT": failpoint} if failpoint else {})
        with open(self.folder / "office.log", "ab") as said:
            self.office = subprocess.Popen(
                [sys.executable, str(HERE / "orchestrator.py")],
                cwd=self.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the office
            )
        pid = self.office.pid
        self.until(lambda: self._holder() == str(pid), "the office to open")
        return pid

    def _holder(self) -> str:
        try:
            return (self.state / "lock").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def stop(self) -> None:
        """Stops the orchestrator in good order, and if it does not listen, at once."""
        if self.office is None or self.office.poll() is not None:
            return
        self.office.terminate()
        try:
            self.office.wait(8.0)
        except subprocess.TimeoutExpired:
            self.office.kill()
            self.office.wait()

    def killed(self) -> bool:
        """Waits for the orchestrator to end; whether SIGKILL ended it."""
        assert self.office is not None
        try:
            return self.office.wait(PATIENCE_S) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def until(
        self,
        is_so: Callable[[], bool],
        what: str,
        heard: Callable[[], None] = lambda: None,
        most_s: float = PATIENCE_S,
    ) -> None:
        """Waits until something is so, calling `heard` meanwhile. Raises DemoError."""
        end = time.monotonic() + most_s
        while not is_so():
            heard()
            if self.office is not None and self.office.poll() is not None:
                raise DemoError(f"the office stopped while I waited for {what}:\n{self.log()}")
            if time.monotonic() > end:
                raise DemoError(f"waited {most_s:.0f} s for {what}, in vain:\n{self.log()}")
            time.sleep(LOOK_S)
        heard()

    def log(self) -> str:
        """The last words of the office."""
        path = self.folder / "office.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-12:])

    # -- a person's hands and eyes

    def drop(self, name: str, data: bytes) -> Path:
        """Puts a file into the Inbox, whole, as a file manager moves it."""
        scratch = self.folder / name
        scratch.write_bytes(data)
        return self._rename(scratch, self.root / "Inbox" / name)

    def move(self, path: Path, folder: str) -> Path:
        return self._rename(path, self.root / folder / path.name)

    def _rename(self, path: Path, target: Path) -> Path:
        path.rename(target)
        return target

    def notes(self, folder: str) -> list[Path]:
        """The notes in a folder and below it."""
        return sorted(p for p in (self.root / folder).rglob("*.md") if p.name[0] != ".")

    def props(self, path: Path) -> Mapping[str, Any]:
        """A note's properties; nothing while it is being moved or written."""
        try:
            return parse(path.read_bytes()).props
        except (FileNotFoundError, NoteError):
            return {}

    def cards(self, folder: str, status: str) -> list[Path]:
        """The requests in a folder that say they are in this state."""
        return [
            path
            for path in self.notes(folder)
            if "action" in (props := self.props(path)) and props.get("status") == status
        ]

    def tasks(self, folder: str) -> list[Path]:
        """The notes in a folder that are tasks, not requests."""
        return [path for path in self.notes(folder) if "action" not in self.props(path)]


def _surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the office: no setting of ours, no desktop to notify."""
    ours = ("FACTOTUM_", "XDG_", "DBUS_")
    hidden = {"DISPLAY", "WAYLAND_DISPLAY"}
    return {k: v for k, v in environ.items() if not k.startswith(ours) and k not in hidden}
