"""Where a new rule stands among the others, so that it holds and lifts nothing strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.gate.rules import Policy
from factotum.gate.rules_put import place_for, put
from factotum.gate.rules_text import one_rule, parse
from factotum.gate.rules_words import lines_of

TEMPLATE = (Path(__file__).parents[2] / "vault_template/Company_Handbook.md").read_text()


def block(*rules: str, rest: str = "") -> str:
    listed = "".join(f"  - {{{rule}}}\n" for rule in rules)
    return f"# Handbook\n\n```yaml policy\nrules:\n{listed}{rest}```\n\nMine.\n"


def lines(rule: str) -> list[str]:
    return [f"{'  ' if n else '- '}{line}" for n, line in enumerate(lines_of(one_rule(rule)))]


def policy(text: str) -> Policy:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rules", "new", "place"),
    [
        ((), "deny: mail__send", 0),
        (('strong: "pay__*"', "allow: mail__send"), "deny: mail__send", 0),
        (("deny: mail__send, recipient: new",), "strong: mail__send", 1),
        (('strong: "pay__*"', "allow: pay__small"), "ask: pay__small", 1),  # strong stays strong
        (('strong: "pay__*"', "allow: mail__send"), "ask: mail__send", 0),
        (("ask: mail__send", 'deny: "web__*"'), "allow: mail__send, recipient: known", 0),
        (('deny: "*"', "ask: mail__send"), "allow: mail__send, recipient: known", 1),
        (("ask: mail__send", "deny: mail__send, recipient: new"), "allow: mail__send", 2),
        (('deny: "mail__*"', "ask: web__get"), 'allow: "*__send"', 2),  # the stars may meet
        (("ask: web__get",), "allow: mail__send", 1),
    ],
)
def test_a_rule_lifts_nothing_strict_and_comes_before_what_asks(
    rules: tuple[str, ...], new: str, place: int
) -> None:
    assert place_for(one_rule(new), policy(block(*rules))) == place


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("rest", ["", "quiet: 22:00-07:00\ntools:\n  a__b: {url: [u]}\n"])
def test_a_rule_is_put_where_it_is_wanted_and_all_else_stays(place: int, rest: str) -> None:
    text = block('strong: "pay__*"', "ask: mail__send, recipient: new", "deny: web__get", rest=rest)
    found = put(text, lines("allow: mail__send, recipient: known"), place)
    assert found is not None and text.count(found[0]) == 1
    after = text.replace(*found)
    rules = policy(after).rules
    assert rules[place].verb == "allow" and len(rules) == 4
    assert all(line in after.split("\n") for line in text.split("\n"))
    assert (policy(after).quiet, policy(after).tools) == (policy(text).quiet, policy(text).tools)


def test_the_handbook_that_is_shipped_takes_a_rule_at_each_place() -> None:
    for place in range(len(policy(TEMPLATE).rules) + 1):
        found = put(TEMPLATE, lines("deny: mail__send, recipient: in rival.example"), place)
        assert found is not None
        assert policy(TEMPLATE.replace(*found)).rules[place].verb == "deny"


def test_a_long_block_is_not_tried_line_by_line() -> None:
    many = [f"deny: tool__{n}" for n in range(400)]
    text = block(*many, rest="\n" * 2000)
    found = put(text, lines("allow: mail__send"), 0)
    assert found is not None and policy(text.replace(*found)).rules[0].verb == "allow"
