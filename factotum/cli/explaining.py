"""`policy explain`: what would become of one call, and by which rule."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import click

from factotum.cli import find, place
from factotum.cli.household import house_of
from factotum.cli.place import Books, books
from factotum.cli.telling import line
from factotum.gate.facets import facets
from factotum.gate.policy import Allow, Ask, Deny, Verdict, judge
from factotum.gate.records import Card
from factotum.gate.rows import REVIEWED, row_of
from factotum.gate.rules import House, Verb
from factotum.inert import visible
from factotum.model import Call, Task, Trust
from factotum.tooling.pinned import Memory
from factotum.words import local

EXAMPLE = '{"to": ["ada@example.org"]}'
LABELS = [label.value for label in Trust]


@click.command(short_help="Say what would become of a call, and by which rule.")
@click.argument("tool")
@click.option("--args", "given", default="{}", metavar="JSON", help="The arguments of the call.")
@click.option("--trust", default="owner", show_default=True, type=click.Choice(LABELS),
              help="Whose words the task carries.")  # fmt: skip
@click.option("--from", "sender", default="", metavar="ADDRESS",
              help="Who wrote the mail that the task is about.")  # fmt: skip
@click.option("--at", "clock", default="", metavar="HH:MM", help="The time of day; else now.")
@click.option("--task", "of_task", default="", metavar="ID",
              help="A task that there is: whose it is, and what was permitted for it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explain(
    tool: str, given: str, trust: str, sender: str, clock: str, of_task: str, as_json: bool
) -> None:
    """Say what would become of a call of TOOL, and by which rule. Nothing is done."""
    args = _args(given)
    now = _moment(clock)
    call = Call(tool, args)
    with books() as opened:
        known = Memory(opened.state / "catalogue.json").names()
        task = _existing(opened, of_task) if of_task else _made_up(Trust(trust), sender, args)
        house = house_of(opened, now.timestamp(), task.id)
        verdict = judge(call, task, house)
        tried = _tried(call, task, house)
    if as_json:
        print(json.dumps({**_plain(verdict), "tried": tried}, ensure_ascii=False, indent=1))
        return
    print(f"{line(tool)}, {_whose(task)}, at {now:%H:%M}: {_said(verdict)}")
    for one in tried:
        print(f"  {'fits' if one['fits'] else 'no'}: {line(one['rule'], 200)}{_why(one)}")
    if not row_of(tool).reviewed:
        print(f"  {_unknown(tool, known)}")


def _made_up(trust: Trust, sender: str, args: Mapping[str, Any]) -> Task:
    """A call that answers some mail is taken to answer the one that the task is about."""
    thread = {"message_id": args["in_reply_to"]} if sender and "in_reply_to" in args else {}
    return Task("t-none", "note", "", "", trust, sender=sender, properties=thread)


def _existing(opened: Books, id: str) -> Task:
    """The task of that id, or the one whose request it is, as the ledger knows it."""
    found = find.thing(opened, id)
    row = opened.ledger.task(found.task) if isinstance(found, Card) else found
    assert row is not None, "a request without a task"
    return row.task()


def _unknown(tool: str, known: Collection[str]) -> str:
    """What is said of a tool that has no reviewed row. A server is first asked when a task
    needs tools, so till then those of others are not known."""
    if tool in known:
        return "Nobody has reviewed this tool: it is taken for the worst."
    near = difflib.get_close_matches(tool, {*known, *REVIEWED}, 1)
    hint = f"; did you mean {near[0]}?" if near else ". See: factotum tools"
    return line(f"No tool on offer is called that now: it is taken for the worst{hint}", 200)


def _args(given: str) -> Mapping[str, Any]:
    try:
        found = json.loads(given)
    except ValueError as wrong:
        raise click.UsageError(f"--args is no JSON ({wrong}). Write: '{EXAMPLE}'") from None
    if not isinstance(found, dict):
        raise click.UsageError(f"--args must name each argument. Write: '{EXAMPLE}'")
    return found


def _moment(clock: str) -> datetime:
    now = local(place.now())
    if not clock:
        return now
    try:
        at = datetime.strptime(clock, "%H:%M")  # noqa: DTZ007 (a time of day, in our zone)
    except ValueError:
        raise click.UsageError(f"--at {clock!r} is no time of day. Write it as 23:30") from None
    return now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)


def _tried(call: Call, task: Task, house: House) -> list[dict[str, Any]]:
    """Each permission and rule in order, up to the one that decides, and why not. A rule that
    forbids or wants the strong word goes before all permissions."""
    if house.policy.broken:
        return []
    found = facets(call, house.policy.tools.get(call.tool))
    rules = list(house.policy.tried(call, found, task, house))
    grants = [(grant, grant.why_not(call, found, task, house)) for grant in house.grants]
    strict = rules and not rules[-1][1] and rules[-1][0].verb in (Verb.DENY, Verb.STRONG)
    tried = []
    for rule, why_not in rules if strict else [*grants, *rules]:
        said = rule.said or rule.name
        tried.append({"rule": said, "line": rule.line, "fits": not why_not, "why_not": why_not})
        if not why_not:
            break
    return tried


def _whose(task: Task) -> str:
    by = f" from {line(task.sender)}" if task.sender else ""
    words = {Trust.OWNER: "yours", Trust.KNOWN: "somebody you know", Trust.STRANGER: "a stranger"}
    return f"for a task of {words[task.trust]}{by}"


def _why(one: Mapping[str, Any]) -> str:
    return "" if one["fits"] else f" ({visible(one['why_not'])})"


def _said(verdict: Verdict) -> str:
    match verdict:
        case Allow(rule):
            return f"goes without asking ({rule})"
        case Deny(rule):
            return f"never happens ({rule})"
        case Ask(risk, rule):
            return f"asks, {risk} risk ({rule})"


def _plain(verdict: Verdict) -> dict[str, str]:
    risk = {"risk": verdict.risk.value} if isinstance(verdict, Ask) else {}
    return {"verdict": type(verdict).__name__.lower(), "rule": verdict.rule, **risk}
