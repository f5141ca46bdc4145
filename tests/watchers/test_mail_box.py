"""A mailbox at a real Dovecot: each letter once, in order, unread as it was, whatever happens."""

from __future__ import annotations

import imaplib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.ears.dry import DryPost
from factotum.reading import read
from factotum.watcher import Premises, Source, SourceError, Stopped
from tests.office import TestOffice, smtp
from tests.patience import PATIENCE_S, SOON_S
from tests.prove.test_kill import ASK, REPLY
from tests.servers.dovecot import USERS, Dovecot
from tests.servers.smtp import Relay
from tests.watchers.listening import Listening, handbook, listening
from watchers import mail_watcher
from watchers.mail.accounts import accounts
from watchers.mail.answers import Entry
from watchers.mail.folders import Habits, Mailbox
from watchers.mail.line import Line
from watchers.mail.making import Maker
from watchers.mail.place import place_of

ANN = "ann@example.test"


def letter(subject: str = "Invoice 1042", *headers: str, body: str = "Send it again.") -> bytes:
    lines = [
        "From: Ada Rossi <ada@rossi.example>",
        "To: ann@example.test",
        f"Subject: {subject}",
        f"Message-ID: <{subject.replace(' ', '-')}@rossi.example>",
        *headers,
    ]
    return "\r\n".join([*lines, "", body, ""]).encode()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.fixture(autouse=True)
def _emptied(dovecot: Dovecot) -> None:
    dovecot.empty()


@pytest.fixture
def office(tmp_path: Path, dovecot: Dovecot) -> TestOffice:
    made = TestOffice(tmp_path, dovecot.settings(ANN))
    made.hands.wall = time.time()
    return made


def named(name: str) -> Callable[[Premises], Source]:
    def of(premises: Premises) -> Source:
        return next(one for one in mail_watcher.sources(premises) if one.name == name)

    return of


def mailbox(office: TestOffice, name: str = "mail") -> AbstractContextManager[Listening]:
    return listening(office, named(name))


def box(dovecot: Dovecot) -> imaplib.IMAP4:
    made = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    made.login(ANN, USERS[ANN])
    return made


def flags(dovecot: Dovecot, folder: str = "INBOX") -> list[frozenset[str]]:
    return [one.flags for one in dovecot.messages(ANN, folder)]


def begun(office: TestOffice, name: str = "mail") -> None:
    """It was listened to before."""
    with mailbox(office, name) as ear:
        ear.look()


# -- what comes


def test_a_letter_becomes_a_task_and_stays_unread(office: TestOffice, dovecot: Dovecot) -> None:
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter())
        dovecot.deliver(ANN, letter("Invoice 1043"))
        ear.look()
        ear.look()
        assert ear.titles == ["Invoice 1042", "Invoice 1043"]
        facts = ear.tasks[0].facts
    assert facts["sender"] == "ada@rossi.example"
    assert facts["properties"]["message_id"] == "<Invoice-1042@rossi.example>"
    assert flags(dovecot) == [frozenset(), frozenset()]


def test_what_came_while_nobody_listened_comes_with_the_next_look(
    office: TestOffice, dovecot: Dovecot
) -> None:
    begun(office)
    for n in range(3):
        dovecot.deliver(ANN, letter(f"Letter {n}"))
    with box(dovecot) as other:
        other.select()
        other.store("2", "+FLAGS", "(\\Deleted)")
        other.expunge()
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == ["Letter 0", "Letter 2"]
        place = place_of(ear.post.cursor())
        assert place is not None and place.uid == 3
    with mailbox(office) as ear:
        ear.look()
        assert len(ear.titles) == 2


def test_at_first_only_what_is_unread_and_new_is_taken(
    office: TestOffice, dovecot: Dovecot
) -> None:
    for n in range(3):
        dovecot.deliver(ANN, letter(f"Letter {n}"))
    with box(dovecot) as other:
        other.select()
        other.store("2", "+FLAGS", "(\\Seen)")
        old = imaplib.Time2Internaldate(time.time() - 2 * 86400)
        other.append("INBOX", "", old, letter("Old and unread"))
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == ["Letter 0", "Letter 2"]
        dovecot.deliver(ANN, letter("Letter 3"))
        ear.look()
        assert ear.titles[2:] == ["Letter 3"]


def test_with_no_hours_only_what_comes_from_now_on_is_taken(
    office: TestOffice, dovecot: Dovecot
) -> None:
    office.env["FACTOTUM_MAIL_FIRST_H"] = "0"
    dovecot.deliver(ANN, letter())
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == []


def test_a_letter_is_marked_as_read_only_if_asked_and_after_it_is_a_task(
    office: TestOffice, dovecot: Dovecot
) -> None:
    office.env["FACTOTUM_MAIL_MARK"] = "seen"
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter())
        dovecot.deliver(ANN, letter("News", "List-Id: <news.shop.example>"))
        ear.look()
        assert ear.titles == ["Invoice 1042"]
    assert flags(dovecot) == [frozenset({"\\Seen"}), frozenset()]


class Slow(Line):
    """Knows if it was asked for something before it had answered something else."""

    asked, mixed_up = 0, False

    def fetch(self, uids: Sequence[int], part: str = "") -> list[Entry]:
        with self._asked():
            return super().fetch(uids, part)

    def mark_seen(self, uids: Sequence[int]) -> None:
        with self._asked():
            super().mark_seen(uids)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        Slow.mixed_up |= self.asked > 0
        self.asked += 1
        time.sleep(0.1)
        yield
        self.asked -= 1


@pytest.mark.slow
def test_very_many_are_marked_while_the_next_are_fetched(
    office: TestOffice, dovecot: Dovecot
) -> None:
    office.env["FACTOTUM_MAIL_MARK"] = "seen"
    office.env |= {f"FACTOTUM_TASKS_PER_{one}": "1000" for one in ("SENDER", "SOURCE")}
    begun(office)
    for n in range(160):
        dovecot.deliver(ANN, letter(f"Letter {n}"))

    def of(premises: Premises) -> Source:
        (account,) = accounts(office.settings())
        maker = Maker("mail", premises.read, premises.zone)
        habits = Habits(mark="seen", ahead_from=20)
        return Mailbox("mail", account, ("INBOX",), maker, habits, connect=Slow)

    with listening(office, of) as ear:
        ear.look()
        assert ear.titles == [f"Letter {n}" for n in range(160)]
    assert flags(dovecot) == [frozenset({"\\Seen"})] * 160
    assert not Slow.mixed_up


@pytest.mark.slow
def test_more_than_fits_in_one_portion_comes_in_order(office: TestOffice, dovecot: Dovecot) -> None:
    office.env["FACTOTUM_TASKS_PER_SENDER"] = "1000"
    begun(office)
    for n in range(60):
        dovecot.deliver(ANN, letter(f"Letter {n}"))
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == [f"Letter {n}" for n in range(60)]


# -- lists, machines, one's own


def test_lists_and_machines_are_told_together_at_the_hour(
    office: TestOffice, dovecot: Dovecot
) -> None:
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter("News", "List-Unsubscribe: <https://shop.example/u>"))
        dovecot.deliver(ANN, letter("Away", "Auto-Submitted: auto-replied"))
        dovecot.deliver(ANN, letter("Mine").replace(b"ada@rossi.example", ANN.encode(), 1))
        ear.look()
        assert ear.titles == []
        office.hands.go(86400)
        ear.look()
        assert ear.titles == ["2 newsletters and notices"]
        (note,) = ear.notes
        assert "News" in note and "Away" in note and "Mine" not in note


def test_the_owners_rules_decide(office: TestOffice, dovecot: Dovecot) -> None:
    handbook(
        office,
        "mail",
        {"list": "*shop*", "do": "task"},
        {"from": "*@rossi.example", "subject": ["offer", "ad: *"], "do": "ignore"},
    )
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter("News", "List-Id: <news.shop.example>"))
        dovecot.deliver(ANN, letter("An offer for you"))
        dovecot.deliver(ANN, letter("Real"))
        ear.look()
        assert ear.titles == ["News", "Real"]


def test_with_a_rule_that_is_wrong_nothing_is_left_alone(
    office: TestOffice, dovecot: Dovecot
) -> None:
    handbook(office, "mail", {"from": "*", "do": "ignore"}, {"form": "x", "do": "task"})
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter())
        ear.look()
        assert ear.titles == ["Invoice 1042"]
        assert "Company_Handbook.md line 6: `form` is nothing" in ear.remarks["rules"]
        handbook(office, "mail", {"from": "*", "do": "ignore"})
        dovecot.deliver(ANN, letter("Two"))
        ear.look()
        assert ear.titles == ["Invoice 1042"]
        assert ear.remarks == {}


BOUNCE = b"""Return-Path: <>\r
From: Mail Delivery System <MAILER-DAEMON@mx.example.test>\r
To: ann@example.test\r
Subject: Undelivered Mail Returned to Sender\r
Auto-Submitted: auto-replied\r
Message-ID: <b1@mx.example.test>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r
\r
--B\r
Content-Type: text/plain\r
\r
I could not deliver it.\r
--B\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.test\r
\r
Final-Recipient: rfc822; bob@gone.example\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 No such user\r
\r
--B\r
Content-Type: message/rfc822\r
\r
From: ann@example.test\r
Subject: Re: Invoice 1042\r
Message-ID: <sent-1@example.test>\r
\r
Here it is.\r
--B--\r
"""


def test_a_failure_notice_is_told_and_has_nobody_to_answer(
    office: TestOffice, dovecot: Dovecot
) -> None:
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, BOUNCE, sender="")
        ear.look()
        (task,) = ear.tasks
        assert task.title == "Not delivered: Re: Invoice 1042"
        assert task.facts["bounce"] is True
        assert task.facts["sender"] == ""
        properties = task.facts["properties"]
        assert properties["bounce_of"] == "<sent-1@example.test>"
        assert properties["bounce_to"] == ["bob@gone.example"]
        assert "did not reach bob@gone.example" in ear.notes[0].replace("\\", "")
        assert "550 5.1.1 No such user" in ear.notes[0]


@pytest.mark.slow
def test_a_failure_notice_names_the_task_that_sent_the_mail(
    tmp_path: Path, office: TestOffice, dovecot: Dovecot, relay: Relay
) -> None:
    office.env.update(smtp(relay))
    office.playbook(REPLY)
    office.drop("ask.eml", ASK)
    office.run()
    office.move(office.one("Pending_Approval"), "Approved")
    office.run()
    (sent,) = relay.messages
    with mailbox(office) as ear:
        ear.look()
        id = str(sent.message["Message-ID"]).encode()
        dovecot.deliver(ANN, BOUNCE.replace(b"<sent-1@example.test>", id), sender="")
        ear.look()
        asked, told = ear.tasks
        assert told.facts["bounced"] == asked.id
        assert "sent for the task “Invoice 1042”" in ear.notes[0]


# -- numbers that change, letters that move


def renumber(dovecot: Dovecot) -> None:
    """What happens when a server builds the index of a folder anew."""
    for path in (dovecot.folder / "mail" / ANN).glob("dovecot*"):
        path.unlink()


@pytest.mark.slow
def test_letters_that_were_numbered_anew_are_known_again(
    office: TestOffice, dovecot: Dovecot
) -> None:
    begun(office)
    dovecot.deliver(ANN, letter("One"))
    dovecot.deliver(ANN, letter("News", "List-Id: <news.shop.example>"))
    with mailbox(office) as ear:
        ear.look()
        before = ear.tasks
    dovecot.deliver(ANN, letter("Two"))
    time.sleep(1.1)  # its number is the second at which it was made
    renumber(dovecot)
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == ["One", "Two"]
        assert ear.tasks[0] == before[0]
        (told,) = ear.remarks.values()
        assert told == "2 letters were known again, 1 are new, 0 are from before"
        ear.look()
        office.hands.go(86400)
        ear.look()
        assert ear.titles == ["One", "Two", "1 newsletters and notices"]


@pytest.mark.slow
def test_old_letters_that_were_numbered_anew_do_not_become_tasks(
    office: TestOffice, dovecot: Dovecot
) -> None:
    for n in range(5):
        dovecot.deliver(ANN, letter(f"Old {n}"))
    with box(dovecot) as other:
        other.select()
        other.store("1:*", "+FLAGS", "(\\Seen)")
    time.sleep(1.1)
    office.hands.wall = time.time()
    begun(office)
    renumber(dovecot)
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == []


def test_a_letter_that_was_moved_is_the_same_letter(office: TestOffice, dovecot: Dovecot) -> None:
    office.env["FACTOTUM_IMAP_FOLDERS"] = "INBOX, Projects*"
    with box(dovecot) as other:
        other.create("Projects")
        other.create("Projects2")
        other.create("Trash")
    begun(office)
    begun(office, "mail folders")
    dovecot.deliver(ANN, letter("One"))
    begun(office)
    with box(dovecot) as other:
        other.select()
        other.uid("MOVE", "1", "Projects")
        other.append("Projects2", "", "", letter("Two"))
        other.append("Trash", "", "", letter("Three"))
    with mailbox(office, "mail folders") as ear:
        ear.look()
        ear.look()
        assert ear.titles == ["One", "Two"]


def test_patterns_do_not_mean_what_goes_out_or_is_thrown_away(
    office: TestOffice, dovecot: Dovecot
) -> None:
    with box(dovecot) as other:
        for name in ("Sent", "Work", "Work.Drafts", "Spam", "Gesendet"):
            other.create(name)
    office.env["FACTOTUM_IMAP_FOLDERS"] = "*"
    with mailbox(office, "mail folders") as ear:
        ear.look()
        with box(dovecot) as other:
            for name in ("Sent", "Work", "Spam", "INBOX"):
                other.append(name, "", "", letter(f"In {name}"))
        ear.look()
        assert sorted(ear.titles) == ["In INBOX", "In Work"]
    office.env["FACTOTUM_IMAP_FOLDERS"] = "Spam, Work"
    with mailbox(office, "mail /Spam") as ear:
        ear.look()  # its own name: it is meant


def test_another_account_of_the_same_name_is_another_mailbox(
    office: TestOffice, dovecot: Dovecot
) -> None:
    dovecot.deliver(ANN, letter("One"))
    begun(office)
    dovecot.deliver("bob@example.test", letter("Two"))
    office.env.update(dovecot.settings("bob@example.test"))
    with mailbox(office) as ear:
        ear.look()
        assert ear.titles == ["One", "Two"]


# -- large, broken, hostile


def test_of_a_letter_that_is_too_large_only_the_beginning_is_fetched(
    office: TestOffice, dovecot: Dovecot
) -> None:
    office.env["FACTOTUM_MAIL_MOST_MB"] = "1"
    part = (
        "--B\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="plan.pdf"\r\n\r\n' + "QUJD" * 700_000
    )
    body = f"--B\r\nContent-Type: text/plain\r\n\r\nThe plan.\r\n{part}\r\n--B--"
    with mailbox(office) as ear:
        ear.look()
        kind = "Content-Type: multipart/mixed; boundary=B"
        dovecot.deliver(ANN, letter("Plan", "MIME-Version: 1.0", kind, body=body))
        dovecot.deliver(ANN, letter("Next"))
        ear.look()
        assert ear.titles == ["Plan", "Next"]
        assert ear.tasks[0].facts["attachments"] == []
        (note,) = [one for one in ear.notes if "The plan." in one]
        assert "only its beginning was read" in note
        assert "plan.pdf" in note.replace("\\", "")


BROKEN = [
    b"",
    b"\r\n",
    b"no header at all, just words\r\n",
    b"Subject: \xff\xfe\xe9t\xe9\r\nFrom: \xc3\xa9@\xff\r\nDate: never\r\n\r\n\x00\xff",
    b"From: a@b.example\r\nContent-Type: text/plain; charset=martian\r\n\r\nhi",
    b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\nx\r\n" * 10_000,
    b"Content-Type: message/rfc822\r\n\r\n" * 200,
    b"Subject: =?utf-8?b?!!!?= =?x?q?=?=\r\nFrom: =?utf-8?q?=FF?= <a@b.example>\r\n\r\nx",
    b"Subject: PDF\r\n\r\n%PDF-1.4 \x00",
    b"Content-Type: multipart/report; boundary=B\r\n\r\n--B\r\nContent-Type: message/x\r\n",
]


def test_whatever_comes_becomes_a_task(office: TestOffice, dovecot: Dovecot) -> None:
    with mailbox(office) as ear:
        ear.look()
        for raw in BROKEN:
            dovecot.deliver(ANN, raw)
        dovecot.deliver(ANN, letter("After it"))
        ear.look()
        assert len(ear.tasks) == len(BROKEN) + 1
        assert ear.titles[-1] == "After it"
        assert {task.kind for task in ear.tasks} == {"email"}


# -- the server


def test_a_wrong_password_is_told_with_what_to_do(office: TestOffice) -> None:
    office.env["FACTOTUM_IMAP_PASSWORD"] = "wrong"
    with mailbox(office) as ear, pytest.raises(SourceError) as refused:
        ear.look()
    assert refused.value.login
    assert "did not let 'ann@example.test' in" in str(refused.value)
    assert "Check FACTOTUM_IMAP_USER and FACTOTUM_IMAP_PASSWORD" in str(refused.value)
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("IMAP_PORT", "9", "nothing answers at 127.0.0.1:9. Check FACTOTUM_IMAP_HOST"),
        ("IMAP_FOLDERS", "Nowhere", "Check FACTOTUM_IMAP_FOLDERS"),
        ("IMAP_SECURITY", "tls", "does not speak TLS as it was asked"),
        ("IMAP_HOST", "mail.invalid", "the name 'mail.invalid' is not found"),
    ],
)
def test_what_is_wrong_with_the_server_is_told(
    office: TestOffice, setting: str, value: str, said: str
) -> None:
    office.env[f"FACTOTUM_{setting}"] = value
    if setting == "IMAP_HOST":
        office.env["FACTOTUM_IMAP_SECURITY"] = "tls"
    name = "mail /Nowhere" if value == "Nowhere" else "mail"
    with mailbox(office, name) as ear, pytest.raises(SourceError) as refused:
        ear.look()
    assert said in str(refused.value)
    assert not refused.value.login


def test_without_a_mailbox_there_is_nothing_to_listen_to(office: TestOffice) -> None:
    bare = TestOffice(office.folder)
    premises = Premises(
        bare.settings(), bare.root, bare.state, lambda at: datetime.fromtimestamp(at, UTC), read
    )
    assert mail_watcher.sources(premises) == []


# -- being told


def waited(ear: Listening, seconds: float) -> float:
    began = time.monotonic()
    ear.source.rest(ear.post, seconds)
    return time.monotonic() - began


def later(seconds: float, deed: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, deed)
    timer.start()
    return timer


def test_the_server_says_when_something_came(office: TestOffice, dovecot: Dovecot) -> None:
    with mailbox(office) as ear:
        assert ear.look() is None
        timer = later(0.2, lambda: dovecot.deliver(ANN, letter()))
        assert waited(ear, PATIENCE_S) < SOON_S
        timer.join()
        ear.look()
        assert ear.titles == ["Invoice 1042"]


def test_it_asks_to_be_told_again_before_a_server_forgets_it(
    office: TestOffice, dovecot: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server may hang up after half an hour (RFC 2177), so it is asked anew before."""
    with mailbox(office) as ear:
        source = ear.source
        assert isinstance(source, Mailbox) and 60 < source._habits.idle_s < 29 * 60
        source._habits = replace(source._habits, idle_s=0.1)
        ear.look()
        assert source._line is not None
        source._line._box.client.debug = 4  # it prints all that is said
        asked = 0
        for _ in range(20):  # the machine may stall all the while
            assert waited(ear, 0.5) >= 0.5 and not source._woken
            if (asked := len(re.findall(r"> b'\w+ IDLE'", capsys.readouterr().err))) > 1:
                break
        source._line._box.client.debug = 0
        assert asked > 1
        timer = later(0.2, lambda: dovecot.deliver(ANN, letter()))
        assert waited(ear, PATIENCE_S) < SOON_S
        timer.join()
        ear.look()
        assert ear.titles == ["Invoice 1042"]


@pytest.mark.slow
@pytest.mark.parametrize("told", [False, True])
def test_what_came_between_a_look_and_the_wait_is_not_waited_for(
    office: TestOffice, dovecot: Dovecot, told: bool
) -> None:
    with mailbox(office) as ear:
        ear.look()
        dovecot.deliver(ANN, letter())
        if told:  # with the answer to something else
            assert isinstance(ear.source, Mailbox) and ear.source._line is not None
            ear.source._line.search("ALL")
        assert waited(ear, PATIENCE_S) < SOON_S
        ear.look()
        assert ear.titles == ["Invoice 1042"]


@pytest.mark.slow
def test_a_stop_ends_the_wait_at_once(office: TestOffice, dovecot: Dovecot) -> None:
    with mailbox(office) as ear:
        ear.look()
        timer = later(0.2, ear.post.stop)
        began = time.monotonic()
        with pytest.raises(Stopped):
            ear.source.rest(ear.post, 60.0)
        timer.join()
        assert time.monotonic() - began < SOON_S


def test_a_connection_that_broke_is_made_anew(office: TestOffice, dovecot: Dovecot) -> None:
    with mailbox(office) as ear:
        ear.look()
        assert isinstance(ear.source, Mailbox) and ear.source._line is not None
        ear.source._line._box.client.sock.shutdown(2)
        with pytest.raises(SourceError):
            ear.source.rest(ear.post, 30.0)
        dovecot.deliver(ANN, letter())
        ear.look()
        assert ear.titles == ["Invoice 1042"]


@pytest.mark.slow
def test_a_server_that_cannot_tell_is_asked_now_and_then(office: TestOffice) -> None:
    with (
        Dovecot(extra="imap_capability = IMAP4rev1") as dovecot,
        mailbox(replace(office, env=dovecot.settings(ANN))) as ear,
    ):
        assert ear.look() == 120.0
        assert waited(ear, 0.2) >= 0.2
        dovecot.deliver(ANN, letter())
        ear.look()
        assert ear.titles == ["Invoice 1042"]


def test_to_try_it_marks_nothing(office: TestOffice, dovecot: Dovecot) -> None:
    office.env["FACTOTUM_MAIL_MARK"] = "seen"
    dovecot.deliver(ANN, letter())
    with mailbox(office) as ear:
        dry = DryPost(ear.source, ear.post._room)
        ear.source.look(dry)
        assert [drop.title for drop in dry.tried.drops] == ["Invoice 1042"]
        assert ear.titles == []
        assert flags(dovecot) == [frozenset()]


def test_what_was_thrown_away_meanwhile_is_no_task(office: TestOffice, dovecot: Dovecot) -> None:
    begun(office)
    dovecot.deliver(ANN, letter("One"))
    dovecot.deliver(ANN, letter("Two"))
    with box(dovecot) as other:
        other.select()
        other.store("1", "+FLAGS", "(\\Deleted)")
        with mailbox(office) as ear:
            ear.look()
            assert ear.titles == ["Two"]
