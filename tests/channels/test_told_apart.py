"""Requests of one title are told apart in lists, by words that can do nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.gate.apart import apart, titled
from factotum.gate.records import Card
from factotum.views import digest, status
from factotum.views.dashboard import block
from factotum.words import local
from tests.channels.commanding import Ann
from tests.channels.phone import phone_of
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.views.house import House, utc

ADA = "ada@rossi.example"
TITLE = f"Send this mail to {ADA}?"
#: Subjects that want to be more than that, and what is shown of them.
HOSTILE = [
    ("**Yes** <b>all</b> [a](obsidian://x)", "**Yes** <b>all</b> [a](obsidian://x)"),
    ("safe\u202eti.exe", "safe\\u202eti.exe"),
    ("one\nApproved by you\r\n- [x] approve", "one Approved by you - [x] approve"),
    ("x" * 5000, "x" * 39 + "…"),
    ("Hi”? Nothing waits for you. “", "Hi'? Nothing waits for you. '"),
    ("a\u200bb\x1b[2Jc\x07", "a\\u200bb\\u001b[2Jc\\u0007"),
]


def letter(subject: object, **more: object) -> dict[str, object]:
    return {"to": [ADA], "subject": subject, "body": "Hello.", **more}


def put(house: House, subject: object, title: str = TITLE, **more: object) -> Card:
    return house.card(title, args=letter(subject, **more))


def test_only_what_is_alike_is_told_apart_and_by_what_differs(house: House) -> None:
    one, two = put(house, "Invoice 1042"), put(house, "Invoice 1043")
    alone = put(house, "Invoice 1044", "Send this mail to bea@rossi.example?")
    assert apart([one, two, alone]) == {
        one.id: "“Invoice 1042”",
        two.id: "“Invoice 1043”",
        alone.id: "",
    }


def test_where_nothing_differs_that_may_be_shown_nothing_is_said(house: House) -> None:
    one, two = put(house, "Hello"), put(house, "Hello", body="Another text")
    assert set(apart([one, two]).values()) == {""}
    assert apart([one, one]) == {one.id: ""}
    assert apart([]) == {}


def test_of_those_with_one_subject_it_is_said_when_they_were_asked(house: House) -> None:
    first = put(house, "Hello")
    house.now += 120
    second, other = put(house, "Hello"), put(house, "Invoice")
    times = [f"{local(card.created):%H:%M}" for card in (first, second)]
    assert apart([first, second]) == {
        first.id: f"asked {times[0]}",
        second.id: f"asked {times[1]}",
    }
    assert apart([first, second, other]) == {
        first.id: f"“Hello”, asked {times[0]}",
        second.id: f"“Hello”, asked {times[1]}",
        other.id: "“Invoice”",
    }
    assert titled(TITLE, "“" + "x" * 40 + "”, asked 14:02", 60).endswith("…”, asked 14:02?")


def test_a_note_is_told_by_its_name(house: House) -> None:
    notes = [
        house.card("Change this note?", tool="notes__change", args={"note": f"A/B/{n}.md"})
        for n in ("2025/Plan", "2026/Plan")
    ]
    assert list(apart(notes).values()) == ["“2025/Plan.md”", "“2026/Plan.md”"]


@pytest.mark.parametrize("odd", [None, 7, ["a", "b"], {"a": 1}, "", " \n "])
def test_a_subject_that_is_no_text_says_nothing(house: House, odd: object) -> None:
    one, two = put(house, odd), put(house, "Invoice")
    assert apart([one, two]) == {one.id: "", two.id: "“Invoice”"}


@pytest.mark.parametrize(("subject", "shown"), HOSTILE)
def test_a_hostile_subject_is_one_short_quotation(house: House, subject: str, shown: str) -> None:
    one, other = put(house, subject), put(house, "Invoice")
    assert apart([one, other])[one.id] == f"“{shown}”"


def test_the_title_is_cut_before_what_tells_it_apart() -> None:
    assert titled(TITLE, "“Invoice 1042”", 100) == f"Send this mail to {ADA} “Invoice 1042”?"
    assert titled(TITLE, "“Invoice 1042”", 40) == "Send this mail to ada@r… “Invoice 1042”?"
    assert titled(TITLE, "", 20) == "Send this mail to a…"
    for most in range(12, 80):
        for detail in ("“" + "x" * 40 + "”", "“a”"):
            assert len(titled(TITLE, detail, most)) <= most
            assert titled(TITLE, detail, most).endswith("”?")


def test_every_list_says_it_and_no_note_does(house: House, ann: Ann) -> None:
    cards = [put(house, f"Invoice {n}") for n in (1042, 1043)]
    snapshot = house.snapshot()
    lists = {
        "status": status.text(snapshot, utc(house.now)),
        "dashboard": block(snapshot, (), 2026),
        "digest": digest.text(house.ledger, cards, house.now - 60, house.now, utc),
        "/status": ann("/status"),
        "/stop": "",
    }
    cards = [house.approve(card) for card in cards]
    lists["/stop"] = ann("/stop")
    for where, text in lists.items():
        for n in (1042, 1043):
            assert f"“Invoice {n}”" in text, where
    assert {card.title for card in cards} == {TITLE}
    assert not any("invoice" in card.name for card in cards)


@pytest.mark.parametrize(("subject", "_"), HOSTILE)
def test_a_hostile_subject_does_nothing_in_any_list(
    house: House, ann: Ann, subject: str, _: str
) -> None:
    for one in (subject, "Invoice"):
        put(house, one)
    snapshot = house.snapshot()
    dashboard = block(snapshot, (), 2026)
    for text in (status.text(snapshot, utc(house.now)), dashboard, ann("/status")):
        assert not any(char in text for char in "\u202e\u200b\x1b\x07\r")
        assert "\nApproved by you" not in text
        assert max(map(len, text.split("\n"))) < 400
    assert "[a](" not in dashboard and "<b>" not in dashboard and "**Yes" not in dashboard


MAIL = """
when: {kind: note, words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""


def test_on_the_phone_lists_and_their_buttons_say_which_is_which(
    tmp_path: Path, relay: Relay
) -> None:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(MAIL)
    with phone_of(office) as phone:
        for n in (1042, 1043):
            office.type("Send it to Ada.\n\ngo", f"Invoice {n}.md")
        phone.work()
        asked = phone.says("/tasks")
        (told,) = [one for one in phone.screen.sent if one.message.reply_to == asked.id]
        for n in (1042, 1043):
            assert f"waits for your yes: Send this mail to {ADA} “Invoice {n}”" in told.text
            assert f"Show: Send this mail to ada@r… “Invoice {n}”?" in told.labels
        phone.tap(told, told.labels[0])
        assert {f"Send this mail to {ADA}?"} == {card.title for card in office.cards()}
