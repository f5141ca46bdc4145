"""The gate takes two addresses for one only where mail servers do so too.

A letter that folds into others (`ß` into `ss`) makes a host of its own: whoever owns it must
not be taken for the one that it looks like.
"""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.addresses import exact
from factotum.gate import known
from factotum.gate.conditions import domain
from factotum.gate.contact import Contact
from factotum.gate.lookalike import Lookalikes
from factotum.gate.policy import Allow, Ask, judge
from factotum.gate.rules import House, Policy
from factotum.gate.rules_text import one_rule
from factotum.model import Call, Risk, Task, Trust

sys.path.append(str(Path(__file__).parents[2] / "mcp"))
mail_letter = importlib.import_module("mail_letter")

HERS, EVIL = "ada@fass.example", "ada@faß.example"
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def mail(to: str) -> Call:
    args = {"to": [to], "subject": "Hi", "body": "Hello.", "in_reply_to": "<m-1@x>"}
    return Call("mail__send", args)


def task(trust: Trust = Trust.OWNER, sender: str = "") -> Task:
    more = {"message_id": "<m-1@x>"} if sender else {}
    return Task("t-1", "email", "A task", "text", trust, sender=sender, properties=more)


@pytest.mark.parametrize("rule", ["recipient: in fass.example", f"recipient: {HERS}"])
def test_a_rule_for_one_domain_allows_no_other_that_folds_into_it(rule: str) -> None:
    house = House(NOON, Policy((one_rule(f"allow: mail__send, {rule}"),)))
    assert isinstance(judge(mail(HERS), task(), house), Allow)
    assert isinstance(judge(mail(EVIL), task(), house), Ask)


def test_a_page_of_a_host_that_folds_into_an_allowed_one_asks() -> None:
    house = House(NOON, Policy((one_rule("allow: web__read, url: in fass.example"),)))
    good, evil = (
        Call("web__read", {"url": f"https://{h}/x"}) for h in ("fass.example", "faß.example")
    )
    assert isinstance(judge(good, task(), house), Allow)
    assert isinstance(judge(evil, task(), house), Ask)


def test_only_the_very_person_who_wrote_gets_an_answer_unasked() -> None:
    house = House(NOON, Policy((one_rule("allow: mail__send"),)))
    assert isinstance(judge(mail(HERS), task(Trust.KNOWN, HERS), house), Allow)
    found = judge(mail(EVIL), task(Trust.KNOWN, HERS), house)
    assert isinstance(found, Ask)
    assert found.risk is Risk.HIGH


def test_a_card_says_to_which_host_it_really_goes() -> None:
    told = known.told(mail(EVIL), House(NOON))
    assert "xn--fa-hia.example" in told["who"]
    assert "fass.example" not in told["who"]
    assert "reply" not in known.title(mail(EVIL), HERS, "Ada")


def test_an_address_that_folds_into_a_known_one_is_told_as_looking_like_it() -> None:
    assert Lookalikes([HERS]).of(EVIL) == HERS
    contact = Contact(EVIL, alike=HERS)
    assert not contact.known


@pytest.mark.parametrize(
    "address",
    [
        HERS,
        EVIL,
        "Ada@FASS.example",
        "ada@BÜCHER.example",
        "ada@ςx.example",
        "ada@xn--fa-hia.example",
    ],
)
def test_what_the_gate_compares_is_what_the_mail_server_is_told(address: str) -> None:
    sent = mail_letter.address(address, "to").addr_spec
    assert exact(address) == sent.lower()
    assert domain(address.rpartition("@")[2]) == sent.rpartition("@")[2].lower()
