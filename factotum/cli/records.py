"""`factotum logs` and `factotum audit`: what was done, from the ledger itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

import click

from factotum.cli import FOUND_PROBLEMS, find, place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import local, told
from factotum.gate.register import Card
from factotum.ledger import Event
from factotum.views.record import line as audit_line

#: How often `logs -f` looks whether there is more, in seconds.
FOLLOW_S = 0.5


@click.command()
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0),
              help="How many of the last lines.")  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Go on as more is done, till Ctrl-C.")
def logs(lines: int, follow: bool) -> None:
    """What was done, line by line, newest last."""
    with books() as opened:
        last = opened.ledger.last_event()
        events = opened.ledger.events(max(0, last - LOOKED_BACK)) if lines else []
        for text in list(_readable(opened, events))[-lines:] if lines else ():
            print(text, flush=follow)
        while follow:
            time.sleep(FOLLOW_S)
            events = opened.ledger.events(last)
            for text in _readable(opened, events):
                print(text, flush=True)
            last = events[-1].seq if events else last


#: How many of the last events are looked through for lines to show. Not each has one.
LOOKED_BACK = 10_000


def _readable(opened: Books, events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        if text := told(event, opened.ledger):
            yield f"{local(event.at):%Y-%m-%d %H:%M:%S}  {text}"


@click.group()
def audit() -> None:
    """Check the written logs against the ledger, or show the ledger's own record."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(as_json: bool) -> int:
    """Compare every line in Logs with the ledger; exits 3 when something differs."""
    from factotum.views.audit import verify as compare

    with books() as opened:
        found = compare(opened.root / "Logs", opened.ledger, pending_ok=True)
        findings = list(found)
        if place.running(opened.state) is None:
            findings += _unwritten(opened, found.pending)
    if as_json:
        counts = {"checked": found.checked, "foreign": found.foreign, "pending": found.pending}
        print(json.dumps({"ok": not findings, "findings": findings, **counts}, indent=1))
        return FOUND_PROBLEMS if findings else 0
    for finding in findings:
        print(finding)
    foreign = f", {found.foreign} of another machine's were left out" if found.foreign else ""
    pending = f", {found.pending} not written yet" if found.pending else ""
    verdict = f"{len(findings)} findings" if findings else "the logs say what the ledger says"
    print(f"{found.checked} lines checked{foreign}{pending}: {verdict}.")
    return FOUND_PROBLEMS if findings else 0


def _unwritten(opened: Books, pending: int) -> list[str]:
    """What is wrong with the newest events that no log has while nothing runs: an
    orchestrator that stops has written all of its own, so only words said since may lack."""
    newest = opened.ledger.last_event()
    events = opened.ledger.events(max(0, newest - pending))
    strange = [event for event in events if pending and not _said_here(event)]
    if not strange:
        return []
    return [
        f"The logs end before event {strange[0].seq} ({strange[0].kind}), and no orchestrator "
        f"runs that would write it: lines were cut off, or it was killed (then start it once)"
    ]


def _said_here(event: Event) -> bool:
    """Whether a command like these may have written the event, without an orchestrator."""
    data = event.data
    return (
        data.get("channel") == CHANNEL
        or (event.kind == "task" and not data.get("source"))
        or (event.kind == "outcome" and data.get("status") == "CANCELLED")
        or (event.kind == "sealed" and data.get("version") == 1)
    )


@audit.command()
@click.option("--task", default="", metavar="ID", help="Only what concerns this task or request.")
def show(task: str) -> None:
    """Every event as one line of JSON, as it is written into Logs."""
    with books() as opened:
        id = ""
        if task:
            thing = find.thing(opened, task)
            id = thing.task if isinstance(thing, Card) else thing.id
        after = 0
        while events := opened.ledger.events(after, task=id):
            for event in events:
                print(audit_line(event, opened.ledger))
            after = events[-1].seq
