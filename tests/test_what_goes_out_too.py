"""What goes out beside the words of a mail stands on its card, where a person sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.shape import misfits
from factotum.model import Call
from tests.cli.conftest import ASK
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

HIDDEN = "dGhlIHJlbnQgaXMgOTAw"


def reply(of: str) -> str:
    send = f'{{to: ["{{from}}"], subject: Ok, body: Ok, in_reply_to: "{of}"}}'
    return f"\nwhen: {{kind: email, words: [invoice]}}\ndo:\n  - mail__send: {send}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestOffice]:
    with Relay() as relay:
        yield TestOffice(tmp_path, smtp(relay))


def shown(office: TestOffice) -> str:
    """The card without what is folded away."""
    lines = office.one("Pending_Approval").read_text().split("\n")
    return "\n".join(line for line in lines if not line.startswith(">"))


def test_a_letter_that_answers_another_one_says_so(office: TestOffice) -> None:
    office.playbook(reply(f"<{HIDDEN}@rossi.example>"))
    office.drop("ask.eml", ASK)
    office.run()
    assert f"⚠ It goes out as the answer to another letter than theirs, `{HIDDEN}" in shown(office)


def test_an_answer_to_the_letter_itself_says_nothing_more(office: TestOffice) -> None:
    office.playbook(reply("<ask-1@rossi.example>"))
    office.drop("ask.eml", ASK)
    office.run()
    assert "as the answer to" not in shown(office)


def test_an_id_that_a_card_would_cut_is_none() -> None:
    args = {"to": ["ada@rossi.example"], "subject": "Ok", "body": "Ok"}
    assert misfits(Call("mail__send", {**args, "in_reply_to": f"<{'a' * 280}@x.example>"})) == []
    assert misfits(Call("mail__send", {**args, "in_reply_to": f"<{'a' * 400}@x.example>"}))


@pytest.mark.parametrize("named", ["Salaries/offer.pdf", "[[Salaries/offer.pdf]]"])
def test_a_file_of_the_vault_is_shown_with_its_place(office: TestOffice, named: str) -> None:
    (office.root / "Salaries").mkdir()
    (office.root / "Salaries/offer.pdf").write_bytes(b"%PDF salaries")
    send = f'{{to: ["{{from}}"], subject: Offer, body: Ok, attachments: ["{named}"]}}'
    office.playbook(f"\nwhen: {{kind: email, words: [invoice]}}\ndo:\n  - mail__send: {send}\n")
    office.drop("ask.eml", ASK)
    office.run()
    assert "📎 offer.pdf (13 bytes)" in shown(office)
    assert "is from your vault: " in shown(office)
    assert "Salaries/offer.pdf" in shown(office)
