"""Equal yeses in a row, and the lines that would make a rule of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.gate.habits import Habit, habits, insertion, rule_lines
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.records import Card, Proposal
from factotum.gate.register import Register
from factotum.gate.rules import House
from factotum.gate.rules_text import parse
from factotum.ledger import Ledger, TaskRow
from factotum.model import Attachment, Call, Cancelled, Effect, Risk, Task, Trust
from tests.gate.test_grants import local

ADA = "ada@rossi.example"
T = 1_795_000_000.0


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    row = TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, T, None)
    ledger.add_task(row)
    yield Register(ledger)
    ledger.close()


def asked(
    register: Register,
    at: float,
    to: tuple[str, ...] = (ADA,),
    tool: str = "mail__send",
    risk: Risk = Risk.MEDIUM,
    trust: Trust = Trust.OWNER,
    task: str = "t-1",
    **more: object,
) -> Card:
    args = {"to": list(to), "subject": "Hi", "body": str(at)}
    proposal = Proposal(
        int(at - T), tool, args, "Send?", Effect.OPAQUE, risk, "whatever leaves the house asks",
        60.0, trust, "p", **more,  # type: ignore[arg-type]
    )  # fmt: skip
    (id,) = register.propose(task, 1, [proposal], at)
    return register.card(id)


def say(register: Register, card: Card, at: float, verdict: str = "approve") -> Card:
    return register.decide(card.id, card.seal.digest, verdict, "dashboard", "you", at)


def counts(register: Register) -> dict[str, int]:
    return {habit.where: len(habit.times) for habit in habits(register.ledger)}


def test_equal_yeses_are_counted_by_whom_they_went_to(register: Register) -> None:
    for n in range(3):
        say(register, asked(register, T + n), T + n)
        say(register, asked(register, T + 100 + n, ("Bob@x.example", ADA)), T + 100 + n)
    assert counts(register) == {ADA: 3, f"{ADA}, bob@x.example": 3}


@pytest.mark.parametrize("how", ["a no", "an edit", "a cancel"])
def test_what_comes_between_breaks_the_row(register: Register, how: str) -> None:
    for n in range(4):
        say(register, asked(register, T + n), T + n)
    card = asked(register, T + 10)
    match how:
        case "a no":
            say(register, card, T + 10, "reject")
        case "an edit":
            args = {**card.seal.args, "body": "Else."}
            edited = replace(card.proposal(), args=args)
            say(register, register.reseal(card, T + 10, "edited", edited), T + 10)
        case _:
            register.end(say(register, card, T + 10), Cancelled("you"), T + 10)
    for n in range(2):
        say(register, asked(register, T + 20 + n), T + 20 + n)
    assert counts(register) == {ADA: 2}


@pytest.mark.parametrize(
    "more",
    [
        {"risk": Risk.HIGH},
        {"trust": Trust.STRANGER},
        {"attachments": (Attachment("a.pdf", 1, "00"),)},
        {"tool": "shop__buy"},
        {"to": ()},
        {"to": tuple(f"{n}@x.example" for n in range(9))},
    ],
)
def test_no_rule_comes_of(register: Register, more: dict[str, object]) -> None:
    say(register, asked(register, T, **more), T)  # type: ignore[arg-type]
    assert habits(register.ledger) == []


# -- the lines

ADA_TEN = Habit("mail__send", "recipient", (ADA,), "built in", [T], {Trust.OWNER})

BLOCK = """# Handbook

Be kind.

```yaml policy
rules:
  - name: every payment asks
    strong: "pay__*"
  - name: replies ask
    ask: mail__send   # always
  - deny: mail__send
    recipient: in rival.example

quiet: 22:00-07:30    # night
```

The end.
"""


def put(text: str, habit: Habit) -> str:
    found = insertion(text, habit, 10)
    assert found is not None
    find, replace = found
    if not find:
        return f"{text}\n{replace}\n"
    assert text.count(find) == 1
    return text.replace(find, replace)


def mail(to: str) -> Call:
    return Call("mail__send", {"to": [to], "subject": "Hi", "body": "Hello."})


def judged(text: str, call: Call, trust: Trust = Trust.OWNER) -> Allow | Ask | Deny:
    policy = parse(text)
    assert policy is not None
    task = Task("t-1", "note", "A", "text", trust)
    return judge(call, task, House(local(T), policy))


def test_the_rule_comes_before_the_one_that_asked(register: Register) -> None:
    del register
    policy = parse(BLOCK)
    assert policy is not None
    habit = Habit("mail__send", "recipient", (ADA,), policy.rules[1].said, [T], {Trust.OWNER})
    text = put(BLOCK, habit)
    assert isinstance(judged(text, mail(ADA)), Allow)
    assert isinstance(judged(text, mail("eve@x.example")), Ask)
    assert isinstance(judged(text, mail(ADA), Trust.STRANGER), Ask)
    for line in BLOCK.split("\n"):
        assert line in text.split("\n")
    names = [rule.name for rule in (parse(text) or policy).rules]
    assert names[0] == "every payment asks" and names[2] == "replies ask"


@pytest.mark.parametrize(
    "text",
    [
        "# Handbook\n\nBe kind.\n",
        "",
        "```yaml policy\n```\n",
        "```yaml policy\nquiet: 22:00-07:00\n```\nMore.\n",
        '```yaml policy\nrules:\n- strong: "pay__*"\n# - deny: x\n```\n',
        '```yaml policy\nquiet: 22:00-07:00\nrules:\n    - strong: "pay__*"\n```\n',
        (Path(__file__).parents[2] / "vault_template/Company_Handbook.md").read_text(),
    ],
)
def test_without_such_a_rule_it_comes_last(text: str) -> None:
    new = put(text, ADA_TEN)
    assert isinstance(judged(new, mail(ADA)), Allow)
    before, after = parse(text), parse(new)
    assert after is not None
    assert len(after.rules) == 1 + (len(before.rules) if before else 0)
    assert after.rules[-1].tools == ("mail__send",)


@pytest.mark.parametrize(
    "text",
    ["```yaml policy\nrules: [\n```\n", '```yaml policy\nrules: [{strong: "pay__*"}]\n```\n'],
)
def test_where_it_cannot_be_put_it_is_not(text: str) -> None:
    assert insertion(text, ADA_TEN, 10) is None


def test_a_rule_that_is_proposed_has_a_bound() -> None:
    told = "\n".join(rule_lines(ADA_TEN, 10))
    assert "rate: 20 per day" in told and "attachments: none" in told and "trust: owner" in told
    both = Habit("mail__send", "recipient", (ADA,), "x", [T], {Trust.OWNER, Trust.KNOWN})
    assert "trust: [owner, known]" in "\n".join(rule_lines(both, 10))


def test_no_address_writes_a_line_of_its_own() -> None:
    odd = Habit("mail__send", "recipient", ('a"b\n- allow: "*"@x.example',), "x", [T], set())
    found = insertion(BLOCK, odd, 10)
    assert found is None or parse(BLOCK.replace(*found)) is not None
