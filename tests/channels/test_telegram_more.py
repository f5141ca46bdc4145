"""What else can be seen and chosen of a request: files, more pages, a yes that is said twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.channels.contract import Refused
from tests.channels.live import OWNER, at_work, telegram
from tests.channels.phone import Phone, Standing, phone_of
from tests.channels.test_telegram_together import come
from tests.office import Hands, TestOffice, smtp
from tests.servers.model import ScriptedModelServer, call
from tests.servers.smtp import Relay
from tests.servers.telegram import server_running
from tests.test_pages import site

__all__ = ["site"]  # a fixture

PDF = b"%PDF of Ada \x00\xff"
WITH_FILE = """
when: {words: [invoice]}
do:
  - mail__send:
      to: ["ada@rossi.example"]
      subject: "{title}"
      body: "Hi Ada, here it is."
      attachments: ["invoice-7.pdf"]
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    office = TestOffice(tmp_path, smtp(relay))
    office.playbook(WITH_FILE)
    (office.root / "invoice-7.pdf").write_bytes(PDF)
    return office


@pytest.fixture
def shown(phone: Phone) -> Standing:
    come(phone.office, 7)
    phone.work()
    (shown,) = phone.screen.sent
    return shown


def test_its_files_are_shown_as_they_would_go_out(
    phone: Phone, shown: Standing, relay: Relay
) -> None:
    assert "invoice-7.pdf" in shown.text
    phone.tap(shown, "More…")
    (phone.office.root / "invoice-7.pdf").write_bytes(b"%PDF of Eve")  # the vault moves on
    phone.tap(shown, "See the files")
    sent = phone.screen.sent[-1].message
    assert sent.file is not None and sent.reply_to == shown.id
    blob = phone.rooms.state / "blobs" / sent.file.sha256
    assert (sent.file.name, blob.read_bytes()) == ("invoice-7.pdf", PDF)
    phone.go(1)
    phone.tap(shown, "See the files")
    assert len([one for one in phone.screen.sent if one.message.file]) == 2
    phone.tap(shown, "Back")
    phone.tap(shown, "Send")
    phone.work()
    (part,) = relay.messages[0].message.iter_attachments()
    assert part.get_payload(decode=True) == PDF


@pytest.mark.slow
def test_a_file_that_is_gone_is_said_to_be_and_stops_nothing(phone: Phone, shown: Standing) -> None:
    phone.tap(shown, "More…")
    phone.screen.fails = [Refused("invoice-7.pdf cannot be read")]
    phone.tap(shown, "See the files")
    assert "invoice-7.pdf cannot be read" in {row.why for row in phone.rows()}
    phone.tap(shown, "Back")
    assert "Send" in shown.labels


@pytest.mark.slow
def test_on_telegram_it_comes_as_a_document_with_the_same_bytes(
    tmp_path: Path, office: TestOffice
) -> None:
    with server_running() as server:
        office.env |= telegram(server)
        owner = server.person(OWNER, "Marco")
        owner.starts()
        with at_work(office):
            come(office, 7)
            card = owner.waits_to_see("Send this mail to ada@rossi.example?")
            owner.waits_for_answer(owner.taps(card.id, "More…"))
            owner.waits_for(lambda _: ["Back"] in card.labels)
            owner.taps(card.id, "See the files")
            sent = owner.waits_for(lambda chat: next((m for m in chat.from_bot if m.file), None))
        assert sent.file is not None
        assert (sent.file.kind, sent.file.name, sent.file.data) == (
            "document",
            "invoice-7.pdf",
            PDF,
        )
        assert sent.reply_to == card.id


@pytest.mark.slow
def test_a_yes_to_a_page_holds_for_ten_more_of_it(
    tmp_path: Path, site: tuple[str, list[str]]
) -> None:
    host, asked = site
    office = TestOffice(tmp_path, hands=Hands())
    office.env |= {"FACTOTUM_WEB": "yes", "FACTOTUM_WEB_INSIDE": host.removeprefix("http://")}
    script = [call("web__read", url=f"{host}/{name}") for name in ("a", "b", "c")]
    with ScriptedModelServer([*script, call("finish", summary="Done.")]) as model:
        office.env |= {"FACTOTUM_MODEL": "test/scripted", "FACTOTUM_MODEL_BASE_URL": model.base_url}
        with phone_of(office) as phone:
            office.type("Find out what stands there.\n\ngo")
            phone.work()
            (shown,) = [one for one in phone.screen.sent if one.labels]
            assert asked == []
            phone.tap(shown, "More…")
            phone.tap(shown, "Yes, and 10 more pages of it")
            phone.work()
            assert asked == ["/a", "/b", "/c"]
            assert len([one for one in phone.screen.sent if one.message.rows]) == 0


STRONG = """```yaml policy
rules:
  - name: look twice
    strong: mail__send
```
"""


@pytest.fixture
def risky(office: TestOffice, phone: Phone) -> Standing:
    (office.root / "Company_Handbook.md").write_text(STRONG)
    come(office, 7)
    phone.work()
    (shown,) = phone.screen.sent
    return shown


def test_what_is_of_high_risk_takes_a_second_tap_that_says_once_more_what_it_is(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    assert risky.labels[:3] == ["No", "Later", "Send…"]
    phone.tap(risky, "Send…")
    phone.work()
    assert relay.messages == [] and phone.office.card().status == "pending"
    assert risky.labels == ["Back", "Yes: ada@rossi.example"]
    assert "Once more: Send this mail to ada@rossi.example?" in risky.text
    phone.tap(risky, "Back")
    assert risky.labels[:3] == ["No", "Later", "Send…"]
    phone.tap(risky, "Send…")
    phone.tap(risky, "Yes: ada@rossi.example")
    phone.work()
    assert len(relay.messages) == 1 and "✅" in risky.text


def test_the_second_tap_counts_for_what_the_first_one_saw(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    first = risky.token("Send…")
    note = phone.office.one("Pending_Approval")
    note.write_text(note.read_text().replace("here it is", "there it goes"))
    phone.office.run()
    late = phone.sends_tap(risky, first)
    assert late is not None and late.alert and "changed meanwhile" in late.text
    phone.look()
    assert risky.labels[:3] == ["No", "Later", "Send…"] and "there it goes" in risky.text
    phone.tap(risky, "Send…")
    really = risky.token("Yes: ada@rossi.example")
    note = phone.office.one("Pending_Approval")
    note.write_text(note.read_text().replace("there it goes", "off it goes"))
    phone.office.run()
    late = phone.sends_tap(risky, really)
    assert late is not None and late.alert
    phone.work()
    assert relay.messages == []


def test_words_that_change_between_the_two_taps_take_both_again(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    phone.tap(risky, "Send…")
    note = phone.office.one("Pending_Approval")
    note.write_text(note.read_text().replace("here it is", "off it goes"))
    phone.work()
    assert "off it goes" in risky.text
    assert risky.labels[:3] == ["No", "Later", "Send…"] and "Once more" not in risky.text
    assert relay.messages == []


@pytest.mark.slow
def test_telegram_itself_can_approve_it_and_a_moved_note_cannot(
    phone: Phone, risky: Standing, relay: Relay
) -> None:
    phone.office.move(phone.office.one("Pending_Approval"), "Approved")
    phone.work()
    assert relay.messages == [] and phone.office.card().status == "pending"
    phone.tap(risky, "Send…")
    phone.tap(risky, "Yes: ada@rossi.example")
    phone.work()
    assert len(relay.messages) == 1
