"""`factotum status` and `factotum tasks`: what is going on.

While an orchestrator runs it is what that one publishes; otherwise the same is made here
from the ledger and the folders. Nothing in the vault is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from factotum.cli import place
from factotum.cli.place import Books, books
from factotum.cli.telling import line
from factotum.cli.tooling import troubles
from factotum.ears.health import Health
from factotum.gate import pause
from factotum.gate.observe import quiet
from factotum.model import State
from factotum.note import NoteError
from factotum.reader import Reader
from factotum.rooms import Clock
from factotum.scan import Listing, Problem, Shelf
from factotum.tooling.cages import cages_of
from factotum.tooling.tools import survey
from factotum.vault import stop_lies
from factotum.views import status as words
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

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.command()
@AS_JSON
def status(as_json: bool) -> None:
    """What is going on, what waits for you, what needs attention."""
    with books() as opened:
        pid = place.running(opened.state)
        content = snapshot(opened, pid)
        if as_json:
            content["health"]["running"] = pid is not None
            print(json.dumps(content, indent=1))
            return
        print(words.text(content), end="")
        if pid is None:
            print("\nNo orchestrator runs now. Start it: factotum up")


@click.command()
@AS_JSON
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
def tasks(as_json: bool, every: bool) -> None:
    """List the tasks that are open or have failed."""
    with books() as opened:
        found = snapshot(opened, place.running(opened.state))["tasks"]
        if every:
            found += _over(opened, {task["id"] for task in found})
        if as_json:
            print(json.dumps(found, indent=1))
            return
        for task in found:
            since = task["since"][:16].replace("T", " ")
            id = task["id"] or "(not taken up yet)"
            print(f"{task['state']:<13} {since}  {id:<18}  {line(task['title'], 80)}")
        if not found:
            print("There are no tasks." if every else "No task is open. Older ones: --all")


def _over(opened: Books, shown: set[str]) -> Iterator[dict[str, Any]]:
    """The tasks of the ledger that lie in no folder of open ones, newest first."""
    runs = Runs(opened.ledger, opened.register, opened.root)
    for row in opened.ledger.db.execute("SELECT id FROM task ORDER BY created DESC").fetchall():
        task = opened.ledger.task(row["id"])
        if task is None or task.id in shown:
            continue
        run = runs.latest(task.id)
        ended = run.ended if run and run.ended else task.created
        yield {
            "id": task.id,
            "title": task.title,
            "state": (run.result if run else None) or "gone",
            "since": local(ended).isoformat(timespec="seconds"),
            "instance": "",
            "note": task.name.removesuffix(".md"),
        }


def snapshot(opened: Books, pid: int | None) -> dict[str, Any]:
    """The snapshot of the orchestrator `pid`, or our own where none runs or shows one."""
    lying = _published(opened.state)
    fresh = pid is not None and lying is not None and _is_of_now(lying, opened.state)
    content = published(lying) if fresh and lying else None
    return content or _own(opened, lying)


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


def _own(opened: Books, lying: Path | None) -> dict[str, Any]:
    before = published(lying) if lying else None
    reader = Reader()
    shelf = Shelf(opened.root, opened.settings.text("INSTANCE"), reader)
    listing = shelf.look(0.0)
    problems = [*listing.problems, *_unreadable(shelf, listing)]
    labels = Labels(opened.ledger)
    fit = Fit(opened.root, reader, labels)
    playbooks = PlaybookShelf(opened.root, reader)
    playbooks.ask(opened.root, reader, labels)
    shelves = (
        playbooks,
        agent_shelf(opened.root, reader, fit=fit),
        skill_shelf(opened.root, reader, outside_folders(opened.settings), fit=fit),
        persona_shelf(opened.root, reader, fit=fit),
    )
    problems += [problem for one in shelves for problem in one.problems()]
    problems += [Problem(Path(name), why) for name, why in troubles(opened).items()]
    problems += Health(opened.state, Clock()).problems()
    cards = [card for card in opened.register.unsettled() if not (card.over or quiet(card))]
    return build(
        listing=listing,
        cards=cards,
        ledger=opened.ledger,
        runs=Runs(opened.ledger, opened.register, opened.root),
        problems=problems,
        health=_health(opened),
        mind={"cost": _budget(opened, reader).spent(place.now())},
        rev=before["rev"] if before else 0,
        now=place.now(),
    )


def _budget(opened: Books, reader: Reader) -> Budget:
    handbook = Handbook(opened.root, reader, opened.ledger, remember=False)
    return Budget(opened.ledger, caps_of(opened.settings, handbook.current), local)


def _unreadable(shelf: Shelf, listing: Listing) -> Iterator[Problem]:
    for entry in listing.within(State.NEEDS_ACTION, State.PENDING):
        try:
            shelf.note(entry)
        except NoteError as broken:
            yield Problem(entry.path, str(broken))


def _health(opened: Books) -> Mapping[str, Any]:
    missing: dict[str, str] = {}
    for path in sorted((place.HERE / "mcp").glob("*_server.py")):
        server = survey(path)
        missing |= server.lacks(opened.settings.env_for(server.env))
    return {
        "ok": True,
        "stopped": pause.stopped(opened.ledger, stop_lies(opened.root)),
        "missing": missing,
        "isolation": cages_of(opened.settings, opened.root, opened.state, place.HERE).shown(),
    }
