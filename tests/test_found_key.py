"""A provider's key that lies around is proposed once, and used only after a yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator import Orchestrator
from tests.office import TestOffice

NO_KEY = "sk-test-this-is-no-key"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    nobody = {"OLLAMA_HOST": "127.0.0.1:1"}
    return TestOffice(tmp_path, {"FACTOTUM_MODEL": ""}, around={"OPENAI_API_KEY": NO_KEY, **nobody})


def why(office: TestOffice) -> str:
    said: list[str] = []

    def look(door: Orchestrator) -> None:
        said.append(door.chooser.models.why)

    office.run(look)
    return said[0]


def answer(office: TestOffice, text: str) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("## Your answer\n", f"## Your answer\n\n{text}\n"))
    office.tick(note, "answered")


def test_it_is_asked_once_and_not_used(office: TestOffice) -> None:
    assert "is not used unasked" in why(office)
    card = office.card()
    assert (
        "OPENAI_API_KEY" in card.title and NO_KEY not in office.one("Pending_Approval").read_text()
    )
    office.run()
    assert len(office.cards()) == 1


def test_with_a_yes_it_is_used_at_once_and_after_a_restart(office: TestOffice) -> None:
    office.run()
    answer(office, "yes")
    assert "you said yes to using OPENAI_API_KEY" in why(office)
    assert "you said yes to using OPENAI_API_KEY" in why(office)
    assert not office.files("Pending_Approval") and len(office.cards()) == 1
    assert NO_KEY not in (office.state / "ledger.db").read_bytes().decode(errors="replace")


@pytest.mark.parametrize("word", ["no", "what is that?"])
def test_with_a_no_it_is_left_alone_for_good(office: TestOffice, word: str) -> None:
    office.run()
    answer(office, word)
    for _ in range(2):
        assert "is not used unasked" in why(office)
    assert not office.files("Pending_Approval") and len(office.cards()) == 1


def test_a_key_that_has_gone_takes_its_yes_with_it(office: TestOffice) -> None:
    office.run()
    answer(office, "yes")
    office.run()
    del office.around["OPENAI_API_KEY"]
    assert "playbooks alone" in why(office)
