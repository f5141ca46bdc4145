"""`policy`: the rules of the house and what you gave leave for, from a terminal.

Everything but `accept` and `revoke` only looks, whether or not an orchestrator runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from factotum.cli import FOUND_PROBLEMS, place
from factotum.cli.explaining import explain
from factotum.cli.grants import grants, revoke
from factotum.cli.household import handbook_of, house_of
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line
from factotum.gate.replay import past, replay
from factotum.gate.rules import Policy, Rule
from factotum.gate.rules_check import warnings
from factotum.gate.rules_text import PolicyError, one_rule
from factotum.gate.rules_words import plain, plain_policy
from factotum.inert import visible
from factotum.privacy import HANDBOOK, HANDBOOK_MOST_BYTES
from factotum.reader import Reader
from factotum.tooling.pinned import Memory
from factotum.words import local
from factotum.worker.fit import OTHERS
from factotum.worker.labels import Labels


@click.group()
def policy() -> None:
    """The rules of the house, and what you gave leave for beforehand."""


policy.add_command(explain)
policy.add_command(grants)
policy.add_command(revoke)


# -- check


@policy.command(short_help="Read the rules of the handbook and say what each does.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(as_json: bool) -> int:
    """Read the rules of the handbook and say what each does; exits 3 when one is wrong."""
    with books() as opened:
        if not as_json:
            return _say(opened)
        found, problems, doubts = _read(opened)
    print(json.dumps(_checked(found, problems, doubts), ensure_ascii=False, indent=1))
    return FOUND_PROBLEMS if problems else 0


def _say(opened: Books) -> int:
    found, problems, doubts = _read(opened)
    print("\n".join(map(visible, _told(found, problems, doubts))))
    return FOUND_PROBLEMS if problems else 0


def _read(opened: Books) -> tuple[Policy, list[str], list[str]]:
    """The policy, what is wrong with it, and what is probably not meant."""
    handbook = handbook_of(opened)
    found = handbook.current()
    problems = [problem.reason for problem in handbook.problems()]
    known = Memory(opened.state / "catalogue.json").names()
    return found, problems, [str(one) for one in warnings(found, known)]


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


# -- accept


@policy.command(short_help="Say that the handbook as it stands is your own words.")
@click.option("--yes", is_flag=True, help="Do not ask whether you have read it.")
def accept(yes: bool) -> int:
    """Say that the handbook as it stands now is your own words, whoever wrote in it.

    A handbook into which a task wrote what others would have is not gone by until you do.
    """
    with books() as opened:
        handbook, labels = handbook_of(opened), Labels(opened.ledger)
        if OTHERS not in handbook.current().broken:
            print("It counts as your own words already.")
            return _say(opened)
        print(line(f"Read all of {handbook.path} before you agree: its rules decide what goes."))
        if not yes and not sys.stdin.isatty():
            raise click.UsageError("nobody is there to be asked; to agree, add --yes")
        if not yes and not click.confirm("Is all of it as you want it?", default=False):
            raise click.Abort
        raw = Reader().read(handbook.path, HANDBOOK_MOST_BYTES)
        labels.vouched(HANDBOOK, raw, CHANNEL, place.who(), place.now())
        opened.wake()
        return _say(opened)


# -- try


@policy.command("try", short_help="Play a rule over your own past requests.")
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
        house = house_of(opened, place.now())
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
    if ":" in rule:
        return rule
    if not Path(rule).is_file():
        raise click.UsageError(
            f"{line(rule)!r} is no rule and no file that I find. Write: 'allow: mail__send, "
            f"recipient: known'"
        )
    return Path(rule).read_text("utf-8", errors="replace")
