"""Which lines to put where in the handbook so that a rule stands among the others. Pure.

Nothing is written: what comes out is a change of a note, which a person is asked about. Whatever
is proposed has been read once more: all other rules, and all else in the block, are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from factotum.gate.rules import Policy, Rule, Verb
from factotum.gate.rules_text import PolicyError, one_rule, parse

#: Which rules no new one of each kind comes before.
KEPT: dict[Verb, tuple[Verb, ...]] = {
    Verb.DENY: (),
    Verb.STRONG: (Verb.DENY,),
    Verb.ASK: (Verb.DENY, Verb.STRONG),
    Verb.ALLOW: (Verb.DENY, Verb.STRONG),
}


def put(text: str, rule: Sequence[str], place: int) -> tuple[str, str] | None:
    """What to find in the handbook's `text`, and what to put there instead, so that the rule of
    these lines (the first begins with a dash) is read as the one after `place` others, or last;
    None where that cannot be done. To find nothing means: at the end of the note."""
    try:
        before = parse(text)
        read = one_rule("\n".join(rule))
    except PolicyError:
        return None
    if before is None:
        lines = ["```yaml policy", "rules:", *(f"  {line}" for line in rule), "```"]
        return "", "\n".join(["", *lines])
    wanted = [*before.rules[:place], read, *before.rules[place:]]
    lines = text.split("\n")
    for at in reversed(_between(before, place, len(lines))):
        for new in _drafts(before, lines[at], rule):
            if _reads_as([*lines[: at + 1], *new, *lines[at + 1 :]], wanted, before):
                find = unique(text, lines, at)
                return (find, "\n".join([find, *new])) if find else None
    return None


def _between(policy: Policy, place: int, lines: int) -> range:
    """Below which lines, counted from 0, the new one can stand: from the rule that comes before
    it to the one that comes after."""
    first = policy.rules[place - 1].line - 1 if place else 0
    end = policy.rules[place].line - 1 if place < len(policy.rules) else lines
    return range(first, end)


def place_for(rule: Rule, policy: Policy) -> int:
    """Before how many rules a new one is put: behind the last that is about the same tools and
    that it must not lift, and then as early as that, so that it holds. An allow that lifts no
    question comes last."""
    kept = KEPT[rule.verb]
    met = [(n, one) for n, one in enumerate(policy.rules) if _meet(rule, one)]
    least = max((n + 1 for n, one in met if one.verb in kept), default=0)
    if rule.verb is not Verb.ALLOW:
        return least
    asks = (n for n, one in met if n >= least and one.verb is Verb.ASK)
    return next(asks, len(policy.rules))


def _meet(one: Rule, other: Rule) -> bool:
    """Whether both may be about one tool."""
    return any(
        fnmatchcase(a, b) or fnmatchcase(b, a) or ("*" in a and "*" in b)
        for a in one.tools
        for b in other.tools
    )


def _drafts(policy: Policy, line: str, rule: Sequence[str]) -> Iterator[list[str]]:
    """The new lines as they might stand below this one."""
    if not policy.rules:
        if line.startswith("```") and "policy" in line:
            yield ["rules:", *(f"  {one}" for one in rule)]
    elif not line.strip().startswith("#"):
        for indent in ("  ", "", "    "):
            yield [f"{indent}{one}" for one in rule]


def _reads_as(lines: Sequence[str], wanted: Sequence[Rule], before: Policy) -> bool:
    try:
        after = parse("\n".join(lines))
    except PolicyError:
        return False
    if after is None:
        return False
    same = (after.quiet, after.budgets, after.tools) == (
        before.quiet,
        before.budgets,
        before.tools,
    )
    return same and [_meaning(one) for one in after.rules] == [_meaning(one) for one in wanted]


def _meaning(rule: Rule) -> tuple[object, ...]:
    return rule.verb, rule.tools, rule.conditions


def unique(text: str, lines: Sequence[str], at: int) -> str:
    """The line, with so many above it that it stands in the note but once."""
    for first in reversed(range(at + 1)):
        passage = "\n".join(lines[first : at + 1])
        if passage.strip() and text.count(passage) == 1:
            return passage
    return ""
