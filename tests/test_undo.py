"""What was done is taken back, once, and only where nobody has built on it since."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from factotum.gate import undo
from factotum.gate.records import Card, Ended
from factotum.gate.rows import REVIEWED
from tests.cli.terminal import Said, Terminal, terminal_of
from tests.office import Hands, TestOffice, smtp
from tests.servers.dovecot import Dovecot
from tests.servers.model import Item, call
from tests.servers.smtp import Relay
from tests.test_mind import FINISH, thinking

WRITE = """
when: {kind: note, words: [write]}
do:
  - notes__write: {title: "The offer", text: "Ninety euros.", folder: Drafts}
"""
CHANGE = """
when: {kind: note, words: [change]}
do:
  - notes__change: {note: "Projects/Bianchi.md", find: "90 euros", replace: "120 euros"}
"""
SEND = """
when: {kind: note, words: [send]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "The offer", body: "Ninety euros.\\nBest"}
"""
DRAFT = SEND.replace("send]", "draft]").replace("mail__send", "mail__draft")
NOTE = "# Bianchi\n\nThe offer is 90 euros.\nTill Friday.\n"


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay), hands=Hands(wall=time.time()))
    for n, text in enumerate((WRITE, CHANGE, SEND, DRAFT)):
        office.playbook(text, f"{n}.md")
    (office.root / "Projects").mkdir()
    (office.root / "Projects/Bianchi.md").write_text(NOTE)
    return office


def done(office: TestOffice, word: str) -> Card:
    """The card of a task that was carried out, with a yes where one was needed."""
    office.type(f"{word.capitalize()} it.\n", f"{word}.md")
    office.run()
    waiting = [card for card in office.cards() if card.status == "pending"]
    for card in waiting:
        assert terminal_of(office)("approve", card.id).code == 0
    office.run()
    (card,) = [card for card in office.cards() if card.status == "succeeded"][-1:]
    return card


def undone(office: TestOffice, id: str) -> Said:
    said = terminal_of(office)("undo", id)
    office.run()
    return said


def newest(office: TestOffice) -> Card:
    return office.cards()[-1]


def bianchi(office: TestOffice) -> Path:
    return office.root / "Projects/Bianchi.md"


def test_a_note_that_was_written_is_taken_away_and_lies_in_the_trash(office: TestOffice) -> None:
    card = done(office, "write")
    note = office.one("Drafts")
    held = note.read_bytes()
    said = undone(office, card.id)
    assert said.code == 0 and "can be undone while nobody has edited the note" in said.out
    assert office.files("Drafts") == []
    assert (office.root / ".trash" / note.name).read_bytes() == held
    took = newest(office)
    assert (took.seal.tool, took.status) == ("notes__unwrite", "succeeded")
    assert took.decision is not None and took.decision.channel == "cli"
    (task,) = [path for path in office.files("Done") if path.name.startswith("undo-")]
    assert "Done: Take the-offer" in task.read_text()


@pytest.mark.slow
def test_undo_twice_is_one_undo_and_says_so(office: TestOffice) -> None:
    card = done(office, "write")
    undone(office, card.id)
    count = len(office.cards())
    assert "asked for already" in undone(office, card.id).out
    assert len(office.cards()) == count


@pytest.mark.slow
def test_an_undo_can_be_undone_and_that_too(office: TestOffice) -> None:
    card = done(office, "write")
    held = office.one("Drafts").read_bytes()
    undone(office, card.id)
    undone(office, newest(office).id)
    assert newest(office).seal.tool == "notes__bring_back"
    assert office.one("Drafts").read_bytes() == held
    undone(office, newest(office).id)
    assert office.files("Drafts") == []


@pytest.mark.slow
def test_a_note_that_was_edited_since_stays_and_the_undo_says_why(office: TestOffice) -> None:
    card = done(office, "write")
    note = office.one("Drafts")
    note.write_text(note.read_text() + "My own words.\n")
    undone(office, card.id)
    assert note.read_text().endswith("My own words.\n")
    assert newest(office).status == "failed_clean"
    (task,) = [path for path in office.files("Failed") if path.name.startswith("undo-")]
    assert "was edited since this was shown, and stays as it is now" in task.read_text()


def test_a_change_is_put_back_byte_by_byte_and_again(office: TestOffice) -> None:
    card = done(office, "change")
    assert "120 euros" in bianchi(office).read_text()
    undone(office, card.id)
    assert bianchi(office).read_text() == NOTE
    undone(office, newest(office).id)
    assert "120 euros" in bianchi(office).read_text()


@pytest.mark.slow
def test_a_change_is_put_back_beside_what_was_edited_since(office: TestOffice) -> None:
    card = done(office, "change")
    bianchi(office).write_text(bianchi(office).read_text() + "Mine.\n")
    undone(office, card.id)
    assert bianchi(office).read_text() == f"{NOTE}Mine.\n"


@pytest.mark.slow
def test_a_passage_that_was_edited_stays_and_the_difference_is_told(office: TestOffice) -> None:
    card = done(office, "change")
    text = bianchi(office).read_text().replace("120 euros", "150 euros")
    bianchi(office).write_text(text)
    undone(office, card.id)
    assert bianchi(office).read_text() == text
    (task,) = [path for path in office.files("Failed") if path.name.startswith("undo-")]
    assert "-The offer is 90 euros." in task.read_text().replace("\\", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("find", "replace"),
    [
        ("The offer is 90 euros.\n", ""),  # taken out: only its place tells where it stood
        ("", "One more line."),  # added at the end
        ("Till Friday.", "Till Friday.\n\nTill Friday."),  # what was put in stands twice
    ],
)
def test_every_kind_of_change_is_put_back(office: TestOffice, find: str, replace: str) -> None:
    args = json.dumps({"note": "Projects/Bianchi.md", "find": find, "replace": replace})
    office.playbook(
        f"when: {{kind: note, words: [other]}}\ndo:\n  - notes__change: {args}", "other.md"
    )
    card = done(office, "other")
    assert bianchi(office).read_text() != NOTE
    undone(office, card.id)
    assert bianchi(office).read_text() == NOTE


def remembered(office: TestOffice) -> Card:
    """The card of a fact that a model had remembered."""
    turns: list[Item] = [call("remember", text="She likes trains.", about="Ada"), FINISH]
    with thinking(office, turns):
        office.type("Of her.\n", f"{len(office.files('Done'))}.md")
        office.run()
    office.env["FACTOTUM_MODEL"] = "none"
    return newest(office)


@pytest.mark.slow
def test_what_was_remembered_is_forgotten_again_and_back(office: TestOffice) -> None:
    card = remembered(office)
    note = office.one("Office/Memory")
    held = note.read_bytes()
    undone(office, card.id)
    assert office.files("Office/Memory") == []
    undone(office, newest(office).id)
    assert note.read_bytes() == held


@pytest.mark.slow
def test_what_was_remembered_before_is_not_this_ones_to_forget(office: TestOffice) -> None:
    first, second = remembered(office), remembered(office)
    assert first.id != second.id
    said = undone(office, second.id)
    assert said.code == 1 and "remembered before already" in said.err
    assert len(office.files("Office/Memory")) == 1


def test_a_mail_is_not_called_back_but_a_correction_asks(office: TestOffice, relay: Relay) -> None:
    card = done(office, "send")
    said = undone(office, card.id)
    assert "cannot be undone once sent, but a correction is proposed" in said.out
    assert "You are asked about the correction: factotum show" in said.out
    asks = newest(office)
    assert (asks.status, asks.seal.tool) == ("pending", "mail__send")
    assert asks.seal.args["to"] == ["ada@rossi.example"]
    assert asks.seal.args["subject"] == "Correction: The offer"
    assert card.ended is not None
    assert asks.seal.args["in_reply_to"] == card.ended.evidence["message_id"]
    assert "> Ninety euros." in asks.seal.args["body"]
    assert len(relay.messages) == 1
    assert terminal_of(office)("approve", asks.id).code == 0
    office.run()
    assert len(relay.messages) == 2


def test_a_correction_names_no_rule_that_would_let_it_through(office: TestOffice) -> None:
    rule = "rules: [{allow: mail__send, recipient: ada@rossi.example}]"
    (office.root / "Company_Handbook.md").write_text(f"```yaml policy\n{rule}\n```\n")
    undone(office, done(office, "send").id)
    asks = newest(office)
    assert (asks.status, asks.seal.tool) == ("pending", "mail__send")
    assert asks.seal.rule == "an undo is shown before anything goes out"


@pytest.mark.slow
def test_a_correction_that_is_refused_is_not_sent(office: TestOffice, relay: Relay) -> None:
    card = done(office, "send")
    undone(office, card.id)
    terminal_of(office)("reject", newest(office).id)
    office.run()
    assert len(relay.messages) == 1
    assert any("You said no to it" in path.read_text() for path in office.files("Done"))


@pytest.mark.slow
def test_all_that_a_task_did_is_taken_back_the_last_first(office: TestOffice) -> None:
    office.playbook(
        "when: {kind: note, words: [both]}\ndo:\n"
        "  - notes__write: {title: One, text: First., folder: Drafts}\n"
        "  - notes__write: {title: Two, text: Second., folder: Drafts}\n",
        "both.md",
    )
    card = done(office, "both")
    assert len(office.files("Drafts")) == 2
    undone(office, card.task)
    assert office.files("Drafts") == []
    taken = [c.seal.args["note"] for c in office.cards() if c.seal.tool == "notes__unwrite"]
    assert [path.partition("_")[0] for path in taken] == ["Drafts/two", "Drafts/one"]


@pytest.mark.slow
def test_what_is_not_done_is_not_undone(office: TestOffice, relay: Relay) -> None:
    office.type("Send it.\n")
    office.run()
    said = undone(office, office.card().id)
    assert said.code == 1 and "factotum reject" in said.err
    terminal_of(office)("reject", office.card().id)
    office.run()
    assert "nothing was done" in undone(office, office.card().id).err


@pytest.mark.slow
def test_a_draft_is_taken_back(office: TestOffice) -> None:
    with Dovecot() as dovecot:
        office.env |= dovecot.settings("ann@example.test")
        card = done(office, "draft")
        assert len(dovecot.messages("ann@example.test", "Drafts")) == 1
        undone(office, card.id)
        assert dovecot.messages("ann@example.test", "Drafts") == []
        assert len(dovecot.messages("ann@example.test", "Trash")) == 1
        took = newest(office)
        assert took.status == "succeeded" and took.ended is not None
        assert took.ended.evidence["moved_to"] == "Trash"
        assert "the draft lies in the Trash of the mailbox" in undone(office, took.id).err


@pytest.mark.slow
def test_a_draft_that_asks_can_be_changed_and_taken_back_with_its_files(
    office: TestOffice,
) -> None:
    rule = "rules:\n  - ask: mail__draft\n"
    (office.root / "Company_Handbook.md").write_text(f"```yaml policy\n{rule}```\n")
    office.playbook(DRAFT.replace("body:", 'attachments: ["Projects/Bianchi.md"], body:'), "3.md")
    with Dovecot() as dovecot:
        office.env |= dovecot.settings("ann@example.test")
        office.type("Draft it.\n")
        office.run()
        card = office.one("Pending_Approval")
        text = card.read_text()
        assert "# Put a draft into your mailbox, to ada@rossi.example?" in text
        shown = text.partition("\n> [!info]")[0]
        assert "Ninety euros." in shown and "Bianchi.md" in shown
        card.write_text(text.replace("Ninety euros.", "Eighty euros.", 1))
        office.tick(card, "approve")
        office.run()
        office.tick(office.one("Pending_Approval"), "approve")  # its second version
        office.run()
        (kept,) = dovecot.messages("ann@example.test", "Drafts")
        whole = kept.message.as_string()
        assert "Eighty euros." in whole and "Ninety" not in whole and "Bianchi.md" in whole
        undone(office, office.card().id)
        assert dovecot.messages("ann@example.test", "Drafts") == []


@pytest.mark.slow
def test_an_undo_that_a_pause_holds_comes_after_it(office: TestOffice) -> None:
    card = done(office, "write")
    terminal_of(office)("pause")
    undone(office, card.id)
    assert len(office.files("Drafts")) == 1
    terminal_of(office)("resume")
    office.run()
    assert office.files("Drafts") == []


@pytest.mark.slow
def test_no_playbook_can_call_what_only_undo_does(office: TestOffice) -> None:
    office.playbook(
        "when: {kind: note, words: [sneaky]}\ndo:\n"
        '  - notes__unwrite: {note: "Projects/Bianchi.md", sha256: "x"}\n',
        "sneaky.md",
    )
    office.type("Sneaky.\n")
    office.run()
    assert bianchi(office).exists()
    assert not any(card.seal.tool == "notes__unwrite" for card in office.cards())


@pytest.mark.slow
def test_a_note_cannot_make_itself_an_undo(office: TestOffice) -> None:
    card = done(office, "write")
    office.type(f"---\nundo: {{cards: ['{card.id}']}}\n---\nUndo it.\n", "undo.md")
    office.run()
    assert len(office.files("Drafts")) == 1


@pytest.mark.slow
def test_a_card_says_whether_it_can_be_undone(office: TestOffice) -> None:
    office.type("Send it.\n")
    office.run()
    assert " · cannot be undone once sent" in office.one("Pending_Approval").read_text()
    terminal_of(office)("approve", office.card().id)
    office.run()
    (card,) = [path for path in office.files("Done") if path.name.startswith("send-this")]
    assert f"To undo it: `factotum undo {office.card().id}`" in card.read_text()


def test_every_tool_in_the_table_acts_and_says_whether_it_can_be_undone() -> None:
    for tool, inverse in undo.INVERSES.items():
        assert REVIEWED[tool].acts
        assert (inverse.call is None) == undo.said(tool).startswith("cannot be undone:")
    assert undo.said("bank__pay").startswith("cannot be undone: nobody")


def test_what_is_unknown_is_settled_first(office: TestOffice) -> None:
    card = done(office, "write")
    lost = Card(**{**vars(card), "ended": Ended("UNKNOWN", {}, 1.0)})
    assert "factotum resolve" in undo.refusal(lost)


PLACES = (
    "seal.committed", "attempt.begun", "effect.before", "effect.after", "outcome.recorded",
    "card.rewritten", "card.projected", "task.receipts", "task.projected",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "place"),
    [
        *(("write", place) for place in PLACES),
        ("change", "effect.after"),
        ("send", "seal.committed"),
    ],
)
def test_an_undo_that_is_killed_anywhere_happens_once(
    office: TestOffice, relay: Relay, word: str, place: str
) -> None:
    card = done(office, word)
    person = terminal_of(office)
    assert person("undo", card.id).code == 0
    killed = Terminal(office.folder, {**person.env, "FACTOTUM_FAILPOINT": place})
    code = killed.really("run", "--once").code
    office.run()
    if word == "send":
        person("approve", newest(office).id)
        killed.really("run", "--once")
        office.run()
        office.run()
        assert len(relay.messages) == 2
        assert len([c for c in office.cards() if c.status == "succeeded"]) == 2
    else:
        assert code == -9
        assert office.files("Drafts") == []
        assert bianchi(office).read_text() == NOTE
        assert newest(office).status == "succeeded"
        assert newest(office).attempts <= 2
    assert "asked for already" in undone(office, card.id).out
    assert len(list((office.root / ".trash").glob("*.md"))) == (word == "write")
    assert len([path for path in office.files("Done") if path.name.startswith("undo-")]) == 1
