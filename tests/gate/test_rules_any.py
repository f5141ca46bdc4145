"""Whatever stands in the handbook: it is read or refused, and what is read reads back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factotum.gate.conditions import Amount, Caused, Domain, Files, Hours, Rate, Recipient, Stand
from factotum.gate.policy import Allow, judge
from factotum.gate.rows import REVIEWED, row_of
from factotum.gate.rules import Condition, House, Policy, Quiet, Rule, Verb
from factotum.gate.rules_text import PolicyError, parse
from factotum.gate.rules_words import plain, render, version, words
from factotum.gate.where import Host, Place, Web
from factotum.model import Call, Task, Trust
from tests.tries import tries

T = TypeVar("T")
QUICK = settings(max_examples=tries(120), deadline=None, suppress_health_check=list(HealthCheck))

PIECES = [
    "rules:", "\n", "  - ", "allow: ", "ask: ", "deny: ", "mail__send", "recipient: ", "known",
    "[", "]", "{", "}", ", ", "in example.org", "amount: ", "up to 5 EUR", "hour: ", "8:00-9:00",
    "quiet: ", "budget: ", "tools: ", "rate: ", "5 per hour", "```", "\n```yaml policy\n", "# ",
    "name: ", "true", "12", "&a", "*a", "!!x", "\t", "\ud800", "\x00", "\u2028", '"', "'", "|\n",
    "trust: ", "path: ", "url: ", "attachments: ", ">-\n", "? ", ": ", "<<: ", "---\n", "\\U", "\r",
]  # fmt: skip


@QUICK
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40))
def test_no_text_is_anything_but_a_policy_or_its_mistakes(pieces: list[str]) -> None:
    text = "```yaml policy\n" + "".join(pieces) + "\n```\n"
    try:
        found = parse(text)
    except PolicyError as wrong:
        assert wrong.mistakes and all(one.line >= 1 for one in wrong.mistakes)
        return
    assert found is not None and not found.broken
    assert parse(f"```yaml policy\n{render(found)}\n```") == found


labels = st.from_regex(r"[a-zä][a-zä0-9]{0,8}", fullmatch=True)
domains = st.builds("{}.{}".format, labels, st.sampled_from(["example", "test", "co.example"]))
amounts = st.decimals(min_value=0, max_value=10**6, places=2)
costs = st.decimals(min_value=0, max_value=9999, places=2).map(float)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
hours = st.tuples(times, times).filter(lambda two: two[0] != two[1])


def some(one: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(one, min_size=1, max_size=3, unique=True).map(tuple)


def _domain(name: str) -> Domain:
    from factotum.gate.conditions import domain

    return Domain(domain(name))


whom = st.sampled_from(Stand) | st.builds(_domain, domains) | st.builds("ada@{}".format, domains)
host = st.builds(_domain, domains) | st.builds(lambda name: Host(_domain(name).name), domains)
CONDITIONS: tuple[st.SearchStrategy[Condition], ...] = (
    st.builds(Recipient, some(whom)),
    st.builds(lambda most: Amount("EUR", most=most), amounts),
    st.builds(lambda over: Amount("CHF", over=over), amounts),
    st.builds(lambda a, b: Amount("USD", max(a, b), min(a, b)), amounts, amounts),
    st.builds(lambda two: Hours(*two), hours),
    st.builds(Caused, some(st.sampled_from(Trust))),
    st.builds(Web, some(host)),
    st.builds(Place, some(st.sampled_from(["Drafts/*", "Office/*/a.md", "Ä b/?.md"]))),
    st.builds(Files, st.booleans()),
)
rates = st.builds(Rate, some(st.tuples(st.integers(1, 99), st.sampled_from(["hour", "day"]))))
tools = some(st.sampled_from(["mail__send", "mail__*", "*", "pay__invoice", "x-y__Z_1"]))


@st.composite
def rule(draw: st.DrawFn, number: int) -> Rule:
    kinds = draw(st.lists(st.sampled_from(CONDITIONS), max_size=4))
    held: dict[str, Condition] = {}
    for kind in kinds:
        one = draw(kind)
        held[one.key] = one
    verb = draw(st.sampled_from(Verb))
    if verb is Verb.ALLOW and draw(st.booleans()):
        held["rate"] = draw(rates)
    bare = Rule("", verb, draw(tools), conditions=tuple(held.values()))
    name = f"rule {number}, ünamed" if draw(st.booleans()) else words(bare)
    return Rule(name, verb, bare.tools, conditions=bare.conditions)


@st.composite
def policy(draw: st.DrawFn) -> Policy:
    rules = [draw(rule(number)) for number in range(draw(st.integers(0, 4)))]
    named = {one.name: one for one in rules}
    quiet = draw(st.none() | st.builds(lambda two: Quiet(*two), hours))
    budgets = draw(st.dictionaries(st.sampled_from(["day", "task", "month"]), costs))
    declared = draw(
        st.dictionaries(
            st.sampled_from(["bank__transfer", "x__y"]),
            st.dictionaries(
                st.sampled_from(["recipients", "amount", "url"]), some(labels), min_size=1
            ),
        )
    )
    return Policy(tuple(named.values()), quiet, budgets, declared)


@settings(QUICK, max_examples=tries(50))
@given(policy())
def test_what_is_written_is_read_again(made: Policy) -> None:
    read = parse(f"```yaml policy\n{render(made)}\n```\n")
    assert read is not None and read.version == version(made)
    assert [(one.verb, one.tools, one.conditions) for one in read.rules] == [
        (one.verb, one.tools, one.conditions) for one in made.rules
    ]
    assert (read.quiet, read.budgets, read.tools) == (made.quiet, made.budgets, made.tools)
    assert all(plain(one).count(": ") >= 1 for one in read.rules)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["ada@a.example", "1E+99999", "sNaN", "http://[x", "../x", "Drafts/a.md"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)  # fmt: skip
ARGS = st.dictionaries(
    st.sampled_from(["to", "bcc", "note", "url", "sum", "cur", "payee", "attachments", "text"]),
    VALUES,
    max_size=5,
)


@settings(QUICK, max_examples=tries(60))
@given(policy(), st.sampled_from([*REVIEWED, "bank__transfer", "q"]), ARGS)
def test_no_rules_let_through_what_a_stranger_caused(
    rules: Policy, tool: str, args: dict[str, object]
) -> None:
    open_ = replace(rules, rules=(*rules.rules, Rule("all the rest", Verb.ALLOW, ("*",))))
    house = House(datetime(2026, 11, 30, 12, tzinfo=UTC), open_)
    task = Task("t-1", "email", "", "", Trust.STRANGER, sender="ada@a.example")
    verdict = judge(Call(tool, args), task, house)
    row = row_of(tool)
    if row.egress or row.mutates or row.asks_below_owner:
        assert not isinstance(verdict, Allow)
    judge(Call(tool, args), replace(task, trust=Trust.OWNER), house)  # whatever it says


def test_decimals_and_times_are_compared_as_they_are_meant() -> None:
    assert Amount("EUR", most=Decimal("50")) == Amount("EUR", most=Decimal("50.00"))
    assert Hours(time(22), time(7, 30)).holds(time(7, 29))
