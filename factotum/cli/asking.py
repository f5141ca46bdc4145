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
from factotum.vault import Vault
from factotum.worker import own_task

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
        row = own_task.row_of(id, title, place.now(), fallback="task")
        own_task.drop(vault, row, f"\n{wanted}\n")
        opened.ledger.add_task(row)
        opened.wake()
        if as_json:
            print(json.dumps({"id": id, "name": row.name, "note": row.origin}))
            return
        print(f"{row.origin} ({id})")
        if place.running(opened.state) is None:
            print("No office runs now. Start it: factotum up")
