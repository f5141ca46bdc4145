"""Several requests at once: one message with all of them whole, and one yes to what is shown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from factotum.channels.contract import Lost
from factotum.gate.register import Card
from tests.channels.phone import Phone, Standing, phone_of
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

MAIL = """
when: {kind: note, words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""
FIVE = (1, 2, 3, 4, 5)
ALL = "Yes to all 5 shown"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    return office


def come(office: TestOffice, *numbers: int) -> None:
    for n in numbers:
        office.type("Send it to Ada.\n\ngo", f"Invoice {n}.md")


@pytest.fixture
def batch(phone: Phone) -> Standing:
    come(phone.office, *FIVE)
    phone.work()
    (shown,) = phone.screen.sent
    return shown


def note_of(office: TestOffice, n: int) -> Path:
    (found,) = [
        one for one in office.files("Pending_Approval") if f"Invoice {n}" in one.read_text()
    ]
    return found


def card_of(office: TestOffice, n: int) -> Card:
    (found,) = [one for one in office.cards() if one.seal.args["subject"] == f"Invoice {n}"]
    return found


def test_one_yes_to_all_that_are_shown_sends_each_once(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    assert batch.text.count("Hi Ada, here it is.") == 5
    assert batch.labels == [ALL, "One by one"]
    reply = phone.tap(batch, ALL)
    assert reply is not None and reply.text == "5 approved."
    phone.work()
    phone.work()
    assert sorted(one.message["Subject"] for one in relay.messages) == [
        f"Invoice {n}" for n in FIVE
    ]
    assert batch.text.startswith("All of these are decided") and batch.labels == []
    assert all(f" · “Invoice {n}”" in batch.text for n in FIVE)  # else all five lines are alike
    assert len(phone.screen.sent) == 1


@pytest.mark.slow
def test_the_same_tap_once_more_sends_nothing_more(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    token = batch.token(ALL)
    phone.sends_tap(batch, token, id="tap-a")
    again = phone.sends_tap(batch, token, id="tap-a")
    assert again is not None and again.text == "That was chosen already."
    phone.work()
    assert len(relay.messages) == 5


def test_what_was_changed_after_it_was_shown_is_not_among_them(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    """The change is in the ledger, and the phone does not show it yet."""
    yes = batch.token(ALL)
    note = note_of(phone.office, 3)
    note.write_text(note.read_text().replace("here it is", "there it goes"))
    phone.office.run()
    reply = phone.sends_tap(batch, yes)
    assert reply is not None and reply.text == "4 approved, 1 not: see there."
    phone.work()
    assert len(relay.messages) == 4
    assert card_of(phone.office, 3).status == "pending"
    own = phone.see("there it goes")
    assert own is not batch and "by itself below" in batch.text
    phone.tap(own, "Send")
    phone.work()
    assert b"there it goes" in relay.messages[-1].data and len(relay.messages) == 5


@pytest.mark.slow
def test_one_that_was_changed_leaves_the_others_with_their_yes(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    note = note_of(phone.office, 3)
    note.write_text(note.read_text().replace("here it is", "there it goes"))
    phone.work()
    assert batch.labels == ["Yes to all 4 shown", "One by one"]
    assert "there it goes" not in batch.text
    assert len(phone.screen.sent) == 2
    phone.tap(batch, "Yes to all 4 shown")
    phone.work()
    assert len(relay.messages) == 4


def test_one_by_one_each_has_a_message_of_its_own(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    phone.tap(batch, "One by one")
    own = phone.screen.sent[1:]
    assert len(own) == 5 and all("Send" in one.labels for one in own)
    assert batch.labels == [] and "by itself below" in batch.text
    phone.tap(own[0], "No")
    phone.tap(own[1], "Send")
    phone.tap(phone.see("Why not?"), "Just no")
    phone.work()
    assert len(relay.messages) == 1
    assert [one.labels for one in own[2:]] == [own[2].labels] * 3


@pytest.mark.slow
def test_at_night_who_wants_them_one_by_one_sees_them_at_once(
    office: TestOffice, relay: Relay
) -> None:
    quiet_now(office)
    with phone_of(office) as phone:
        come(office, *FIVE)
        phone.work()
        assert phone.screen.sent == []
        phone.go(11 * 3600)
        phone.look()
        batch = phone.see("5 wait for your yes")
        phone.go(13 * 3600)  # the next night
        phone.tap(batch, "One by one")
        assert len([one for one in phone.screen.sent if "Send" in one.labels]) == 5


@pytest.mark.slow
def test_all_can_be_undone_together(office: TestOffice, phone: Phone, relay: Relay) -> None:
    office.env["FACTOTUM_REGRET_S"] = "60"
    with phone_of(office, phone.screen) as phone:
        come(office, *FIVE)
        phone.work()
        (batch,) = phone.screen.sent
        phone.tap(batch, ALL)
        assert batch.labels == ["Undo"]
        reply = phone.tap(batch, "Undo")
        assert reply is not None and reply.text == "5 cancelled."
        phone.go(61)
        phone.work()
    assert relay.messages == [] and batch.labels == []


@pytest.mark.slow
def test_what_was_decided_elsewhere_shows_in_the_same_message(
    phone: Phone, batch: Standing, relay: Relay
) -> None:
    for note in phone.office.files("Pending_Approval"):
        phone.office.move(note, "Approved")
    phone.work()
    assert batch.text.startswith("All of these are decided") and batch.labels == []
    assert len(phone.screen.sent) == 1 and len(relay.messages) == 5


@pytest.mark.slow
def test_what_was_all_decided_before_it_was_said_is_never_said(
    office: TestOffice, phone: Phone, relay: Relay
) -> None:
    """Held for the morning, and decided in the night at the desk."""
    quiet_now(office)
    with phone_of(office, phone.screen) as phone:
        come(office, *FIVE)
        phone.work()
        for note in office.files("Pending_Approval"):
            office.move(note, "Approved")
        phone.work()
        phone.go(11 * 3600)
        phone.work()
        assert len(relay.messages) == 5
        assert [one.text for one in phone.screen.sent if "ada@" in one.text] == []


@pytest.mark.slow
def test_of_one_whose_outcome_is_lost_is_asked_by_itself(office: TestOffice) -> None:
    with Relay(dot="drop") as relay:
        office.env |= smtp(relay)
        with phone_of(office) as phone:
            come(office, 1, 2, 3)
            phone.work()
            (batch,) = phone.screen.sent
            phone.tap(batch, "Yes to all 3 shown")
            phone.work()
            own = phone.screen.sent[1:]
            assert [one.labels for one in own] == [["It happened", "It did not", "Leave it"]] * 3
            assert batch.text.count("by itself below") == 3


def test_a_batch_whose_send_was_lost_is_shown_by_nobody_twice(
    office: TestOffice, phone: Phone, relay: Relay
) -> None:
    """The person sees it, and taps: then it is known that it stands there."""
    phone.screen.done, phone.screen.fails = True, [Lost("the line broke")]
    come(office, *FIVE)
    office.run()
    phone.look()
    phone.go(5)
    phone.look()
    (batch,) = phone.screen.sent
    assert [one.state for one in phone.rows() if one.kind == "batch"] == ["lost"]
    phone.screen.done = False
    phone.tap(batch, ALL)
    phone.work()
    assert len(relay.messages) == 5 and len(phone.screen.sent) == 1
    assert batch.labels == []


def quiet_now(office: TestOffice) -> None:
    """The handbook's quiet time begins now and lasts for ten hours."""
    here = time.localtime(office.hands.wall)
    end = (here.tm_hour + 10) % 24
    (office.root / "Company_Handbook.md").write_text(
        f"```yaml policy\nquiet: {here.tm_hour:02}:00-{end:02}:00\n```\n"
    )
