"""The ears of one office: of an orchestrator in its own process, or of a watcher in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from factotum.ears.found import premises_of
from factotum.ears.post import Room
from factotum.ears.rules import Rules
from factotum.flood import limits_of
from factotum.gate.contact import Contact
from factotum.gate.sent import SentBook
from factotum.keeping import Keeper
from factotum.ledger import Ledger
from factotum.letter import label_of, own_servers
from factotum.mailroom import Mailroom
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.rooms import Clock, wake
from factotum.settings import Settings
from factotum.vault import Vault
from factotum.worker.contacts import Contacts
from factotum.worker.fit import Fit
from factotum.worker.labels import Labels

P = ParamSpec("P")
R = TypeVar("R")


def room_of(
    settings: Settings,
    vault: Vault,
    ledger: Ledger,
    state: Path,
    desk: Callable[..., object],
    clock: Clock,
) -> Room:
    """What its posts share. `desk` runs a function on the thread that owns the ledger."""
    reader = Reader()
    contact = _contacts(vault.root, ledger, reader)
    servers = own_servers(settings)
    return Room(
        premises_of(settings, vault.root, state, clock.zone),
        Mailroom(
            vault,
            ledger,
            Keeper(vault, reader, state / "attachments"),
            clock.zone,
            limits_of(settings),
            lambda: wake(state),
        ),
        desk,
        lambda raw: label_of(raw, servers, contact),
        Rules(vault.root, ledger).section,
        clock.wall,
    )


def here(deed: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The desk of a process in which this thread owns the ledger."""
    return deed(*args, **kwargs)


def _contacts(root: Path, ledger: Ledger, reader: Reader) -> Callable[[str], Contact]:
    private = PrivateShelf(root, reader).current
    fit = Fit(root, reader, Labels(ledger), private)
    return Contacts(root, reader, fit, SentBook(ledger)).of
