"""A card says where something of it may be overlooked."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from factotum.gate.contact import Contact
from factotum.gate.facets import facets
from factotum.gate.known import gaps, not_theirs, oddities, title, told
from factotum.gate.rules import House, Policy
from factotum.gate.rules_text import one_rule
from factotum.model import Call, Task, Trust
from factotum.money import teller

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
BARE = House(NOW)


def at(year: int, month: int, day: int) -> float:
    return datetime(year, month, day, 12, tzinfo=UTC).timestamp()


def lines(house: House, *to: str, body: str = "Hi") -> list[str]:
    call = Call("mail__send", {"to": list(to), "subject": "Re", "body": body})
    return list(told(call, house)["known"])


def warnings(body: str) -> list[str]:
    known = lines(BARE, "ada@rossi.example", body=body)
    return [line for line in known if line.startswith("⚠")]


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        (
            Contact("ada@rossi.example"),
            "ada@rossi.example: not in your contacts; the first mail that I would send there, "
            "ever.",
        ),
        (
            Contact("ada@rossi.example", "Ada Rossi", True),
            "Ada Rossi, ada@rossi.example: in your contacts; the first mail that I would send "
            "there, ever.",
        ),
        (
            Contact(
                "ada@rossi.example",
                "Ada Rossi",
                True,
                41,
                first_sent=at(2021, 3, 3),
                last_sent=at(2026, 11, 12),
            ),
            "Ada Rossi, ada@rossi.example: in your contacts; 41 mails sent there before, with "
            "your yes, since Wed 3 Mar 2021, last on Thu 12 Nov.",
        ),
        (
            Contact("x@y.example", sent=1, first_sent=at(2026, 11, 28), last_sent=at(2026, 11, 28)),
            "x@y.example: not in your contacts; 1 mail sent there before, with your yes, today.",
        ),
        (
            Contact("ada@rossl.example", alike="ada@rossi.example", alike_name="Ada Rossi"),
            "⚠ ada@rossl.example: NOT your Ada Rossi's address (that is ada@rossi.example). "
            "First mail there, ever.",
        ),
        (
            Contact("ada@rossi.example", "Ada", True, never=True),
            "Ada, ada@rossi.example: ⚠ your note on them says never to take them for known; the "
            "first mail that I would send there, ever.",
        ),
    ],
)
def test_a_card_says_how_well_an_address_is_known(contact: Contact, line: str) -> None:
    house = House(NOW, contact=lambda address: contact)
    assert lines(house, contact.address) == [line]


def test_a_sender_who_could_be_taken_for_somebody_is_told() -> None:
    alike = Contact("ada@rossl.example", alike="ada@rossi.example", alike_name="Ada")
    house = House(NOW, contact=lambda address: alike)
    assert not_theirs("ada@rossl.example", "Ada", house) == (
        "ada@rossl.example is NOT your Ada's address, which is ada@rossi.example. "
        "Ask them another way."
    )
    house = House(NOW, namesake={"Ada Rossi": "ada@rossi.example"}.get)  # type: ignore[arg-type]
    assert "NOT the address that you have of Ada Rossi" in not_theirs(
        "e@e.test", "Ada Rossi", house
    )
    assert not not_theirs("e@e.test", "Eve", house)


def test_a_secret_that_a_person_put_in_is_warned_of() -> None:
    house = House(NOW, secret=lambda args: "FACTOTUM_SMTP_PASSWORD")
    assert lines(house, "a@b.example")[-1] == (
        "⚠ A secret stands in it (FACTOTUM_SMTP_PASSWORD): whoever gets this has it"
    )


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("Thanks!" + " " * 3000 + "PAY", ["3,000 blanks"]),
        ("Thanks!\n" + "\u00a0" * 3000 + "PAY", ["3,000 blanks"]),
        ("Thanks!" + "\t" * 100 + "PAY", ["397 blanks"]),
        ("Thanks!" + "\n" * 501 + "PAY", ["500 empty lines"]),
        ("Thanks!" + "\r\n \t" * 501 + "PAY", ["500 empty lines"]),
        ("Thanks!" + "\n" * 30 + " " * 90 + "PAY", ["90 blanks", "29 empty lines"]),
        ("Thanks!" + " " * 3000 + "\n" * 500, []),  # nothing stands behind it
        ("Dear Ada,\n\n\n- one" + " " * 30 + "two\n", []),
    ],
)
def test_text_that_stands_far_off_is_told(text: str, behind: list[str]) -> None:
    assert gaps(text) == behind
    said = [f"⚠ Some of it stands far off, behind {gap}: look at all of it" for gap in behind]
    assert warnings(text) == said


def test_unseen_characters_are_named_and_not_too_many_of_them() -> None:
    assert oddities("Thanks\u200b\u202e") == ["U+200B", "U+202E"]
    (line,) = warnings("".join(map(chr, range(0xE0100, 0xE01F0))))
    assert line.endswith("U+E0107 and 232 more")


@pytest.mark.parametrize("text", [" " * 59 + "x", " \n", "\t", "x" + " " * 900_000])
def test_a_long_text_is_looked_at_once(text: str) -> None:
    began = time.process_time()
    gaps(text * (1_000_000 // len(text)))
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    ("tool", "args", "asks"),
    [
        ("notes__search", {"folder": "Done", "query": "rent"}, "Look through your notes: rent?"),
        ("notes__read", {"note": "Drafts/a.md"}, "Read this note: Drafts/a.md?"),
        ("mail__read", {"id": "17"}, "Read a mail of yours: 17?"),
        ("skill__read", {}, "Read a skill?"),
        ("notes__write", {"title": "A", "name": "x"}, "Write this note?"),
        ("mail__draft", {"to": ["a@b.example"]}, "Put a draft into your mailbox, to a@b.example?"),
        ("notes__search", {"query": "a\n# b " * 40}, "Look through your notes: a # b a # b"),
    ],
)
def test_also_a_look_says_what_it_is_about(tool: str, args: dict[str, str], asks: str) -> None:
    """Where a rule of the house makes even reading ask."""
    said = title(Call(tool, args), "", "")
    assert said.startswith(asks) and len(said) < 90 and "\n" not in said


@pytest.mark.parametrize(
    ("args", "typed", "line"),
    [
        (
            {"payee": "DE89 3704 0044 0532 0130 00", "sum": "120.00", "cur": "EUR"},
            "DE89370400440532013000",
            "It is about 120.00 EUR, for DE89370400440532013000.",
        ),
        (
            {"sum": "120.00"},
            "120.00",
            "It is about 120.00 (of a currency that is not named), ⚠ for whom cannot be told.",
        ),
        (
            {"payee": "a@b.example", "sum": "some"},
            "a@b.example",
            "⚠ It is about money, and how much cannot be told: look at all that it is given",
        ),
    ],
)
def test_a_card_about_money_says_how_much_and_to_whom(
    args: dict[str, str], typed: str, line: str
) -> None:
    declared = {"bank__transfer": {"recipients": ["payee"], "amount": ["sum"], "currency": ["cur"]}}
    house = House(NOW, Policy(tools=declared))
    card = told(Call("bank__transfer", args), house)
    assert (list(card["known"]), card["typed"]) == ([line], typed)


@pytest.mark.parametrize(
    ("locale", "line", "typed"),
    [
        ("de_DE", "It is about 1.234,50\u00a0€, ⚠ for whom cannot be told.", "1.234,50\u00a0€"),
        ("en_US", "It is about €1,234.50, ⚠ for whom cannot be told.", "€1,234.50"),
        ("plain", "It is about 1'234.50 EUR, ⚠ for whom cannot be told.", "1'234.50 EUR"),
    ],
)
def test_a_card_tells_money_as_the_person_writes_it(locale: str, line: str, typed: str) -> None:
    declared = {"bank__transfer": {"amount": ["sum"], "currency": ["cur"]}}
    house = House(NOW, Policy(tools=declared), money=teller(locale))
    card = told(Call("bank__transfer", {"sum": "1234.50", "cur": "EUR"}), house)
    assert (list(card["known"]), card["typed"]) == ([line], typed)
    assert card["sum"] == {"amount": "1234.50", "currency": "EUR"}


def test_a_rule_stays_as_it_is_written_and_the_amount_is_told_beside_it() -> None:
    declared = {"bank__transfer": {"amount": ["sum"], "currency": ["cur"]}}
    house = House(NOW, Policy(tools=declared), money=teller("de_DE"))
    call = Call("bank__transfer", {"sum": "1234.50", "cur": "EUR"})
    rule = one_rule("allow: bank__transfer, amount: up to 1000.50 EUR")
    task = Task("t-1", "note", "A task", "text", Trust.OWNER)
    why_not = rule.why_not(call, facets(call, declared["bank__transfer"]), task, house)
    assert why_not == "1.234,50\u00a0€ is not up to 1000.50 EUR"


def test_an_amount_is_told_only_where_somebody_is_to_read_it() -> None:
    def tell(amount: Decimal, currency: str) -> str:
        raise AssertionError("nobody reads it")

    declared = {"bank__transfer": {"amount": ["sum"], "currency": ["cur"]}}
    house = House(NOW, Policy(tools=declared), money=tell)
    call = Call("bank__transfer", {"sum": "5", "cur": "EUR"})
    rule = one_rule("allow: bank__transfer, amount: up to 1000.50 EUR")
    task = Task("t-1", "note", "A task", "text", Trust.OWNER)
    assert rule.matches(call, facets(call, declared["bank__transfer"]), task, house)


def test_a_sign_of_money_begins_no_formula_in_the_note() -> None:
    declared = {"bank__transfer": {"amount": ["sum"], "currency": ["cur"]}}
    house = House(NOW, Policy(tools=declared), money=teller("en_US"))
    card = told(Call("bank__transfer", {"sum": "5", "cur": "USD"}), house)
    assert "It is about \\$5.00," in card["known"][0]


def test_a_mail_is_not_about_money() -> None:
    assert not any("money" in line for line in lines(BARE, "ada@rossi.example"))


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
@pytest.mark.parametrize("eve", ["eve@x.example", "ada@rossl.example"])
def test_what_is_typed_is_who_is_least_known_of_all_that_it_reaches(field: str, eve: str) -> None:
    def contact(address: str) -> Contact:
        if address == "ada@rossl.example":
            return Contact(address, alike="ada@rossi.example", sent=9)
        return Contact(address, listed=address != eve, sent=3)

    args: dict[str, list[str]] = {"to": ["ada@rossi.example"], "cc": ["bob@rossi.example"]}
    args[field] = [*args.get(field, []), eve]
    house = House(NOW, contact=contact)
    assert told(Call("mail__send", args), house)["typed"] == eve


def test_blanks_that_nobody_sees_are_told_of() -> None:
    hidden = "".join("\t" if bit == "1" else " " for bit in "0110100001101001")
    assert any("16 blanks" in line for line in warnings(f"Thanks!{hidden}\nAda"))
    counted = "\n".join("x" + " " * int(digit) for digit in "01101324")
    assert any("12 blanks" in line for line in warnings(counted))
    assert warnings("Thanks!  \n-- \nAda \n\n") == []
