"""A word given in the terminal counts like a tick or a move, and only once."""

from __future__ import annotations

import getpass
from itertools import takewhile
from pathlib import Path

import pytest

from factotum.gate.register import Register
from factotum.ledger import Ledger
from factotum.model import Lost
from orchestrator import Orchestrator
from tests.cli.conftest import ASK
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.servers.smtp import Relay


def test_a_yes_sends_exactly_one_mail(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    said = terminal("approve", asked)
    assert said.code == 0
    assert "ada@rossi.example" in said.out.splitlines()[0]
    assert "Re: Invoice 1042" in said.out.splitlines()[0]
    assert "\x1b" not in said.out
    office.run()
    office.run()
    assert len(relay.messages) == 1
    decision = office.card().decision
    assert decision is not None
    assert (decision.channel, decision.who) == ("cli", getpass.getuser())


@pytest.mark.parametrize(
    "kind", ["id", "prefix", "bare prefix", "name", "file name", "path", "task"]
)
def test_a_request_is_found_by(
    office: TestOffice, terminal: Terminal, asked: str, kind: str
) -> None:
    card = office.card()
    given = {
        "id": card.id,
        "prefix": card.id[:8],
        "bare prefix": card.id[2:8],
        "name": card.name.removesuffix(".md"),
        "file name": card.name,
        "path": f"Pending_Approval/{card.name}",
        "task": card.task,
    }[kind]
    assert terminal("reject", given, "--why", "not now").code == 0
    decision = office.card().decision
    assert decision is not None
    assert (decision.verdict, decision.why) == ("reject", "not now")


def names(office: TestOffice) -> list[str]:
    return [card.name for card in office.cards()]


def test_what_fits_several_is_refused_and_they_are_named(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    office.drop("again.eml", ASK.replace(b"1042 again", b"1042 at last"))
    office.run()
    common = "".join(
        a for a, b in takewhile(lambda pair: pair[0] == pair[1], zip(*names(office), strict=False))
    )
    assert len(common) >= 3
    said = terminal("approve", common)
    assert said.code == 1
    assert all(card.id in said.err for card in office.cards())
    assert all(card.status == "pending" for card in office.cards())


def test_the_first_word_stands(office: TestOffice, terminal: Terminal, asked: str) -> None:
    terminal("reject", asked)
    said = terminal("approve", asked)
    assert said.code == 1
    assert "factotum: " in said.err and "it was refused by" in said.err
    assert office.card().status == "rejected"


def test_what_does_not_exist_is_said(terminal: Terminal) -> None:
    said = terminal("approve", "a-nothing")
    assert (said.code, said.out) == (1, "")
    told = "factotum: nothing is called 'a-nothing'. See: factotum status, factotum tasks --all\n"
    assert told in said.err


def test_an_edit_that_is_not_sealed_is_never_approved_unseen(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("here is invoice 1042", "go away"))
    said = terminal("approve", asked)
    assert said.code == 1
    assert "was edited" in said.err and "run --once" in said.err
    office.run()
    assert relay.messages == []
    assert terminal("approve", asked).code == 0
    office.run()
    assert b"go away" in relay.messages[0].data


def test_an_edit_that_can_never_be_taken_up_is_named(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("To: ada@rossi.example", "To: ada"))
    said = terminal("approve", asked)
    assert said.code == 1
    assert "“ada” is not a list of mail addresses. Mend it there" in said.err


def test_cancel_stops_it_in_the_regret_wait(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    terminal.env = {**terminal.env, "FACTOTUM_REGRET_S": "60"}
    said = terminal("approve", asked)
    assert f"factotum cancel {asked}" in said.out
    assert terminal("cancel", asked).out.startswith("Cancelled, nothing was sent: ")
    office.run()
    assert relay.messages == []
    assert office.card().status == "cancelled"
    assert terminal("cancel", asked).code == 1


def test_now_does_not_wait(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    office.env["FACTOTUM_REGRET_S"] = "3600"
    assert (
        terminal("approve", asked, "--now")
        .out.splitlines()[1]
        .startswith("Approved. It is carried out at once.")
    )
    office.run()
    assert len(relay.messages) == 1


def test_an_answer_goes_to_its_task(office: TestOffice, terminal: Terminal, question: str) -> None:
    assert terminal("approve", question).code == 1
    assert terminal("answer", question).code == 2
    assert terminal("answer", question, "drop", "it").code == 0
    decision = office.card().decision
    assert decision is not None
    assert (decision.verdict, decision.why) == ("answer", "drop it")


def test_an_answer_is_no_approval(office: TestOffice, terminal: Terminal, asked: str) -> None:
    said = terminal("answer", asked, "yes")
    assert said.code == 1
    assert "is no question" in said.err
    assert office.card().decision is None


def test_an_expired_request_wakes(office: TestOffice, terminal: Terminal, asked: str) -> None:
    assert terminal("wake", asked).code == 1
    ledger = Ledger(office.state / "ledger.db")
    register = Register(ledger)
    register.close(register.card(asked), "expired", office.hands.wall)
    ledger.close()
    said = terminal("approve", asked)
    assert said.code == 1
    assert f"factotum wake {asked}" in said.err
    assert terminal("wake", asked).code == 0
    office.run()
    assert (office.card().status, office.card().version) == ("pending", 2)


@pytest.mark.parametrize(
    ("choice", "becomes"), [("happened", "happened"), ("did-not", "did_not"), ("leave", "unknown")]
)
def test_an_unknown_is_resolved(
    office: TestOffice, terminal: Terminal, asked: str, choice: str, becomes: str
) -> None:
    assert terminal("resolve", asked, choice).code == 1  # nothing is unknown yet
    terminal("approve", asked)
    ledger = Ledger(office.state / "ledger.db")
    register = Register(ledger)
    n = register.begin(register.card(asked), "<key>", office.hands.wall)
    register.end(register.card(asked), Lost("it was begun"), office.hands.wall)
    ledger.close()
    assert n == 1
    assert terminal("resolve", asked, choice).code == 0
    assert next(c for c in office.cards() if c.id == asked).status == becomes


def test_a_word_wakes_the_orchestrator(office: TestOffice, terminal: Terminal, asked: str) -> None:
    wake = office.state / "wake"
    wake.unlink(missing_ok=True)
    terminal("reject", asked)
    assert wake.exists()


def test_with_nothing_running_that_is_said(terminal: Terminal, asked: str) -> None:
    assert "factotum up" in terminal("reject", asked).out


def test_a_state_directory_of_another_vault_is_refused(
    office: TestOffice, terminal: Terminal, asked: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / ".factotum").mkdir(parents=True)
    said = terminal("--vault", str(other), "approve", asked)
    assert said.code == 1
    assert "belongs to the vault" in said.err
    assert office.card().status == "pending"


@pytest.mark.parametrize("where", ["Approved/my card.md", "Pending_Approval/my card.md"])
def test_an_edit_counts_wherever_the_note_was_put(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str, where: str
) -> None:
    note = office.one("Pending_Approval")
    note.write_text(note.read_text().replace("Hi Ada", "Do NOT send this, Ada"))
    note.rename(office.root / where)
    said = terminal("approve", asked)
    assert said.code == 1
    assert "was edited" in said.err
    assert office.card().decision is None


def test_where_the_note_is_gone_the_whole_text_is_shown(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    office.one("Pending_Approval").unlink()
    said = terminal("approve", asked)
    assert said.code == 0
    assert "This goes out" in said.out and "To: ada@rossi.example" in said.out


def test_what_has_expired_can_be_refused(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    def weeks_later(orchestrator: Orchestrator) -> None:
        office.hands.go(30 * 86400)
        orchestrator.tick()

    office.run(weeks_later)
    assert terminal("reject", asked, "--why", "Too late now.").code == 0
    (card, said) = office.card(), office.card().decision
    assert card.status == "rejected" and said is not None
    assert (said.channel, said.why) == ("cli", "Too late now.")
