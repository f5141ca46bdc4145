"""What is going on in an office, for whoever asks from outside it: one snapshot.

While an orchestrator runs it is what that one publishes; otherwise the same is made here from
the ledger and the folders. Nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from factotum.ears.health import Health
from factotum.gate import pause
from factotum.gate.observe import quiet
from factotum.model import State
from factotum.note import NoteError
from factotum.reader import Reader
from factotum.rooms import Books, Clock
from factotum.scan import Listing, Problem, Shelf
from factotum.tooling.accepted import Accepted
from factotum.tooling.cages import PRIVATE, cages_of, others
from factotum.tooling.tools import survey
from factotum.vault import stop_lies
from factotum.views.snapshot import build, published
from factotum.views.views import snapshot_path
from factotum.words import local
from factotum.worker.budget import Budget
from factotum.worker.caps import caps_of
from factotum.worker.fit import Fit
from factotum.worker.handbook import Handbook
from factotum.worker.labels import Labels
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.runs import Runs
from factotum.worker.shelves import agent_shelf, outside_folders, persona_shelf, skill_shelf

#: Where the program lies: the folder of the clone.
HERE = Path(__file__).resolve().parents[1]


def snapshot(books: Books, pid: int | None, now: float) -> dict[str, Any]:
    """The snapshot of the orchestrator `pid`, or our own where none runs or shows one."""
    lying = _published(books.state)
    fresh = pid is not None and lying is not None and _is_of_now(lying, books.state)
    content = published(lying) if fresh and lying else None
    return content or _own(books, lying, now)


def _published(state: Path) -> Path | None:
    """The newest snapshot of this vault. A service and a login may differ in whether they
    have a runtime directory, so all places are looked at."""
    own = snapshot_path(state)
    places = {own, state / "snapshot.json", Path(f"/run/user/{os.getuid()}") / own.name}
    found = [path for path in places if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _is_of_now(lying: Path, state: Path) -> bool:
    """Whether it was written since the orchestrator took its lock."""
    return lying.stat().st_mtime >= (state / "lock").stat().st_mtime


def _own(books: Books, lying: Path | None, now: float) -> dict[str, Any]:
    before = published(lying) if lying else None
    reader = Reader()
    shelf = Shelf(books.root, books.settings.text("INSTANCE"), reader)
    listing = shelf.look(0.0)
    problems = [*listing.problems, *_unreadable(shelf, listing), *_steering(books, reader)]
    problems += [Problem(Path(name), why) for name, why in troubles(books).items()]
    problems += Health(books.state, Clock()).problems()
    cards = [card for card in books.register.unsettled() if not (card.over or quiet(card))]
    return build(
        listing=listing,
        cards=cards,
        ledger=books.ledger,
        runs=Runs(books.ledger, books.register, books.root),
        problems=problems,
        health=_health(books),
        mind={"cost": budget(books).spent(now)},
        rev=before["rev"] if before else 0,
        now=now,
    )


def budget(books: Books, zone: Callable[[float], datetime] = local) -> Budget:
    """What models have cost, and the caps as they stand now. Days begin by `zone`."""
    handbook = Handbook(books.root, Reader(), books.ledger, remember=False)
    return Budget(books.ledger, caps_of(books.settings, handbook.current), zone)


def _unreadable(shelf: Shelf, listing: Listing) -> Iterator[Problem]:
    for entry in listing.within(State.NEEDS_ACTION, State.PENDING):
        try:
            shelf.note(entry)
        except NoteError as broken:
            yield Problem(entry.path, str(broken))


def _steering(books: Books, reader: Reader) -> Iterator[Problem]:
    """What is wrong with the notes that say how work is done."""
    root, labels = books.root, Labels(books.ledger)
    fit = Fit(root, reader, labels)
    playbooks = PlaybookShelf(root, reader)
    playbooks.ask(root, reader, labels)
    skills = skill_shelf(root, reader, outside_folders(books.settings), fit=fit)
    agents, persona = agent_shelf(root, reader, fit=fit), persona_shelf(root, reader, fit=fit)
    for one in (playbooks, agents, skills, persona):
        yield from one.problems()


def troubles(books: Books) -> dict[str, str]:
    """The servers of others that cannot be used, each with the reason."""
    absent: dict[str, str] = {}
    cages = cages_of(books.settings, books.root, books.state, HERE)
    accepted = Accepted(books.state / PRIVATE)
    for other in others(books.settings, HERE):
        if other.broken:
            absent[other.name] = other.broken
        elif waiting := accepted.waiting(other.name):
            absent[other.name] = waiting.said
        elif not (cages.off or cages.isolation.possible):
            absent[other.name] = cages.shown()
    return absent


def _health(books: Books) -> Mapping[str, Any]:
    missing: dict[str, str] = {}
    for path in sorted((HERE / "mcp").glob("*_server.py")):
        server = survey(path)
        missing |= server.lacks(books.settings.env_for(server.env))
    return {
        "ok": True,
        "stopped": pause.stopped(books.ledger, stop_lies(books.root)),
        "missing": missing,
        "isolation": cages_of(books.settings, books.root, books.state, HERE).shown(),
    }
