"""Where a rule that leaves somebody's mail alone is put, and whose mail it leaves alone then."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum import watching
from factotum.channels.ignore_rule import address, entry, insertion
from watchers.mail.rules import Do, Mail, decide, read
from watchers.mail.sorting import head_of

EVE = "eve@evil.example"
TEMPLATE = Path("vault_template/Company_Handbook.md")


def put(text: str, sender: str = EVE) -> str:
    found = insertion(text, sender)
    assert found is not None
    find, replace = found
    assert not find or text.count(find) == 1
    return text.replace(find, replace) if find else f"{text}\n{replace}"


def block(*lines: str) -> str:
    return "\n".join(["# House", "", "```yaml watching", *lines, "```", "", "Prose."])


def mail(sender: str, *, known: bool = False) -> Mail:
    head = f"From: Somebody <{sender}>\r\nTo: me@example.test\r\nSubject: Hi\r\n\r\n"
    return Mail(head_of(head.encode(), frozenset({"me@example.test"})), known=known)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# House\n\nBe kind.\n",
        block(),
        block("# mail:", "#   - {is: auto, do: ignore}"),
        block("mail:"),
        block("feeds:", "  - https://example.org/news.xml"),
        block("mail:  # mine", '  - {from: "*@evil.example", do: task}', "feeds:", "- x"),
        block("mail:", '- {from: "*@evil.example", do: task}'),
        block("mail:", "  # those", "", "    - from: '*@evil.example'", "      do: task"),
        "mail:\n\n" + block("mail:", "  - {is: auto, do: ignore}") + "\nmail:\n",
    ],
)
def test_it_decides_first_and_all_else_is_as_it_was(text: str) -> None:
    before = watching.sections(text)
    after = watching.sections(put(text))
    rules = read(after["mail"])
    assert decide(rules, mail(EVE)) is Do.IGNORE
    assert decide(rules, mail("eve@evil.example.org")) is Do.TASK
    assert [rule.do for rule in rules[1:]] == [rule.do for rule in read(before.get("mail", ()))]
    assert {*after} - {"mail"} == {*before} - {"mail"}


def test_somebody_known_whose_address_was_forged_is_still_heard() -> None:
    rules = read(watching.sections(put(block("mail:")))["mail"])
    assert decide(rules, mail(EVE, known=True)) is Do.TASK


def test_it_fits_the_handbook_that_comes_with_a_new_vault() -> None:
    text = (Path(__file__).parents[2] / TEMPLATE).read_text()
    assert decide(read(watching.sections(put(text))["mail"]), mail(EVE)) is Do.IGNORE


@pytest.mark.parametrize(
    "text",
    [
        block("mail: [{is: auto, do: ignore}]"),
        block("mail:", "  - {is: auto, do: ignore}", "mail:", "  - x"),
        block("nonsense:", "  - x"),
        "```yaml watching\nmail:\n",
    ],
)
def test_what_it_cannot_be_put_into_is_left_alone(text: str) -> None:
    assert insertion(text, EVE) is None


@pytest.mark.parametrize(
    ("sender", "taken"),
    [
        ("Eve@Evil.Example", EVE),
        ("o'neill+x@a-b.example", "o'neill+x@a-b.example"),
        ("*@evil.example", ""),  # all of them
        ("[a-z]@evil.example", ""),
        ('a", do: task}@evil.example', ""),
        ("a\n- {from: '*'}@evil.example", ""),
        ("eve", ""),
        ("", ""),
    ],
)
def test_only_a_plain_address_is_named(sender: str, taken: str) -> None:
    assert address(sender) == taken
    if taken:
        assert taken in entry(taken)
