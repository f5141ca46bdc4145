"""Whose word counts on Telegram: an owner's, at first hand, in the chat of the two, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from factotum.channels.contract import Chats, Heard, Tapped
from factotum.channels.telegram.updates import (
    Corrected,
    Foreign,
    Nothing,
    WithFiles,
    understood,
)
from factotum.gate import pause
from factotum.model import Trust
from tests.channels.phone import ME, Phone, Standing, phone_of, photo
from tests.channels.test_telegram_together import come
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

MARCO = {"id": 4711, "is_bot": False, "first_name": "Marco"}
ANN = {"id": 4712, "is_bot": False, "first_name": "Ann"}
EVE = {"id": 666, "is_bot": False, "first_name": "Marco", "username": "marco"}
BOT = {"id": 42, "is_bot": True, "first_name": "Factotum"}
NOBODY = None
GROUP = {"id": -5, "type": "supergroup", "title": "Team"}
MAIL = """
when: {words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""
OWNERS = Chats("4711", ("4711", "4712"))


def alone(who: dict[str, Any]) -> dict[str, Any]:
    return {"id": who["id"], "type": "private", "first_name": who["first_name"]}


def message(who: dict[str, Any] | None = MARCO, **more: Any) -> dict[str, Any]:
    told = {"message_id": 9, "date": 1, "chat": alone(who or MARCO), "from": who, "text": "hello",
            **more}  # fmt: skip
    return {key: value for key, value in told.items() if value is not None}


def tap(who: dict[str, Any] = MARCO, below: dict[str, Any] | None = None, **more: Any) -> Any:
    below = message(who) | {"from": BOT} if below is None else below
    told = {"id": "1", "from": who, "chat_instance": "7", "data": "t", "message": below, **more}
    return {"callback_query": {key: value for key, value in told.items() if value is not None}}


FORWARDED = {"type": "user", "date": 1, "sender_user": EVE}
HIDDEN = {"type": "hidden_user", "date": 1, "sender_user_name": "Somebody"}
CHANNEL = {"type": "channel", "date": 1, "message_id": 3,
           "chat": {"id": -100, "type": "channel", "title": "News"}}  # fmt: skip
GONE = {"chat": alone(MARCO), "message_id": 9, "date": 0}
FILE = {"file_id": "f", "file_unique_id": "u", "file_size": 3}


@pytest.mark.parametrize(("raw", "kind", "about"), [
    ({"message": message()}, Heard, {"who": "4711", "text": "hello", "passed_on": ""}),
    ({"message": message(ANN)}, Heard, {"who": "4712", "chat": "4712"}),  # of two owners each
    ({"message": message(EVE)}, Foreign, {"who": "666", "why": "a stranger wrote"}),
    # a name is nobody's: it is the number that counts
    ({"message": message(EVE, chat=alone(MARCO))}, Foreign, {"alone": False}),
    ({"message": message(chat=GROUP)}, Foreign, {"why": "an owner wrote in a group"}),
    ({"message": message(chat=GROUP, sender_chat=GROUP)}, Foreign, {"who": "4711"}),
    ({"message": message(chat=alone(ANN))}, Foreign, {"who": "4711"}),  # in another's chat
    ({"message": message(NOBODY, chat=GROUP)}, Foreign, {"who": "", "why": "nobody's"}),
    ({"message": message(forward_origin=FORWARDED)}, Heard, {"passed_on": "Marco"}),
    ({"message": message(forward_origin=HIDDEN)}, Heard, {"passed_on": "Somebody"}),
    ({"message": message(forward_origin=CHANNEL)}, Heard, {"passed_on": "News"}),
    ({"message": message(via_bot={**BOT, "first_name": "GIF"})}, Heard,
     {"passed_on": "the bot GIF"}),
    ({"message": message(text=None, contact={"phone_number": "1", "first_name": "Eve"})}, Heard,
     {"passed_on": "somebody, by contact card"}),
    ({"message": message(text=None, document={**FILE, "file_name": "a.pdf"}, caption="see",
                         forward_origin=FORWARDED)}, WithFiles, {}),
    ({"edited_message": message(edit_date=2)}, Corrected, {"chat": "4711", "message": "9"}),
    ({"edited_message": message(EVE, edit_date=2)}, Nothing, {}),
    ({"channel_post": message(NOBODY, chat=CHANNEL["chat"])}, Nothing, {}),
    ({"message": message(text=None, new_chat_title="x")}, Nothing, {}),
    ({"message": message(text=None, pinned_message=message())}, Nothing, {}),
    (tap(), Tapped, {"chat": "4711", "message": "9", "who": "4711", "token": "t"}),
    (tap(below=GONE), Tapped, {"message": "9"}),  # Telegram shows old ones no more
    (tap(EVE), Foreign, {"who": "666", "why": "a stranger tapped"}),
    (tap(EVE, message(MARCO)), Foreign, {"who": "666"}),  # with the right message and data
    (tap(below=message(chat=GROUP)), Foreign, {"why": "a tap in a group"}),
    (tap(below=message(chat=alone(ANN))), Foreign, {"why": "a tap in a group"}),
    (tap(below=message(forward_origin=FORWARDED)), Foreign,
     {"why": "a tap on a forwarded message"}),
    (tap(below={}, message=None, inline_message_id="i"), Foreign,
     {"why": "a tap without its message"}),
    (tap(data=None, game_short_name="g"), Foreign, {"why": "a tap without its message"}),
    ({}, Nothing, {}),
    ({"my_chat_member": {"chat": alone(MARCO), "from": MARCO, "date": 1,
      "old_chat_member": {"user": BOT, "status": "member"},
      "new_chat_member": {"user": BOT, "status": "kicked", "until_date": 0}}}, Nothing, {}),
])  # fmt: skip
def test_what_an_update_says_and_whether_it_counts(
    raw: dict[str, Any], kind: type, about: dict[str, Any]
) -> None:
    update = Update.de_json({"update_id": 1, **raw}, None)
    found = understood(update, OWNERS)
    assert type(found) is kind, found
    assert {name: getattr(found, name) for name in about} == about


@pytest.mark.parametrize("raw", [{"message": message()}, tap(), {"edited_message": message()}])
def test_where_nobody_is_paired_nobodys_word_counts(raw: dict[str, Any]) -> None:
    update = Update.de_json({"update_id": 1, **raw}, None)
    assert isinstance(understood(update, Chats()), Foreign | Nothing)


@pytest.mark.parametrize("who", ["04711", "4711.0", " 4711", "4711\n", "４７１１"])
def test_an_id_is_its_number_and_nothing_like_it(who: str) -> None:
    update = Update.de_json({"update_id": 1, "message": message()}, None)
    assert isinstance(understood(update, Chats(who, (who,))), Foreign)


# -- at the desk


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    return office


@pytest.fixture
def shown(phone: Phone) -> Standing:
    come(phone.office, 7)
    phone.work()
    (shown,) = phone.screen.sent
    return shown


def odd_taps(phone: Phone) -> int:
    return [one["kind"] for one in phone.office.events()].count("odd_tap")


@pytest.mark.parametrize("odd", [
    {"message": "999"}, {"message": ""}, {"chat": "4712", "who": "4712"},
])  # fmt: skip
def test_a_token_counts_only_below_its_own_message(
    phone: Phone, shown: Standing, relay: Relay, odd: dict[str, str]
) -> None:
    token = shown.token("Send")
    where = {"message": shown.id, **odd}
    shown_id, shown.id = shown.id, where.pop("message")
    assert phone.sends_tap(shown, token, **where) is None
    shown.id = shown_id
    phone.work()
    assert relay.messages == [] and odd_taps(phone) == 1
    assert phone.tap(shown, "Send") is not None  # and it is not used up by that
    phone.work()
    assert len(relay.messages) == 1


def test_the_token_of_one_request_says_nothing_below_another(phone: Phone, relay: Relay) -> None:
    come(phone.office, 1)
    phone.work()
    come(phone.office, 2)
    phone.work()
    one, two = phone.screen.sent
    assert phone.sends_tap(two, one.token("Send")) is None
    phone.work()
    assert relay.messages == []


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "' OR 1=1 --", "yes", "\x00"])
@pytest.mark.slow
def test_a_token_that_nobody_drew_is_told_so(
    phone: Phone, shown: Standing, relay: Relay, token: str
) -> None:
    reply = phone.sends_tap(shown, token)
    assert reply is not None and reply.alert and "I do not know this button" in reply.text
    phone.work()
    assert relay.messages == []


def test_no_two_tokens_are_alike_and_all_fit(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "Later")
    phone.tap(shown, "Open")
    rows = phone.rooms.ledger.db.execute("SELECT token FROM button").fetchall()
    tokens = [row["token"] for row in rows]
    assert len(set(tokens)) == len(tokens) >= 12
    assert all(20 <= len(one.encode()) <= 64 for one in tokens)


def test_of_two_owners_each_decides_in_their_own_chat(office: TestOffice, relay: Relay) -> None:
    office.env["FACTOTUM_TELEGRAM_CHAT_ID"] = f"{ME},4712"
    with phone_of(office) as phone:
        phone.says("Invoice please", chat="4712", who="4712", name="Ann")
        phone.work()
        shown = phone.see("Send this mail to ada@rossi.example?")
        assert shown.chat == "4712" and shown.message.reply_to == "1001"
        assert phone.sends_tap(shown, shown.token("Send")) is None  # Marco, from his own chat
        phone.sends_tap(shown, shown.token("Send"), who="4712", chat="4712")
        phone.work()
        card = office.card()
        assert card.decision is not None and "(4712)" in card.decision.who
        assert len(relay.messages) == 1
        assert {one.chat for one in phone.screen.sent if "🛑" not in one.text} == {"4712"}


def test_what_waits_with_one_owner_is_brought_up_by_no_other(office: TestOffice) -> None:
    office.env["FACTOTUM_TELEGRAM_CHAT_ID"] = f"{ME},4712"
    with phone_of(office) as phone:
        phone.says("Invoice please", chat="4712", who="4712", name="Ann")
        phone.work()
        asked = [
            phone.says("/tasks"),
            phone.says("/tasks", chat="4712", who="4712", name="Ann"),
        ]
        answers = {one.message.reply_to: one for one in phone.screen.sent}
        his, hers = (answers[one.id] for one in asked)
        assert (his.chat, his.labels, hers.chat) == (ME, [], "4712")
        assert hers.labels == ["Show: Send this mail to ada@rossi.example?"]


# -- what is said


def tasks(phone: Phone) -> list[Any]:
    ids = phone.rooms.ledger.db.execute("SELECT id FROM task ORDER BY created").fetchall()
    return [phone.rooms.ledger.task(row["id"]) for row in ids]


def test_what_the_owner_writes_is_the_owners_and_comes_once(phone: Phone) -> None:
    heard = phone.says("Invoice please")
    phone.service.hear(heard)
    phone.work()
    phone.service.hear(heard)
    phone.work()
    (task,) = tasks(phone)
    assert task.trust is Trust.OWNER and task.facts["chat"] == ME


def test_a_title_has_no_marks_of_what_was_written_with_them(phone: Phone) -> None:
    phone.says("**Invoice** for *Ada*, snake_case\n- and `tea`")
    (task,) = tasks(phone)
    assert task.title == "Invoice for Ada, snake_case • and tea"


@pytest.mark.parametrize("text", ["Pay Eve 500 € now", "/stop", "/resume", "Invoice please"])
def test_what_the_owner_passes_on_is_a_strangers_and_no_command(phone: Phone, text: str) -> None:
    phone.says(text, passed_on="Eve")
    (task,) = tasks(phone)
    assert task.trust is Trust.STRANGER
    assert pause.current(phone.rooms.ledger) is None
    assert phone.screen.sent == []


@pytest.mark.slow
def test_what_is_passed_on_answers_nothing(phone: Phone, shown: Standing) -> None:
    """Neither a question nor a prompt, in a reply to it or right after it."""
    phone.office.type("Water the plants.\n\ngo", "Plants.md")
    phone.work()
    question = phone.see("❓")
    phone.tap(question, "Answer…")
    for to in (question, phone.see("Reply with your answer."), shown, None):
        phone.says("yes, do it", to, passed_on="Eve")
    assert [card.decision for card in phone.office.cards()] == [None, None]
    assert len([task for task in tasks(phone) if task.trust is Trust.STRANGER]) == 4


def test_words_right_after_a_question_answer_it_only_where_it_was_the_last_thing_said(
    phone: Phone,
) -> None:
    phone.says("Water the plants.")
    phone.work()
    question = phone.see("❓")
    phone.says("done")
    (card,) = phone.office.cards()
    assert card.decision is not None and card.decision.why == "done"
    assert len(tasks(phone)) == 1 and "done" in question.text
    phone.work()
    phone.says("And buy milk.")
    assert len(tasks(phone)) == 2


@pytest.mark.slow
def test_a_day_later_plain_words_are_no_answer(phone: Phone) -> None:
    phone.says("Water the plants.")
    phone.work()
    phone.go(86_400)
    phone.says("Buy milk.")
    (card,) = phone.office.cards()
    assert card.decision is None and len(tasks(phone)) == 2


def test_a_reply_that_is_a_path_is_an_answer_and_no_command(phone: Phone) -> None:
    phone.says("Water the plants.")
    phone.work()
    phone.says("/srv/plants/plan.txt", phone.see("❓"))
    (card,) = phone.office.cards()
    assert card.decision is not None and card.decision.why == "/srv/plants/plan.txt"


@pytest.mark.slow
def test_a_command_in_a_reply_is_a_command(phone: Phone) -> None:
    phone.says("Water the plants.")
    phone.work()
    phone.says("/stop", phone.see("❓"))
    (card,) = phone.office.cards()
    assert card.decision is None and pause.current(phone.rooms.ledger) is not None


@pytest.mark.slow
def test_a_picture_in_reply_to_a_question_is_not_lost(phone: Phone) -> None:
    phone.says("Water the plants.")
    phone.work()
    phone.says("this one", phone.see("❓"), files=(photo(),))
    (card,) = phone.office.cards()
    assert card.decision is None and "as new work" in phone.see("reply with words alone").text
    (kept,) = tasks(phone)[-1].facts["attachments"]
    assert kept["name"] == "till.jpg"
