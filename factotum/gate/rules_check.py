"""What in sound rules is probably not meant: names of no tool, rules that never decide.

Warnings alone: a tool may come later, and a rule that never fits does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from factotum.fenced import nearest
from factotum.gate.facets import Declared
from factotum.gate.rows import REVIEWED, row_of
from factotum.gate.rules import Policy, Rule, Verb
from factotum.gate.rules_text import Mistake
from factotum.model import Trust

#: What of a call a condition speaks of, by its name in the handbook.
FACETS: Mapping[str, tuple[str, ...]] = {
    "recipient": ("recipients",),
    "amount": ("amount", "amount_minor"),
    "url": ("url",),
    "path": ("path",),
}
#: How many tools one warning names.
NAMED_MOST = 4


def warnings(policy: Policy, known: Iterable[str] = ()) -> list[Mistake]:
    """What is worth a second look, by line. `known` are tools beside the reviewed ones."""
    tools = sorted({*(name for name, row in REVIEWED.items() if row.offered), *known})
    found: list[Mistake] = []
    for number, rule in enumerate(policy.rules):
        told = [*_tools(rule, tools), *_open(rule), *_idle(rule, policy.tools)]
        told += _wide(rule, tools, policy.tools)
        told += _unreached(rule, policy.rules[:number])
        found += [Mistake(rule.line, message) for message in told]
    return found


def _tools(rule: Rule, known: list[str]) -> Iterator[str]:
    """Names that are nobody's; one with stars may be meant for what comes later."""
    for tool in rule.tools:
        if "*" not in tool and tool not in known:
            near = nearest(tool, known)
            hint = f"; {near}" if near.startswith("did you mean") else ""
            yield f"there is no tool `{tool}` now{hint}"


def _open(rule: Rule) -> Iterator[str]:
    """An allow that says yes to what nobody has seen yet."""
    if rule.verb is Verb.ALLOW and "*" in rule.tools:
        yield "it allows every tool, also those that nobody has reviewed: name the tools"


def _idle(rule: Rule, declared: Mapping[str, Declared]) -> Iterator[str]:
    """Conditions that no call of the rule's one tool can meet."""
    if rule.verb is not Verb.ALLOW:
        return
    for one in rule.conditions:
        if one.key == "trust" and Trust.OWNER not in one.written:
            yield "what others caused asks in any case, but for an answer to somebody you know"
        if one.key not in FACETS or len(rule.tools) != 1 or "*" in rule.tools[0]:
            continue
        if not _knows(rule.tools[0], one.key, declared):
            yield f"`{one.key}` is not known of {rule.tools[0]}, so this never allows anything"


def _wide(rule: Rule, known: list[str], declared: Mapping[str, Declared]) -> Iterator[str]:
    """Conditions that all calls of some tool meet, because nothing of it is known."""
    if rule.verb is Verb.ALLOW:
        return
    for key in (one.key for one in rule.conditions if one.key in FACETS):
        found = [tool for tool in known if _covered(tool, rule)]
        blind = [tool for tool in found if not _knows(tool, key, declared)]
        if blind:
            named = ", ".join(blind[:NAMED_MOST]) + (" and more" if blind[NAMED_MOST:] else "")
            yield f"`{key}` is not known of {named}: every call of these fits"


def _knows(tool: str, key: str, declared: Mapping[str, Declared]) -> bool:
    return bool(set(FACETS[key]) & set(declared.get(tool, row_of(tool).facets)))


def _unreached(rule: Rule, earlier: tuple[Rule, ...]) -> Iterator[str]:
    for other in earlier:
        if not other.conditions and all(_covered(tool, other) for tool in rule.tools):
            yield f"it never decides: “{other.name}” in line {other.line} comes first"
            return


def _covered(pattern: str, other: Rule) -> bool:
    return any(fnmatchcase(pattern, tool) for tool in other.tools)
