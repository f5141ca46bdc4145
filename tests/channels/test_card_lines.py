"""A request is a screen of a phone, and says what it says in the words of an office."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.drop import Drop
from factotum.model import Trust
from tests.channels.phone import Phone, phone_of
from tests.office import TestOffice, smtp
from tests.servers.model import call
from tests.servers.smtp import Relay
from tests.test_life import ASK
from tests.test_mind import FINISH, thinking
from tests.test_strong import ELSEWHERE

REPLY = """
when: {kind: email}
do:
  - mail__send:
      to: ["{from}"]
      subject: "Re: {title}"
      body: "Hi Ada, here is invoice 1042 again. Best, Marco"
      attachments: [Office/Accounting/invoice-1042.pdf]
"""
WITHOUT = REPLY[: REPLY.index("      attachments")]
LETTER = "Hi Marco,\n\nCould you send me invoice 1042 again?\n\nThanks,\nAda"
#: What the books call it, and no person does.
JARGON = re.compile(r"\b(?:taint|tainted|egress|opaque|seal|sealed|digest|args|sha256)\b", re.I)
STAMP = re.compile(r"\d{4}-\d\d-\d\d")


def writes(phone: Phone, n: int = 1, trust: Trust = Trust.KNOWN) -> None:
    at, known = datetime.fromtimestamp(phone.now, UTC), {"verified": True}
    drop = Drop("mail", f"1:{n}", "email", "Invoice 1042", LETTER, trust, "ada@rossi.example",
                "Ada Rossi", at, properties=known)  # fmt: skip
    phone.service.window.mailroom.take(drop, phone.now)
    phone.work()


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    return TestOffice(tmp_path, smtp(relay))


@pytest.mark.parametrize(("file", "most"), [(False, 12), (True, 13)])
def test_a_common_reply_fits_on_a_phone(office: TestOffice, file: bool, most: int) -> None:
    office.playbook(REPLY if file else WITHOUT)
    path = office.root / "Office/Accounting/invoice-1042.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.4 an invoice")
    with phone_of(office) as phone:
        writes(phone)
        text = phone.see("Send this reply to Ada Rossi?").text
        lines = text.split("\n")
        assert len(lines) <= most, text
        assert "Hi Marco, Could you send me invoice 1042 again? Thanks, Ada" in lines
        assert ("📎 invoice-1042.pdf (19 bytes)" in lines) is file
        assert text.count("ada@rossi.example") == 3  # how well known, who asked, and To
        assert re.search(r"Waits till \w{3} \d+ \w{3} \d\d:\d\d; cannot be undone", lines[-1])


@pytest.mark.parametrize("playbook", [WITHOUT, ELSEWHERE])
def test_no_word_of_the_books_and_no_stamp_stands_there_whatever_becomes_of_it(
    office: TestOffice, relay: Relay, playbook: str
) -> None:
    office.playbook(playbook)
    with phone_of(office) as phone:
        writes(phone, trust=Trust.STRANGER if playbook is ELSEWHERE else Trust.KNOWN)
        (shown,) = phone.screen.sent
        for label in ("More…", "Back", "Later", "Open"):
            phone.tap(shown, label)
        phone.tap(shown, "No")
        phone.tap(phone.see("Why not?"), "Just no")
        phone.work()
        said = [shown, *phone.screen.sent]
        every = [message for one in said for message in (*one.before, one.message)]
        assert len(every) > 5
        for message in every:
            labels = " ".join(one.label for row in message.rows for one in row)
            for text in (message.words.text, labels):
                assert not JARGON.search(text), text
                assert not STAMP.search(text), text


def test_a_schedule_shows_what_is_set_and_no_empty_line(office: TestOffice) -> None:
    wanted = {"action": "add", "name": "Water", "every": "1d", "message": "At: home\nCron:\nGo"}
    with thinking(office, [call("schedule", **wanted), FINISH]), phone_of(office) as phone:
        office.drop("ask.eml", ASK)
        phone.work()
        (shown,) = phone.screen.sent
        form = shown.text.split("What would be done:\n")[1]
        assert form.startswith("Name: Water\nEvery: 1d\n")
        assert "\n\nAt: home\nCron:\nGo\n" in form  # their own words stay as they are
        assert shown.labels[0] == "Set up"
