"""Permissions with an end: what a yes holds for, how often and how long, and for nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.gate import grants
from factotum.gate.granted import evening
from factotum.gate.grants import GrantError, Spent, offered, revoke, standing
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.records import Card, Proposal
from factotum.gate.register import Register
from factotum.gate.rules import Policy, Quiet, Rule, Verb
from factotum.ledger import Ledger, TaskRow
from factotum.model import Attachment, Call, Cancelled, Effect, Risk, Task, Trust
from factotum.worker.house import Household

NOON = datetime(2026, 11, 30, 12).astimezone().timestamp()
DAY_S = 86_400.0
ADA = "ada@rossi.example"
THREAD = {"message_id": "<2@rossi.example>", "references": "<1@rossi.example>"}


def local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone()


class Desk:
    """A ledger with tasks and cards, and the house that judges by it."""

    def __init__(self, path: Path) -> None:
        self.ledger = Ledger(path)
        self.register = Register(self.ledger)
        self.policy = Policy()
        self.idx = 0

    def task(
        self, trust: Trust = Trust.OWNER, id: str = "t-1", sender: str = "", **more: str
    ) -> Task:
        facts: dict[str, Any] = {"sender": sender, "properties": THREAD if sender else {}, **more}
        self.ledger.add_task(
            TaskRow(id, f"{id}.md", "note", "A", trust, "", "", "", b"", facts, NOON, None)
        )
        return Task(id, "note", "A", "text", trust, sender=sender, properties=facts["properties"])

    def looked(self, task: Task, tool: str, key: str = "read") -> None:
        self.idx += 1
        with self.ledger.tx() as db:
            told = (task.id, 1, self.idx, "good", f'{{"{key}": "{tool}"}}', NOON)
            db.execute("INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)", told)

    def asked(self, task: Task, call: Call, risk: Risk = Risk.MEDIUM, **more: object) -> Card:
        self.idx += 1
        proposal = Proposal(
            self.idx, call.tool, call.args, "Do it?", Effect.OPAQUE, risk, "asks", 60.0,
            task.trust, "p", **more,  # type: ignore[arg-type]
        )  # fmt: skip
        (id,) = self.register.propose(task.id, 1, [proposal], NOON)
        return self.register.card(id)

    def yes(self, card: Card, also: str = "", at: float = NOON) -> Card:
        digest = card.seal.digest
        return self.register.decide(card.id, digest, "approve", "cli", "you", at, also=also)

    def judged(self, task: Task, call: Call, at: float = NOON + 60) -> Allow | Ask | Deny:
        house = Household(self.ledger, local, policy=lambda: self.policy)
        return judge(call, task, house.at(at))

    def used(self, task: Task, call: Call, at: float = NOON + 60) -> None:
        """The call is allowed by a permission, and decided by it."""
        verdict = self.judged(task, call, at)
        assert isinstance(verdict, Allow) and verdict.name.startswith("g-")
        self.asked(task, call, allowed_by=verdict.name)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "ledger.db")
    yield desk
    desk.ledger.close()


def mail(*to: str, **more: object) -> Call:
    return Call("mail__send", {"to": list(to), "subject": "Hi", "body": "Hello.", **more})


# -- what it covers


def test_without_a_permission_the_next_mail_asks_again(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)))
    assert isinstance(desk.judged(task, mail(ADA)), Ask)
    assert standing(desk.ledger, NOON) == []


def test_a_yes_for_the_thread_lets_the_same_people_be_written_to(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA, cc=["bob@rossi.example"])), "thread")
    for covered in (mail(ADA), mail("Ada@Rossi.example", body="Else."), mail("bob@rossi.example")):
        verdict = desk.judged(task, covered)
        assert isinstance(verdict, Allow), covered
        assert "the same in this thread" in verdict.rule
    for other in (
        mail("eve@x.example"),
        mail(ADA, bcc=["eve@x.example"]),
        mail(ADA, attachments=["a.pdf"]),
        mail(),
        Call("mail__forward", {"to": [ADA]}),
        Call("notes__change", {"note": ADA}),
    ):
        assert not isinstance(desk.judged(task, other), Allow), other


def test_it_holds_for_a_strangers_task_and_for_no_other_task(desk: Desk) -> None:
    task = desk.task(Trust.STRANGER, sender=ADA)
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    assert isinstance(desk.judged(task, mail(ADA)), Allow)
    same_sender = desk.task(Trust.STRANGER, "t-2", ADA)  # anybody can write that name
    assert isinstance(desk.judged(same_sender, mail(ADA)), Ask)
    assert isinstance(desk.judged(desk.task(Trust.OWNER, "t-3"), mail(ADA)), Ask)


@pytest.mark.parametrize("tool", ["mail__search", "notes__read", "recall"])
def test_a_stranger_is_told_nothing_unasked_that_only_you_may_read(desk: Desk, tool: str) -> None:
    task = desk.task(Trust.STRANGER, sender=ADA)
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    desk.looked(task, "web__read")
    assert isinstance(desk.judged(task, mail(ADA)), Allow)
    desk.looked(task, tool)
    assert isinstance(desk.judged(task, mail(ADA)), Ask)


@pytest.mark.parametrize("looks", ["t-1", "t-2"])
def test_nor_by_way_of_work_that_was_handed_on(desk: Desk, looks: str) -> None:
    parent = desk.task(Trust.STRANGER, sender=ADA)
    child = desk.task(Trust.STRANGER, "t-2", ADA, root="t-1")
    desk.looked(parent, "t-2", "child")
    for task in (parent, child):
        desk.yes(desk.asked(task, mail(ADA)), "thread")
        assert isinstance(desk.judged(task, mail(ADA)), Allow)
    desk.looked(child if looks == "t-2" else parent, "mail__read")
    for task in (parent, child):
        assert isinstance(desk.judged(task, mail(ADA)), Ask)


def test_in_a_known_persons_thread_it_holds_for_their_next_mail(desk: Desk) -> None:
    first = desk.task(Trust.KNOWN, sender=ADA)
    desk.yes(desk.asked(first, mail(ADA)), "thread")
    after = desk.task(Trust.KNOWN, "t-2", ADA)
    answer = mail(ADA, in_reply_to="<2@rossi.example>")
    assert isinstance(desk.judged(after, answer), Allow)
    assert isinstance(desk.judged(after, mail(ADA)), Ask)  # no reply: the fixed rule stands
    elsewhere = replace(after, id="t-9", properties={"message_id": "<9@rossi.example>"})
    assert isinstance(desk.judged(elsewhere, answer), Ask)
    other = replace(after, id="t-8", sender="eve@x.example")
    assert isinstance(desk.judged(other, answer), Ask)


def test_words_of_others_that_came_in_since_end_it(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    assert isinstance(desk.judged(replace(task, trust=Trust.STRANGER), mail(ADA)), Ask)
    known = desk.task(Trust.KNOWN, "t-2", ADA)
    desk.yes(desk.asked(known, mail(ADA)), "thread")
    assert isinstance(desk.judged(known, mail(ADA)), Allow)
    fallen = replace(known, trust=Trust.STRANGER)  # it has read a page, say
    assert isinstance(verdict := desk.judged(fallen, mail(ADA)), Ask)
    assert verdict.risk is Risk.MEDIUM  # so that nothing else made it ask


def test_tonight_for_anothers_task_is_for_that_task(desk: Desk) -> None:
    known = desk.task(Trust.KNOWN, sender=ADA)
    answer = mail(ADA, in_reply_to="<2@rossi.example>")
    desk.yes(desk.asked(known, answer), "tonight")
    assert isinstance(desk.judged(known, answer), Allow)
    assert isinstance(desk.judged(desk.task(Trust.KNOWN, "t-2", ADA), answer), Ask)


def test_a_yes_for_tonight_holds_for_all_tasks_of_the_owner(desk: Desk) -> None:
    desk.yes(desk.asked(desk.task(), mail(ADA)), "tonight")
    own, others = desk.task(Trust.OWNER, "t-2"), desk.task(Trust.KNOWN, "t-3", ADA)
    assert isinstance(desk.judged(own, mail(ADA)), Allow)
    assert isinstance(desk.judged(own, mail(ADA), NOON + DAY_S / 2 - 1), Allow)
    assert isinstance(desk.judged(own, mail(ADA), NOON + DAY_S / 2), Ask)  # midnight
    assert isinstance(desk.judged(others, mail(ADA, in_reply_to="<2@rossi.example>")), Ask)


def test_tonight_is_over_as_the_quiet_time_begins(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "tonight")
    desk.policy = Policy(quiet=Quiet(time(22), time(7, 30)))
    assert isinstance(desk.judged(task, mail(ADA), NOON + 9.9 * 3600), Allow)
    assert isinstance(desk.judged(task, mail(ADA), NOON + 10 * 3600), Ask)


@given(st.integers(0, 23), st.integers(0, 23))
def test_an_evening_comes_after_the_yes_and_within_a_day(hour: int, start: int) -> None:
    at = datetime(2026, 11, 30, hour, 30, tzinfo=UTC)
    ends = evening(at, at.timestamp(), Quiet(time(start), time(7)))
    assert at < ends <= at + timedelta(days=1)


def page(url: str) -> Call:
    return Call("web__read", {"url": url})


def test_a_yes_for_pages_lets_so_many_of_that_host_be_read(desk: Desk) -> None:
    task = desk.task(Trust.STRANGER, sender=ADA)
    card = desk.asked(task, page("https://example.org/start"))
    assert offered(card) == ("pages",)
    desk.yes(card, "3")
    for other in (
        "http://example.org/a",
        "https://www.example.org/a",
        "https://example.org:8443/a",
        "https://example.org.evil.example/a",
        "https://example.org@evil.example/a",
        "https://example.org/?q=" + "a+letter+" * 12,
        "https://example.org/?d=Y3VzdG9tZXJzOiBBZGEsIEJvYg",
    ):
        assert isinstance(desk.judged(task, page(other)), Ask), other
    elsewhere = desk.task(Trust.OWNER, "t-2")
    assert isinstance(desk.judged(elsewhere, page("https://example.org/a")), Ask)
    for n in range(3):
        desk.used(task, page(f"https://example.org/wiki/Page_{n}?lang=en"))
    assert isinstance(desk.judged(task, page("https://example.org/a")), Ask)


def test_pages_that_were_read_do_not_end_the_leave_to_read_more(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, page("https://example.org/start")), "3")
    after = replace(task, trust=Trust.STRANGER)  # the first page was somebody else's words
    assert isinstance(desk.judged(after, page("https://example.org/next")), Allow)
    assert isinstance(desk.judged(after, mail(ADA)), Ask)


@pytest.mark.parametrize("url", ["ftp://example.org/", "https://a@example.org/", "example.org"])
def test_pages_are_offered_for_plain_addresses_alone(desk: Desk, url: str) -> None:
    card = desk.asked(desk.task(), page(url))
    assert offered(card) == ()
    with pytest.raises(GrantError):
        desk.yes(card, "3")


# -- what no permission is for


@pytest.mark.parametrize(
    ("call", "more"),
    [
        (mail(ADA), {"risk": Risk.HIGH}),
        (mail(ADA), {"attachments": (Attachment("a.pdf", 1, "00"),)}),
        (Call("shop__buy", {"to": [ADA]}), {}),  # nobody has reviewed it
        (mail(), {}),
        (Call("ask_owner", {"question": "?"}), {"kind": "question"}),
    ],
)
def test_it_is_not_offered_for(desk: Desk, call: Call, more: dict[str, object]) -> None:
    card = desk.asked(desk.task(), call, **more)  # type: ignore[arg-type]
    assert offered(card) == ()
    if card.kind == "effect" and card.seal.risk is not Risk.HIGH:
        with pytest.raises(GrantError, match="asked about each time"):
            desk.yes(card, "thread")
        assert desk.register.card(card.id).status == "pending"  # nor is anything decided


def test_what_became_of_high_risk_asks_in_spite_of_it(desk: Desk) -> None:
    task = desk.task(Trust.STRANGER, sender=ADA)
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    moved = replace(task, sender="eve@x.example")  # then Ada is somebody else, which is high
    assert isinstance(verdict := desk.judged(moved, mail(ADA)), Ask) and verdict.risk is Risk.HIGH


@pytest.mark.parametrize("verb", [Verb.DENY, Verb.STRONG])
def test_a_rule_that_forbids_stands_above_it(desk: Desk, verb: Verb) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    desk.policy = Policy((Rule("no mail", verb, ("mail__send",)),))
    assert not isinstance(desk.judged(task, mail(ADA)), Allow)
    desk.policy = Policy((Rule("ask", Verb.ASK, ("mail__send",)),))
    assert isinstance(desk.judged(task, mail(ADA)), Allow)
    desk.policy = Policy(broken="line 3")
    assert isinstance(desk.judged(task, mail(ADA)), Ask)


def test_the_rules_themselves_are_never_changed_by_it(desk: Desk) -> None:
    task = desk.task()
    call = Call("notes__change", {"note": "Company_Handbook.md", "find": "a", "replace": "b"})
    desk.yes(desk.asked(task, call), "thread")  # sealed as if it were of medium risk
    assert isinstance(desk.judged(task, call), Ask)


@pytest.mark.parametrize(
    "said", ["thred", "0", "51", "00500", "0050505050", "-1", "1.5", "true", "²", "10 pages", " "]
)
def test_a_word_that_is_none_decides_nothing(desk: Desk, said: str) -> None:
    card = desk.asked(desk.task(), mail(ADA))
    with pytest.raises(GrantError, match="Write thread, tonight, or a number"):
        desk.yes(card, said)
    assert desk.register.card(card.id).status == "pending"


# -- its end


def test_it_is_used_up(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    for _ in range(grants.WORD_MOST):
        desk.used(task, mail(ADA))
    assert isinstance(desk.judged(task, mail(ADA)), Ask)


def test_two_calls_at_once_never_use_one_too_many(desk: Desk, tmp_path: Path) -> None:
    """Both were judged while one was left; each decides in a transaction of its own."""
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    for _ in range(grants.WORD_MOST - 1):
        desk.used(task, mail(ADA))
    verdict = desk.judged(task, mail(ADA))
    assert isinstance(verdict, Allow)
    came: list[str] = []
    start = threading.Barrier(4)

    def decide(idx: int) -> None:
        ledger = Ledger(tmp_path / "ledger.db")
        proposal = Proposal(
            1000 + idx, "mail__send", mail(ADA).args, "Do it?", Effect.OPAQUE, Risk.MEDIUM, "asks",
            60.0, Trust.OWNER, "p", allowed_by=verdict.name,
        )  # fmt: skip
        start.wait()
        try:
            Register(ledger).propose("t-1", 1, [proposal], NOON + 60)
            came.append("sent")
        except Spent:
            came.append("spent")
        ledger.close()

    threads = [threading.Thread(target=decide, args=(idx,)) for idx in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(came) == ["sent", "spent", "spent", "spent"]
    used = "SELECT count(*) FROM decision WHERE channel = 'rule'"
    assert desk.ledger.db.execute(used).fetchone()[0] == grants.WORD_MOST
    assert desk.ledger.db.execute("SELECT count(*) FROM card").fetchone()[0] == grants.WORD_MOST + 1


def test_after_a_week_it_is_over(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    assert isinstance(desk.judged(task, mail(ADA), NOON + 7 * DAY_S - 1), Allow)
    assert isinstance(desk.judged(task, mail(ADA), NOON + 7 * DAY_S), Ask)
    assert isinstance(desk.judged(task, mail(ADA), NOON - 1), Ask)  # the clock was set back


def test_revoked_it_ends_at_once(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    (grant,) = standing(desk.ledger, NOON)
    revoke(desk.ledger, grant.id, "cli", "you", NOON + 1)
    assert isinstance(desk.judged(task, mail(ADA)), Ask)
    with pytest.raises(Spent):
        desk.asked(task, mail(ADA), allowed_by=grant.id)  # it was judged a moment before
    with pytest.raises(GrantError, match="factotum policy grants"):
        revoke(desk.ledger, grant.id, "cli", "you", NOON + 2)
    kinds = [event.kind for event in desk.ledger.events()]
    assert kinds.count("permitted") == kinds.count("revoked") == 1


def test_a_yes_that_was_taken_back_takes_it_along(desk: Desk) -> None:
    task = desk.task()
    card = desk.yes(desk.asked(task, mail(ADA)), "thread")
    desk.register.end(card, Cancelled("you"), NOON + 1)
    assert isinstance(desk.judged(task, mail(ADA)), Ask)


def test_an_older_ledger_brings_none_back(desk: Desk) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    desk.ledger.set_meta("epoch", "another")
    assert isinstance(desk.judged(task, mail(ADA)), Ask)


def test_a_restart_keeps_it(desk: Desk, tmp_path: Path) -> None:
    task = desk.task()
    desk.yes(desk.asked(task, mail(ADA)), "thread")
    desk.ledger.close()
    desk.ledger = Ledger(tmp_path / "ledger.db")
    desk.register = Register(desk.ledger)
    desk.used(task, mail(ADA))
    assert [one.used for one in standing(desk.ledger, NOON + 60)] == [1]
