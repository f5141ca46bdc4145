"""A letter goes out from the address that was shown, and what was begun is found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office import TestOffice, smtp
from tests.prove.life import Life
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import Relay

pytestmark = pytest.mark.prove

OTHER = "Office <office@elsewhere.test>"
DRAFT = """
when: {kind: note, words: [draft it]}
do:
  - mail__draft: {to: ["ada@rossi.example"], subject: "The offer", body: "Ninety euros."}
"""


def test_another_address_than_was_shown_asks_once_more(tmp_path: Path) -> None:
    with Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")
        office.env["FACTOTUM_MAIL_FROM"] = OTHER
        office.run()
        assert relay.messages == []
        card = office.one("Pending_Approval")
        assert (office.card().version, office.card().status) == (2, "pending")
        assert "It would now go out from Office" in card.read_text()
        office.move(card, "Approved")
        office.run()
        (sent,) = relay.messages
        assert b"From: Office <office@elsewhere.test>" in sent.data


@pytest.mark.slow
def test_a_draft_that_a_crash_cut_short_is_found_though_the_address_changed(
    tmp_path: Path,
) -> None:
    with Dovecot() as dovecot:
        life = Life(tmp_path, dovecot.settings("ann@example.test"))
        life.playbook(DRAFT)
        life.type("Please draft it.\n")
        assert life.child("effect.after")
        life.env["FACTOTUM_MAIL_FROM"] = OTHER
        life.live()
        assert life.card().status == "succeeded"
        assert len(dovecot.messages("ann@example.test", "Drafts")) == 1
