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

from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.place import Books, books
from factotum.cli.telling import line
from factotum.gate.rows import row_of
from factotum.glance import troubles
from factotum.inert import visible
from factotum.tooling.accepted import Accepted, Waiting
from factotum.tooling.cages import PRIVATE, others
from factotum.tooling.pinned import Memory
from factotum.tooling.tools import Tool, survey
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
        absent = missing(opened)
        found, unasked = offered(opened, absent)
    if as_json:
        print(json.dumps({"tools": found, "missing": absent, "unasked": unasked}, indent=1))
        return
    for one in found:
        print(f"{one['name']:<28} {one['kind']:<14} {line(one['description'], SHOWN_CHARS)}")
    for name in unasked:
        print(f"{name:<28} {'not asked yet':<14} It is asked when a task first needs tools.")
    for name, why in absent.items():
        print(f"{line(name, 28):<28} {'not on offer':<14} {line(why, 300)}")


@tools.command()
@click.argument("server")
@click.option("--yes", is_flag=True, help="Do not ask whether you have read it.")
def accept(server: str, yes: bool) -> int:
    """Look at what a third-party SERVER says of its tools, and accept it.

    A model reads it before each of its turns, so nothing of a server is used before: when it is
    new, and when its tools have changed.
    """
    with books() as opened:
        if server not in {one.name for one in others(opened.settings, place.HERE)}:
            print(f"factotum: no tool server of others is called {server!r}", file=sys.stderr)
            return FAILED
        accepted = Accepted(opened.state / PRIVATE)
        waiting = accepted.waiting(server)
        if waiting is None:
            print(f"Nothing of {server} waits to be accepted.")
            return FOUND_PROBLEMS
        _show(waiting)
        if not yes and not sys.stdin.isatty():
            raise click.UsageError("nobody is there to be asked; to agree, add --yes")
        if not yes and not click.confirm("May a model read this?", default=False):
            raise click.Abort
        accepted.accept(waiting)
        opened.wake()
        print(f"Accepted what {server} offers ({line(waiting.difference, 500)}).")
        print("Each of its calls asks you, whatever it says of itself.")
    return 0


def _show(waiting: Waiting) -> None:
    """All that a model would be told and that nobody has looked at."""
    print(f"{waiting.server} says this, and a model would read it as part of its work:")
    for tool in waiting.unseen:
        print(f"\n{line(tool.name)}")
        for one in tool.description.split("\n"):
            print(f"  | {visible(one)}")
        arguments = json.dumps(dict(tool.schema), indent=1, ensure_ascii=False)
        for one in arguments.split("\n"):
            print(f"  > {visible(one)}")
    if waiting.gone:
        print(f"\nNot offered any more: {line(', '.join(waiting.gone), 500)}")
    print()


def offered(opened: Books, absent: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The tools of our own and those that each server showed last, without those that are
    `absent`; and the servers that were never asked."""
    memory = Memory(opened.state / "catalogue.json")
    found: list[Tool] = list(local.TOOLS.values())
    unasked = []
    for name in _names(opened, absent):
        if (pinned := memory.of(name)) is None:
            unasked.append(name)
            continue
        found += [tool for tool in pinned.tools if tool.offered and tool.name not in absent]
    told = [
        {"name": tool.name, "kind": kind(tool.name), "description": tool.description}
        for tool in found
    ]
    return told, unasked


def _names(opened: Books, absent: Mapping[str, str]) -> list[str]:
    """The servers of which something can be used."""
    names = []
    for path in _servers():
        server = survey(path)
        lacks = server.lacks(opened.settings.env_for(server.env))
        if not (server.needs and len(lacks) == len(server.needs)):
            names.append(server.name)
    names += [server.name for server in others(opened.settings, place.HERE)]
    return [name for name in names if name not in absent]


def kind(tool: str) -> str:
    """In a word what a tool may do."""
    row = row_of(tool)
    if tool in local.TOOLS and not row.reviewed:
        return "own work"  # it changes nothing but the run's own plan and tasks
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
    return {**absent, **troubles(opened)}


def _servers() -> list[Path]:
    return sorted((place.HERE / "mcp").glob("*_server.py"))
