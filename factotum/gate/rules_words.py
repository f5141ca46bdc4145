"""Rules told: in plain words for a person, as lines of a handbook, and as a short version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from factotum.gate.conditions import either
from factotum.gate.rules import Policy, Rule, Verb

#: What each word of a rule does, behind what it is about.
DOES = {
    Verb.ALLOW: "is done without asking",
    Verb.ASK: "asks",
    Verb.STRONG: "asks, and only the strong word counts",
    Verb.DENY: "never happens",
}


def plain(rule: Rule) -> str:
    """“mail__send to somebody you know, without files: is done without asking”."""
    held = ", ".join(one.said for one in rule.conditions)
    about = f"{either(map(_tool, rule.tools))} {held}".rstrip()
    return f"{about}: {DOES[rule.verb]}"


def _tool(pattern: str) -> str:
    return "whatever there is" if pattern == "*" else pattern


def plain_policy(policy: Policy) -> list[str]:
    """What the policy says besides its rules, a line each."""
    told = []
    if policy.quiet:
        start, end = policy.quiet.start, policy.quiet.end
        told.append(f"quiet from {start:%H:%M} to {end:%H:%M}: only emergencies are told")
    for name, usd in policy.budgets.items():
        told.append(f"models may cost {usd:.2f} USD a {name}")
    for tool, declared in policy.tools.items():
        held = (f"{name} in {either(args)}" for name, args in declared.items())
        told.append(f"{tool} holds its {'; '.join(held)}")
    return told


def words(rule: Rule) -> str:
    """The rule in the words of the handbook, by which one without a name is known."""
    parts = [f"{rule.verb} {', '.join(rule.tools)}"]
    for one in rule.conditions:
        written = one.written if isinstance(one.written, str) else ", ".join(one.written)
        parts.append(f"{one.key} {written}")
    return "; ".join(parts)


def render(policy: Policy) -> str:
    """The block's lines by which the same policy is read again."""
    lines = ["rules:" if policy.rules else "rules: []"]
    for rule in policy.rules:
        lines += _indented(lines_of(rule))
    if policy.quiet:
        lines.append(f"quiet: {policy.quiet.start:%H:%M}-{policy.quiet.end:%H:%M}")
    if policy.budgets:
        held = {name: f"{usd:.4f} USD" for name, usd in policy.budgets.items()}
        lines.append(f"budget: {_flow(held)}")
    if policy.tools:
        lines.append("tools:")
        lines += [f"  {_flow(tool)}: {_flow(dict(of))}" for tool, of in policy.tools.items()]
    return "\n".join(lines)


def lines_of(rule: Rule) -> list[str]:
    """The lines of one rule, without the dash before the first."""
    named = [("name", rule.name)] if rule.name != words(rule) else []
    held = [(one.key, one.written) for one in rule.conditions]
    pairs: list[tuple[str, object]] = [*named, (rule.verb.value, rule.tools), *held]
    return [f"{key}: {_flow(value)}" for key, value in pairs]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{'    ' if n else '  - '}{line}" for n, line in enumerate(lines)]


def _flow(value: object) -> str:
    """A value as YAML that is JSON as well; a list of one without its brackets."""
    if isinstance(value, tuple) and len(value) == 1:
        (value,) = value
    return json.dumps(value, ensure_ascii=False)


def version(policy: Policy) -> str:
    """The same for the same meaning, however it is written."""
    digest = hashlib.sha256(render(policy).encode(errors="surrogatepass")).hexdigest()
    return f"rules-{digest[:10]}"
