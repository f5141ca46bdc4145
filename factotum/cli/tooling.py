"""`factotum tools`: what the office can do, and which of it nobody has reviewed.

It shows what was offered when each server was last asked, and starts none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from factotum.accepted import Accepted
from factotum.cages import PRIVATE, cages_of, others
from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.place import Books, books
from factotum.cli.telling import line
from factotum.gate.rows import Row, row_of
from factotum.pinned import Memory
from factotum.tools import Tool, survey
from factotum.worker import local

SHOWN_CHARS = 70


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def tools(context: click.Context, as_json: bool) -> None:
    """What the office can do, and what each of it may touch."""
    if context.invoked_subcommand is not None:
        return
    with books() as opened:
        found = offered(opened)
        absent = missing(opened)
    if as_json:
        print(json.dumps({"tools": found, "missing": absent}, indent=1))
        return
    for one in found:
        print(f"{one['name']:<28} {one['kind']:<14} {line(one['description'], SHOWN_CHARS)}")
    for name, why in absent.items():
        print(f"{line(name, 28):<28} {'not on offer':<14} {line(why, 300)}")


@tools.command()
@click.argument("server")
def accept(server: str) -> int:
    """Accept what a third-party SERVER offers since its tools have changed."""
    with books() as opened:
        accepted = Accepted(opened.state / PRIVATE)
        if server not in {one.name for one in others(opened.settings, place.HERE)}:
            print(f"factotum: no tool server of others is called {server!r}", file=sys.stderr)
            return FAILED
        difference = accepted.accept(server)
        if difference is None:
            print(f"Nothing of {server} waits to be accepted.")
            return FOUND_PROBLEMS
        opened.wake()
        print(f"Accepted what {server} offers now ({line(str(difference), 500)}).")
        print("Each of its calls asks you, as before.")
    return 0


def offered(opened: Books) -> list[dict[str, Any]]:
    """The tools of our own, and those that each server showed last."""
    memory = Memory(opened.state / "catalogue.json")
    names = [path.stem.removesuffix("_server") for path in _servers()]
    names += [server.name for server in others(opened.settings, place.HERE)]
    found: list[Tool] = list(local.TOOLS.values())
    for name in names:
        pinned = memory.of(name)
        found += [tool for tool in pinned.tools if tool.offered] if pinned else []
    absent = missing(opened)
    return [
        {"name": tool.name, "kind": kind(row_of(tool.name)), "description": tool.description}
        for tool in found
        if tool.name not in absent and tool.name.split("__")[0] not in absent
    ]


def kind(row: Row) -> str:
    """In a word what a tool may do."""
    if not row.reviewed:
        return "not reviewed"
    if row.egress:
        return "leaves"
    if row.mutates:
        return "changes"
    return "writes notes" if row.writes_own else "reads"


def missing(opened: Books) -> Mapping[str, str]:
    """What is not on offer, each with the reason."""
    absent: dict[str, str] = {}
    for path in _servers():
        server = survey(path)
        absent |= server.lacks(opened.settings.env_for(server.env))
    cages = cages_of(opened.settings, opened.root, opened.state, place.HERE)
    accepted = Accepted(opened.state / PRIVATE)
    for other in others(opened.settings, place.HERE):
        if other.broken:
            absent[other.name] = other.broken
        elif difference := accepted.waiting(other.name):
            absent[other.name] = (
                f"its tools have changed ({difference}). Look at them, then: "
                f"factotum tools accept {other.name}"
            )
        elif not (cages.off or cages.isolation.possible):
            absent[other.name] = cages.shown()
    return absent


def _servers() -> list[Path]:
    return sorted((place.HERE / "mcp").glob("*_server.py"))
