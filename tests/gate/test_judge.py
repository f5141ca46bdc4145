"""The order of what decides: secrets, fixed rules, permissions, the handbook, the tool's row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factotum.gate.policy import Allow, Ask, Deny, Verdict, forbidden, judge
from factotum.gate.rules import House, Policy, Rule, Verb
from factotum.model import Call, Risk, Task, Trust

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOUSE = House(NOON)
ADA = "ada@rossi.example"
SEND = Call("mail__send", {"to": [ADA], "subject": "Hi", "body": "Hello."})
REPLY = Call("mail__send", {**SEND.args, "in_reply_to": "<m-1@rossi.example>"})


def rule(verb: Verb, *tools: str, name: str = "a rule", for_task: str = "") -> Rule:
    return Rule(name, verb, tools or ("*",), said=name, for_task=for_task)


def house(*rules: Rule, grants: tuple[Rule, ...] = (), **more: Any) -> House:
    return replace(HOUSE, policy=Policy(rules), grants=grants, **more)


def task(trust: Trust = Trust.OWNER, **more: Any) -> Task:
    return Task("t-1", "email", "A task", "text", trust, **more)


def mail_of(trust: Trust) -> Task:
    return task(trust, sender=ADA, properties={"message_id": "<m-1@rossi.example>"})


def test_a_secret_is_denied_whatever_a_rule_allows() -> None:
    def secret(args: Mapping[str, Any]) -> str:
        return "SMTP_PASSWORD" if "hunter2hunter2" in str(args) else ""

    told = house(rule(Verb.ALLOW), secret=secret)
    call = Call("mail__send", {**SEND.args, "body": "hunter2hunter2"})
    assert judge(call, task(), told) == Deny(
        "a secret stands in it (SMTP_PASSWORD); secrets go nowhere"
    )
    assert isinstance(judge(SEND, task(), told), Allow)


@pytest.mark.parametrize("tool", ["mail__send", "notes__write", "notes__read", "odd__tool"])
def test_where_the_rules_cannot_be_read_everything_asks(tool: str) -> None:
    broken = replace(HOUSE, policy=Policy((rule(Verb.ALLOW),), broken="line 3: `alow`"))
    assert isinstance(judge(Call(tool, {}), task(), broken), Ask)


@pytest.mark.parametrize("trust", [Trust.KNOWN, Trust.STRANGER])
@pytest.mark.parametrize(
    "call",
    [
        SEND,
        Call("notes__change", {"note": "Projects/x.md", "find": "a", "replace": "b"}),
        Call("remember", {"text": "x"}),
        Call("forget", {"note": "Office/Memory/x.md"}),
        Call("odd__tool", {}),
    ],
)
def test_no_rule_allows_what_others_caused(trust: Trust, call: Call) -> None:
    found = judge(call, mail_of(trust), house(rule(Verb.ALLOW)))
    assert isinstance(found, Ask)
    assert found.rule.startswith("fixed rule")


def test_a_known_person_gets_an_answer_in_their_thread_if_a_rule_says_so() -> None:
    said = house(rule(Verb.ALLOW))
    assert judge(REPLY, mail_of(Trust.KNOWN), said) == Allow("a rule", "a rule")
    assert isinstance(judge(REPLY, mail_of(Trust.KNOWN), HOUSE), Ask)
    assert isinstance(judge(REPLY, mail_of(Trust.STRANGER), said), Ask)


@pytest.mark.parametrize(
    "more",
    [
        {"in_reply_to": ""},
        {"in_reply_to": "<other@rossi.example>"},
        {"to": [ADA, "eve@evil.example"]},
        {"to": ["eve@evil.example"]},
        {"cc": ["eve@evil.example"]},
        {"bcc": ["eve@evil.example"]},
        {"attachments": ["customers.csv"]},
    ],
)
def test_anything_more_than_the_answer_asks(more: Mapping[str, Any]) -> None:
    call = Call("mail__send", {**REPLY.args, **more})
    assert isinstance(judge(call, mail_of(Trust.KNOWN), house(rule(Verb.ALLOW))), Ask)


def test_a_mail_without_an_id_has_no_thread() -> None:
    bare = task(Trust.KNOWN, sender=ADA)
    call = Call("mail__send", {**SEND.args, "in_reply_to": ""})
    assert isinstance(judge(call, bare, house(rule(Verb.ALLOW))), Ask)


@pytest.mark.parametrize(
    "path",
    ["Company_Handbook.md", "company_handbook.md", "./Company_Handbook.md", "Office/../SOUL.md"],
)
def test_what_steers_is_changed_only_by_the_strong_word(path: str) -> None:
    call = Call("notes__change", {"note": path, "find": "a", "replace": "b"})
    found = judge(call, task(), HOUSE)
    assert isinstance(found, Ask)
    assert found.risk is Risk.HIGH


def test_no_rule_lets_the_rules_be_changed() -> None:
    call = Call("notes__change", {"note": "Company_Handbook.md", "find": "a", "replace": "b"})
    found = judge(call, task(), house(rule(Verb.ALLOW), grants=(rule(Verb.ALLOW, for_task="t-1"),)))
    assert isinstance(found, Ask)
    assert found.risk is Risk.HIGH


GRANT = rule(Verb.ALLOW, name="this thread", for_task="t-1")


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (Verb.ASK, Allow("this thread", "this thread")),
        (Verb.ALLOW, Allow("this thread", "this thread")),
        (Verb.DENY, Deny("a rule")),
        (Verb.STRONG, Ask(Risk.HIGH, "a rule")),
    ],
)
def test_a_permission_goes_before_an_ask_but_not_before_a_no(verb: Verb, expected: Verdict) -> None:
    assert judge(SEND, task(), house(rule(verb), grants=(GRANT,))) == expected


def test_a_permission_holds_in_its_task_alone() -> None:
    elsewhere = replace(mail_of(Trust.STRANGER), id="t-2")
    assert isinstance(judge(SEND, mail_of(Trust.STRANGER), house(grants=(GRANT,))), Allow)
    assert isinstance(judge(SEND, elsewhere, house(grants=(GRANT,))), Ask)


def test_an_ask_keeps_the_risk_that_the_call_has() -> None:
    elsewhere = Call("mail__send", {**SEND.args, "to": ["eve@evil.example"]})
    found = judge(elsewhere, mail_of(Trust.STRANGER), house(rule(Verb.ASK)))
    assert found == Ask(Risk.HIGH, "a rule")


def test_only_a_deny_forbids_what_was_approved() -> None:
    assert forbidden(SEND, task(), house(rule(Verb.DENY))) == "a rule"
    for verb in (Verb.ALLOW, Verb.ASK, Verb.STRONG):
        assert forbidden(SEND, task(), house(rule(verb), rule(Verb.DENY))) == ""
