"""The house as an orchestrator would find it, for commands that tell what it would do."""

from __future__ import annotations

import os
from pathlib import Path

from factotum import passwords
from factotum.cli import place
from factotum.cli.place import Books
from factotum.gate.rules import House
from factotum.gate.secrets import Secrets
from factotum.gate.sent import SentBook
from factotum.models import surroundings
from factotum.money import teller
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.settings import env_files
from factotum.words import local
from factotum.worker.contacts import Contacts
from factotum.worker.fit import Fit
from factotum.worker.handbook import Handbook
from factotum.worker.house import Household
from factotum.worker.labels import Labels


def handbook_of(opened: Books) -> Handbook:
    return Handbook(opened.root, Reader(), opened.ledger, remember=False)


def house_of(opened: Books, at: float, task: str = "") -> House:
    """The house as an orchestrator would find it, for the calls of a task."""
    root, ledger = opened.root, opened.ledger
    reader, around = Reader(), surroundings(os.environ, env_files(Path.cwd(), place.HERE))
    private = PrivateShelf(root, reader).current
    contacts = Contacts(root, reader, Fit(root, reader, Labels(ledger), private), SentBook(ledger))
    in_files = passwords.of_files(opened.settings, opened.state)
    keys = {name: key for name, key in around.items() if name.endswith("_KEY")}
    household = Household(
        ledger,
        local,
        handbook_of(opened).current,
        contacts.of,
        Secrets({**keys, **opened.settings.named_secrets(), **in_files}).within,
        contacts.namesake,
        teller(opened.settings.text("LOCALE")),
    )
    return household.at(at, task)
