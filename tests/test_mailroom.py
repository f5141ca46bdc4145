"""What a watcher hands in becomes one task with its own label, whoever is killed when."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.drop import Bundle, Drop, File
from factotum.gate.contact import Contact
from factotum.keeping import SYNC_MOST_BYTES, Keeper
from factotum.ledger import Ledger
from factotum.letter import label_of, letter, own_servers
from factotum.mailauth import Sender
from factotum.mailroom import Mailroom
from factotum.model import Attachment, Trust
from factotum.reader import Reader
from factotum.reading import Part, Reading, read
from factotum.settings import load
from factotum.vault import Vault
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S
from tests.servers.smtp import Relay

OWN = ("mx.marco.example",)
ADA = Contact("ada@rossi.example", "Ada Rossi", True, vouched=True)
PROVED = "Authentication-Results: mx.marco.example; dmarc=pass header.from=rossi.example"


def mail(*headers: str, sender: str = "Ada Rossi <ada@rossi.example>") -> bytes:
    lines = [*headers, f"From: {sender}", "Subject: Invoice 1042", "Message-ID: <1@rossi.example>"]
    return "\r\n".join([*lines, "", "Could you send it again?"]).encode()


def contact(address: str) -> Contact:
    return replace(ADA, address=address) if address == ADA.address else Contact(address)


def label(raw: bytes) -> tuple[Trust, Sender]:
    return label_of(raw, OWN, contact)


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    made = TestOffice(tmp_path, smtp(relay))
    made.state.mkdir(mode=0o700)
    return made


def mailroom(office: TestOffice) -> Mailroom:
    """As another process opens it, beside whoever runs the office."""
    vault = Vault(office.root, office.instance, time.monotonic, guest=True)
    keeper = Keeper(vault, Reader(), office.state / "attachments")
    ledger = Ledger(office.state / "ledger.db")
    return Mailroom(vault, ledger, keeper, lambda at: datetime.fromtimestamp(at, UTC))


def kept(room: Mailroom, drop: Drop) -> tuple[Attachment, ...]:
    """The files that came with it, as the first step of handing in keeps them."""
    parts = tuple(Part(one.name, one.data) for one in drop.attachments)
    return room.keeper.keep_parts(Reading("email", drop.title, drop.body, attachments=parts))


def handed(office: TestOffice, drop: Drop, cursor: str = "") -> str:
    room = mailroom(office)
    try:
        return room.take(drop, office.hands.wall, cursor)
    finally:
        room.ledger.close()


def said_in(path: Path) -> str:
    """A note as a person sees it."""
    return path.read_text().replace("\\", "")


DROP = Drop("mail", "7:1", "email", "Invoice 1042", "Send it again.", sender="ada@rossi.example")


# -- the label of a mail


@pytest.mark.parametrize(
    ("raw", "who", "trust"),
    [
        (mail(PROVED), ADA, Trust.KNOWN),
        (mail(PROVED), replace(ADA, vouched=False, sent=1), Trust.KNOWN),
        (mail(PROVED), replace(ADA, vouched=False), Trust.STRANGER),  # nobody wrote to her
        (mail(PROVED), replace(ADA, listed=False, sent=9), Trust.STRANGER),
        (mail(PROVED), replace(ADA, never=True), Trust.STRANGER),
        (mail(PROVED), replace(ADA, alike="ada@rossl.example"), Trust.STRANGER),
        (mail(), ADA, Trust.STRANGER),
        (mail(PROVED.replace("pass", "fail")), ADA, Trust.STRANGER),
        (mail(PROVED.replace("mx.", "evil.")), ADA, Trust.STRANGER),
        (mail("Received: from x by mx.evil.example; 1", PROVED), ADA, Trust.STRANGER),
        (mail(PROVED, sender='"ada@rossi.example" <eve@evil.example>'), ADA, Trust.STRANGER),
        (mail(PROVED, "From: eve@evil.example"), ADA, Trust.STRANGER),
        (b"", ADA, Trust.STRANGER),
    ],
)
def test_only_a_proved_contact_that_the_owner_wrote_to_is_known(
    raw: bytes, who: Contact, trust: Trust
) -> None:
    assert label_of(raw, OWN, lambda address: who)[0] is trust
    assert label_of(raw, (), lambda address: who)[0] is Trust.STRANGER


def test_the_servers_of_the_owner_are_named_in_a_setting() -> None:
    settings = load({"FACTOTUM_MAIL_AUTHSERV": "mx.google.com , mx.marco.example"})
    assert own_servers(settings) == ("mx.google.com", "mx.marco.example")
    assert own_servers(load({})) == ()


# -- the task


def test_a_drop_becomes_a_task_with_the_label_and_the_facts_of_the_ledger(
    office: TestOffice,
) -> None:
    id = handed(office, letter(mail(PROVED), "mail", "7:1", label(mail(PROVED)), read))
    note = office.one("Needs_Action")
    text = note.read_text()
    assert "sender verified" in text and "Ada Rossi" in text and "Could you send it again?" in text
    # whatever stands in the note counts for nothing
    note.write_text(
        text.replace("ada@rossi.example", "eve@evil.test").replace("id:", "trust: owner\nid:")
    )
    room = mailroom(office)
    row = room.ledger.task(id)
    room.ledger.close()
    assert row is not None
    assert (row.trust, row.facts["sender"], row.source) == (Trust.KNOWN, ADA.address, "mail")
    assert row.facts["properties"]["message_id"] == "<1@rossi.example>"


def test_a_reply_says_whether_the_sender_is_verified(office: TestOffice) -> None:
    office.playbook(
        "when: {kind: email}\ndo:\n  - mail__send: {to: ['{from}'], subject: S, body: B}"
    )
    handed(office, letter(mail(PROVED), "mail", "1", label(mail(PROVED)), read))
    forged = mail(PROVED.replace("mx.", "evil."))
    handed(office, letter(forged, "mail", "2", label(forged), read))
    office.run()
    cards = [said_in(path) for path in office.files("Pending_Approval")]
    assert sum("Sender verified." in text for text in cards) == 1
    assert sum("Sender not verified (the mail itself says dmarc=pass)." in t for t in cards) == 1


def test_a_mail_that_is_dropped_as_a_file_is_a_strangers_and_says_what_it_claims(
    office: TestOffice,
) -> None:
    office.env["FACTOTUM_MAIL_AUTHSERV"] = OWN[0]
    office.playbook(
        "when: {kind: email}\ndo:\n  - mail__send: {to: ['{from}'], subject: S, body: B}"
    )
    (office.root / "Office/Contacts/Ada Rossi.md").write_text(
        "---\nemail: ada@rossi.example\nknown: true\n---\n"
    )
    office.drop("ask.eml", mail(PROVED))
    office.run()
    assert office.card().seal.trust is Trust.STRANGER
    (task,) = office.files("In_Progress")
    said = "sender not verified (the mail itself says dmarc=pass)"
    assert said in said_in(task)
    card = said_in(office.one("Pending_Approval"))
    assert said[1:] in card and "Ada Rossi, ada@rossi.example: in your contacts" in card


def test_an_owners_words_from_elsewhere_are_the_owners(office: TestOffice) -> None:
    id = handed(office, replace(DROP, source="telegram", kind="message", trust=Trust.OWNER))
    office.run()
    room = mailroom(office)
    row = room.ledger.task(id)
    room.ledger.close()
    assert row is not None and row.trust is Trust.OWNER


# -- once


def test_handed_in_twice_it_is_one_task_wherever_its_note_went(office: TestOffice) -> None:
    handed(office, DROP)
    note = office.one("Needs_Action")
    handed(office, DROP)
    assert office.files("Needs_Action") == [note]
    office.run()
    for path in [*office.files("In_Progress"), *office.files("Failed"), *office.files("Done")]:
        path.unlink()  # the person threw it away
    handed(office, DROP)
    assert office.files("Needs_Action") == []
    handed(office, replace(DROP, source_id="7:2"))
    assert len(office.files("Needs_Action")) == 1


def test_a_note_that_the_person_threw_away_does_not_come_back(office: TestOffice) -> None:
    handed(office, DROP)
    office.one("Needs_Action").unlink()
    handed(office, DROP)
    assert office.files("Needs_Action") == []
    room = mailroom(office)
    other = replace(DROP, source_id="7:3")
    room.put(*room.register("t-cccccccccccccccc", other, (), 1.0))
    room.ledger.close()  # killed here, before it counted as seen
    office.run()
    for path in [*office.files("In_Progress"), *office.files("Failed"), *office.files("Done")]:
        path.unlink()
    room = mailroom(office)
    room.put(*room.register("t-cccccccccccccccc", other, (), 2.0))
    room.ledger.close()
    assert office.files("Needs_Action") == []


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("claimed", [False, True])
def test_a_kill_between_two_steps_loses_and_doubles_nothing(
    office: TestOffice, steps: int, claimed: bool
) -> None:
    room = mailroom(office)
    drop = replace(DROP, trust=Trust.KNOWN, attachments=(File("a.txt", b"A file."),))
    id = "t-bbbbbbbbbbbbbbbb"
    row, note = room.register(id, drop, kept(room, drop), 1.0)
    if steps == 2:
        room.put(row, note)
    room.ledger.close()  # killed here
    if claimed:
        office.run()
    room = mailroom(office)
    room.put(*room.register(id, replace(drop, trust=Trust.STRANGER), kept(room, drop), 2.0))
    room.put(*room.register(id, drop, kept(room, drop), 3.0))
    again = room.ledger.task(id)
    room.ledger.close()
    notes = [path for path in office.files("") if path.name == row.name]
    assert len(notes) == 1
    assert again is not None and again.trust is Trust.KNOWN
    assert len(list((office.root / "Office/Attachments").glob("a_*.txt"))) == 1


def test_how_far_a_watcher_came_is_remembered_with_what_it_handed_in(office: TestOffice) -> None:
    room = mailroom(office)
    assert room.cursor("mail") == ""
    room.take(DROP, 1.0, "7:1")
    assert room.cursor("mail") == "7:1"
    room.take(DROP, 2.0, "7:9")  # seen before, and still further
    assert room.cursor("mail") == "7:9"
    room.ledger.close()


@pytest.mark.parametrize("folder", ["In_Progress/pi", "In_Progress/pi/waiting", "Done/2026-11"])
def test_a_note_on_its_way_is_not_dropped_again(office: TestOffice, folder: str) -> None:
    handed(office, DROP)
    office.move(office.one("Needs_Action"), folder)  # claimed; no run has begun
    room = mailroom(office)
    room.ledger.db.execute("DELETE FROM seen")  # killed before it counted as seen
    room.take(DROP, 1.0)
    room.ledger.close()
    assert office.files("Needs_Action") == []


def test_a_large_file_that_another_process_is_writing_is_let_be(office: TestOffice) -> None:
    folder = office.state / "attachments"
    folder.mkdir()
    other, left = folder / ".part.1.other", folder / ".part.1.left"
    other.write_bytes(b"half of it")
    left.write_bytes(b"a crash left it")
    os.utime(left, (1.0, 1.0))
    data = b"x" * (SYNC_MOST_BYTES + 1)
    handed(office, replace(DROP, attachments=(File("film.mp4", data),)))
    assert {path.name for path in folder.glob(".part*")} == {other.name}
    (kept,) = folder.glob("film_*.mp4")
    assert kept.read_bytes() == data


def test_files_that_come_together_are_kept_apart_by_what_they_hold(office: TestOffice) -> None:
    files = tuple(File("a.txt", f"{n}".encode()) for n in (1, 2, 1))
    room = mailroom(office)
    drops = [replace(DROP, source_id=str(n), attachments=files) for n in range(3)]
    room.take_all(drops, 1.0)
    rows = [room.ledger.task(id) for id in room.take_all(drops, 2.0)]
    room.ledger.close()
    kept = sorted(p.read_bytes() for p in (office.root / "Office/Attachments").iterdir())
    assert kept == [b"1", b"2"]
    for row in rows:
        assert row is not None
        lies = [office.root / file["path"] for file in row.facts["attachments"]]
        assert [path.read_bytes() for path in lies] == [b"1", b"2", b"1"]


def _hand_in(folder: Path, n: int) -> None:
    office = TestOffice(folder)
    for k in range(n):
        handed(office, replace(DROP, source_id=str(k)))


@pytest.mark.slow
def test_two_processes_that_hand_in_the_same_make_one_task_of_each(office: TestOffice) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_hand_in, args=(office.folder, 8)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(PATIENCE_S)
    assert [one.exitcode for one in both] == [0, 0]
    assert len(office.files("Needs_Action")) == 8


def test_a_thing_counts_as_seen_under_its_other_id_too(office: TestOffice) -> None:
    id = handed(office, replace(DROP, known_as="=abc"))
    handed(office, replace(DROP, source_id="7:4", known_as="=def", bundle=Bundle("x", "{n}", 9e9)))
    room = mailroom(office)
    assert room.ledger.seen("mail", "=abc") == id
    assert room.ledger.seen("mail", "=def") == ""
    assert room.ledger.seen("mail", "=ghi") is None
    room.ledger.close()
