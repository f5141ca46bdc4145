"""What a rule is held against is what the tool will take it for, or it counts as unreadable."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from factotum.gate.facets import facets
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.rules import House, Policy
from factotum.gate.rules_text import one_rule
from factotum.model import Call, Task, Trust

ADA, EVIL = "ada@rossi.example", "evil@x.example"
DECLARED = {
    "recipients": ["payee"],
    "amount": ["sum"],
    "amount_minor": ["cents"],
    "currency": ["cur"],
    "path": ["file"],
    "url": ["page"],
}
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
OWNERS = Task("t-1", "note", "A task", "text", Trust.OWNER)


def found(**args: Any) -> Any:
    declared = {key: held for key, held in DECLARED.items() if held[0] in args}
    return facets(Call("bank__pay", args), declared)


def house(rule: str) -> House:
    return House(NOON, Policy((one_rule(rule),), tools={"bank__pay": DECLARED}))


@pytest.mark.parametrize(
    "value",
    [
        [ADA, "evil at x"],
        [ADA, {"address": EVIL}],
        [ADA, [EVIL]],
        [ADA, f"@{EVIL}"],
        [ADA, 5],
        f'"{EVIL}" <{ADA}>',
        f"{ADA};{EVIL}",
        f"{ADA} {EVIL}",
        f"{ADA}({EVIL})",
        f"people:{EVIL},{ADA}",
        f"evil%x.example@{ADA.rpartition('@')[2]}",
        f"x.example!evil@{ADA.rpartition('@')[2]}",
        f"{ADA}\n{EVIL}",
        f"{ADA}\0{EVIL}",
    ],
)
def test_an_address_that_two_readers_take_differently_is_none(value: Any) -> None:
    assert found(payee=value).recipients is None
    call = Call("bank__pay", {"payee": value})
    assert isinstance(judge(call, OWNERS, house(f"allow: bank__pay, recipient: {ADA}")), Ask)
    assert isinstance(judge(call, OWNERS, house("deny: bank__pay, recipient: in x.example")), Deny)


def test_an_apostrophe_is_a_letter_of_an_address() -> None:
    assert found(payee="o'brien@rossi.example").recipients == ("o'brien@rossi.example",)


@pytest.mark.parametrize("value", [ADA, [ADA], f"Ada Rossi <{ADA}>", f"{ADA},", f"{ADA}, {ADA}"])
def test_a_plain_address_is_read(value: Any) -> None:
    assert found(payee=value).recipients == (ADA,)
    call = Call("bank__pay", {"payee": value})
    assert isinstance(judge(call, OWNERS, house(f"allow: bank__pay, recipient: {ADA}")), Allow)


IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    "payee", [IBAN, IBAN.replace(" ", ""), IBAN.lower(), [IBAN], f" {IBAN} ", [ADA, IBAN]]
)
def test_the_number_of_an_account_is_read_whole(payee: Any) -> None:
    assert found(payee=payee).recipients[-1] == "DE89370400440532013000"
    call = Call("bank__pay", {"payee": payee})
    for written in (IBAN, "de89370400440532013000"):
        rule = f"allow: bank__pay, recipient: [{ADA}, {written}]"
        assert isinstance(judge(call, OWNERS, house(rule)), Allow)
        assert isinstance(
            judge(call, OWNERS, house(f"deny: bank__pay, recipient: {written}")), Deny
        )
    other = IBAN.replace("89", "98")
    assert isinstance(
        judge(call, OWNERS, house(f"allow: bank__pay, recipient: [{ADA}, {other}]")), Ask
    )


@pytest.mark.parametrize(
    ("payee", "rule"),
    [
        ("DE89-3704-0044", "allow: bank__pay, recipient: DE89 3704 0044"),
        ("DE89 3704, DE98 3704", "allow: bank__pay, recipient: DE89 3704"),
        ("example1", "allow: bank__pay, recipient: in example1.org"),
        ("DE89\n3704", "allow: bank__pay, recipient: DE89 3704"),
        ("\uff24E89 3704", "allow: bank__pay, recipient: DE89 3704"),
        (IBAN, "allow: bank__pay, recipient: known"),
        (IBAN, "allow: bank__pay, recipient: ada@rossi.example"),
    ],
)
def test_what_is_not_exactly_that_account_asks(payee: str, rule: str) -> None:
    assert isinstance(judge(Call("bank__pay", {"payee": payee}), OWNERS, house(rule)), Ask)


@pytest.mark.parametrize("payee", ["DE89-3704-0044", "de89 3704 00 44", "DE89 3704 0044, DE98"])
def test_an_account_is_forbidden_however_it_is_written(payee: str) -> None:
    rule = house("deny: bank__pay, recipient: DE89 3704 0044")
    assert isinstance(judge(Call("bank__pay", {"payee": payee}), OWNERS, rule), Deny)


def test_a_letter_goes_to_no_account() -> None:
    assert facets(Call("mail__send", {"to": [IBAN]})).recipients is None


@pytest.mark.parametrize(
    "amount",
    ["1e3", "1_0", "١٢", "５", " 5 ", "+5", "-0", "0x10", "1,000", "1.000", "NaN", "1.", ".5", "",
     -1, True, 5.0, [5], 10**400, 10**18, "9" * 19, None],
)  # fmt: skip
def test_an_amount_that_two_readers_take_differently_is_none(amount: Any) -> None:
    assert found(sum=amount, cur="EUR").amount is None


@pytest.mark.parametrize(
    ("amount", "read"), [("40", "40"), (40, "40"), ("40.5", "40.5"), ("0.00012345", "0.00012345")]
)
def test_a_plain_amount_is_read(amount: Any, read: str) -> None:
    assert found(sum=amount, cur="EUR").amount == Decimal(read)


def test_cents_are_whole() -> None:
    assert found(cents="1250").amount == Decimal("12.5")
    assert found(cents="12.5").amount is None


@pytest.mark.parametrize(
    ("cents", "currency", "read"),
    [
        ("12000", "EUR", "120"),
        ("12000", "JPY", "12000"),  # there is nothing smaller than a yen
        ("12000", "KWD", "12"),
        ("12000", "XYZ", "120"),
    ],
)
def test_the_smallest_unit_is_the_one_that_the_currency_has(
    cents: str, currency: str, read: str
) -> None:
    assert found(cents=cents, cur=currency).amount == Decimal(read)
    assert found(cents=f"{cents}.5", cur=currency).amount is None


@pytest.mark.parametrize("currency", ["euſ", "E UR", "€", ["EUR", "USD"], {"code": "EUR"}])
def test_a_currency_is_one_plain_code(currency: Any) -> None:
    assert found(sum="40", cur=currency).currency is None


@pytest.mark.parametrize("value", [{"name": "Office/x"}, ["Projects/a", ["Office/x"]], 7])
def test_what_is_no_text_is_no_path_and_no_address_of_a_page(value: Any) -> None:
    assert found(file=value).paths is None
    assert found(page=value).urls is None
    call = Call("bank__pay", {"file": value})
    assert isinstance(judge(call, OWNERS, house("deny: bank__pay, path: Office/*")), Deny)
