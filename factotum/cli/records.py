"""`factotum logs` and `factotum audit`: what was done, from the ledger itself."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from factotum.cli import FOUND_PROBLEMS, find, place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line, told
from factotum.gate.register import Card
from factotum.ledger import Event
from factotum.views.links import line as audit_line
from factotum.words import local

if TYPE_CHECKING:
    from factotum.anchor import Head
    from factotum.views.audit import Findings

#: After how many lines `audit verify` tells how far it is.
PROGRESS_LINES = 1000

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
@click.option("--key", "given", multiple=True, metavar="KEY",
              help="A key that `audit key` printed; - asks for it. May be repeated.")  # fmt: skip
@click.option("--head", "heads", multiple=True, metavar="TEXT",
              help="A head as you were told it; - reads it. May be repeated.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Do not ask the anchors.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(given: tuple[str, ...], heads: tuple[str, ...], offline: bool, as_json: bool) -> int:
    """Compare every line in Logs with the ledger, the ledger with its chain, and the chain
    with what the anchors remember; exits 3 when something differs."""
    from factotum.keybox import Keybox
    from factotum.views.audit import gone
    from factotum.views.audit import verify as compare

    keys, yours = [_key(text) for text in given], [_head(text) for text in heads]
    with books() as opened:
        box = Keybox(opened.state).open()  # first: what it knows, the ledger knew before
        found = compare(
            opened.root / "Logs",
            opened.ledger,
            pending_ok=True,
            box=box,
            keys=keys,
            progress=_progress(as_json),
        )
        findings = found + gone(opened.ledger, box)
        if place.running(opened.state) is None:
            findings += _unwritten(opened, found.pending)
        asked, against = ([], []) if offline else _anchored(opened)
        findings += [*against, *_by_yours(opened, yours)]
    if as_json:
        counts = {
            "checked": found.checked,
            "keyed": found.keyed,
            "old": found.old,
            "foreign": found.foreign,
            "pending": found.pending,
            "anchors": asked,
            "heads": len(yours),
        }
        print(json.dumps({"ok": not findings, "findings": findings, **counts}, indent=1))
        return FOUND_PROBLEMS if findings else 0
    for finding in findings:
        print(finding)
    verdict = "the logs say what the ledger says"
    if findings:
        verdict = f"{len(findings)} finding{'s' * (len(findings) > 1)}"
    print(f"{found.checked} lines checked{_beside(found, asked, len(yours))}: {verdict}.")
    return FOUND_PROBLEMS if findings else 0


def _beside(found: Findings, asked: list[str], heads: int) -> str:
    told = {
        "with your key": found.keyed,
        "from before the chain began": found.old,
        "of another machine left out": found.foreign,
        "not written yet": found.pending,
        f"head{'s' * (heads > 1)} of yours": heads,
    }
    said = "".join(f", {count} {what}" for what, count in told.items() if count)
    return said + "".join(f", the anchor {name} asked" for name in asked)


def _key(text: str) -> bytes:
    from factotum.views.keyed import KeyFormError, key_of

    if text == "-":
        text = click.prompt("Key", hide_input=sys.stdin.isatty(), err=True)
    try:
        return key_of(text)
    except KeyFormError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--key") from None


def _head(text: str) -> Head:
    """The head in a message that was copied, with or without what stands round it."""
    from factotum.anchor import parse

    if text == "-":
        text = _up_to_its_end()
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0 or (head := parse(text[start:end])) is None:
        raise click.BadParameter(
            "there is no head in it; copy the whole message, from { to }", param_hint="--head"
        )
    return head


def _up_to_its_end() -> str:
    """What is typed, pasted or piped in, up to the line in which a head ends."""
    if sys.stdin.isatty():
        print("Paste the message:", file=sys.stderr)
    read = ""
    for row in sys.stdin:
        read += row
        if "}" in row:
            break
    return read


def _by_yours(opened: Books, heads: list[Head]) -> list[str]:
    """What heads that the owner was told say otherwise."""
    from factotum.views import record
    from factotum.views.anchored import differences

    instance, mark = opened.settings.text("INSTANCE"), record.mark(opened.ledger)
    others = [one for one in heads if one.ledger != mark and one.instance != instance]
    said = [f"a head that you gave is of {line(one.instance, 50)}, not of here" for one in others]
    ours = sorted((one for one in heads if one not in others), key=lambda one: one.count)
    return [*said, *differences(ours, "that you gave", opened.ledger, instance)]


def _progress(quiet: bool) -> Callable[[int], None]:
    """Tells on a terminal, now and then, how many lines were read."""
    if quiet or not sys.stderr.isatty():
        return lambda lines: None

    def told(lines: int) -> None:
        if lines % PROGRESS_LINES == 0:
            print(f"\r{lines} lines …", end="\r", file=sys.stderr, flush=True)

    return told


def _anchored(opened: Books) -> tuple[list[str], list[str]]:
    """(the anchors that were asked, what they remember otherwise)."""
    from factotum.anchor import AnchorError
    from factotum.anchors import built
    from factotum.views.anchored import differences

    asked, against = [], []
    instance = opened.settings.text("INSTANCE")
    for anchor in built(opened.settings, opened.state):
        try:
            heads = anchor.read()
        except AnchorError as failed:
            against.append(f"the anchor {anchor.name} could not be asked: {failed}")
            continue
        asked.append(anchor.name)
        against += differences(heads, anchor.name, opened.ledger, instance)
    return asked, against


@audit.command()
def key() -> None:
    """Make a new key for the audit log and show it, once. Keep it anywhere but here: with it
    `verify` can tell lines that were written then from lines that somebody made later."""
    from factotum import chain
    from factotum.keybox import Keybox
    from factotum.views.keyed import key_text

    with books() as opened:
        key = chain.new_key()
        name = Keybox(opened.state).offer(key, place.now())
        opened.ledger.set_meta("audit_key_offered", name)  # so that who runs looks
        opened.wake()
        print(key_text(key))
        print(
            "\nThis is shown once and kept nowhere here. Write it down, away from this machine.\n"
            "It counts from the next line of the log on. Check with: factotum audit verify --key -",
            file=sys.stderr,
        )


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
