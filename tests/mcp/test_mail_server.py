"""The mailbox of a real Dovecot: reading without a trace, copies, drafts, and looking up."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certificate import self_signed
from tests.servers.dovecot import Dovecot, Kept
from tests.servers.mail import LETTER, RUN, SaidNo, call, mail_server, over, phases, tools
from tests.servers.ports import free_port
from tests.servers.smtp import Relay

pytestmark = pytest.mark.slow

ANN, BOB = "ann@example.test", "bob@example.test"

QUOTE = (
    "From: Carol <carol@example.test>\r\nTo: ann@example.test\r\n"
    "Subject: =?utf-8?q?Angebot_f=C3=BCr_K=C3=BCche?=\r\n"
    "Message-ID: <q1@example.test>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nBitte ein Angebot über 450 Euro.\r\n"
).encode()

PAGE = (
    b"From: news@example.test\r\nTo: ann@example.test\r\nSubject: News\r\n"
    b"Message-ID: <n1@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    b"<style>p{color:red}</style><p>Big <b>sale</b></p><img src='http://example.test/t.gif'>\r\n"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with Dovecot() as dovecot:
        yield dovecot


@pytest.fixture
def dovecot(running: Dovecot) -> Dovecot:
    running.empty()
    return running


SENT_BY_PURPOSE = """
mailbox Ausgang {
  auto = create
  special_use = \\Sent
}
mailbox Sent {
  auto = create
}
"""


def mailbox(dovecot: Dovecot, smtp_port: int = 0) -> Any:
    smtp = over(smtp_port) if smtp_port else {"FACTOTUM_MAIL_FROM": ANN}
    return mail_server({**smtp, **dovecot.settings(ANN)})


def ids(kept: list[Kept]) -> list[str]:
    return [one.message["Message-ID"] for one in kept]


def test_a_sent_letter_arrives_and_leaves_a_copy(dovecot: Dovecot, tmp_path: Path) -> None:
    with Relay(lmtp_port=dovecot.lmtp_port) as relay:
        answer = call(mailbox(dovecot, relay.port), "send", LETTER, RUN)
    assert answer["outcome"] == "succeeded"
    assert answer["receipt"]["sent_copy"] == "yes, in Sent"
    (arrived,) = dovecot.messages(BOB)
    (copy,) = dovecot.messages(ANN, "Sent")  # the folder was made
    assert arrived.message["Message-ID"] == copy.message["Message-ID"] == RUN["message_id"]
    assert arrived.message.get_content() == copy.message.get_content()
    assert copy.flags == {"\\Seen"}


def test_a_copy_that_the_provider_keeps_is_not_doubled(dovecot: Dovecot) -> None:
    with Relay() as relay:
        server = mailbox(dovecot, relay.port)
        call(server, "send", LETTER, RUN)
        again = call(server, "send", LETTER, RUN)
    assert again["receipt"]["sent_copy"] == "yes, the provider put it in Sent"
    assert ids(dovecot.messages(ANN, "Sent")) == [RUN["message_id"]]


@pytest.mark.parametrize(
    ("folders", "used"),
    [
        (SENT_BY_PURPOSE, "Ausgang"),
        ('mailbox "Gesendet" {\nauto=create\n}', "Gesendet"),  # known by its name alone
        ('mailbox "Mail.Sent Items" {\nauto=create\n}', "Mail.Sent Items"),
    ],
)
def test_the_folder_is_found_by_its_purpose_then_by_its_name(folders: str, used: str) -> None:
    extra = f"namespace inbox {{\ninbox=yes\nseparator=.\n{folders}\n}}"
    with Dovecot(extra=extra) as dovecot, Relay() as relay:
        answer = call(mailbox(dovecot, relay.port), "send", LETTER, RUN)
        assert answer["receipt"]["sent_copy"] == f"yes, in {used}"
        assert ids(dovecot.messages(ANN, used)) == [RUN["message_id"]]


def test_folders_that_must_lie_below_inbox_do(tmp_path: Path) -> None:
    extra = "namespace inbox {\ninbox=yes\nprefix=INBOX.\nseparator=.\n}"
    with Dovecot(extra=extra) as dovecot, Relay() as relay:
        answer = call(mailbox(dovecot, relay.port), "send", LETTER, RUN)
        assert answer["receipt"]["sent_copy"] == "yes, in INBOX.Sent"


@pytest.mark.parametrize("trouble", ["refused", "security", "password"])
def test_no_copy_is_no_failure(dovecot: Dovecot, tmp_path: Path, trouble: str) -> None:
    with Relay() as relay:
        env = {**over(relay.port), **dovecot.settings(ANN)}
        if trouble == "refused":
            env["FACTOTUM_IMAP_PORT"] = str(free_port())
        if trouble == "security":
            env["FACTOTUM_IMAP_SECURITY"] = "tls"  # to a port that waits for plain words
        if trouble == "password":
            env["FACTOTUM_IMAP_PASSWORD"] = "not-annpw"
        run = {**RUN, "phase_file": str(tmp_path / "p")}
        answer = call(mail_server(env), "send", LETTER, run)
    assert answer["outcome"] == "succeeded"
    assert answer["receipt"]["sent_copy"].startswith("no: 127.0.0.1:")
    assert "not-annpw" not in str(answer)
    assert len(relay.messages) == 1
    assert phases(tmp_path / "p")[-1] == "accepted"


def test_a_draft_waits_and_a_repeat_adds_none(dovecot: Dovecot) -> None:
    server = mailbox(dovecot)
    args = {**LETTER, "bcc": ["dan@example.test"]}
    first = call(server, "draft", args, RUN)
    second = call(server, "draft", args, RUN)
    assert first["receipt"]["added"] is True
    assert second["receipt"]["added"] is False
    assert second["receipt"]["folder"] == "Drafts"
    (draft,) = dovecot.messages(ANN, "Drafts")
    assert draft.message["Bcc"] == "dan@example.test"
    assert draft.flags == {"\\Draft", "\\Seen"}


def test_a_draft_that_is_taken_back_lies_in_the_trash(dovecot: Dovecot) -> None:
    server = mailbox(dovecot)
    call(server, "draft", LETTER, RUN)
    call(server, "draft", LETTER, {**RUN, "message_id": "<other@example.test>"})
    given = {"message_id": RUN["message_id"]}
    first, second = (call(server, "undraft", given, RUN) for _ in range(2))
    assert first == second
    assert first["receipt"] == {"draft": RUN["message_id"], "moved_to": "Trash"}
    assert ids(dovecot.messages(ANN, "Drafts")) == ["<other@example.test>"]
    assert ids(dovecot.messages(ANN, "Trash")) == [RUN["message_id"]]


def test_a_draft_that_was_sent_or_has_gone_is_not_taken_back(dovecot: Dovecot) -> None:
    with Relay() as relay:
        server = mailbox(dovecot, relay.port)
        call(server, "send", LETTER, RUN)
        sent = call(server, "undraft", {"message_id": RUN["message_id"]}, RUN)
    gone = call(server, "undraft", {"message_id": "<b@example.test>"}, RUN)
    assert (sent["outcome"], gone["outcome"]) == ("failed_clean", "failed_clean")
    assert "it was sent, and lies in Sent" in sent["reason"]
    assert "no such draft" in gone["reason"]


def test_what_a_server_cannot_move_stays(tmp_path: Path) -> None:
    with Dovecot(extra="imap_capability = IMAP4rev1 UIDPLUS\n") as dovecot:
        server = mailbox(dovecot)
        call(server, "draft", LETTER, RUN)
        answer = call(server, "undraft", {"message_id": RUN["message_id"]}, RUN)
        assert "cannot move letters" in answer["reason"] and not answer["again"]
        assert len(dovecot.messages(ANN, "Drafts")) == 1


def test_a_draft_that_cannot_be_put_is_a_clean_failure(dovecot: Dovecot) -> None:
    env = {"FACTOTUM_MAIL_FROM": ANN, **dovecot.settings(ANN)}
    env["FACTOTUM_IMAP_PORT"] = str(free_port())
    answer = call(mail_server(env), "draft", LETTER, RUN)
    assert (answer["outcome"], answer["again"]) == ("failed_clean", True)


def test_looking_up_tells_sent_from_drafted(dovecot: Dovecot) -> None:
    with Relay() as relay:
        server = mailbox(dovecot, relay.port)
        nothing = call(server, "find_sent", {"message_id": RUN["message_id"]}, {})
        call(server, "draft", LETTER, RUN)
        drafted = call(server, "find_sent", {"message_id": RUN["message_id"]}, {})
        call(server, "send", LETTER, {**RUN, "message_id": "<b@example.test>"})
        sent = call(server, "find_sent", {"message_id": "<b@example.test>"}, {})
    places = [(one["found"], one["sent"], one["draft"]) for one in (nothing, drafted, sent)]
    assert places == [("", "", ""), ("Drafts", "", "Drafts"), ("Sent", "Sent", "")]


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("", ["News", "Angebot für Küche"]),
        ("angebot", ["Angebot für Küche"]),
        ("Küche", ["Angebot für Küche"]),
        ("über 450", ["Angebot für Küche"]),
        ('"450 Euro"', ["Angebot für Küche"]),
        ('"Euro 450"', []),
        ("from:carol", ["Angebot für Küche"]),
        ("from:carol subject:news", []),
        ('subject:"für küche"', ["Angebot für Küche"]),
        ("since:2100-01-01", []),
        ("before:2100-01-01 unread", ["News", "Angebot für Küche"]),
        ('a" OR ALL', []),  # words are words, not commands
        ("back\\slash", []),
    ],
)
def test_a_search_finds_the_newest_first(dovecot: Dovecot, query: str, subjects: list[str]) -> None:
    dovecot.deliver(ANN, QUOTE)
    dovecot.deliver(ANN, PAGE)
    found = call(mailbox(dovecot), "search", {"query": query}, {})
    assert [one["subject"] for one in found["letters"]] == subjects


def test_reading_leaves_no_trace(dovecot: Dovecot) -> None:
    dovecot.deliver(ANN, QUOTE)
    dovecot.deliver(ANN, PAGE)
    server = mailbox(dovecot)
    newest, oldest = call(server, "search", {"query": ""}, {})["letters"]
    quote = call(server, "read", {"id": oldest["id"]}, {})
    page = call(server, "read", {"id": newest["id"]}, {})
    assert quote["from"] == "Carol <carol@example.test>"
    assert quote["text"].strip() == "Bitte ein Angebot über 450 Euro."
    assert (quote["message_id"], quote["attachments"]) == ("<q1@example.test>", [])
    assert page["text"].strip() == "Big **sale**"
    assert [one.flags for one in dovecot.messages(ANN)] == [frozenset(), frozenset()]


def test_a_limit_is_kept(dovecot: Dovecot) -> None:
    for _ in range(3):
        dovecot.deliver(ANN, PAGE)
    found = call(mailbox(dovecot), "search", {"query": "", "limit": 2}, {})
    assert len(found["letters"]) == 2


@pytest.mark.parametrize(
    ("tool", "args", "said"),
    [
        ("read", {"id": "999"}, "has no letter 999"),
        ("read", {"id": "1:* FLAGS"}, "is no id"),
        ("search", {"query": "x", "folder": "Nope"}, "there is no folder 'Nope'; there are: INBOX"),
        ("search", {"query": "x\r\nA1 LOGOUT"}, "line break"),
        ("search", {"query": "x", "folder": "INBOX\r\nA1 LOGOUT"}, "control character"),
        ("search", {"query": "since:yesterday"}, "is no day"),
    ],
)
def test_what_is_not_there_is_said(
    dovecot: Dovecot, tool: str, args: dict[str, Any], said: str
) -> None:
    with pytest.raises(SaidNo, match=said):
        call(mailbox(dovecot), tool, args, {})


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_mailbox_is_encrypted_and_checked(tmp_path: Path, security: str) -> None:
    pair = self_signed(tmp_path)
    with Dovecot(tls=pair) as dovecot:
        dovecot.deliver(ANN, PAGE)
        port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
        env = {**dovecot.settings(ANN), "FACTOTUM_MAIL_FROM": ANN}
        env |= {"FACTOTUM_IMAP_PORT": str(port), "FACTOTUM_IMAP_SECURITY": security}
        trusting = mail_server(
            env, tls=lambda: ssl.create_default_context(cafile=str(pair.certificate))
        )
        found = call(trusting, "search", {"query": ""}, {})
        assert len(found["letters"]) == 1
        with pytest.raises(SaidNo, match=r"certificate of 127\.0\.0\.1"):
            call(mail_server(env), "search", {"query": ""}, {})


def test_without_a_relay_the_mailbox_still_works(dovecot: Dovecot) -> None:
    assert sorted(tools(mailbox(dovecot))) == ["draft", "find_sent", "read", "search", "undraft"]


def test_sending_through_dovecot_s_own_submission_service(tmp_path: Path) -> None:
    with Relay() as relay, Dovecot(relay_port=relay.port) as dovecot:
        env = over(dovecot.submission_port, FACTOTUM_SMTP_USER=ANN, FACTOTUM_SMTP_PASSWORD="annpw")
        answer = call(mail_server(env), "send", LETTER, RUN)
        assert answer["outcome"] == "succeeded", answer
    assert [one.message["Message-ID"] for one in relay.messages] == [RUN["message_id"]]
