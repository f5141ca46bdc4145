"""`policy`: the rules of the house and what you gave leave for, from a terminal.

Everything but `revoke` only looks, whether or not an orchestrator runs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from factotum.cli import FOUND_PROBLEMS, place
from factotum.cli.grants import grants, revoke
from factotum.cli.place import Books, books
from factotum.cli.telling import line, local
from factotum.gate.facets import facets
from factotum.gate.policy import Allow, Ask, Deny, Verdict, judge
from factotum.gate.replay import past, replay
from factotum.gate.rows import row_of
from factotum.gate.rules import House, Policy, Rule, Verb
from factotum.gate.rules_check import warnings
from factotum.gate.rules_text import PolicyError, one_rule
from factotum.gate.rules_words import plain, plain_policy
from factotum.gate.secrets import Secrets
from factotum.gate.sent import SentBook
from factotum.inert import visible
from factotum.model import Call, Task, Trust
from factotum.models import surroundings
from factotum.pinned import Memory
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.settings import env_files
from factotum.worker.contacts import Contacts
from factotum.worker.fit import Fit
from factotum.worker.handbook import Handbook
from factotum.worker.house import Household
from factotum.worker.labels import Labels

EXAMPLE = '{"to": ["ada@example.org"]}'
LABELS = [label.value for label in Trust]


@click.group()
def policy() -> None:
    """The rules of the house, and what you gave leave for beforehand."""


policy.add_command(grants)
policy.add_command(revoke)


def _handbook(opened: Books) -> Handbook:
    return Handbook(opened.root, Reader(), opened.ledger, remember=False)


def _house(opened: Books, at: float) -> House:
    """The house as an orchestrator would find it."""
    root, ledger = opened.root, opened.ledger
    reader, around = Reader(), surroundings(os.environ, env_files(Path.cwd(), place.HERE))
    private = PrivateShelf(root, reader).current
    contacts = Contacts(root, reader, Fit(root, reader, Labels(ledger), private), SentBook(ledger))
    keys = {name: key for name, key in around.items() if name.endswith("_KEY")}
    household = Household(
        ledger,
        local,
        _handbook(opened).current,
        contacts.of,
        Secrets({**keys, **opened.settings.named_secrets()}).within,
        contacts.namesake,
    )
    return household.at(at)


# -- check


@policy.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(as_json: bool) -> int:
    """Read the rules of the handbook and say what each does; exits 3 when one is wrong."""
    with books() as opened:
        handbook = _handbook(opened)
        found = handbook.current()
        problems = [problem.reason for problem in handbook.problems()]
        known = Memory(opened.state / "catalogue.json").names()
    doubts = [str(one) for one in warnings(found, known)]
    if as_json:
        print(json.dumps(_checked(found, problems, doubts), ensure_ascii=False, indent=1))
    else:
        print("\n".join(map(visible, _told(found, problems, doubts))))
    return FOUND_PROBLEMS if problems else 0


def _checked(found: Policy, problems: list[str], doubts: list[str]) -> dict[str, Any]:
    rules = [
        {"name": rule.name, "does": rule.verb, "line": rule.line, "says": plain(rule)}
        for rule in found.rules
    ]
    also = plain_policy(found)
    ok = not problems
    return {
        "ok": ok,
        "version": found.version,
        "problems": problems,
        "warnings": doubts,
        "rules": rules,
        "also": also,
    }


def _told(found: Policy, problems: list[str], doubts: list[str]) -> list[str]:
    if problems:
        return [f"Company_Handbook.md: {problem}" for problem in problems]
    told = [f"{_count(len(found.rules), 'rule')} ({found.version}); the first that fits decides."]
    told += [_numbered(n, rule) for n, rule in enumerate(found.rules, 1)]
    told += [f"    {also}" for also in plain_policy(found)]
    told.append("    for all else: reading and own notes need no asking, the rest asks")
    return [*told, *(f"warning: {doubt}" for doubt in doubts)]


def _numbered(number: int, rule: Rule) -> str:
    name = "" if rule.name.startswith(f"{rule.verb} ") else f"“{rule.name}”: "
    return f"{number:>2}  {name}{plain(rule)}"


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


# -- explain


@policy.command()
@click.argument("tool")
@click.option("--args", "given", default="{}", metavar="JSON", help="The arguments of the call.")
@click.option("--trust", default="owner", show_default=True, type=click.Choice(LABELS),
              help="Whose words the task carries.")  # fmt: skip
@click.option("--from", "sender", default="", metavar="ADDRESS",
              help="Who wrote the mail that the task is about.")  # fmt: skip
@click.option("--at", "clock", default="", metavar="HH:MM", help="The time of day; else now.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explain(tool: str, given: str, trust: str, sender: str, clock: str, as_json: bool) -> None:
    """Say what would become of a call of TOOL, and by which rule. Nothing is done."""
    args = _args(given)
    now = _moment(clock)
    # A call that answers some mail is taken to answer the one that the task is about.
    thread = {"message_id": args["in_reply_to"]} if sender and "in_reply_to" in args else {}
    task = Task("t-none", "note", "", "", Trust(trust), sender=sender, properties=thread)
    call = Call(tool, args)
    with books() as opened:
        house = _house(opened, now.timestamp())
        verdict = judge(call, task, house)
        tried = _tried(call, task, house)
    if as_json:
        print(json.dumps({**_plain(verdict), "tried": tried}, ensure_ascii=False, indent=1))
        return
    print(f"{line(tool)}, {_whose(task)}, at {now:%H:%M}: {_said(verdict)}")
    for one in tried:
        print(f"  {'fits' if one['fits'] else 'no'}: {line(one['rule'], 200)}{_why(one)}")
    if not row_of(tool).reviewed:
        print("  Nobody has reviewed this tool: it is taken for the worst.")


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


# -- try


@policy.command("try")
@click.argument("rule")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def try_(rule: str, as_json: bool) -> int:
    """Play RULE over your own past requests: what it would have let through or stopped.

    RULE is one rule, such as 'allow: mail__send, recipient: known', a file that holds one, or
    - for stdin. Nothing is changed.
    """
    from factotum.cli.replaying import plainly, told

    try:
        read = one_rule(_text(rule))
    except PolicyError as wrong:
        for mistake in wrong.mistakes:
            print(visible(f"factotum: {mistake}"), file=sys.stderr)
        return FOUND_PROBLEMS
    with books() as opened:
        house = _house(opened, place.now())
        result = replay(read, past(opened.ledger), local, house.contact, house.policy.tools)
    if as_json:
        print(json.dumps(plainly(read, result), ensure_ascii=False, indent=1))
    else:
        print("\n".join(told(read, result)))
    return 0


def _text(rule: str) -> str:
    """The rule itself, or what the named file or stdin holds."""
    if rule == "-":
        return sys.stdin.read()
    if ":" not in rule and Path(rule).is_file():
        return Path(rule).read_text("utf-8", errors="replace")
    return rule
