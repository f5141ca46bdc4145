"""The rooms that every command needs: the vault, the ledger, where their state lies.

Opening them runs nothing and sends nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from factotum import passwords, redaction
from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.money import Teller, teller
from factotum.names import slug
from factotum.reader import Reader
from factotum.scan import Shelf
from factotum.settings import Settings
from factotum.vault import Vault
from factotum.words import local
from factotum.worker.runs import Runs

#: The folder in the state directory in which channels are told that something happened.
NEWS = "news"


class DoorError(Exception):
    """It cannot start; the message names the thing, the cause and the remedy."""


@dataclass
class Clock:
    """Both clocks, so that tests can pass their own."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def zone(self, at: float) -> datetime:
        """`at` in the machine's own zone."""
        return local(at)


def state_dir(settings: Settings, vault: Path) -> Path:
    """The private folder of one vault's state, made with mode 0700.

    Raises DoorError when it lies inside the vault or others can read it.
    """
    if settings.given("STATE_DIR"):
        folder = settings.path("STATE_DIR")
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        mark = hashlib.sha256(os.fsencode(vault.resolve())).hexdigest()[:8]
        folder = base / "factotum" / f"{slug(vault.name, 'vault')}-{mark}"
    if folder.resolve().is_relative_to(vault.resolve()):
        raise DoorError(
            f"FACTOTUM_STATE_DIR is {folder}, inside the vault {vault}: sync would copy it and "
            f"undo what was recorded. Choose a folder outside the vault"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as refused:
        raise DoorError(
            f"the state directory {folder} cannot be used ({refused.strerror}). "
            f"Set FACTOTUM_STATE_DIR to a folder that you own"
        ) from refused
    return folder


@dataclass(frozen=True)
class Books:
    """The ledger of one vault, for whoever only looks at the vault and never writes in it."""

    settings: Settings
    root: Path
    state: Path
    ledger: Ledger
    register: Register

    def wake(self) -> None:
        """Tells the orchestrator, if one runs, that there is something new."""
        wake(self.state)


@dataclass
class Rooms:
    """The rooms that every command needs, without running anything."""

    settings: Settings
    vault: Vault
    state: Path
    ledger: Ledger
    register: Register
    runs: Runs
    reader: Reader
    shelf: Shelf
    clock: Clock

    def secrets(self) -> dict[str, str]:
        """What must never be sent, by a name that may be shown."""
        return {**self.settings.named_secrets(), **passwords.of_files(self.settings, self.state)}

    def money(self) -> Teller:
        """How amounts are told here."""
        return teller(self.settings.text("LOCALE"))

    def close(self) -> None:
        self.ledger.close()


def open_rooms(
    settings: Settings, root: Path, clock: Clock | None = None, *, guest: bool = False
) -> Rooms:
    """Opens the vault at `root` and its ledger; as a `guest` beside the one that works on it.
    Raises VaultError, LedgerError, DoorError."""
    clock = clock or Clock()
    instance = settings.text("INSTANCE")
    vault = Vault(root, instance, clock.monotonic, guest=guest)
    state = state_dir(settings, root)
    redaction.hide(passwords.of_files(settings, state).values())
    ledger = Ledger(state / "ledger.db")
    where = ledger.meta("vault")
    if where and where != str(root.resolve()) and Path(where).exists():
        ledger.close()
        raise DoorError(
            f"the state directory {state} belongs to the vault {where}, not to {root}. "
            f"Set FACTOTUM_STATE_DIR to another folder for this vault"
        )
    if where != str(root.resolve()):
        ledger.set_meta("vault", str(root.resolve()))
    register = Register(ledger)
    reader = Reader()
    runs = Runs(ledger, register, root)
    shelf = Shelf(root, instance, reader)
    return Rooms(settings, vault, state, ledger, register, runs, reader, shelf, clock)


def alive(pid: int) -> bool:
    """Whether there is a process of this id, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def running(state: Path) -> int | None:
    """The process id of the orchestrator that holds this state directory, or None.

    The lock is tried only where the process that wrote its id is alive, so that looking
    never stands in the way of an orchestrator that starts.
    """
    try:
        with open(state / "lock", encoding="utf-8") as lock:
            pid = int(lock.read().partition(" ")[0] or 0)  # behind it: by which command
            return pid if pid and alive(pid) and _held(lock.fileno()) else None
    except (OSError, ValueError):
        return None


def _held(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def tell_news(state: Path) -> None:
    """Tells the channels of this vault, if there are any, that something happened."""
    with contextlib.suppress(OSError):  # the folder is theirs: nobody listens
        (state / NEWS / "word").write_bytes(secrets.token_bytes(8))


def wake(state: Path) -> None:
    """Tells a running orchestrator of this vault to look now."""
    (state / "wake").write_bytes(secrets.token_bytes(8))
