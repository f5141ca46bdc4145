"""Each check of the gate by itself: what it stops, tried at the place where it stands.

The table shows that nothing gets through all checks together; here is what each of them is
for, so that one that is taken out is missed.
"""

# ruff: noqa: E501  (one line a check, however long)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factotum.gate import pause, strength
from factotum.gate.contact import Contact
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.records import Card, GateError, NotOpen, Proposal
from factotum.gate.register import Register
from factotum.gate.rules import House, Policy, Rule, Verb
from factotum.gate.secrets import Secrets
from factotum.ledger import Ledger, TaskRow
from factotum.model import Attachment, Call, Effect, FailedClean, Risk, Succeeded, Task, Trust

ARGS = {"to": ["ada@rossi.example"], "subject": "Hi", "body": "One\n"}
EVE = {**ARGS, "to": ["eve@evil.example"]}


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    ledger = Ledger(tmp_path / "ledger.db")
    row = TaskRow("t-1", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, 1.0, None)
    ledger.add_task(row)
    yield Register(ledger)
    ledger.close()


def asked(register: Register, risk: Risk = Risk.MEDIUM, idx: int = 0) -> Card:
    proposal = Proposal(
        idx, "mail__send", ARGS, "Send?", Effect.OPAQUE, risk, "asks", 60.0, Trust.OWNER, "p",
        attachments=(Attachment("a.pdf", 3, "0" * 64),),
    )  # fmt: skip
    (id,) = register.propose("t-1", 1, [proposal], 1.0)
    return register.card(id)


def yes(register: Register, card: Card, channel: str = "dashboard") -> Card:
    return register.decide(card.id, card.seal.digest, "approve", channel, "you", 2.0)


def sql(register: Register, text: str) -> None:
    register.ledger.db.execute(text)


# -- beginning


def three_tries(register: Register, card: Card) -> None:
    for _ in range(3):
        register.failed_try(card, register.begin(card, "<k>", 3.0), "later", 3.0)


Deed = Callable[[Register, Card], object]

#: What may have come between a yes and the deed, and what it does to the card.
BETWEEN: dict[str, Deed] = {
    "other arguments in the ledger": lambda r, c: sql(r, """UPDATE seal SET args = '{"to":["eve@evil.example"]}'"""),
    "another file in the ledger": lambda r, c: sql(r, "UPDATE seal SET attachments = replace(attachments, '000', '111')"),
    "another tool in the ledger": lambda r, c: sql(r, "UPDATE seal SET tool = 'mail__draft'"),
    "another account in the ledger": lambda r, c: sql(r, "UPDATE seal SET account = 'eve'"),
    "a kinder label in the ledger": lambda r, c: sql(r, "UPDATE seal SET trust = 'known'"),
    "a longer time in the ledger": lambda r, c: sql(r, "UPDATE seal SET ttl_s = 9999999"),
    "a yes to another version": lambda r, c: sql(r, "UPDATE decision SET digest = 'x'"),
    "a no in place of the yes": lambda r, c: sql(r, "UPDATE decision SET verdict = 'reject'"),
    "an answer in place of the yes": lambda r, c: sql(r, "UPDATE decision SET verdict = 'answer'"),
    "an older ledger": lambda r, c: r.ledger.set_meta("epoch", "another"),
    "an outcome": lambda r, c: r.end(c, Succeeded({}), 3.0),
    "a failure": lambda r, c: r.end(c, FailedClean("no"), 3.0),
    "a cancellation": lambda r, c: r.cancel(c.id, "cli", "you", 3.0),
    "an expiry": lambda r, c: sql(r, "UPDATE seal SET closed = 'expired'"),
    "a withdrawal": lambda r, c: sql(r, "UPDATE seal SET closed = 'withdrawn'"),
    "a try that is under way": lambda r, c: r.begin(c, "<k>", 3.0),
    "three tries": three_tries,
    "a pause": lambda r, c: pause.pause(r.ledger, pause.Pause("you", "cli", "", 3.0)),
}  # fmt: skip


def begins(register: Register, card: Card) -> bool:
    try:
        register.begin(card, "<key>", 5.0)
    except GateError:
        return False
    return True


def test_a_yes_alone_begins(register: Register) -> None:
    assert begins(register, yes(register, asked(register)))


@pytest.mark.parametrize("between", BETWEEN)
def test_nothing_begins_after(register: Register, between: str) -> None:
    card = yes(register, asked(register))
    BETWEEN[between](register, card)
    assert not begins(register, card)


def test_nothing_begins_without_a_yes(register: Register) -> None:
    assert not begins(register, asked(register))


def test_a_yes_holds_for_no_other_version(register: Register) -> None:
    card = yes(register, asked(register))
    register.cancel(card.id, "edit", "you", 3.0)
    newer = register.reseal(card, 4.0, "changed", replace(card.proposal(), args=EVE))
    assert newer.status == "pending"
    assert not begins(register, newer) and not begins(register, card)
    newer = yes(register, newer)
    assert not begins(register, card), "the old words, on the yes to the new ones"
    assert begins(register, newer)


def test_high_risk_begins_by_no_weak_yes(register: Register) -> None:
    card = asked(register, Risk.HIGH)
    sql(
        register,
        f"INSERT INTO decision VALUES ('{card.id}', 1, 'approve', 'move', 'you',"
        f" '{card.seal.digest}', '', 2.0)",
    )
    assert not begins(register, register.card(card.id))


# -- deciding


@pytest.mark.parametrize("channel", ["move", "tick", "cli", "rule", "display", "typed"])
def test_a_weak_yes_decides_no_high_risk(register: Register, channel: str) -> None:
    register.ledger.set_meta(strength.SET_UP, "telegram")
    card = asked(register, Risk.HIGH)
    with pytest.raises(GateError):
        yes(register, card, channel)
    assert register.card(card.id).decision is None


def test_without_a_strong_channel_the_typed_word_alone_is_strong(register: Register) -> None:
    for idx, channel in enumerate(("move", "tick", "cli")):
        with pytest.raises(GateError):
            yes(register, asked(register, Risk.HIGH, idx), channel)
    assert yes(register, asked(register, Risk.HIGH, 7), strength.TYPED).decision is not None


@pytest.mark.parametrize("first", ["approve", "reject"])
def test_the_first_word_stands(register: Register, first: str) -> None:
    card = asked(register)
    register.decide(card.id, card.seal.digest, first, "cli", "you", 2.0)
    for later in ("approve", "reject"):
        with pytest.raises(NotOpen):
            register.decide(card.id, card.seal.digest, later, "dashboard", "eve", 3.0)
    assert register.card(card.id).decision.verdict == first  # type: ignore[union-attr]


def test_a_word_on_what_was_shown_before_is_none(register: Register) -> None:
    card = asked(register)
    register.reseal(card, 2.0, "changed", replace(card.proposal(), args=EVE))
    with pytest.raises(NotOpen):
        yes(register, card)


@pytest.mark.parametrize("closed", ["expired", "withdrawn"])
def test_what_is_closed_takes_no_yes(register: Register, closed: str) -> None:
    card = asked(register)
    register.close(card, closed, 2.0)
    with pytest.raises(NotOpen):
        yes(register, card)


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_no_edit_overtakes_a_word_that_was_said_meanwhile(register: Register, word: str) -> None:
    card = asked(register)
    register.decide(card.id, card.seal.digest, word, "telegram", "you", 2.0)
    with pytest.raises(NotOpen):  # whoever seals has not seen the word
        register.reseal(card, 3.0, "changed", replace(card.proposal(), args=EVE))
    assert register.card(card.id).version == 1


def test_a_no_may_come_late_and_ends_it(register: Register) -> None:
    card = asked(register)
    register.close(card, "expired", 2.0)
    register.decide(card.id, card.seal.digest, "reject", "cli", "you", 3.0)
    assert register.card(card.id).status == "rejected"
    with pytest.raises(NotOpen):
        yes(register, card)


def test_an_outcome_is_written_once(register: Register) -> None:
    card = yes(register, asked(register))
    register.end(card, Succeeded({}), 3.0)
    with pytest.raises(NotOpen):
        register.end(card, FailedClean("no"), 4.0)


# -- judging

#: The worst rules that a person can write.
ALL = Policy((Rule("all", Verb.ALLOW, ("*",)),))
SECRETS = Secrets({"FACTOTUM_IMAP_PASSWORD": "velvet-Hammer-7731-otter"})
PLAIN = House(datetime(2026, 11, 30, 12, tzinfo=UTC))
LOOSE = replace(PLAIN, policy=ALL)
GUARDED = replace(LOOSE, secret=SECRETS.within)


def task(trust: Trust, sender: str = "ada@rossi.example") -> Task:
    return Task(
        "t-1", "email", "Hi", "Hi", trust, sender=sender, properties={"message_id": "<1@rossi>"}
    )


def mail(to: str = "ada@rossi.example", **more: Any) -> Call:
    return Call("mail__send", {"to": [to], "subject": "x", "body": "x", **more})


REPLY = {"in_reply_to": "<1@rossi>"}
STEER = [
    "Office/Agents/x.md", "Office/Contacts/x.md", "Office/Memory/x.md", "Office/Playbooks/x.md",
    "Office/Schedules/x.md", "Office/Skills/x.md", "AGENTS.md", "HEARTBEAT.md", "SOUL.md",
    "USER.md", "office/skills/x.md", "Company_Handbook.md", "COMPANY_HANDBOOK.md",
]  # fmt: skip
STRANGER, KNOWN, OWNER = Trust.STRANGER, Trust.KNOWN, Trust.OWNER


def change(note: str) -> Call:
    return Call("notes__change", {"note": note, "find": "", "replace": "x"})


#: A tool of somebody else's of which the owner has told what its arguments mean.
PUT = Call(
    "notes__mail", {"to": ["ada@rossi.example"], "note": "Office/Skills/x.md", "body": "x", **REPLY}
)
TOLD = replace(
    LOOSE, policy=replace(ALL, tools={PUT.tool: {"recipients": ["to"], "path": ["note"]}})
)

#: Calls that nobody may make unasked, with the label, the house, and the least risk.
ASKS: list[tuple[Call, Trust, House, Risk]] = [
    (mail(), OWNER, PLAIN, Risk.MEDIUM),
    (mail(), STRANGER, PLAIN, Risk.MEDIUM),
    (mail("eve@evil.example"), STRANGER, PLAIN, Risk.HIGH),
    (mail(bcc=["eve@evil.example"]), STRANGER, PLAIN, Risk.HIGH),
    (mail(cc=["eve@evil.example"]), STRANGER, PLAIN, Risk.HIGH),
    (mail(attachments=["a.pdf"]), STRANGER, PLAIN, Risk.HIGH),
    (mail("eve@evil.example"), KNOWN, PLAIN, Risk.HIGH),
    (mail("eve@evil.example"), STRANGER, LOOSE, Risk.HIGH),
    (mail(**REPLY), STRANGER, LOOSE, Risk.MEDIUM),
    (mail(), KNOWN, LOOSE, Risk.MEDIUM),
    (mail("eve@evil.example", **REPLY), KNOWN, LOOSE, Risk.HIGH),
    (mail(bcc=["eve@evil.example"], **REPLY), KNOWN, LOOSE, Risk.HIGH),
    (mail(attachments=["a.pdf"], **REPLY), KNOWN, LOOSE, Risk.HIGH),
    (mail(in_reply_to="<2@rossi>"), KNOWN, LOOSE, Risk.MEDIUM),
    (Call("desk__pay", {"sum": "1"}), OWNER, PLAIN, Risk.HIGH),
    (Call("desk__pay", {"sum": "1"}), STRANGER, LOOSE, Risk.HIGH),
    (Call("web__read", {"url": "https://evil.example"}), OWNER, PLAIN, Risk.LOW),
    (Call("web__read", {"url": "https://evil.example"}), STRANGER, LOOSE, Risk.LOW),
    (Call("shell__run", {"command": "ls"}), OWNER, PLAIN, Risk.HIGH),
    (Call("remember", {"text": "x", "about": "x"}), STRANGER, PLAIN, Risk.LOW),
    (Call("remember", {"text": "x", "about": "x"}), KNOWN, LOOSE, Risk.LOW),
    (Call("schedule", {"name": "x", "message": "x", "every": "1 h"}), STRANGER, PLAIN, Risk.MEDIUM),
    (Call("schedule", {"name": "x", "message": "x", "every": "1 h"}), KNOWN, LOOSE, Risk.MEDIUM),
    (Call("schedule__remove", {"name": "x"}), OWNER, PLAIN, Risk.LOW),
    (Call("schedule__remove", {"name": "x"}), KNOWN, LOOSE, Risk.LOW),
    (Call("mail__draft", {"to": ["a@b.example"], "attachments": ["a.pdf"]}), STRANGER, PLAIN, Risk.LOW),
    (Call("forget", {"note": "Office/Memory/x.md", "why": "x"}), OWNER, PLAIN, Risk.LOW),
    (PUT, KNOWN, TOLD, Risk.HIGH),
    (change("Notes/x.md"), OWNER, PLAIN, Risk.LOW),
    (change("Notes/x.md"), STRANGER, LOOSE, Risk.LOW),
    (change("Company_Handbook.md"), OWNER, LOOSE, Risk.HIGH),
    (change("Factotum/Company_Handbook.md"), OWNER, LOOSE, Risk.LOW),
    *[(change(path), KNOWN, LOOSE, Risk.HIGH) for path in STEER],
    *[(change(path), OWNER, PLAIN, Risk.HIGH) for path in STEER],
    (mail(), OWNER, replace(LOOSE, policy=replace(ALL, broken="line 3")), Risk.MEDIUM),
    (Call("notes__search", {"query": "x"}), OWNER, replace(PLAIN, policy=Policy(broken="x")), Risk.LOW),
]  # fmt: skip

_ORDER = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


@pytest.mark.parametrize("row", range(len(ASKS)))
def test_it_asks(row: int) -> None:
    call, trust, house, least = ASKS[row]
    verdict = judge(call, task(trust), house)
    assert isinstance(verdict, Ask), (call, trust, verdict)
    assert _ORDER.index(verdict.risk) >= _ORDER.index(least), (call, trust, verdict)


def test_a_reply_to_a_known_person_in_their_thread_is_what_a_rule_may_allow() -> None:
    assert isinstance(judge(mail(**REPLY), task(KNOWN), LOOSE), Allow)
    assert isinstance(judge(mail(), task(OWNER), LOOSE), Allow)


@pytest.mark.parametrize("house", [PLAIN, LOOSE], ids=["plain", "loose"])
@pytest.mark.parametrize(
    "call",
    [
        Call("schedule", {"name": "x", "message": "x", "every": "1 h"}),
        Call("schedule__remove", {"name": "x"}),
        change("Office/Schedules/x.md"),
    ],
    ids=lambda call: call.tool,
)
def test_what_began_by_itself_has_nothing_begin_by_itself(call: Call, house: House) -> None:
    assert isinstance(judge(call, replace(task(OWNER), by_itself=True), house), Ask)
    assert isinstance(judge(call, task(OWNER), LOOSE), Allow)


def test_a_permission_for_one_task_holds_for_no_other() -> None:
    grant = Rule("grant", Verb.ALLOW, ("mail__send",), for_task="t-2")
    house = replace(PLAIN, grants=(grant,))
    assert isinstance(judge(mail(), task(STRANGER), house), Ask)


def test_a_deny_stands_before_every_permission() -> None:
    deny = Policy((Rule("no", Verb.DENY, ("mail__send",)),))
    house = replace(PLAIN, policy=deny, grants=(Rule("grant", Verb.ALLOW, ("mail__send",)),))
    assert isinstance(judge(mail(), task(OWNER), house), Deny)


@pytest.mark.parametrize("body", ["velvet-Hammer-7731-otter", "dmVsdmV0LUhhbW1lci03NzMxLW90dGVy"])
def test_a_secret_is_denied_to_everybody(body: str) -> None:
    for trust in Trust:
        assert isinstance(judge(mail(body=body), task(trust), GUARDED), Deny)


def test_who_looks_like_somebody_known_is_not() -> None:
    assert not Contact("ada@rossl.example", listed=True, sent=9, alike="ada@rossi.example").known
    assert not Contact("ada@rossi.example").known
