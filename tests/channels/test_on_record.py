"""Who decided, how, on which version and when: in the audit log, and in the note that stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factotum.words import dated, local
from orchestrator import Orchestrator
from tests.channels.phone import Phone, Standing, phone_of
from tests.channels.test_telegram_approving import ask
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.test_life import REPLY

WHO = "Marco (4711) (telegram)"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, {**smtp(relay), "FACTOTUM_REGRET_S": "60"})
    office.playbook(REPLY)
    return office


@pytest.fixture
def shown(phone: Phone) -> Standing:
    ask(phone)
    return phone.screen.sent[0]


def logged(office: TestOffice, event: str) -> dict[str, Any]:
    """The one line of the audit log that tells of this."""
    (log,) = sorted((office.root / "Logs").glob("*.jsonl"))[-1:]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (found,) = [line for line in lines if line["event"] == event]
    return dict(found)


def expires(phone: Phone) -> None:
    def a_week_later(orchestrator: Orchestrator) -> None:
        phone.go(8 * 86_400)
        orchestrator.tick()

    phone.office.run(a_week_later)
    phone.look()


def test_a_yes_is_on_record_with_its_version_and_the_moment(
    office: TestOffice, phone: Phone, shown: Standing
) -> None:
    at = dated(local(phone.now))
    phone.tap(shown, "Send")
    phone.go(120)
    phone.tap(shown, "Now")
    phone.work()
    card, line = office.card(), logged(office, "decided")
    assert (line["approved_by"], line["digest"]) == (WHO, card.seal.digest)
    assert line["timestamp"].startswith("2026-11-18T")
    note = next(path for path in office.files("Done") if path.name == card.name).read_text()
    assert f"Decided by {WHO}, {at}, version 1." in note and card.seal.digest in note
    task = next(path for path in office.files("Done") if path.name != card.name).read_text()
    assert card.ended is not None and dated(local(card.ended.at)) in task
    assert f"decided by {WHO}, {at}" in task  # two minutes before it went out
    assert "today" not in note + task, "it is read on other days, too"


def test_a_stop_in_time_is_on_record(office: TestOffice, phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "Send")
    phone.go(30)
    at = dated(local(phone.now))
    phone.tap(shown, "Undo")
    phone.work()
    (note,) = office.files("Rejected")
    assert f"; then cancelled by {WHO}, {at}. Nothing was sent." in note.read_text()
    assert logged(office, "outcome")["parameters"]["evidence"] == {"by": WHO}


def by_tap(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "No")
    phone.tap(phone.see("Why not?"), "Just no")


def by_tick(phone: Phone, shown: Standing) -> None:
    phone.office.tick(phone.office.one("Pending_Approval"), "reject")


def by_move(phone: Phone, shown: Standing) -> None:
    phone.office.move(phone.office.one("Pending_Approval"), "Rejected")


@pytest.mark.parametrize(
    ("no", "who"), [(by_tap, WHO), (by_tick, "you (tick)"), (by_move, "you (move)")]
)
def test_a_no_to_what_had_expired_is_on_record(
    office: TestOffice,
    phone: Phone,
    shown: Standing,
    no: Callable[[Phone, Standing], None],
    who: str,
) -> None:
    expires(phone)
    no(phone, shown)
    phone.work()
    line = logged(office, "decided")
    assert (line["actor"], line["digest"]) == (who, office.card().seal.digest)
    (note,) = office.files("Rejected")
    assert f"Decided by {who}, " in note.read_text()
    assert shown.text.startswith("🚫 Refused: ") and f"Refused by {who}" in shown.text


def test_what_a_person_says_of_a_lost_outcome_is_on_record(office: TestOffice) -> None:
    with Relay(dot="drop") as relay:
        office.env |= {**smtp(relay), "FACTOTUM_REGRET_S": "0"}
        with phone_of(office) as phone:
            ask(phone)
            (shown,) = phone.screen.sent
            phone.tap(shown, "Send")
            phone.work()
            at = dated(local(phone.now))
            phone.tap(shown, "It happened")
            phone.work()
    card, line = office.card(), logged(office, "resolved")
    assert (line["actor"], line["result"], line["digest"]) == (WHO, "happened", card.seal.digest)
    note = next(path for path in office.files("Done") if path.name == card.name).read_text()
    assert f"- resolved_at: `{at}`\n- resolved_by: `{WHO}`" in note
    assert f"resolved by {WHO}" in shown.text


def test_whoever_edits_or_wakes_a_note_is_on_record(
    office: TestOffice, phone: Phone, shown: Standing
) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("here is invoice", "there goes invoice"))
    phone.work()
    line = logged(office, "resealed")
    assert (line["actor"], line["version"]) == ("you (note)", 2)
    assert line["digest"] == office.card().seal.digest
    expires(phone)
    office.tick(office.one("Pending_Approval"), "wake")
    phone.work()
    assert logged(office, "resealed")["actor"] == "you (tick)"
