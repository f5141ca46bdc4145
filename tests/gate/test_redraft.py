"""New words for a draft, given away from its note: sealed as an edit in the note is, and no word
that is written in the note meanwhile is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.gate import redraft
from factotum.gate.redraft import ORDER, TEXT, Wish
from factotum.gate.register import Card, GateError, NoSuchCard, NotOpen, Register
from factotum.ledger import Ledger
from factotum.model import Risk
from tests.gate.test_begin import proposal, register
from tests.office import TestOffice, opened
from tests.servers.smtp import Relay
from tests.test_life import asked, office

__all__ = ["asked", "office", "register"]  # fixtures

OLD = "Hi Ada, here is invoice 1042."
NEW = "Dear Ada,\n\nyour invoice is attached.\n\nMarco"


MAIL = {"to": ["ada@rossi.example"], "subject": "Re: Invoice 1042", "body": OLD}


def propose(register: Register, **more: object) -> Card:
    (id,) = register.propose("t-1", 1, [proposal(**{"args": MAIL, **more})], 1.0)
    return register.card(id)


def want(register: Register, card: Card, text: str, kind: str = TEXT) -> int:
    who = ("telegram", "Marco", 2.0)
    return redraft.ask(register.ledger, register, card.id, card.seal.digest, kind, text, *who)


@pytest.mark.parametrize(
    ("given", "subject", "body"),
    [
        ("Subject: One\n\nTwo", "One", "Two"),
        ("Subject: One\nTwo", "One", "Two"),
        ("subject:One", "One", OLD),
        ("To: me, it is easy.\nTwo", "Re: Invoice 1042", "To: me, it is easy.\nTwo"),
        ("Note: Two", "Re: Invoice 1042", "Note: Two"),
        ("\r\n\r\nOne\r\n\r\n  Two  \r\n", "Re: Invoice 1042", "One\n\n  Two"),
        ("Subject: One\n\nSubject: Two", "One", "Subject: Two"),
    ],
)
def test_lines_of_the_form_at_the_top_change_their_fields(
    register: Register, given: str, subject: str, body: str
) -> None:
    args = redraft.by_text(propose(register), given).args
    assert (args["subject"], args["body"]) == (subject, body)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("  \n ", "there is nothing to change it by"),
        ("x" * 100_001, "longer than 100000 characters"),
        ("x" * 60_001, "longer than the 60000 characters of a card"),
        (OLD + "\n\n", "nothing changed"),
        ("To: all my friends\n\nHi", "is not a list of mail addresses"),
        ("To:\n\nHi", "nobody is named to send it to"),
        ("half \ud83d", "cut in half"),
    ],
)
def test_what_could_never_be_sent_is_refused_at_once(
    register: Register, given: str, why: str
) -> None:
    with pytest.raises(GateError, match=why):
        want(register, propose(register), given)
    assert redraft.open_wishes(register.ledger) == []


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ({"body": "half \ud83d"}, "half a character"),
        ({"body": "x" * 60_001}, "longer than the 60000 characters of a card"),
        ({"body": OLD}, "nothing changed"),
        ({"subject": "Two\nlines"}, "subject holds a line break"),
    ],
)
def test_what_a_model_wrote_is_looked_at_too(
    register: Register, new: dict[str, str], why: str
) -> None:
    with pytest.raises(redraft.Unfit, match=why):
        redraft.by_fields(propose(register), new)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"kind": "question", "tool": "ask_owner"}, "answer it: factotum answer a-"),
        ({"tool": "web__read", "args": {"url": "https://a.test"}}, "Change its url in its note"),
        ({"tool": "notes__change", "args": {"note": "A"}}, "Say no, and why"),
    ],
)
@pytest.mark.parametrize("kind", [TEXT, ORDER])
def test_what_has_no_words_says_what_can_be_done_instead(
    register: Register, more: dict[str, object], why: str, kind: str
) -> None:
    with pytest.raises(GateError, match=why):
        want(register, propose(register, **more), "shorter", kind)


def test_one_change_at_a_time_and_each_for_the_version_that_was_looked_at(
    register: Register,
) -> None:
    card = propose(register)
    want(register, card, NEW)
    with pytest.raises(NotOpen, match="is being changed already"):
        want(register, card, "shorter", ORDER)
    newer = register.reseal(card, 3.0, "It is another one now.")
    with pytest.raises(NotOpen, match="was changed meanwhile; look at version 2"):
        want(register, card, NEW)
    register.decide(card.id, newer.seal.digest, "reject", "cli", "you", 4.0)
    with pytest.raises(NotOpen, match="it was refused by you"):
        want(register, newer, NEW)
    with pytest.raises(NoSuchCard):
        redraft.ask(register.ledger, register, "a-x", "", TEXT, NEW, "telegram", "Marco", 5.0)


def test_of_several_who_ask_at_once_one_is_heard(register: Register) -> None:
    card = propose(register)

    def ask(n: int) -> str:
        ledger = Ledger(register.ledger.path)
        try:
            return str(want(Register(ledger), card, f"Words {n}."))
        except NotOpen as late:
            return str(late)
        finally:
            ledger.close()

    with ThreadPoolExecutor(8) as several:
        became = list(several.map(ask, range(8)))
    assert sum("is being changed already" in one for one in became) == 7
    assert len(redraft.open_wishes(register.ledger)) == 1


# -- in the vault


@contextmanager
def guest(office: TestOffice) -> Iterator[Register]:
    """The ledger as another process sees it."""
    ledger = Ledger(office.state / "ledger.db")
    try:
        yield Register(ledger)
    finally:
        ledger.close()


def wish(office: TestOffice, text: str, kind: str = TEXT, card: Card | None = None) -> int:
    card = card or office.card()
    with guest(office) as register:
        asked = (register.ledger, register, card.id, card.seal.digest, kind, text)
        return redraft.ask(*asked, "telegram", "Marco", office.hands.wall)


def became(office: TestOffice, seq: int) -> Wish:
    with guest(office) as register:
        found = redraft.find(register.ledger, seq)
        assert found is not None
        return found


def test_new_words_make_the_next_version_and_a_yes_sends_them(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    seq = wish(office, NEW)
    office.run()
    card = office.card()
    assert (card.status, card.version, card.seal.args["body"]) == ("pending", 2, NEW)
    assert card.seal.args["to"] == ["ada@rossi.example"]
    assert (became(office, seq).done, became(office, seq).why) == (office.hands.wall, "")
    text = asked.read_text()
    assert "Version 2: you changed 5 lines. Approve it as it stands now." in text
    assert "your invoice is attached." in text and OLD not in text
    office.tick(asked, "approve")
    office.run()
    (sent,) = relay.messages
    assert b"your invoice is attached." in sent.data


def test_the_version_says_how_it_differs_from_the_one_before(
    office: TestOffice, asked: Path
) -> None:
    wish(office, "Subject: Your invoice\n\nHi Ada, here is invoice 1043.")
    office.run()
    card = office.card()
    assert card.seal.about["changed"]["was"] == OLD
    assert card.seal.about["changed"]["by"] == "telegram"
    assert redraft.changes(card) == [
        ("-", "Subject: Re: Invoice 1042"),
        ("+", "Subject: Your invoice"),
        ("-", OLD),
        ("+", "Hi Ada, here is invoice 1043."),
    ]
    asked.write_text(asked.read_text().replace("1043", "1044"))
    office.run()
    assert [sign for sign, _ in redraft.changes(office.card())] == ["-", "+"]
    assert office.card().seal.about["changed"]["by"] == "note"
    with guest(office) as register:
        again = register.reseal(office.card(), office.hands.wall, "Please look once more.")
    assert redraft.changes(again) == []


def test_another_recipient_is_told_and_judged_anew(office: TestOffice, asked: Path) -> None:
    wish(office, "To: eve@other.test")
    office.run()
    card = office.card()
    assert (card.seal.args["to"], card.seal.args["body"]) == (["eve@other.test"], OLD)
    assert card.seal.risk is Risk.HIGH
    assert "# Send this mail to eve@other.test?" in asked.read_text()


def test_the_first_decision_wins_over_a_change(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    seq = wish(office, NEW)
    office.tick(asked, "approve")
    with guest(office) as register:
        card = register.card(office.card().id)
        register.decide(card.id, card.seal.digest, "approve", "cli", "Marco", office.hands.wall)
    office.run()
    assert "it was approved by Marco (cli)" in became(office, seq).why
    (sent,) = relay.messages
    assert OLD.encode() in sent.data
    with pytest.raises(NotOpen, match="it is done already"):
        wish(office, NEW)


def test_an_edit_in_the_note_that_came_before_wins(office: TestOffice, asked: Path) -> None:
    asked.write_text(asked.read_text().replace(OLD, "From the note."))
    seq = wish(office, NEW)
    office.run()
    assert office.card().seal.args["body"] == "From the note."
    assert became(office, seq).why == "it was changed meanwhile; look at version 2"


def test_nobody_is_disturbed_who_writes_in_the_note(office: TestOffice, asked: Path) -> None:
    office.env["FACTOTUM_STABLE_S"] = "2"
    seq = wish(office, NEW)
    with opened(office) as door:
        door.tick()
        asked.write_text(asked.read_text().replace(OLD, "From the note."))
        door.tick()
        office.hands.go(1)
        door.tick()
        assert became(office, seq).done is None
        office.hands.go(3)
        door.tick()
        door.tick()
    assert "From the note." in asked.read_text()
    assert office.card().seal.args["body"] == "From the note."
    assert "it was changed meanwhile" in became(office, seq).why


def test_an_edit_of_the_older_version_that_comes_later_is_the_newest_word(
    office: TestOffice, asked: Path
) -> None:
    """As a phone does that was off the net: it brings its copy of the note with an edit in it."""
    before = asked.read_text()
    wish(office, NEW)
    office.run()
    asked.write_text(before.replace(OLD, "From the phone."))
    office.run()
    assert (office.card().version, office.card().seal.args["body"]) == (3, "From the phone.")


def test_the_older_version_alone_that_comes_back_changes_nothing(
    office: TestOffice, relay: Relay, asked: Path
) -> None:
    before = asked.read_text()
    wish(office, NEW)
    office.run()
    asked.write_text(before)
    office.tick(asked, "approve")
    office.run()
    assert (office.card().version, office.card().status) == (2, "pending")
    assert "your invoice is attached." in asked.read_text()
    assert relay.messages == []


def test_what_a_person_wrote_beside_the_form_is_kept(office: TestOffice, asked: Path) -> None:
    with asked.open("a") as note:
        note.write("\nI phoned Ada about it.\n")
    wish(office, NEW)
    office.run()
    office.run()
    assert [p for p in office.root.rglob("*.md") if "I phoned Ada" in p.read_text()]


def test_a_note_that_cannot_be_read_takes_no_new_words(office: TestOffice, asked: Path) -> None:
    edited = asked.read_text().replace("Cc:", "Cc: bob@")
    asked.write_text(edited)
    seq = wish(office, NEW)
    office.run()
    assert "its note cannot be read as it is now" in became(office, seq).why
    assert asked.read_text() == edited
    assert office.card().version == 1


def test_a_change_needs_no_note(office: TestOffice, asked: Path) -> None:
    asked.unlink()
    wish(office, NEW)
    office.run()
    assert office.card().seal.args["body"] == NEW


def test_a_change_is_on_record(office: TestOffice, asked: Path) -> None:
    wish(office, NEW)
    office.run()
    told = [event for event in office.events() if event["kind"] in {"change", "resealed"}]
    assert [one["kind"] for one in told] == ["change", "resealed"]
    assert (told[0]["what"], told[0]["channel"], told[0]["who"]) == ("text", "telegram", "Marco")
    assert NEW not in str(told)


def test_what_came_of_the_wish_before_is_told_no_more(office: TestOffice, asked: Path) -> None:
    wish(office, "shorter", ORDER)
    office.run()
    assert "It was not changed: there is no model" in asked.read_text()
    assert "To be changed, says Marco (telegram)" in log_of(office)
    wish(office, NEW)
    assert office.card().remark == ""
    office.run()
    assert "It was not changed" not in asked.read_text()


def log_of(office: TestOffice) -> str:
    return "\n".join(path.read_text() for path in (office.root / "Logs").glob("*.md"))
