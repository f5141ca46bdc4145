"""What is said on a phone, when, and how often: at night, in a crowd, over a broken line."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.channels import owners
from factotum.channels.contract import Heard, Lost, Message, NotSent, Refused
from factotum.channels.words import Words
from factotum.gate.records import Proposal
from factotum.outbox import ANSWER, CARD, NEWS, QUIET
from tests.channels.phone import ME, ON_TELEGRAM, Phone, Screen, Standing, phone_of
from tests.channels.test_telegram_together import MAIL, come, quiet_now
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

CUT = NotSent("it is not reached")


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    return office


def put(phone: Phone, text: str, key: str = "", rank: int = NEWS, chat: str = ME) -> None:
    message = Message(Words.of(text)).to_json()
    phone.service.window.outbox.put("telegram", chat, key or text, message, phone.now, rank=rank)


def texts(phone: Phone) -> list[str]:
    """What was sent, but that nobody is at work, which is so in these tests."""
    return [one.text for one in phone.screen.sent if not one.text.startswith("🛑")]


def one_card(phone: Phone) -> Standing:
    come(phone.office, 7)
    phone.work()
    (shown,) = phone.screen.sent
    return shown


# -- the night


def test_at_night_nobody_is_disturbed_and_a_tap_shows_its_outcome_all_the_same(
    office: TestOffice, relay: Relay
) -> None:
    quiet_now(office)
    with phone_of(office) as phone:
        phone.go(11 * 3600)
        shown = one_card(phone)
        phone.go(13 * 3600)
        come(office, 8)
        phone.work()
        assert len([one for one in phone.screen.sent if one.labels]) == 1  # the new one waits
        phone.tap(shown, "Send")
        phone.work()
        assert "✅" in shown.text and len(relay.messages) == 1
        phone.go(11 * 3600)
        phone.look()
        assert len([one for one in phone.screen.sent if "Invoice 8" in one.text]) == 1


def test_what_waits_for_the_morning_keeps_nothing_else_back(phone: Phone) -> None:
    outbox = phone.service.window.outbox
    for n in range(120):
        row = outbox.ensure("telegram", ME, f"card a-{n}", phone.now, kind="card", rank=CARD)
        outbox.want(row, Message(Words.of(f"{n}")).to_json(), not_before=phone.now + 3600)
    put(phone, "money may have moved", rank=NEWS)
    phone.look()
    assert texts(phone) == ["money may have moved"]
    phone.go(3600)
    phone.look()
    assert texts(phone)[1:] == [str(n) for n in range(120)]


# -- order, and the broken line


def test_what_matters_most_is_said_first_and_the_rest_in_its_order(phone: Phone) -> None:
    for text, rank in (("d", QUIET), ("b", CARD), ("c", NEWS), ("a", ANSWER), ("b2", CARD)):
        put(phone, text, rank=rank)
    phone.look()
    assert texts(phone) == ["a", "b", "b2", "c", "d"]


def test_in_an_outage_nothing_is_lost_and_the_order_is_kept(phone: Phone) -> None:
    phone.screen.fails = [CUT] * 400
    for n in range(5):
        put(phone, str(n))
    for _ in range(60):  # an hour, looked at each minute
        phone.look()
        phone.go(60)
    assert texts(phone) == [] and phone.service.trouble == "it is not reached"
    assert phone.screen.checks > 10
    phone.screen.fails.clear()
    phone.go(70)
    phone.look()
    assert texts(phone) == ["0", "1", "2", "3", "4"] and phone.service.trouble == ""
    assert {row.state for row in phone.rows() if row.kind == "notice"} == {"sent"}


def test_of_a_line_that_breaks_one_message_at_most_is_in_doubt(phone: Phone) -> None:
    phone.screen.fails = [Lost("the answer was lost")] + [CUT] * 3
    for n in range(5):
        put(phone, str(n))
    for _ in range(6):
        phone.look()
        phone.go(60)
    assert texts(phone) == ["1", "2", "3", "4"]
    states = [row.state for row in phone.rows() if row.kind == "notice"]
    assert states == ["lost", *["sent"] * 4]
    phone.go(86_400)
    phone.look()
    assert len(texts(phone)) == 4  # and it is never tried again


def test_a_change_that_never_succeeds_keeps_nothing_else_back(phone: Phone) -> None:
    put(phone, "old", key="k", rank=CARD)
    phone.look()
    put(phone, "new", key="k", rank=CARD)
    put(phone, "other", rank=NEWS)
    edit = phone.screen.edit

    async def broken(chat: str, id: str, message: Message) -> None:
        raise Lost("Bad Gateway")

    phone.screen.edit = broken  # type: ignore[method-assign]
    for _ in range(10):
        phone.look()
        phone.go(60)
    assert texts(phone) == ["old", "other"]
    phone.screen.edit = edit  # type: ignore[method-assign]
    phone.go(60)
    phone.look()
    assert phone.screen.there["1"].text == "new"


def test_a_pause_that_is_wanted_is_kept_and_counts_as_no_trouble(phone: Phone) -> None:
    phone.screen.fails = [NotSent("a pause", 30.0, flood=True)]
    put(phone, "a")
    phone.look()
    assert texts(phone) == [] and phone.service.trouble == ""
    phone.go(29)
    phone.look()
    assert texts(phone) == []
    phone.go(2)
    phone.look()
    assert texts(phone) == ["a"]


def test_what_is_not_taken_is_tried_once_and_keeps_nothing_back(phone: Phone) -> None:
    phone.screen.fails = [Refused("it is too odd")]
    put(phone, "odd")
    put(phone, "fine")
    phone.look()
    phone.look()
    assert texts(phone) == ["fine"]
    odd = next(row for row in phone.rows() if row.key == "odd")
    assert (odd.state, odd.why) == ("failed", "it is too odd")


def test_a_wish_that_comes_while_it_is_being_sent_is_shown_after_it(phone: Phone) -> None:
    """The loop takes taps while it waits for an answer."""
    put(phone, "first", key="k")
    send = phone.screen.send

    async def meanwhile(chat: str, message: Message) -> str:
        put(phone, "second", key="k")
        return await send(chat, message)

    phone.screen.send = meanwhile  # type: ignore[method-assign]
    phone.look()
    (shown,) = phone.screen.sent
    assert shown.text == "second" and [one.words.text for one in shown.before] == ["first"]


def test_what_is_sent_once_more_while_it_is_being_changed_is_sent(phone: Phone) -> None:
    outbox = phone.service.window.outbox
    put(phone, "first", key="k")
    phone.look()
    put(phone, "second", key="k")
    edit = phone.screen.edit

    async def meanwhile(chat: str, id: str, message: Message) -> None:
        phone.screen.edit = edit  # type: ignore[method-assign]
        (row,) = phone.rows()
        outbox.move(row, Message(Words.of("below")).to_json(), phone.now)
        await edit(chat, id, message)

    phone.screen.edit = meanwhile  # type: ignore[method-assign]
    phone.look()
    assert texts(phone) == ["below", "second"]


# -- chats


def test_one_chat_that_is_closed_does_not_keep_back_another(office: TestOffice) -> None:
    office.env["FACTOTUM_TELEGRAM_CHAT_ID"] = f"{ME}, 4712"
    with phone_of(office) as phone:
        send = phone.screen.send

        async def blocked(chat: str, message: Message) -> str:
            if chat == ME:
                raise NotSent("the bot was blocked", 60.0, here=True)
            return await send(chat, message)

        phone.screen.send = blocked  # type: ignore[method-assign]
        for n in range(60):
            put(phone, f"mine {n}")
        put(phone, "theirs", chat="4712")
        phone.look()
        assert texts(phone) == ["theirs"]
        assert phone.service.trouble == "the bot was blocked"
        assert phone.service.sender.unreached_since == phone.now
        phone.screen.send = send  # type: ignore[method-assign]
        phone.go(61)
        phone.look()
        assert len(texts(phone)) == 61 and phone.service.trouble == ""


def test_who_unblocks_the_bot_and_writes_is_answered_at_once(office: TestOffice) -> None:
    with phone_of(office) as phone:
        phone.screen.fails = [NotSent("the bot was blocked", 60.0, here=True)]
        put(phone, "what waits")
        phone.look()
        assert texts(phone) == []
        phone.says("/start")
        assert len(texts(phone)) == 2 and "what waits" in texts(phone)
        assert phone.service.trouble == ""


def test_what_waits_is_not_said_to_somebody_who_is_no_owner_any_more(
    office: TestOffice, relay: Relay
) -> None:
    with phone_of(office) as phone:
        shown = one_card(phone)
        come(office, 8)
        office.run()
        put(phone, "not for you")
        office.env["FACTOTUM_TELEGRAM_CHAT_ID"] = "4712"
    with phone_of(office, phone.screen) as phone:
        office.move(office.files("Pending_Approval")[0], "Approved")
        phone.work()
        assert "not for you" not in texts(phone)
        assert {one.chat for one in phone.screen.sent if one is not shown} <= {"4712"}
        assert shown.before == []
        assert [one for one in phone.screen.sent if one.chat == "4712" and "Send" in one.labels]


def test_who_is_paired_later_is_shown_what_waits(office: TestOffice) -> None:
    env = {"FACTOTUM_TELEGRAM_CHAT_ID": ""}
    office.env = {**ON_TELEGRAM, **office.env, **env}
    come(office, 7)
    with phone_of(office) as phone:
        phone.work()
        assert phone.screen.sent == []
        owners.pair(phone.rooms.ledger, "telegram", ME, "Marco", "42", phone.now)
        owners.strong(phone.rooms.ledger, phone.rooms.settings, phone.now)
        phone.service.displays.begin(phone.now)
        phone.look()
        phone.work()
        (shown,) = [one for one in phone.screen.sent if one.labels]
        assert "Invoice 7" in shown.text


# -- restarts


def test_a_start_says_nothing_again(office: TestOffice, relay: Relay) -> None:
    with phone_of(office) as phone:
        shown = one_card(phone)
    for _ in range(3):
        with phone_of(office, phone.screen) as phone:
            phone.work()
    assert len(phone.screen.sent) == 1 and shown.before == []
    with phone_of(office, phone.screen) as phone:
        phone.tap(shown, "Send")  # a button of before
        phone.work()
    assert len(relay.messages) == 1


def test_what_was_being_sent_at_a_break_is_in_doubt_and_never_sent_again(
    office: TestOffice, relay: Relay
) -> None:
    with phone_of(office) as phone:
        shown = one_card(phone)
        with sqlite3.connect(office.state / "ledger.db") as db:
            db.execute("UPDATE said SET state = 'sending', message = '', due = 0")
    with phone_of(office, phone.screen) as phone:
        phone.work()
        assert len(phone.screen.sent) == 1
        assert [row.state for row in phone.rows() if row.kind == "card"] == ["lost"]
        reply = phone.tap(shown, "Send")  # it had arrived
        assert reply is not None and reply.text == "Approved."
        phone.work()
        assert "✅" in shown.text and len(relay.messages) == 1


def test_what_is_in_doubt_and_changed_since_is_said_anew(office: TestOffice, relay: Relay) -> None:
    with phone_of(office) as phone:
        one_card(phone)
        with sqlite3.connect(office.state / "ledger.db") as db:
            db.execute("UPDATE said SET state = 'lost', message = '', due = 0")
        note = office.one("Pending_Approval")
        note.write_text(note.read_text().replace("here it is", "there it goes"))
        phone.work()
        assert "there it goes" in phone.screen.sent[-1].text and len(phone.screen.sent) == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_restart_with_a_thousand_that_wait_is_quick_and_says_nothing(office: TestOffice) -> None:
    with phone_of(office) as phone:
        for n in range(1000):
            office.type("Send it to Ada.\n\ngo", f"Invoice {n}.md")
        office.run()
        phone.look()
        phone.go(5)
        phone.look()
        shown = len(phone.screen.sent)
        assert 1000 / 6 <= shown <= 1000
    began = time.process_time()
    with phone_of(office, phone.screen) as phone:
        opened_s = time.process_time() - began
        phone.look()
        took_s = time.process_time() - began
        assert len(phone.screen.sent) == shown
    print(f"1000 wait: open {opened_s:.3f} s, first look {took_s:.3f} s, {shown} messages")
    assert took_s < 2.0


def test_what_breaks_in_the_middle_of_a_send_is_in_doubt_and_keeps_nothing_back(
    phone: Phone,
) -> None:
    phone.screen.fails = [ValueError("nobody thought of that")]
    put(phone, "odd")
    put(phone, "fine")
    phone.look()
    assert "nobody thought of that" in phone.service.trouble
    phone.go(3)
    phone.look()
    assert texts(phone) == ["fine"]
    assert [row.state for row in phone.rows() if row.kind == "notice"] == ["lost", "sent"]


def test_a_change_that_breaks_on_our_side_keeps_nothing_back(phone: Phone) -> None:
    put(phone, "first", key="k")
    phone.look()
    edit = phone.screen.edit

    async def breaks(chat: str, id: str, message: Message) -> None:
        raise ValueError("nobody thought of that")

    phone.screen.edit = breaks  # type: ignore[method-assign]
    put(phone, "second", key="k")
    put(phone, "fine")
    for _ in range(6):
        phone.look()
        phone.go(70)
    assert texts(phone) == ["first", "fine"]
    phone.screen.edit = edit  # type: ignore[method-assign]
    phone.look()
    assert texts(phone) == ["second", "fine"]


def test_with_another_bot_what_waits_is_shown_anew(office: TestOffice, relay: Relay) -> None:
    with phone_of(office) as phone:
        phone.service.window.outbox.speaks_as("telegram", "42")
        one_card(phone)
        put(phone, "said before")
        put(phone, "unsaid")
    screen = Screen()  # the chat with the other bot, in which ids begin anew
    with phone_of(office, screen) as phone:
        phone.service.window.outbox.speaks_as("telegram", "43")
        phone.service.begin()
        put(phone, "changed", key="unsaid")
        phone.work()
        (shown,) = [one for one in screen.sent if one.labels]
        assert "Send" in shown.labels and "changed" in texts(phone)
        phone.tap(shown, "Send")
        phone.work()
        assert len(relay.messages) == 1 and [one for one in screen.sent if one.before] == [shown]


def test_with_another_bot_what_is_said_is_taken_though_its_numbers_begin_anew(
    office: TestOffice,
) -> None:
    with phone_of(office) as phone:
        at = datetime.fromtimestamp(phone.now, UTC)
        said = [("42", "1", "Call Anna"), ("43", "1", "Call Bert"), ("42", "2", "Call Carla")]
        for bot, id, text in said:
            phone.service.window.outbox.speaks_as("telegram", bot)
            for _ in range(2):  # and once each
                phone.service.hear(Heard(ME, id, ME, "Marco", text, at))
        rows = phone.service.window.ledger.db.execute("SELECT title FROM task ORDER BY rowid")
        assert [row["title"] for row in rows] == ["Call Anna", "Call Bert", "Call Carla"]


def test_a_request_that_cannot_be_shown_hides_no_other(office: TestOffice) -> None:
    with phone_of(office) as phone:
        come(office, 1)
        come(office, 2)
        office.run()
        good = office.cards()[0]
        odd = Proposal(
            **{**vars(good.proposal()), "idx": 77, "kind": "question", "args": {"choices": 7}}
        )
        phone.rooms.register.propose(good.task, good.run, [odd], phone.now)
        for _ in range(3):
            phone.look()
            phone.go(5)
        assert len([one for one in phone.screen.sent if "Invoice" in one.text]) == 2


@pytest.mark.parametrize(("arrives", "state"), [(True, "sent"), (False, "waiting")])
def test_who_is_told_to_stop_waits_for_what_is_on_its_way(
    phone: Phone, arrives: bool, state: str
) -> None:
    put(phone, "one")
    put(phone, "two")
    send = phone.screen.send

    begun, told = asyncio.Event(), asyncio.Event()

    async def slow(chat: str, message: Message) -> str:
        begun.set()
        await told.wait()
        if not arrives:
            raise CUT
        return await send(chat, message)

    phone.screen.send = slow  # type: ignore[method-assign]

    async def stopped_soon() -> None:
        speaking = asyncio.create_task(phone.service.speak())
        await begun.wait()
        speaking.cancel()
        asyncio.get_running_loop().call_later(0.05, told.set)
        with contextlib.suppress(asyncio.CancelledError):
            await speaking

    asyncio.run(stopped_soon())
    assert [row.state for row in phone.rows()] == [state, "waiting"]
    phone.screen.send = send  # type: ignore[method-assign]
    phone.service.begin()
    phone.go(2)
    phone.look()
    assert texts(phone) == ["one", "two"]
