"""Who is known: by the owner's own notes, and by mails that went out with a yes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.gate.contact import Contact
from factotum.gate.records import Proposal
from factotum.gate.register import Register
from factotum.gate.sent import SentBook
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Lost, Outcome, Risk, Succeeded, Trust
from factotum.reader import Reader
from factotum.worker.contacts import Contacts
from factotum.worker.fit import Fit
from factotum.worker.labels import Labels

ADA = "ada@rossi.example"


class Study:
    """A vault's contacts and a ledger; every question looks at the disk anew."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        (self.root / "Office/Contacts").mkdir(parents=True)
        self.ledger = Ledger(folder / "ledger.db")
        self.register = Register(self.ledger)
        reader = Reader()
        fit = Fit(self.root, reader, Labels(self.ledger))
        self.contacts = Contacts(self.root, reader, fit, SentBook(self.ledger), fresh_s=0)
        self.at = 1_795_000_000.0
        row = TaskRow("t-1", "t", "note", "t", Trust.OWNER, "", "", "", b"", {}, 0, None)
        self.ledger.add_task(row)

    def note(self, name: str, props: str) -> Path:
        path = self.root / "Office/Contacts" / f"{name}.md"
        path.write_text(f"---\n{props}\n---\nA friend.\n")
        return path

    def of(self, address: str) -> Contact:
        return self.contacts.of(address)

    def send(
        self,
        *to: str,
        rule: str = "",
        outcome: Outcome | None = None,
        tool: str = "mail__send",
    ) -> str:
        args = {"to": list(to), "subject": "S", "body": "B"}
        proposal = Proposal(
            0, tool, args, "T", Effect.OPAQUE, Risk.MEDIUM, "r", 9e9, Trust.OWNER, "p"
        )
        self.at += 86_400
        idx = int(self.at)
        (id,) = self.register.propose(
            "t-1", 1, [replace(proposal, idx=idx, allowed_by=rule)], self.at
        )
        card = self.register.card(id)
        if not rule:
            card = self.register.decide(id, card.seal.digest, "approve", "tick", "you", self.at)
        self.register.end(card, outcome or Succeeded({}), self.at)
        return id


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = Study(tmp_path)
    yield made
    made.ledger.close()


@pytest.mark.parametrize(
    "props",
    [
        f"email: {ADA}",
        f"email: Ada <{ADA}>",
        f"email: [other@rossi.example, {ADA}]",
        f"email:\n  - {ADA.upper()}",
    ],
)
def test_a_note_makes_somebody_known(study: Study, props: str) -> None:
    study.note("Ada Rossi", props)
    contact = study.of("Ada@Rossi.example")
    assert (contact.name, contact.listed, contact.known) == ("Ada Rossi", True, True)
    assert not contact.may_be_known  # nobody has written to her yet


def test_a_note_may_give_the_name_and_say_that_the_owner_knows_them(study: Study) -> None:
    study.note("rossi", f"email: {ADA}\nname: Ada Rossi\nknown: true")
    assert study.of(ADA).name == "Ada Rossi"
    assert study.of(ADA).may_be_known


def test_never_holds_whatever_else_is_said(study: Study) -> None:
    study.note("Ada", f"email: {ADA}\nknown: true")
    study.note("Zed", f"email: {ADA}\nnever: true")
    study.send(ADA)
    contact = study.of(ADA)
    assert contact.never and not contact.known and not contact.may_be_known


def test_a_draft_was_sent_to_nobody(study: Study) -> None:
    study.send(ADA, tool="mail__draft")
    assert study.of(ADA).sent == 0
    assert not study.of(ADA).known


def test_a_note_that_is_changed_taken_away_or_added_counts_at_once(study: Study) -> None:
    note = study.note("Ada", f"email: {ADA}")
    assert study.of(ADA).listed
    note.write_text("---\nemail: new@rossi.example\n---\n")
    assert not study.of(ADA).listed and study.of("new@rossi.example").listed
    note.unlink()
    assert not study.of("new@rossi.example").listed
    study.note("Ada", f"email: {ADA}")
    assert study.of(ADA).listed


@pytest.mark.parametrize(
    "props",
    [
        f"email: {ADA}\nsource: https://evil.example",  # clipped from somewhere
        f"email: {ADA}\nmade_by: a-abcdef",  # a task wrote it that nobody knows
        f"email: {ADA}\nfactotum: never",
        "email: no address",
        "email: ada@rossi.example, eve@evil.example\nnever: maybe",
        f"email: {ADA}\nemail: {ADA}",
    ],
)
def test_a_note_of_others_or_a_broken_one_makes_nobody_known(study: Study, props: str) -> None:
    study.note("Ada", props)
    assert not study.of(ADA).listed


def test_a_note_that_a_strangers_task_made_counts_for_nothing(study: Study) -> None:
    note = study.note("Ada", f"email: {ADA}")
    Labels(study.ledger).made(note.name, "a-1", Trust.STRANGER, 0)
    assert not study.of(ADA).listed
    (problem,) = study.contacts.problems()
    assert "words of others" in problem.reason


def test_a_link_makes_nobody_known(study: Study, tmp_path: Path) -> None:
    outside = tmp_path / "Eve.md"
    outside.write_text(f"---\nemail: {ADA}\n---\n")
    os.symlink(outside, study.root / "Office/Contacts/Eve.md")
    os.link(outside, study.root / "Office/Contacts/Eva.md")
    assert not study.of(ADA).listed
    (study.root / "Office/Contacts").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", study.root / "Office/Contacts")
    (tmp_path / "elsewhere/Ada.md").write_text(f"---\nemail: {ADA}\n---\n")
    assert not study.of(ADA).listed


def test_a_bad_address_is_told_with_what_to_write(study: Study) -> None:
    study.note("Ada", "email: nowhere")
    study.of(ADA)
    (problem,) = study.contacts.problems()
    assert problem.path.name == "Ada.md"
    assert problem.reason.startswith("email: 'nowhere' is no mail address. Write one")


def test_mails_with_a_yes_are_counted_and_others_are_not(study: Study) -> None:
    assert study.of(ADA).sent == 0
    study.send(ADA, "bob@x.example")
    study.send("ADA@rossi.example")
    study.send(ADA, rule="house rule 1")  # nobody looked at it
    study.send(ADA, outcome=Lost("the line broke"))
    study.send("aada@rossi.example")
    contact = study.of(ADA)
    assert (contact.sent, contact.known, contact.listed) == (2, True, False)
    assert contact.last_sent - contact.first_sent == 86_400
    assert study.of("bob@x.example").sent == 1


def test_what_turned_out_to_have_happened_is_counted_once(study: Study) -> None:
    id = study.send(ADA, outcome=Lost("the line broke"))
    assert study.of(ADA).sent == 0
    study.register.resolve(id, "leave", "cli", "you", study.at)
    study.register.resolve(id, "happened", "cli", "you", study.at)
    assert study.of(ADA).sent == 1
    study.send("bob@x.example")
    assert study.of(ADA).sent == 1


def test_who_could_be_taken_for_somebody_known_is_not_known(study: Study) -> None:
    study.note("Ada Rossi", f"email: {ADA}")
    alike = study.of("ada@rossl.example")
    assert (alike.alike, alike.alike_name, alike.known) == (ADA, "Ada Rossi", False)
    study.send("ada@rossl.example")  # a yes that was given by mistake
    assert study.of("ada@rossl.example").alike == ADA
    study.note("Ada Rossl", "email: ada@rossl.example")  # it is another Ada
    assert study.of("ada@rossl.example").known


def test_who_could_be_taken_for_somebody_that_a_mail_went_to_is_not_known(study: Study) -> None:
    study.send(ADA)
    assert study.of("ada@rossl.example").alike == ADA
    assert study.of(ADA).known


def test_a_contacts_name_is_found_however_it_is_spelt(study: Study) -> None:
    study.note("Ada Rossi", f"email: {ADA}\naliases: [Studio Rossi]")
    for name in ("ada rossi", "Rossi, Ada", "Adа Rоssi", "Ada  Rossí", "studio rossi"):
        assert study.contacts.namesake(name) == ADA, name
    for name in ("Ada", "Bob Rossi", ""):
        assert study.contacts.namesake(name) == ""
