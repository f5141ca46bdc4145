"""A terminal to test in: the commands as a person or a script gives them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum.cli import main
from factotum.settings import SETTINGS
from tests.office import ME, TestOffice
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """`env` is all that the commands see of Factotum's settings."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        kept = ("PATH", "LANG", "LC_ALL", "TZ")
        ours = {name: os.environ[name] for name in kept if name in os.environ}
        # The clone may hold a `.env` of its user's: what is empty here is not taken from it.
        blank = {row.full: "" for row in SETTINGS}
        return {**ours, "HOME": str(self.folder), "PYTHONPATH": str(ROOT), **blank, **self.env}

    def __call__(self, *words: str, given: str = "") -> Said:
        """The command in this process, for speed; `given` comes in on stdin, no terminal."""
        before, heard = dict(os.environ), logging.root.handlers[:]
        out, err = io.StringIO(), io.StringIO()
        os.environ.clear()
        os.environ.update(self.environ())
        stdin, sys.stdin = sys.stdin, io.StringIO(given)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(list(words))
        finally:
            sys.stdin = stdin
            os.environ.clear()
            os.environ.update(before)
            for handler in set(logging.root.handlers) - set(heard):
                handler.close()
            logging.root.handlers[:] = heard
        return Said(code, out.getvalue(), err.getvalue())

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "factotum.cli", *words],
            cwd=self.folder,
            env=self.environ(),
            stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def really(self, *words: str, given: str | None = None) -> Said:
        """The same, and waits for its end; `given` comes in on stdin."""
        process = self.start(*words, stdin=subprocess.PIPE)
        out, err = process.communicate(given, timeout=PATIENCE_S)
        return Said(process.returncode, out, err)


def terminal_of(office: TestOffice) -> Terminal:
    """A terminal beside this office, where nothing has to lie still."""
    given = {
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "FACTOTUM_INSTANCE": office.instance,
        "FACTOTUM_SETTLE_S": "0",
        "FACTOTUM_STABLE_S": "0",
        "FACTOTUM_REGRET_S": "0",
        "FACTOTUM_MAIL_FROM": ME,
    }
    return Terminal(office.folder, {**given, **office.env})
