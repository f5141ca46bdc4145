"""What becomes of a request that is shown on a phone: each choice below it, and each way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factotum.channels.prompts import ASKS
from factotum.gate.register import NotOpen
from factotum.tick.look import REASON_S
from orchestrator import Orchestrator
from tests.channels.phone import Phone, Standing, phone_of
from tests.office import TestOffice, opened, smtp
from tests.servers.model import ScriptedModelServer
from tests.servers.smtp import Relay
from tests.test_life import ASK, REPLY
from tests.test_strong import ELSEWHERE

SEND = "Send"
OLD = "Hi Ada, here is invoice 1042."
NEW = "Ada, invoice 1042 comes on Thursday."


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    return office


def ask(phone: Phone, *numbers: int) -> None:
    """A stranger's mails come, and the office asks whether to answer them."""
    for n in numbers or (1042,):
        mail = ASK.replace(b"1042", str(n).encode()).replace(b"ask-1@", f"ask-{n}@".encode())
        phone.office.drop(f"ask-{n}.eml", mail)
    phone.work()


def to_run(phone: Phone) -> list[str]:
    """The tasks that the office would go on with now."""
    with opened(phone.office) as door:
        return [id for id, _ in door.tick([]).tasks]


@pytest.fixture
def shown(phone: Phone) -> Standing:
    """The request, as it stands on the phone."""
    ask(phone)
    (shown,) = phone.screen.sent
    return shown


def test_one_tap_sends_it_once_and_the_same_message_says_so(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    assert OLD in shown.text and relay.messages == []
    reply = phone.tap(shown, SEND)
    assert reply is not None and reply.text == "Approved."
    phone.work()
    assert len(relay.messages) == 1
    assert shown.text.startswith("✅ Done: Send this reply to Ada Rossi")
    assert "Approved by Marco (4711) (telegram)" in shown.text and shown.labels == []
    assert len(phone.screen.sent) == 1


def test_a_tap_that_comes_twice_decides_once_and_is_told_what_became_of_it(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    token = shown.token(SEND)
    phone.sends_tap(shown, token, id="tap-a")
    again = phone.sends_tap(shown, token, id="tap-a")
    assert again is not None and "It was approved by Marco (4711) (telegram)" in again.text
    phone.work()
    later = phone.sends_tap(shown, token, id="tap-b")
    assert later is not None and later.text.startswith("It is done already, approved by Marco")
    assert len(relay.messages) == 1


def test_what_stands_in_no_line_of_the_form_is_named_in_plain_words(
    office: TestOffice, phone: Phone
) -> None:
    office.playbook(REPLY.replace("body:", 'in_reply_to: "{message_id}"\n      body:'))
    ask(phone)
    (shown,) = phone.screen.sent
    assert "\nIn reply to: <ask-1042@" in shown.text and "in_reply_to" not in shown.text


# -- undo and now


def test_in_the_time_for_regret_it_can_be_undone(
    office: TestOffice, phone: Phone, relay: Relay
) -> None:
    office.env["FACTOTUM_REGRET_S"] = "60"
    with phone_of(office, phone.screen) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        reply = phone.tap(shown, SEND)
        assert reply is not None and reply.text == "Approved. It goes out in 60 s."
        assert shown.labels == ["Undo", "Now"] and "It goes out" in shown.text
        phone.tap(shown, "Undo")
        assert (
            shown.text.startswith("🚫")
            and "stopped by Marco (4711) (telegram). Nothing" in shown.text
        )
        phone.go(61)
        phone.work()
    assert relay.messages == [] and shown.labels == []


@pytest.mark.slow
def test_now_does_not_wait(office: TestOffice, phone: Phone, relay: Relay) -> None:
    office.env["FACTOTUM_REGRET_S"] = "3600"
    with phone_of(office, phone.screen) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        phone.tap(shown, SEND)
        reply = phone.tap(shown, "Now")
        assert reply is not None and reply.text == "It goes out now."
        phone.work()
        assert len(relay.messages) == 1 and "✅" in shown.text
        late = phone.sends_tap(shown, shown.before[-1].rows[0][0].token)
        assert late is not None and late.alert and "It is done already" in late.text
    assert len(relay.messages) == 1


@pytest.mark.parametrize(("by", "held"), [
    ("/stop", "Everything is stopped: it goes out after /resume."),
    ("STOP.md", "STOP.md stops everything: it goes out when that note is gone."),
])  # fmt: skip
def test_while_all_is_stopped_a_yes_is_not_promised(
    office: TestOffice, phone: Phone, relay: Relay, by: str, held: str
) -> None:
    office.env["FACTOTUM_REGRET_S"] = "60"
    with phone_of(office, phone.screen) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        if by == "/stop":
            phone.says("/stop")
        else:
            (office.root / "STOP.md").write_text("Not now.")
        reply = phone.tap(shown, SEND)
        assert reply is not None and reply.text == f"Approved. {held}"
        reply = phone.tap(shown, "Now")
        assert reply is not None and reply.text == held
    assert relay.messages == []


@pytest.mark.parametrize(("by", "till"), [
    ("/stop", "till /resume"),
    ("STOP.md", "till STOP.md is gone from the vault"),
])  # fmt: skip
def test_what_is_approved_is_said_to_wait_for_as_long_as_all_is_stopped(
    office: TestOffice, phone: Phone, relay: Relay, by: str, till: str
) -> None:
    office.env["FACTOTUM_REGRET_S"] = "60"
    stop = office.root / "STOP.md"
    with phone_of(office, phone.screen) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        phone.tap(shown, SEND)
        assert "It goes out" in shown.text
        phone.says("/stop") if by == "/stop" else stop.write_text("Not now.")
        phone.go(8 * 3600)
        office.env["FACTOTUM_REGRET_S"] = "0"  # the office would wait for it at each of its starts
        phone.work()
        assert f"Everything is stopped: it waits {till}." in shown.text
        assert "at the earliest" not in shown.text and shown.labels == ["Undo", "Now"]
        said = office.one("Approved").read_text()
        assert "Everything is stopped, so it waits till" in said and "It goes out" not in said
        phone.says("/resume") if by == "/stop" else stop.unlink()
        phone.work()
        assert "✅" in shown.text and "waits" not in shown.text
    assert len(relay.messages) == 1


def test_what_is_being_carried_out_is_not_called_tried_again(
    office: TestOffice, phone: Phone, relay: Relay
) -> None:
    office.env["FACTOTUM_REGRET_S"] = "3600"
    with phone_of(office, phone.screen) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        phone.tap(shown, SEND)
        register, card = phone.service.window.register, phone.office.card()
        n = register.begin(card, "key", phone.now)
        phone.look()
        assert "It goes out at this moment." in shown.text and shown.labels == []
        register.failed_try(card, n, "no line", phone.now)
        phone.look()
        assert "It is tried again" in shown.text and shown.labels == ["Undo"]


# -- later


def test_what_is_put_off_becomes_a_line_and_opens_again(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    phone.tap(shown, "Later")
    assert shown.text.startswith("💤 Later: ") and OLD not in shown.text
    assert shown.labels == ["Open", "No"]
    phone.tap(shown, "Open")
    assert OLD in shown.text
    phone.tap(shown, SEND)
    phone.work()
    assert len(relay.messages) == 1


# -- no


def test_a_no_asks_why_and_a_reply_is_the_reason(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    phone.tap(shown, "No")
    assert shown.labels == [] and "Refused by Marco (4711)" in shown.text
    why = phone.see("Why not?")
    assert why.message.reply_to == shown.id
    assert to_run(phone) == []  # it waits for the reason
    phone.says("She has it already.", why)
    phone.work()
    card = phone.office.card()
    assert card.decision is not None and card.decision.why == "She has it already."
    assert "She has it already." in shown.text and why.text == "Noted, thank you."
    assert phone.office.files("Done") and relay.messages == []
    assert [one.kind for one in phone.rows()].count("progress") == 0


@pytest.mark.slow
def test_a_no_without_a_reason_is_one(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "No")
    why = phone.see("Why not?")
    phone.tap(why, "Just no")
    phone.work()
    assert why.text == "No reason given." and why.labels == []
    assert phone.office.files("Done")


@pytest.mark.slow
def test_who_says_nothing_at_all_is_waited_for_a_minute(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "No")
    phone.go(REASON_S - 5)
    assert to_run(phone) == []
    phone.go(10)
    assert to_run(phone) == [phone.office.card().task]
    phone.work()
    assert phone.office.files("Done")
    phone.says("Too late?", phone.see("Why not?"))  # it is kept all the same
    card = phone.office.card()
    assert card.decision is not None and card.decision.why == "Too late?"


def test_a_reason_may_come_after_none_was_given(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "No")
    why = phone.see("Why not?")
    phone.tap(why, "Just no")
    phone.says("She has it already.", why)
    card = phone.office.card()
    assert card.decision is not None and card.decision.why == "She has it already."
    assert "She has it already." in shown.text
    phone.says("And more.", why)  # said once
    assert "I took nothing of what you write now" in phone.see("answered already").text
    assert phone.office.card().decision == card.decision


# -- change


def test_the_whole_text_written_anew_is_the_next_version(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    phone.tap(shown, "Change…")
    assert shown.labels == ["Write it anew", "Say what to change", "Back"]
    phone.tap(shown, "Write it anew")
    prompt = phone.see(ASKS["text"][0])
    assert prompt.message.prompt == ASKS["text"][1]
    first = shown.token(SEND) if SEND in shown.labels else shown.before[0].rows[0][0].token
    phone.says(NEW, prompt)
    assert "✏️ It is being changed…" in shown.text and SEND not in shown.labels
    phone.work()
    assert phone.office.card().version == 2
    assert f"- {OLD}" in shown.text and f"+ {NEW}" in shown.text
    late = phone.sends_tap(shown, first)
    assert late is not None and late.alert and phone.office.card().status == "pending"
    phone.look()
    phone.tap(shown, SEND)
    phone.work()
    (sent,) = relay.messages
    assert NEW.encode() in sent.data


def test_a_second_reply_to_what_was_answered_is_no_new_work(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "Change…")
    phone.tap(shown, "Write it anew")
    prompt = phone.see(ASKS["text"][0])
    phone.says(NEW, prompt)
    phone.work()
    phone.says(f"{NEW} Best, Marco", phone.see("It is changed"))
    assert "To change the request, tap below it" in phone.see("answered already").text
    assert phone.office.card().version == 2
    assert [one["kind"] for one in phone.office.events()].count("task") == 1


def test_a_finger_that_taps_twice_is_asked_once(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "Change…")
    token = shown.token("Write it anew")
    for _ in range(2):
        assert phone.sends_tap(shown, token) is not None
    phone.look()
    assert [one.kind for one in phone.rows()].count("prompt") == 1


@pytest.mark.slow
def test_an_order_is_carried_out_and_one_tap_sends_the_new_version(
    office: TestOffice, relay: Relay
) -> None:
    with ScriptedModelServer([json.dumps({"text": NEW})]) as model:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": model.base_url,
            "FACTOTUM_MODEL_PATIENCE_S": "0",
        }
        with phone_of(office) as phone:
            ask(phone)
            (shown,) = phone.screen.sent
            phone.tap(shown, "Change…")
            phone.tap(shown, "Say what to change")
            phone.says("shorter, say Thursday", phone.see("What is to be changed?"))
            told = phone.see("It is being changed")
            phone.work()
            assert f"+ {NEW}" in shown.text and told.text == "It is changed, and stands above."
            phone.tap(shown, SEND)
            phone.work()
    assert NEW.encode() in relay.messages[0].data and len(model.requests) == 1


@pytest.mark.slow
def test_a_reply_to_the_request_itself_is_an_order(phone: Phone, shown: Standing) -> None:
    phone.says("shorter", shown)
    told = phone.see("It is being changed; it comes back above.")
    phone.work()
    assert "It was not changed: there is no model that could carry out an order" in shown.text
    assert told.text.startswith("⚠ It was not changed: there is no model")  # the last thing said
    assert SEND in shown.labels and phone.office.card().version == 1


@pytest.mark.parametrize("word", ["Yes!", "no", "ok", "👍", "Nein."])
@pytest.mark.parametrize("replies", [True, False])
def test_a_yes_or_no_in_words_decides_nothing_and_changes_nothing(
    phone: Phone, shown: Standing, word: str, replies: bool
) -> None:
    phone.says(word, shown if replies else None)
    assert phone.see("yes and no are tapped").labels == ["Show: Send this reply to Ada Rossi?"]
    card = phone.office.card()
    assert card.status == "pending" and SEND in shown.labels
    kinds = [one["kind"] for one in phone.office.events()]
    assert kinds.count("change") == 0 and kinds.count("task") == 1


@pytest.mark.slow
def test_what_cannot_be_sent_so_is_said_where_it_was_asked(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "Change…")
    phone.tap(shown, "Write it anew")
    phone.says(OLD, phone.see(ASKS["text"][0]))
    assert "stays as it is" in phone.see("nothing changed: that is what it says already").text
    assert phone.office.card().version == 1 and SEND in shown.labels


@pytest.mark.parametrize("choice", ["Write it anew", "Say what to change"])
@pytest.mark.slow
def test_who_was_asked_and_did_not_answer_can_be_asked_again(
    phone: Phone, shown: Standing, choice: str
) -> None:
    for n in (1, 2, 3):
        phone.tap(shown, "Change…")
        phone.tap(shown, choice)
        assert len([one for one in phone.rows() if one.kind == "prompt"]) == n
        if "Back" in shown.labels:
            phone.tap(shown, "Back")


# -- more


def test_all_that_does_not_fit_can_be_read(office: TestOffice, relay: Relay) -> None:
    words = " ".join(f"word{n}" for n in range(800))
    office.playbook(REPLY.replace("here is invoice 1042", words))
    with phone_of(office) as phone:
        ask(phone)
        (shown,) = phone.screen.sent
        assert "You have not read" in shown.text and "word799" not in shown.text
        phone.tap(shown, "Read all")
        parts = [one.text for one in phone.screen.sent[1:]]
        assert "word799" in parts[-1] and "word0" in parts[0]
        phone.go(1)
        phone.tap(shown, "Read all")  # as often as one likes
        assert len(phone.screen.sent) == 1 + 2 * len(parts)
        phone.tap(shown, SEND)
        phone.work()
    assert b"word799" in relay.messages[0].data


@pytest.mark.slow
def test_what_they_wrote_can_be_read_whole(phone: Phone) -> None:
    mail = ASK + b" ".join(b"line%d" % n for n in range(120))
    phone.office.drop("long.eml", mail)
    phone.work()
    (shown,) = phone.screen.sent
    assert "line119" not in shown.text
    phone.tap(shown, "More…")
    phone.tap(shown, "See what they wrote")
    assert "line119" in phone.screen.sent[-1].text


@pytest.mark.parametrize(("choice", "kind"), [
    ("Yes, and the same in this thread", "thread"), ("Yes, and the same till tonight", "tonight"),
])  # fmt: skip
@pytest.mark.slow
def test_a_yes_can_hold_for_more_of_the_same(
    phone: Phone, shown: Standing, relay: Relay, choice: str, kind: str
) -> None:
    phone.tap(shown, "More…")
    phone.tap(shown, choice)
    phone.work()
    assert len(relay.messages) == 1
    (row,) = phone.rooms.ledger.db.execute("SELECT kind, channel FROM permission").fetchall()
    assert tuple(row) == (kind, "telegram")


# -- much at stake


@pytest.fixture
def risky(office: TestOffice, phone: Phone) -> Standing:
    """A stranger would have something sent elsewhere."""
    office.playbook(ELSEWHERE)
    ask(phone)
    (shown,) = phone.screen.sent
    return shown


def test_what_a_stranger_wants_is_typed_letter_by_letter(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    assert "A STRANGER WANTS THIS" in risky.text
    assert risky.labels[0] == "No" and risky.labels[2] == "Send anyway…"
    phone.tap(risky, "Send anyway…")
    prompt = phone.see("To approve it, reply with this")
    phone.says("yes", prompt)
    assert phone.office.card().status == "pending"
    again = phone.see("That is not it, so nothing was approved.")
    phone.says("backup@datasafe.example", again)
    again = phone.see("That is still not it, so nothing was approved.")
    phone.says("Backup@data-safe.example", again)  # as phones begin a sentence
    phone.work()
    card = phone.office.card()
    assert card.decision is not None and card.decision.channel == "telegram"
    assert len(relay.messages) == 1 and "✅" in risky.text


def test_a_typed_yes_to_words_that_have_changed_is_told_so_without_a_file_name(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    phone.tap(risky, "Send anyway…")
    prompt = phone.see("To approve it, reply with this")
    note = phone.office.one("Pending_Approval")
    note.write_text(note.read_text().replace("here it is", "off it goes"))
    phone.work()
    phone.says("backup@data-safe.example", prompt)
    assert phone.see("⚠").text == "⚠ It was changed meanwhile; look at version 2"
    assert phone.office.card().status == "pending" and relay.messages == []


@pytest.mark.slow
def test_the_typed_word_can_be_asked_for_again(phone: Phone, risky: Standing, relay: Relay) -> None:
    phone.tap(risky, "Send anyway…")
    del phone.screen.there[phone.see("To approve it").id]  # the person deletes what was asked
    phone.go(2)
    phone.tap(risky, "Send anyway…")
    phone.says("backup@data-safe.example", phone.see("To approve it"))
    phone.work()
    assert len(relay.messages) == 1


@pytest.mark.slow
def test_no_forged_yes_below_it_counts(phone: Phone, risky: Standing, relay: Relay) -> None:
    """Whatever wish a button of it had: it is typed, or nothing."""
    card = phone.office.card()
    said = phone.service.window.outbox.row("telegram", "4711", f"card {card.id}")
    assert said is not None
    for wish in ("yes", "really", "also thread"):
        buttons = phone.service.window.buttons
        (row,) = buttons.draw(said.seq, [[("x", wish)]], phone.now, card.id, card.seal.digest)
        reply = phone.sends_tap(risky, row[0].token)
        assert reply is not None and reply.alert
    phone.work()
    assert relay.messages == [] and phone.office.card().status == "pending"


# -- unknown, expired


def test_of_an_unknown_outcome_a_person_says_what_happened(office: TestOffice) -> None:
    with Relay(dot="drop") as relay:
        office.env |= smtp(relay)
        with phone_of(office) as phone:
            ask(phone)
            (shown,) = phone.screen.sent
            phone.tap(shown, SEND)
            phone.work()
            assert shown.text.startswith("⚠️") and "I do not try it again" in shown.text
            assert shown.labels == ["It happened", "It did not", "Leave it"]
            phone.tap(shown, "Leave it")
            assert "It happened" in shown.labels  # it can still be said
            phone.tap(shown, "It happened")
            phone.work()
            assert shown.labels == [] and shown.text.startswith("✅")
        assert len(relay.messages) == 1


@pytest.mark.slow
def test_what_did_not_happen_is_asked_anew(office: TestOffice) -> None:
    with Relay(dot="drop") as relay:
        office.env |= smtp(relay)
        with phone_of(office) as phone:
            ask(phone)
            (shown,) = phone.screen.sent
            phone.tap(shown, SEND)
            phone.work()
            phone.tap(shown, "It did not")
            phone.work()
            assert len(phone.screen.sent) == 2
            assert SEND in phone.screen.sent[1].labels
        assert len(relay.messages) == 1


def test_what_has_expired_is_asked_again_when_wanted(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    def a_week_later(orchestrator: Orchestrator) -> None:
        phone.go(8 * 86_400)
        orchestrator.tick()

    phone.office.run(a_week_later)
    phone.look()
    assert shown.text.startswith("⌛") and shown.labels == ["Ask me again", "No"]
    phone.tap(shown, "Ask me again")
    phone.work()
    assert SEND in shown.labels and "It had expired" in shown.text
    phone.tap(shown, SEND)
    phone.work()
    assert len(relay.messages) == 1


# -- decided elsewhere


@pytest.mark.parametrize("folder", ["Approved", "Rejected"])
def test_what_is_decided_in_the_vault_is_said_and_a_tap_after_that_is_told(
    phone: Phone, shown: Standing, relay: Relay, folder: str
) -> None:
    yes = shown.token(SEND)
    phone.office.move(phone.office.one("Pending_Approval"), folder)
    phone.office.run()
    late = phone.sends_tap(shown, yes)  # before the message was changed
    assert late is not None and late.alert
    phone.look()
    if folder == "Approved":
        assert "It is done already" in late.text and "✅" in shown.text
    else:
        assert "It was refused by you (move)" in late.text and "🚫" in shown.text
    assert shown.labels == [] and len(relay.messages) == (folder == "Approved")


def test_of_two_words_at_once_the_first_counts(phone: Phone, shown: Standing, relay: Relay) -> None:
    card = phone.office.card()
    phone.rooms.register.decide(card.id, card.seal.digest, "reject", "cli", "you", phone.now)
    late = phone.tap(shown, SEND)
    assert late is not None and late.alert and "refused by you (cli)" in late.text
    with pytest.raises(NotOpen):
        phone.rooms.register.decide(card.id, card.seal.digest, "approve", "cli", "x", phone.now)
    phone.work()
    assert relay.messages == []


@pytest.mark.slow
def test_what_is_decided_before_it_could_be_said_is_never_said(
    office: TestOffice, relay: Relay
) -> None:
    with phone_of(office) as phone:
        office.drop("ask.eml", ASK)
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")
        office.run()
        phone.look()
        phone.go(10)
        phone.work()
        assert phone.screen.sent == [] and len(relay.messages) == 1


# -- questions


@pytest.fixture
def question(office: TestOffice, phone: Phone) -> Standing:
    office.type("Water the plants.\n\ngo", "Plants.md")
    phone.work()
    (shown,) = phone.screen.sent
    assert shown.text.startswith("❓")
    return shown


def test_a_question_is_answered_by_a_reply(phone: Phone, question: Standing) -> None:
    phone.says("I did it, thanks", question)
    card = phone.office.card()
    assert card.decision is not None and card.decision.verdict == "answer"
    assert card.decision.why == "I did it, thanks"
    assert "I did it, thanks" in question.text and question.labels == []


@pytest.mark.slow
def test_a_question_is_answered_by_a_choice(phone: Phone, question: Standing) -> None:
    label = question.labels[0]
    reply = phone.tap(question, label)
    assert reply is not None and reply.text == f"Answered: {label}"
    card = phone.office.card()
    assert card.decision is not None and card.decision.why == label
    assert question.text.startswith("✅ Answered: ") and question.labels == []


@pytest.mark.slow
def test_a_question_is_answered_in_an_empty_line(phone: Phone, question: Standing) -> None:
    phone.tap(question, "Answer…")
    phone.says("later", phone.see("Reply with your answer."))
    card = phone.office.card()
    assert card.decision is not None and card.decision.why == "later"
