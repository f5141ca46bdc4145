"""Which vault a command is about, and its books, opened no further than the command needs.

Reading never writes in the vault: the books are the ledger and what lies in the folders.
Only `factotum up` and `run` open the vault to write in it.
"""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.rooms import Books, DoorError, running, state_dir
from factotum.settings import Settings, env_files, load
from factotum.vault import OWN, VaultError

__all__ = [
    "CHANNEL",
    "HERE",
    "SUB_FOLDER",
    "Books",
    "books",
    "books_of",
    "hand_over",
    "home",
    "named",
    "now",
    "root_of",
    "running",
    "settings",
    "who",
]

#: Where the program lies: the folder of the clone.
HERE = Path(__file__).resolve().parents[2]

#: The name that `init` gives to its folder in a vault that holds notes.
SUB_FOLDER = "Factotum"

#: By which channel a decision came that was made here.
CHANNEL = "cli"


def settings() -> Settings:
    """The settings, with `--vault` put in place of FACTOTUM_VAULT. Raises SettingsError."""
    from factotum import failpoint, redaction

    environ = dict(os.environ)
    if vault := named():
        environ["FACTOTUM_VAULT"] = str(vault)
    loaded = load(environ, env_files(Path.cwd(), HERE))
    failpoint.arm(loaded.text("FAILPOINT"))
    redaction.hide(loaded.secrets())
    return loaded


def named() -> Path | None:
    """What was given as `--vault`, or None."""
    context = click.get_current_context(silent=True)
    given = context.find_root().meta.get("factotum.vault") if context else None
    return given if isinstance(given, Path) else None


def home(path: Path) -> Path:
    """Where the vault lies that `path` means: itself, or the sub-folder that was adopted."""
    inner = path / SUB_FOLDER
    if not (path / OWN).is_dir() and (inner / OWN).is_dir():
        return inner
    return path


def root_of(given: Settings) -> Path:
    """The root of the vault. Raises VaultError when there is none."""
    root = home(given.path("VAULT"))
    if not root.is_dir():
        raise VaultError(f"there is no vault at {root}. Make one: factotum init {root}")
    if not (root / OWN).is_dir():
        raise VaultError(
            f"{root} is not a vault of Factotum (no folder {OWN!r}). Adopt it: factotum init {root}"
        )
    return root


@contextmanager
def books() -> Iterator[Books]:
    """The books of the vault that the command is about. Raises our errors."""
    given = settings()
    root = root_of(given)
    with books_of(given, root) as opened:
        yield opened


@contextmanager
def books_of(given: Settings, root: Path) -> Iterator[Books]:
    """The books of the vault at `root`, which need not be a vault yet."""
    state = state_dir(given, root)
    ledger = Ledger(state / "ledger.db")
    try:
        where = ledger.meta("vault")
        if where and where != str(root.resolve()) and Path(where).exists():
            raise DoorError(
                f"the state directory {state} belongs to the vault {where}, not to {root}. "
                f"Set FACTOTUM_STATE_DIR to another folder for this vault"
            )
        yield Books(given, root, state, ledger, Register(ledger))
    finally:
        ledger.close()


def hand_over(opened: Books) -> None:
    """Lets whoever runs look at what was said; where nobody does, that it is for later."""
    opened.wake()
    if running(opened.state) is None:
        print("No office runs now, so it is taken up later. Start it: factotum up")


def who() -> str:
    """The login name of whoever gave the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def now() -> float:
    """The wall clock, for what is written into the ledger."""
    return time.time()
