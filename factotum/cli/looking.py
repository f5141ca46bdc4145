"""`factotum status` and `factotum tasks`: what is going on.

Nothing in the vault is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from factotum.cli import place
from factotum.cli.place import Books, books
from factotum.cli.telling import line
from factotum.glance import snapshot
from factotum.views import status as words
from factotum.words import local
from factotum.worker.runs import Runs

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.command()
@AS_JSON
def status(as_json: bool) -> None:
    """What is going on, what waits for you, what needs attention."""
    with books() as opened:
        pid = place.running(opened.state)
        content = snapshot(opened, pid, place.now())
        if as_json:
            content["health"]["running"] = pid is not None
            print(json.dumps(content, indent=1))
            return
        print(words.text(content, local(place.now())), end="")
        if pid is None:
            print("\nNo office runs now. Start it: factotum up")


@click.command()
@AS_JSON
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
def tasks(as_json: bool, every: bool) -> None:
    """List the tasks that are open or have failed."""
    with books() as opened:
        found = snapshot(opened, place.running(opened.state), place.now())["tasks"]
        if every:
            found += _over(opened, {task["id"] for task in found})
        if as_json:
            print(json.dumps(found, indent=1))
            return
        for task in found:
            since = words.moment(task["since"], local(place.now()))
            id = task["id"] or "(not taken up yet)"
            print(f"{task['state']:<13} {since:<16}  {id:<18}  {line(task['title'], 80)}")
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
