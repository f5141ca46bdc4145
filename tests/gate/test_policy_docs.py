"""The page on the rules of the house, against the code: every example does what it says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.conditions_text import MEANINGS, READERS
from factotum.gate.contact import Contact
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.rules import House, Verb
from factotum.gate.rules_check import warnings
from factotum.gate.rules_text import KEYS, parse
from factotum.gate.rules_words import DOES
from factotum.model import Call, Risk, Task, Trust

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"(?m)^## (.+)\n\n(```yaml policy\n(?:.*\n)*?```)$", PAGE))
ZONE = timezone(timedelta(hours=1))
OWN = Task("t-1", "note", "", "", Trust.OWNER)
ADA = "ada@rossi.example"
THREAD = {"message_id": "<m@accountant.example>"}


def house(heading: str, clock: str = "12:00", used: int = 0) -> House:
    policy = parse(EXAMPLES[heading])
    assert policy is not None
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 11, 30, hour, minute, tzinfo=ZONE)
    known = {ADA, "bo@accountant.example"}
    contact = lambda address: Contact(address, listed=address in known)  # noqa: E731
    return House(now, policy, contact, lambda rule, seconds: used)


def mail(*to: str, **more: Any) -> Call:
    return Call("mail__send", {"to": list(to), "subject": "Hi", "body": "Hello.", **more})


def pay(amount: str, currency: str = "EUR", payee: str = ADA) -> Call:
    return Call("bank__transfer", {"payee": [payee], "sum": amount, "cur": currency})


def test_mails_to_the_accountant_go_without_asking() -> None:
    there = "Let mails to my accountant go without asking"
    to = "bo@accountant.example"
    assert isinstance(judge(mail(to), OWN, house(there)), Allow)
    assert isinstance(judge(mail("bo@tax.accountant.example"), OWN, house(there)), Allow)
    for call in (mail(to, cc=[ADA]), mail(to, bcc=[ADA]), mail(to, attachments=["a.pdf"])):
        assert isinstance(judge(call, OWN, house(there)), Ask)
    assert isinstance(judge(mail(to), OWN, house(there, "20:00")), Ask)
    assert isinstance(judge(mail(to), OWN, house(there, used=5)), Ask)
    answer = mail(to, in_reply_to="<m@accountant.example>")
    for trust, goes in ((Trust.KNOWN, True), (Trust.STRANGER, False)):
        task = Task("t-2", "email", "", "", trust, sender=to, properties=THREAD)
        assert isinstance(judge(answer, task, house(there)), Allow) is goes
        assert isinstance(judge(mail(to), task, house(there)), Ask)


def test_what_goes_to_a_rival_never_happens() -> None:
    there = house("Never send to somebody")
    for to in ("x@rival.example", "x@eu.rival.example", "Bo@other.example", "bo+n@other.example"):
        assert isinstance(judge(mail(ADA, to), OWN, there), Deny)
    assert isinstance(judge(mail(ADA), OWN, there), Ask)
    assert isinstance(judge(Call("mail__read", {"id": "1"}), OWN, there), Allow)


def test_big_transfers_need_the_strong_word() -> None:
    there = house("Always look twice")
    assert isinstance(judge(pay("100.00"), OWN, there), Allow)
    big = judge(pay("100.01"), OWN, there)
    assert isinstance(big, Ask) and big.risk is Risk.HIGH and "big transfers" in big.rule
    for call in (pay("40", "USD"), pay("much"), Call("bank__transfer", {"payee": [ADA]})):
        verdict = judge(call, OWN, there)
        assert isinstance(verdict, Ask) and "big transfers" in verdict.rule
    assert isinstance(judge(pay("40", payee="new@rossi.example"), OWN, there), Ask)


@pytest.mark.parametrize(("clock", "asks"), [("21:59", False), ("23:30", True), ("06:00", False)])
def test_what_is_written_at_night_asks(clock: str, asks: bool) -> None:
    there = house("Ask also about what needs no asking", clock)
    call = Call("notes__write", {"folder": "Drafts", "title": "A", "text": "a"})
    assert isinstance(judge(call, OWN, there), Ask) is asks


def test_the_night_is_quiet_and_the_cost_capped() -> None:
    policy = house("Be left in peace at night, and cap the cost").policy
    assert policy.quiet is not None and f"{policy.quiet.start:%H:%M}" == "22:00"
    assert policy.budgets == {"day": 1.0, "task": 0.25, "month": 15.0}


def test_every_example_of_the_page_is_sound() -> None:
    assert len(EXAMPLES) == PAGE.count("\n```yaml policy\n") == 5
    for heading in EXAMPLES:
        policy = house(heading).policy
        other = {tool for rule in policy.rules for tool in rule.tools if tool in policy.tools}
        assert warnings(policy, other) == []


def table(head: str) -> dict[str, str]:
    part = PAGE.split(f"| {head} |")[1].split("\n\n")[0]
    return dict(re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", part))


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    assert table("Word") == {verb.value: does for verb, does in DOES.items()}
    assert table("Condition") == MEANINGS and set(MEANINGS) == set(READERS)
    assert table("Key") == KEYS
    assert set(DOES) == set(Verb)
