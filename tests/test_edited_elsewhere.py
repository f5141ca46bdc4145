"""A request that is edited so that it would do more needs the word that such a request needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.model import Risk
from tests.cli.conftest import ASK, REPLY
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    assert office.card().seal.risk is Risk.MEDIUM
    return office


@pytest.mark.parametrize("field", ["To: ada@rossi.example", "Cc:"])
def test_whoever_can_write_a_file_cannot_turn_a_reply_into_a_letter_elsewhere(
    office: TestOffice, relay: Relay, field: str
) -> None:
    note = office.one("Pending_Approval")
    name = field.partition(":")[0]
    note.write_text(note.read_text().replace(field, f"{name}: eve@elsewhere.example", 1))
    office.tick(note, "approve")
    for _ in range(4):
        office.run()
        waiting = office.files("Pending_Approval")
        if waiting:
            office.move(waiting[0], "Approved")
    assert relay.messages == []
    card = office.card()
    assert card.seal.risk is Risk.HIGH
    assert "elsewhere.example" in str(card.seal.args)


def test_other_words_to_the_same_person_need_no_other_word(
    office: TestOffice, relay: Relay
) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("Re: ", "Re (again): "))
    office.run()
    assert office.card().version == 2
    assert office.card().seal.risk is Risk.MEDIUM
    office.tick(office.one("Pending_Approval"), "approve")
    office.run()
    assert len(relay.messages) == 1


def test_a_rule_that_wants_the_strong_word_wants_it_of_an_edit_too(
    office: TestOffice, relay: Relay
) -> None:
    (office.root / "Company_Handbook.md").write_text(
        "# Handbook\n\n```yaml policy\nrules:\n"
        "  - {strong: mail__send, recipient: in rossi.example}\n```\n"
    )
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("Re: ", "Re (again): "))
    office.run()
    assert office.card().seal.risk is Risk.HIGH
