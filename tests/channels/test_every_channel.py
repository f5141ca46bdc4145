"""What holds on every channel that hears: the same words do the same, wherever they are said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.gate.records import Card
from factotum.gate.register import Register
from tests.channels.live import at_work, ledger_of, with_mail
from tests.channels.rigs import Rig, rig_of
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay
from tests.servers.telegram import server_running

CHANNELS = ("telegram", "terminal")
QUESTION = """when: {title: "question"}
do:
  - ask_owner: {question: "Which Ada?", choices: ["Rossi", "Bianchi"]}
"""
RISKY = """when: {title: "risky"}
do:
  - mail__send: {to: ["a@x.example", "b@y.example"], subject: "All", body: "Hello all."}
"""


@contextmanager
def house(kind: str, folder: Path, **env: str) -> Iterator[tuple[Rig, TestOffice, Relay]]:
    """An office at work, and a person at a channel of this kind."""
    with Relay() as relay, server_running() as server:
        office = with_mail(folder, relay, server, **env)
        office.playbook(QUESTION, "20-question.md")
        office.playbook(RISKY, "30-risky.md")
        if kind != "telegram":
            office.env["FACTOTUM_CHANNELS"] = "none"
            del office.env["FACTOTUM_TELEGRAM_TOKEN"]
            del office.env["FACTOTUM_TELEGRAM_CHAT_ID"]
        with at_work(office), rig_of(kind, office, server) as rig:
            yield rig, office, relay


def comes_to(look: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    until = time.monotonic() + within_s
    while not look():
        assert time.monotonic() < until
        time.sleep(0.03)


def the_card(office: TestOffice) -> Card:
    ledger = ledger_of(office)
    try:
        row = ledger.db.execute("SELECT id FROM card").fetchone()
        return Register(ledger).card(row["id"])
    finally:
        ledger.close()


@pytest.mark.parametrize("kind", CHANNELS)
def test_what_is_asked_is_shown_whole_and_a_yes_has_it_done_once(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, REGRET_S="0") as (rig, office, relay):
        rig.says("mail to Ada")
        rig.reads("Send this mail to ada@rossi.example?")
        rig.reads("Hi Ada, here is invoice 1042 again.")
        assert relay.messages == []
        rig.chooses("Send")
        rig.reads("Done")
        rig.reads("What was really done")
        assert len(relay.messages) == 1
        decision = the_card(office).decision
        assert decision is not None and rig.who in decision.who


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_no_is_a_no_and_its_reason_is_kept(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, office, relay):
        rig.says("mail to Ada")
        rig.chooses("No")
        rig.replies("Why not?", "She moved away.")
        rig.reads("Noted, thank you.")
        comes_to(lambda: the_card(office).status == "rejected")
        decision = the_card(office).decision
        assert decision is not None and decision.why == "She moved away."
    assert relay.messages == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHANNELS)
def test_a_question_is_answered_by_a_choice(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, office, _):
        rig.says("question")
        rig.reads("Which Ada?")
        rig.chooses("Bianchi")
        comes_to(lambda: the_card(office).status == "answered")
        decision = the_card(office).decision
        assert decision is not None and decision.why == "Bianchi"


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHANNELS)
def test_a_question_is_answered_by_a_reply(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, office, _):
        rig.says("question")
        rig.replies("Which Ada?", "The one in Rome")
        comes_to(lambda: the_card(office).status == "answered")
        decision = the_card(office).decision
        assert decision is not None and decision.why == "The one in Rome"


@pytest.mark.parametrize("kind", CHANNELS)
def test_new_words_come_back_with_what_differs_and_one_yes_sends_them(
    kind: str, tmp_path: Path
) -> None:
    with house(kind, tmp_path, REGRET_S="0") as (rig, _, relay):
        rig.says("mail to Ada")
        rig.chooses("Change")
        rig.chooses("Write it anew")
        rig.replies("Write the whole text", "Hi Ada, the invoice comes on Thursday.")
        rig.reads("the invoice comes on Thursday.")
        rig.chooses("Send")
        comes_to(lambda: bool(relay.messages))
        assert "Thursday" in relay.messages[0].message.get_content()


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHANNELS)
def test_a_yes_is_taken_back_in_the_regret_time(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, REGRET_S="30") as (rig, office, relay):
        rig.says("mail to Ada")
        rig.chooses("Send")
        comes_to(lambda: the_card(office).status == "approved")
        if kind == "telegram":
            rig.chooses("Undo")
            comes_to(lambda: the_card(office).status == "cancelled")
    assert relay.messages == []


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_command_is_answered_and_a_misspelt_one_is_put_right(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, *_):
        rig.says("/status")
        rig.reads("Nothing waits for you")
        rig.says("/stauts")
        rig.reads("/status")


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHANNELS)
def test_what_was_decided_elsewhere_is_said(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path) as (rig, office, relay):
        rig.says("mail to Ada")
        rig.reads("Send this mail")
        office.move(office.one("Pending_Approval"), "Rejected")
        rig.reads("Refused")
    assert relay.messages == []
