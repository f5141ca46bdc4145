"""The handbook's rules in a whole life: what they let through, ask, forbid, and forbid late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.office import TestOffice, smtp
from tests.servers.model import ScriptedModelServer, call
from tests.servers.smtp import Relay
from tests.test_mind import last, results, thinking

FINISH = call("finish", summary="Done.")


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    return TestOffice(tmp_path, smtp(relay))


def rules(office: TestOffice, *lines: str) -> None:
    block = "\n".join(f"  - {{{line}}}" for line in lines)
    text = f"# Handbook\n\n```yaml policy\nrules:\n{block}\n```\n"
    (office.root / "Company_Handbook.md").write_text(text)


def letter(to: str, body: str = "Hello.") -> Any:
    return call("mail__send", to=[to], subject="Hi", body=body)


def told(server: ScriptedModelServer) -> list[str]:
    return results(server.requests[-1])


def test_an_allowed_mail_goes_at_once_and_its_receipt_names_the_rule(
    office: TestOffice, relay: Relay
) -> None:
    rules(office, "name: letters to Bob, allow: mail__send, recipient: bob@example.test")
    office.type("Write to Bob.\n")
    with thinking(office, [letter("bob@example.test"), FINISH]):
        office.run()
    assert len(relay.messages) == 1
    decision = office.card().decision
    assert decision is not None and decision.channel == "rule"
    assert "letters to Bob" in last(office, "Done")


def test_over_its_rate_a_rule_asks(office: TestOffice, relay: Relay) -> None:
    rules(office, "allow: mail__send, recipient: in example.test, rate: 2 per hour")
    office.type("Write to three.\n")
    letters = [letter(f"{name}@example.test") for name in ("a", "b", "c")]
    with thinking(office, [*letters, FINISH]):
        office.run()
        assert len(relay.messages) == 2
        assert [card.status for card in office.cards()] == ["succeeded", "succeeded", "pending"]


def test_a_forbidden_mail_is_refused_and_the_model_hears_why(
    office: TestOffice, relay: Relay
) -> None:
    rules(office, "name: never to Eve, deny: mail__send, recipient: eve@evil.example")
    office.type("Write to Eve.\n")
    with thinking(office, [letter("eve@evil.example"), FINISH]) as server:
        office.run()
        assert "never to Eve" in told(server)[0]
    assert office.cards() == []
    assert relay.messages == []


def test_a_rule_written_after_the_yes_still_forbids(office: TestOffice, relay: Relay) -> None:
    office.type("Write to Eve.\n")
    with thinking(office, [letter("eve@evil.example"), FINISH]) as server:
        office.run()
        (office.root / "STOP.md").write_text("")
        office.move(office.one("Pending_Approval"), "Approved")
        office.run()
        assert office.card().status == "approved"
        rules(office, "name: never to Eve, deny: mail__send, recipient: eve@evil.example")
        (office.root / "STOP.md").unlink()
        office.run()
        assert office.card().status == "failed_clean"
        assert "never to Eve" in told(server)[-1]
    assert relay.messages == []


def test_a_read_that_asks_is_read_after_the_yes_and_heard(office: TestOffice) -> None:
    rules(office, "ask: notes__read")
    (office.root / "House.md").write_text("The key lies under the mat.\n")
    office.type("Where is the key? [[House]]\n")
    with thinking(office, [call("notes__read", note="House"), FINISH]) as server:
        office.run()
        assert office.card().status == "pending"
        assert len(server.requests) == 1
        office.move(office.one("Pending_Approval"), "Approved")
        office.run()
        assert "under the mat" in told(server)[-1]
    assert office.card().status == "succeeded"


def test_a_broken_block_asks_about_everything_and_says_where(
    office: TestOffice, relay: Relay
) -> None:
    rules(office, "alow: mail__send")
    office.type("Note this.\n")
    with thinking(
        office, [call("notes__write", folder="Drafts", title="A note", text="x"), FINISH]
    ):
        office.run()
        assert office.card().status == "pending"
        assert "alow" in (office.root / "Dashboard.md").read_text()
