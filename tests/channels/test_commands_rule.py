"""/rule: the rules in plain words, and a new one that is proposed and never just written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from factotum.channels.commands import Said, answer
from factotum.gate.register import Register
from factotum.gate.rules_text import one_rule
from factotum.ledger import Ledger
from factotum.model import Risk, Succeeded
from factotum.worker.habits import FACT
from factotum.worker.heartbeat import THINKS
from factotum.worker.runs import Runs
from tests.channels.commanding import Ann
from tests.office import Hands, TestOffice, smtp
from tests.servers.model import ScriptedModelServer, call
from tests.servers.smtp import Relay
from tests.views.house import House

HANDBOOK = """# Handbook

```yaml policy
rules:
  - name: every payment asks
    strong: "pay__*"
  - name: replies to Ada
    allow: mail__send
    recipient: ada@rossi.example
  - name: all other mail asks
    ask: mail__send
quiet: 22:00-07:00
```

Mine.
"""


@pytest.fixture
def handbook(house: House) -> Path:
    path = house.root / "Company_Handbook.md"
    path.write_text(HANDBOOK)
    return path


@pytest.mark.usefixtures("handbook")
def test_the_rules_are_told_numbered_with_when_each_was_last_used(ann: Ann, house: House) -> None:
    house.end(house.card(allowed_by="replies to Ada"), Succeeded({}))
    house.go(86_400.0)
    card = house.card()
    said = "house rule 3, “all other mail asks”"
    house.ledger.db.execute("UPDATE seal SET rule = ? WHERE card = ?", (said, card.id))
    assert ann.lines("/rule") == [
        "3 rules of the house; the first that fits decides.",
        "1. “every payment asks”: pay__*: asks, and only the strong word counts · not used yet",
        "2. “replies to Ada”: mail__send to ada@rossi.example: is done without asking · "
        "last on Fri 27 Nov 14:02",
        "3. “all other mail asks”: mail__send: asks · last on 14:02",
        "",
        "For what no rule fits: reading and own notes need no asking, all else asks.",
        "Also: quiet from 22:00 to 07:00: only emergencies are told",
        "",
        "A new one: /rule and what it is to be, in your words",
    ]
    house.ledger.event(
        "denied", house.now + 60, rule="house rule 1, “every payment asks”", tool="pay__x"
    )
    assert ann.lines("/rules")[1].endswith("last on 14:03")


@pytest.mark.usefixtures("handbook")
def test_what_was_permitted_for_a_while_is_told_too(ann: Ann, house: House) -> None:
    card = house.card(risk=Risk.MEDIUM)
    house.register.decide(
        card.id, card.seal.digest, "approve", "cli", "Marco", house.now, also="tonight"
    )
    assert "Permitted for a while:\n• mail__send, the same till tonight" in ann("/rule")


def test_a_house_without_rules(ann: Ann) -> None:
    assert ann.lines("/rule")[0] == "0 rules of the house"


def test_rules_that_cannot_be_read_say_why_and_take_no_new_one(ann: Ann, handbook: Path) -> None:
    handbook.write_text(HANDBOOK.replace("allow:", "alow:"))
    for command in ("/rule", "/rule deny: mail__send", "/rule no mail to Bob"):
        said = ann.gets(command)
        assert said.words.text.startswith("The rules cannot be read, so everything asks.")
        assert "`alow`" in said.words.text and said.task is None


# -- a new one


def tasks(house: House) -> int:
    (n,) = house.ledger.db.execute("SELECT count(*) FROM task").fetchone()
    return int(n)


@pytest.mark.parametrize(
    "text",
    [
        "deny: mail__send, recipient: in rival.example",
        "Deny: mail__send\nrecipient: in rival.example",  # as a phone writes it
        "- deny: mail__send\n  recipient: in rival.example",
        "```yaml policy\ndeny: mail__send\nrecipient: in rival.example\n```",
        "`deny: mail__send, Recipient: in rival.example`",
    ],
)
def test_a_rule_that_is_written_out_is_proposed_and_changes_nothing(
    ann: Ann, house: House, handbook: Path, text: str
) -> None:
    said = ann.gets(f"/rule {text}")
    assert said.task is None and said.words.text.startswith("Proposed as rule 1:\nmail__send to ")
    assert '- deny: "mail__send"\n  recipient: "in rival.example"' in said.words.text
    assert "Nobody is at work" in said.words.text
    assert handbook.read_text() == HANDBOOK
    (note,) = (house.root / "Needs_Action").glob("*.md")
    assert "+" not in note.name and 'deny: "mail__send"' in note.read_text()
    row = house.ledger.task_named(note.name)
    assert row is not None and row.facts[FACT]["by"] == "Ann (4711) (telegram)"
    assert (house.folder / "wake").exists()


def test_asked_for_twice_it_is_one_task_and_a_lost_note_comes_back(
    ann: Ann, house: House, handbook: Path
) -> None:
    ann("/rule deny: mail__send, recipient: in rival.example")
    (note,) = (house.root / "Needs_Action").glob("*.md")
    before = note.read_text()
    assert "proposed already" in ann("/rule deny: mail__send, recipient: in rival.example")
    note.unlink()  # a kill came between the ledger and the note
    ann("/rule deny: mail__send, recipient: in rival.example")
    assert note.read_text() == before and tasks(house) == 1
    row = house.ledger.task_named(note.name)
    assert row is not None
    house.runs.end(house.runs.current(row.id, house.now), "done", "No.", house.now)
    assert ann("/rule deny: mail__send, recipient: in rival.example").startswith("Proposed as")
    assert tasks(house) == 2


@pytest.mark.usefixtures("handbook")
def test_what_is_wrong_with_a_rule_is_said(ann: Ann, house: House) -> None:
    said = ann("/rule allow: mail__send, recipint: known")
    assert said.startswith("That is no rule yet; nothing was changed.")
    assert "did you mean `recipient`?" in said
    assert "at most 2000 characters" in ann(f"/rule deny: {'x' * 3000}")
    assert "at most 2000 characters" in ann(f"/rule never {'x' * 3000}")
    assert tasks(house) == 0


@pytest.mark.usefixtures("handbook")
def test_a_rule_that_stands_there_is_not_proposed(ann: Ann, house: House) -> None:
    assert "That is rule 3 already" in ann("/rule ask: mail__send")
    assert "name this one otherwise" in ann("/rule name: Replies to Ada\nallow: mail__draft")
    assert tasks(house) == 0


@pytest.mark.usefixtures("handbook")
def test_a_rule_that_would_never_decide_is_told_so(ann: Ann) -> None:
    said = ann("/rule allow: pay__small")
    assert "Proposed as rule 4:" in said
    assert "⚠ there is no tool `pay__small` now" in said
    assert "“every payment asks” in line" in said


def test_without_a_handbook_nothing_is_proposed(ann: Ann, house: House) -> None:
    assert "Company_Handbook.md cannot be read" in ann("/rule deny: mail__send")
    assert tasks(house) == 0


@pytest.mark.usefixtures("handbook")
def test_a_rule_in_words_becomes_a_task_that_proposes_it(ann: Ann, house: House) -> None:
    house.ledger.set_meta(THINKS, "yes")
    said = ann.gets("/rule never write to my ex\nafter 22:00")
    assert said.task is not None and not said.new_conversation
    assert said.task.startswith("Propose a house rule: never write to my ex\nafter 22:00\n")
    assert "notes__change" in said.task and "recipient" in said.task
    assert "Nothing changes without your yes" in said.words.text
    assert tasks(house) == 0  # whoever heard the message makes the task of it
    example = said.task.split("A rule is a list item such as\n")[1].split("\nwith one of")[0]
    assert one_rule(example).name == "my accountant"


@pytest.mark.usefixtures("handbook")
def test_a_rule_in_words_without_a_model_is_not_promised(ann: Ann, house: House) -> None:
    said = ann.gets("/rule never write to my ex")
    assert said.task is None and said.words.text.startswith("That takes a model, and there is none")
    assert "/rule deny: mail__send" in said.words.text and tasks(house) == 0


HELLO = """
when: {words: [hello]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "Hello", body: "Hi Ada."}
summary: "Said hello."
"""


@pytest.mark.slow
def test_a_yes_puts_the_rule_into_the_handbook_and_it_holds(
    ann: Ann, tmp_path: Path, relay: Relay
) -> None:
    office = TestOffice(tmp_path / "office", smtp(relay), hands=Hands(wall=time.time()))
    office.playbook(HELLO)
    handbook = office.root / "Company_Handbook.md"
    handbook.write_text(HANDBOOK)
    office.run()
    ledger = Ledger(office.state / "ledger.db")
    register = Register(ledger)
    place = ann.place(
        root=office.root, state=office.state, ledger=ledger, register=register,
        runs=Runs(ledger, register, office.root), now=office.hands.wall,
    )  # fmt: skip
    said = answer("/rule deny: mail__send, recipient: ada@rossi.example", place)
    assert isinstance(said, Said)
    office.run()
    card = office.card()
    assert card.seal.tool == "notes__change" and card.seal.risk is Risk.HIGH
    assert handbook.read_text() == HANDBOOK
    assert '+  - deny: "mail__send"' in office.one("Pending_Approval").read_text()
    register.decide(card.id, card.seal.digest, "approve", "typed", "Ann", office.hands.wall)
    office.run()
    assert 'rules:\n  - deny: "mail__send"\n    recipient:' in handbook.read_text()
    assert handbook.read_text().endswith("Mine.\n")
    office.type("hello\ngo", "Hello.md")
    office.run()
    assert relay.messages == []
    told = answer("/rule", place)
    assert told is not None and "1. mail__send to ada@rossi.example: never" in told.words.text
    ledger.close()


@pytest.mark.slow
def test_a_model_can_propose_the_rule_that_was_said_in_words(ann: Ann, tmp_path: Path) -> None:
    ann.house.ledger.set_meta(THINKS, "yes")
    task = ann.gets("/rule nothing to Ada").task
    assert task is not None
    office = TestOffice(tmp_path / "office", hands=Hands(wall=time.time()))
    handbook = office.root / "Company_Handbook.md"
    handbook.write_text(HANDBOOK)
    office.type(f"{task}\ngo", "A rule.md")
    new = "rules:\n  - name: nothing to Ada\n    deny: mail__send\n    recipient: ada@rossi.example"
    script = [
        call("notes__read", note="Company_Handbook.md"),
        call("notes__change", note="Company_Handbook.md", find="rules:", replace=new),
        call("finish", summary="Proposed."),
    ]
    with ScriptedModelServer(script) as server:
        model = {"FACTOTUM_MODEL": "test/x", "FACTOTUM_MODEL_BASE_URL": server.base_url}
        office.env |= model
        office.run()
        heard = str(server.requests[1]["messages"])
    assert "every payment asks" in heard  # it has read the rules that there are
    (card,) = office.cards()
    assert card.seal.tool == "notes__change" and card.seal.risk is Risk.HIGH
    assert card.status == "pending" and handbook.read_text() == HANDBOOK
