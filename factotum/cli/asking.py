"""`factotum new`: the owner writes a task.

The note is dropped whole and its id made known to the ledger, so it is taken without the
wait that a note has which a person may still be typing.
"""

from __future__ import annotations

import json
import sys
import time

import click

from factotum import names
from factotum.cli import place
from factotum.cli.place import books
from factotum.inert import one_line
from factotum.ledger import TaskRow
from factotum.model import State, Trust
from factotum.note import render
from factotum.vault import Vault

#: How much of the text becomes the title, where none is given.
TITLE_CHARS = 80


@click.command()
@click.argument("text", nargs=-1)
@click.option("--title", default="", metavar="T", help="What to call it; else its first line.")
@click.option("--go", is_flag=True, hidden=True, help="As in a note; here it is always so.")
@click.option("--json", "as_json", is_flag=True, help="Print the id and the note as JSON.")
def new(text: tuple[str, ...], title: str, go: bool, as_json: bool) -> None:
    """Write a task: TEXT, or what comes in on stdin."""
    wanted = " ".join(text).strip()
    if not wanted and not sys.stdin.isatty():
        wanted = sys.stdin.read().strip()
    if not wanted:
        raise click.UsageError('say what is to be done: factotum new "…"')
    title = one_line(title or wanted.splitlines()[0].lstrip("# "), TITLE_CHARS)
    with books() as opened:
        vault = Vault(opened.root, opened.settings.text("INSTANCE"), time.monotonic, guest=True)
        id = names.new_id("t")
        name = names.note_name(title, id=id, fallback="task")
        now = place.now()
        props = {"id": id, "type": "note", "title": title, "status": "pending"}
        vault.drop(vault.folder(State.NEEDS_ACTION) / name, render(props, f"\n{wanted}\n"))
        origin = f"Needs_Action/{name}"
        row = TaskRow(id, name, "note", title, Trust.OWNER, "", id, origin, b"", {}, now, None)
        opened.ledger.add_task(row)
        opened.wake()
        if as_json:
            print(json.dumps({"id": id, "name": name, "note": origin}))
            return
        print(f"{origin} ({id})")
        if place.running(opened.state) is None:
            print("No orchestrator runs now. Start it: factotum up")
