"""Each kind of thing that a person is told of reaches Telegram, once, from where it happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factotum.channels import pairing
from factotum.drop import Drop
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ledger import Ledger
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.views import notices
from factotum.views.notices import Notices
from factotum.views.outage import SETTLES_S
from factotum.views.silence import PAUSES_LEAST
from orchestrator import Orchestrator
from tests.channels.phone import Phone, phone_of
from tests.channels.test_telegram_together import quiet_now
from tests.office import TestOffice, opened, smtp
from tests.servers.model import Item, ScriptedModelServer, call
from tests.servers.smtp import Relay

HOUR, DAY = 3600.0, 86_400.0
MAIL = """
when: {kind: note, words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""
REMEDY = "Log in anew; see docs/watchers.md"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    return office


def told(phone: Phone) -> list[str]:
    """What was said of the kind that nobody asked for; that nobody is at work is so in tests."""
    seqs = [row.message for row in phone.rows() if row.kind == "notices"]
    return [one.text for one in phone.screen.sent if one.id in seqs]


def comes_once(phone: Phone, sign: str) -> str:
    """The one message with this sign; neither more work nor a restart says it again."""
    (said,) = [text for text in told(phone) if text.startswith(sign)]
    phone.go(2 * HOUR)
    phone.work()
    phone.service.begin()
    phone.look()
    assert len([text for text in told(phone) if text.startswith(sign)]) == 1
    return said


def beat(office: TestOffice, **more: Any) -> None:
    """A watcher of another process says how it goes."""
    now = office.hands.wall
    known = Beat("mail ann@example.test", os.getpid(), now - 10 * DAY, 60.0, answered=now)
    beats.write(office.state, replace(known, rests_till=now + 30 * DAY, **more))


def live(office: TestOffice, door: Orchestrator, seconds: float, step_s: float = 60.0) -> None:
    for _ in range(round(seconds / step_s)):
        office.hands.go(step_s)
        door.tick()


# -- what waits


@pytest.mark.slow
def test_of_what_waits_a_person_is_reminded_before_its_time_is_over(office: TestOffice) -> None:
    office.type("Send it to Ada.\n\ngo", "Invoice 7.md")
    with phone_of(office) as phone:
        phone.work()
        with opened(office) as door:
            for _ in range(8 * 4):
                live(office, door, 6 * HOUR, 3 * HOUR)
                phone.look()
        said = [text for text in told(phone) if text.startswith("⏳ It still waits for you")]
        assert len(said) == 2
        assert all("Waits only till" in text and "ada@rossi.example" in text for text in said)
        assert [text for text in told(phone) if text.startswith("⌛ Nobody decided it")]
        assert phone.see("Nobody decided it in time").labels == ["Ask me again", "No"]


# -- what went wrong


@contextmanager
def thinking(office: TestOffice, *script: Item) -> Iterator[Phone]:
    """A phone, and an office with a model that says its lines."""
    with ScriptedModelServer(list(script)) as model:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": model.base_url,
            "FACTOTUM_MAX_TURNS": "2",
        }
        with phone_of(office) as phone:
            office.run()
            yield phone


@pytest.mark.parametrize("given_here", [True, False])
def test_a_task_that_failed_is_told_of_once_and_in_answer_where_it_was_given(
    office: TestOffice, given_here: bool
) -> None:
    with thinking(office, *[call("recall", query="x")] * 2) as phone:
        if given_here:
            phone.says("Find the boat.")
        else:
            office.type("Find the boat.\n\ngo", "Find the boat.md")
        phone.work()
        phone.tap(phone.see("Shall I go on?"), "stop")
        for _ in range(3):
            phone.go(HOUR)
            phone.work()
        said = [one.text for one in phone.screen.sent if one.text.startswith(("❌ ", "⏹ "))]
        assert [text for text in said if not text.startswith("⏹ Ended after")] == [
            "⏹ It is ended. You said to stop."
            if given_here
            else "❌ Something failed\nFailed: Find the boat"
        ]


def test_work_that_waits_for_money(office: TestOffice) -> None:
    office.env |= {
        "FACTOTUM_MODEL": "test/scripted",
        "FACTOTUM_MODEL_BASE_URL": "http://127.0.0.1:9/v1",
        "FACTOTUM_MODEL_PRICE_IN": "3",
        "FACTOTUM_MODEL_PRICE_OUT": "3",
        "FACTOTUM_BUDGET_DAY_USD": "0.000001",
    }
    with phone_of(office) as phone:
        office.run()
        office.type("Find the boat.\n\ngo", "Boat.md")
        phone.work()
        said = comes_once(phone, "💰 Work waits for money")
        assert "FACTOTUM_BUDGET_DAY_USD" in said and said.endswith("as soon as there is some")


# -- what is not heard


def test_a_login_that_ends_soon(office: TestOffice) -> None:
    with phone_of(office) as phone:
        beat(office, login_ends=phone.now + DAY)
        phone.work()
        said = comes_once(phone, "🔑 A login ends")
        assert "mail ann@example.test its login ends" in said and REMEDY in said


def test_a_login_that_is_refused(office: TestOffice) -> None:
    with phone_of(office) as phone:
        beat(office, since=phone.now, trouble=f"login refused. {REMEDY}", login=True)
        phone.work()
        assert comes_once(phone, "🔑 A login ends").endswith(REMEDY)


def test_a_watcher_that_hears_nothing_although_something_comes_otherwise(
    office: TestOffice,
) -> None:
    with phone_of(office) as phone:
        beat(office, silent_s=DAY, heard=phone.now - 2 * DAY)
        phone.work()
        said = comes_once(phone, "🔇 Something is not heard")
        assert "has had no news since" in said and said.endswith("still arrives there")


def test_a_vault_to_which_nothing_comes_any_more(office: TestOffice) -> None:
    diary = office.root / "Diary"
    diary.mkdir()
    office.hands.wall = os.stat(office.root).st_mtime + HOUR
    with phone_of(office) as phone:
        with opened(office) as door:
            for _ in range(PAUSES_LEAST + 2):
                os.utime(diary, (office.hands.wall, office.hands.wall))
                live(office, door, 8 * HOUR, 1200)
            live(office, door, 30 * HOUR, 1200)
        phone.look()
        assert "nothing came from another device" in comes_once(phone, "🔄 Is the vault still")


def test_a_disk_that_takes_nothing(office: TestOffice) -> None:
    with phone_of(office) as phone:
        why = "the disk is full: make room, then it goes on by itself"

        def full(door: Orchestrator) -> None:
            now, mono = office.hands.wall, office.hands.mono
            door.showing.show_again(why, now, mono, lasts=True)
            door.showing.show_again(why, now, mono, lasts=True)

        office.run(full)
        phone.look()
        assert comes_once(phone, "🛠 Something is wrong").endswith(why)


# -- who wrote, and what passed


def test_a_stranger(office: TestOffice) -> None:
    with phone_of(office) as phone:
        for _ in range(3):
            pairing.stranger(phone.rooms.ledger, "telegram", "99", "Eve", phone.now)
        phone.work()
        said = comes_once(phone, "👤 Somebody you do not know")
        assert "Eve (id 99)" in said and "It was not answered" in said


def test_a_time_off(office: TestOffice) -> None:
    office.env["FACTOTUM_WATCHERS"] = "none"
    with phone_of(office) as phone:
        office.type("Send it to Ada.\n\ngo", "Invoice 7.md")
        phone.work()
        with opened(office) as door:
            door.asides.begin()
            door._after_the_break()
            live(office, door, 60, 30)
        phone.go(8 * HOUR)
        with opened(office) as door:
            door.asides.begin()
            door._after_the_break()
            live(office, door, SETTLES_S + 930, 30)
        phone.look()
        assert "What was missed and what waits" in comes_once(phone, "⏰ I am back")


@pytest.mark.slow
def test_the_day_in_the_morning(office: TestOffice) -> None:
    (office.root / "Company_Handbook.md").write_text("```yaml policy\nquiet: 22:00-07:00\n```\n")
    with phone_of(office) as phone:
        office.type("Send it to Ada.\n\ngo", "Invoice 7.md")
        phone.work()
        for _ in range(28):
            phone.go(HOUR)
            phone.work()
        (said,) = [text for text in told(phone) if "Good morning" in text]
        assert said.startswith("☀️ Good morning") and "1 waits for you" in said


# -- what the owner wanted to be told


@pytest.mark.parametrize("title", ["Pills", "In 15 min: Meet Ada"])
def test_what_the_owner_wanted_to_be_reminded_of_is_told_once_and_whole(
    office: TestOffice, title: str
) -> None:
    body = "The white ones with water, " + "then the blue one, " * 15 + "and no coffee."
    with phone_of(office) as phone:
        mailroom = phone.service.window.mailroom
        for _ in range(2):  # the watcher was killed between two lines, and says it once more
            take(mailroom, title, body, phone.now)
            phone.work()
        said = comes_once(phone, "🔔 You wanted to be reminded")
        assert said.endswith("and no coffee.") and title in said


def take(mailroom: Mailroom, title: str, body: str, now: float) -> None:
    ours = {"reminder": {"text": body}}
    mailroom.take(Drop("schedule", "1", "schedule", title, body, Trust.OWNER, ours=ours), now)


def test_the_head_of_the_audit_log_comes_without_a_sound(office: TestOffice) -> None:
    office.env["FACTOTUM_ANCHOR_TELEGRAM"] = "yes"
    with phone_of(office) as phone:
        office.type("Buy milk.\n\ngo", "Milk.md")
        phone.work()
        phone.work()
        (said,) = [one for one in phone.screen.sent if one.text.startswith("🔒 The audit log")]
        assert said.message.silent and "factotum audit verify" in said.text


# -- at night


def test_at_night_who_writes_is_answered_at_once(office: TestOffice, relay: Relay) -> None:
    office.playbook(MAIL.replace("note", "message"), "05.md")
    quiet_now(office)
    with phone_of(office) as phone:
        office.type("Send it to Ada.\n\ngo", "Invoice 7.md")
        phone.work()
        assert not [one for one in phone.screen.sent if one.labels]  # it waits for the morning
        phone.says("/status")
        phone.see("Waits for you: 1")
        phone.says("Send the invoice")
        phone.work()
        (asked,) = [one for one in phone.screen.sent if "Send" in one.labels]
        phone.tap(asked, "Send")
        phone.work()
        assert asked.text.startswith("✅") and len(relay.messages) == 1
        phone.see("What was really done")


# -- many together


@pytest.mark.parametrize("count", [2, 9, 25, 60])
def test_many_fit_into_one_message_and_few_are_told_whole(office: TestOffice, count: int) -> None:
    with phone_of(office) as phone:
        whole = "word " * 60 + "end."
        with closing(Ledger(office.state / "ledger.db")) as ledger:
            board = Notices(ledger, lambda _: phone.rooms.clock.zone(phone.now))
            for n in range(count):
                board.add(notices.FAILED, f"k {n}", f"{n} {whole}", phone.now)
        phone.work()
        (said,) = told(phone)
        assert len(said) <= 4096
        assert said.count("end.") == (count if count <= 9 else 0)
