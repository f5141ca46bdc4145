"""While somebody waits: that it is worked on, why it is not, and what came of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channels.live import at_work
from tests.channels.phone import phone_of
from tests.channels.talking import Desk, desk, idle, looked
from tests.office import TestOffice
from tests.servers.model import Item, call, slow, status


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


LETTER = call("mail__send", to=["ada@rossi.example"], subject="When", body="Hi Ada, when?")


def in_turn(*items: Item) -> Callable[[Any], Item]:
    """A model that says this one after the other, and the last again and again."""
    said = itertools.chain(items[:-1], itertools.repeat(items[-1]))
    return lambda _: next(said)


def nobody_types(at: Desk) -> bool:
    """Whether it is shown no more that somebody types, which while it is so is shown every 4.5 s:
    what is on its way may still come."""
    for _ in range(4):
        before = len(at.me.chat.actions)
        time.sleep(6)
        if len(at.me.chat.actions) == before:
            return True
    return False


@pytest.mark.slow
def test_it_is_shown_that_it_works_and_not_while_it_waits(tmp_path: Path) -> None:
    done = call("finish", summary="Done it.")
    with desk(tmp_path, in_turn(slow(4, LETTER), slow(4, done)), REGRET_S="0") as at:
        sent = at.me.says("Write to Ada")
        shown = at.me.waits_to_see("⏳ I am at it.")
        assert shown.reply_to == sent.id
        assert at.me.chat.actions != []
        card = at.me.waits_to_see("Send this mail to ada@rossi.example?")
        at.me.waits_for(lambda _: shown.text == "✋ I go on when you have decided what I ask.")
        assert nobody_types(at)
        at.me.taps(card.id, "Send")
        at.me.waits_for(lambda _: "· done what you approved" in shown.text)
        came = at.me.waits_to_see("Done it.")
        assert (
            "🧾 What was really done\nDone: Send this mail to ada@rossi.example? · “" in came.text
        )
        assert "today" not in came.text, "it is read on other days, too"
        at.me.waits_for(lambda _: shown.text.startswith("✅ "))
        progress = [one for one in at.me.chat.from_bot if one.reply_to == sent.id]
        assert progress == [shown, card, came]


@pytest.mark.slow
def test_a_question_stays_the_last_thing_said_so_that_plain_words_answer_it(
    tmp_path: Path,
) -> None:
    asks = call("ask_owner", question="Which Ada?")
    with desk(tmp_path, in_turn(asks, call("finish", summary="I see."))) as at:
        at.me.says("Write to Ada")
        at.me.waits_to_see("Which Ada?")
        time.sleep(4)
        at.me.says("The one in Rome")
        at.me.waits_to_see("I see.")
        assert len(at.tasks()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (status(401), "⏸ It waits for a model: test/scripted: it wants a key (401)"),
        (status(500), "⏸ It waits for a model"),
    ],
)
def test_a_model_that_does_not_answer_is_told_of_in_its_place(
    tmp_path: Path, wrong: Item, said: str
) -> None:
    with desk(tmp_path, lambda _: wrong) as at:
        sent = at.me.says("Write to Ada")
        assert at.me.waits_to_see(said).reply_to == sent.id
        assert nobody_types(at)


@pytest.mark.slow
def test_without_money_it_waits_and_says_so(tmp_path: Path) -> None:
    prices = {"MODEL_PRICE_IN": "3", "MODEL_PRICE_OUT": "3"}
    with desk(tmp_path, looked, BUDGET_DAY_USD="0.000001", **prices) as at:
        sent = at.me.says("Write to Ada")
        assert at.me.waits_to_see("⏸ It waits for money").reply_to == sent.id


@pytest.mark.slow
def test_without_a_model_it_is_asked_what_to_do(tmp_path: Path) -> None:
    with desk(tmp_path, looked, MODEL="none", MODEL_BASE_URL="") as at:
        at.me.says("Write to Ada")
        at.me.waits_to_see("Write to Ada: what shall I do? No playbook fits.")


@pytest.mark.slow
def test_while_all_is_stopped_it_is_said_and_after_that_it_is_done(tmp_path: Path) -> None:
    with desk(tmp_path, looked) as at:
        at.answered(at.me.says("/stop"))
        sent = at.me.says("Write to Ada")
        shown = at.me.waits_to_see("⏸ Everything is stopped. It goes on after /resume")
        assert shown.reply_to == sent.id
        assert nobody_types(at)
        at.me.says("/resume")
        at.me.waits_to_see("Looked at it.")


@pytest.mark.slow
def test_a_task_that_was_told_to_stop_is_no_failure_in_words(tmp_path: Path) -> None:
    plain = [call("recall", query="x")] * 4
    with desk(tmp_path, in_turn(*plain), MAX_TURNS="4") as at:
        at.me.says("Write to Ada")
        question = at.me.waits_to_see("Shall I go on?")
        at.me.taps(question.id, "stop")
        came = at.me.waits_to_see("⏹ It is ended. You said to stop.")
        assert "did not work" not in came.text
        assert not any("Failed after" in one.text for one in at.me.chat.messages)


def test_a_note_that_is_taken_away_while_nobody_works_is_said(office: TestOffice) -> None:
    with phone_of(office) as phone:
        phone.says("Write to Ada")
        phone.go(3)
        phone.look()
        shown = phone.see("💤 The office does not run now.")
        office.one("Needs_Action").unlink()
        phone.look()
        assert shown.text == "🗑 Its note was taken away, so nothing is done"


@pytest.mark.slow
def test_what_comes_while_the_office_does_not_run_is_done_when_it_does(tmp_path: Path) -> None:
    with idle(tmp_path, looked) as at:
        sent = at.me.says("Write to Ada")
        with at_work(at.office):
            at.answered(sent)
        assert len(at.model.requests) == 1
