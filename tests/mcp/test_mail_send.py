"""Sending: one letter at most, and what is known of it at every step."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from factotum.phase import read_phase
from mail_account import account
from mail_letter import Wording, address
from mail_office import Office, Run
from mail_phase import Phases
from mail_smtp import Postman, Waits
from tests.servers.mail import LETTER, RUN, call, mail_server, over, phases, tools
from tests.servers.ports import Silent, free_port
from tests.servers.smtp import Relay

#: For servers that hang: one at a command, one that has all of the letter.
HASTY, HASTY_AT_LAST = Waits(connect_s=1.0, reply_s=1.0), Waits(answer_s=0.3)


def send(relay: Relay, phase_file: Path, waits: Waits | None = None, **changes: Any) -> Any:
    server = mail_server(over(relay.port), waits=waits or Waits())
    return call(server, "send", {**LETTER, **changes}, {**RUN, "phase_file": str(phase_file)})


def test_a_letter_arrives_as_it_was_worded(tmp_path: Path) -> None:
    (tmp_path / "0a1b").write_bytes(b"%PDF-1.4 \x00\xff")
    run = {**RUN, "blobs": {"Überblick 2026.pdf": str(tmp_path / "0a1b")}}
    args = {
        "to": ["Bob Ünal <bob@example.test>"],
        "cc": ["carol@example.test"],
        "bcc": ["dan@example.test"],
        "subject": "Angebot für Zoë – 漢字",
        "body": ".first line with a dot\n..\nGrüße\n",
        "in_reply_to": "<q1@mail.example.test>",
        "attachments": ["Überblick 2026.pdf"],
    }
    with Relay() as relay:
        answer = call(mail_server(over(relay.port)), "send", args, run)
    (received,) = relay.messages
    letter = received.message
    assert answer == {
        "outcome": "succeeded",
        "receipt": {
            "message_id": RUN["message_id"],
            "date": RUN["date"],
            "to": ["bob@example.test", "carol@example.test", "dan@example.test"],
            "accepted": {f"{name}@example.test": "250 OK" for name in ("bob", "carol", "dan")},
            "server_reply": "250 2.0.0 queued as 4711",
            "sent_copy": "no: FACTOTUM_IMAP_HOST is not set",
        },
    }
    assert received.sender == "ann@example.test"
    assert received.recipients == ("bob@example.test", "carol@example.test", "dan@example.test")
    assert letter["Message-ID"] == RUN["message_id"]
    assert letter["Date"] == RUN["date"]
    assert letter["From"] == "Ann Example <ann@example.test>"
    assert letter["To"] == "Bob Ünal <bob@example.test>"
    assert letter["Subject"] == "Angebot für Zoë – 漢字"
    assert letter["In-Reply-To"] == letter["References"] == "<q1@mail.example.test>"
    body = letter.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == ".first line with a dot\n..\nGrüße\n"
    (pdf,) = letter.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("Überblick 2026.pdf", "application/pdf")
    assert pdf.get_content() == b"%PDF-1.4 \x00\xff"
    assert "Bcc" not in letter
    assert b"dan@" not in received.data
    assert received.data.isascii()


def test_an_address_that_is_named_twice_gets_one_copy(tmp_path: Path) -> None:
    with Relay() as relay:
        send(relay, tmp_path / "p", cc=["Bob <bob@example.test>"])
    assert relay.commands.count("RCPT") == 1


def test_one_refused_recipient_stops_it_for_all(tmp_path: Path) -> None:
    rcpt = {"nobody@example.test": "550 5.1.1 no such user"}
    with Relay(rcpt=rcpt) as relay:
        answer = send(relay, tmp_path / "p", cc=["nobody@example.test"])
    assert answer["outcome"] == "failed_clean"
    assert answer["again"] is False
    assert "nobody@example.test: 550 5.1.1 no such user" in answer["reason"]
    assert "bob@" not in answer["reason"]
    assert relay.commands == ["MAIL", "RCPT", "RCPT", "RSET", "QUIT"]
    assert relay.messages == []
    assert phases(tmp_path / "p") == ["begun", "connected"]


@pytest.mark.parametrize(
    ("script", "outcome", "again", "state", "arrived"),
    [
        ({"mail": "550 go away"}, "failed_clean", False, "unsent", 0),
        ({"mail": "421 too busy"}, "failed_clean", True, "unsent", 0),
        ({"mail": "drop"}, "failed_clean", True, "unsent", 0),
        ({"mail": "hang"}, "failed_clean", True, "unsent", 0),
        ({"rcpt": {"bob@example.test": "450 grey"}}, "failed_clean", True, "unsent", 0),
        ({"rcpt": {"bob@example.test": "550 no"}}, "failed_clean", False, "unsent", 0),
        ({"data": "554 no letters today"}, "failed_clean", False, "unsent", 0),
        ({"data": "451 not now"}, "failed_clean", True, "unsent", 0),
        ({"data": "drop"}, "failed_clean", True, "unsent", 0),  # gone before any content
        ({"data": "cut"}, "lost", None, "data", 0),
        ({"dot": "451 disk full"}, "failed_clean", True, "unsent", 1),
        ({"dot": "554 spam"}, "failed_clean", False, "unsent", 1),
        ({"dot": "drop"}, "lost", None, "data", 1),
        ({"dot": "hang"}, "lost", None, "data", 1),
        ({"dot": "354 what"}, "lost", None, "data", 1),  # neither a yes nor a no
        ({"dot": "gibberish"}, "lost", None, "data", 1),
        ({"dot": "250 queued"}, "succeeded", None, "accepted", 1),
    ],
)
def test_what_the_server_does_decides_what_is_known(
    tmp_path: Path,
    script: dict[str, Any],
    outcome: str,
    again: bool | None,
    state: str,
    arrived: int,
) -> None:
    waits = {"mail": HASTY, "dot": HASTY_AT_LAST} if "hang" in script.values() else {}
    with Relay(**script) as relay:
        answer = send(
            relay,
            tmp_path / "p",
            waits.get(next(iter(script))),
            body="x" * 3_000_000 if "cut" in str(script) else "x",
        )
    assert (answer["outcome"], answer.get("again")) == (outcome, again)
    assert read_phase(tmp_path / "p").state == state
    assert len(relay.messages) == arrived
    assert relay.commands.count("MAIL") == 1  # nothing is ever tried twice in here


@pytest.mark.parametrize(
    ("settings", "again", "said"),
    [
        ({}, True, "refused"),
        ({"FACTOTUM_SMTP_HOST": "nowhere.invalid", "FACTOTUM_SMTP_SECURITY": "tls"}, None, "HOST"),
    ],
)
def test_a_server_that_cannot_be_reached_is_a_clean_failure(
    tmp_path: Path, settings: dict[str, str], again: bool | None, said: str
) -> None:
    server = mail_server(over(free_port(), **settings), waits=HASTY)
    answer = call(server, "send", LETTER, {**RUN, "phase_file": str(tmp_path / "p")})
    assert answer["outcome"] == "failed_clean"
    assert again is None or answer["again"] is again
    assert said in answer["reason"]
    assert read_phase(tmp_path / "p").state == "unsent"


def test_a_server_that_never_greets_is_waited_out(tmp_path: Path) -> None:
    with Silent() as silent:
        server = mail_server(over(silent.port), waits=HASTY)
        answer = call(server, "send", LETTER, {**RUN, "phase_file": str(tmp_path / "p")})
    assert (answer["outcome"], answer["again"]) == ("failed_clean", True)


def test_a_start_that_dragged_on_ends_before_the_content(tmp_path: Path) -> None:
    with Relay() as relay:
        server = mail_server(over(relay.port), waits=Waits(before_content_s=0.0))
        answer = call(server, "send", LETTER, {**RUN, "phase_file": str(tmp_path / "p")})
    assert (answer["outcome"], answer["again"]) == ("failed_clean", True)
    assert "DATA" not in relay.commands


def test_the_server_sees_data_only_when_the_phase_is_on_record(tmp_path: Path) -> None:
    phase_file = tmp_path / "p"
    with Relay(on_data=lambda: phases(phase_file)) as relay:
        send(relay, phase_file)
    assert relay.at_data == [["begun", "connected", "data"]]
    assert phases(phase_file) == ["begun", "connected", "data", "accepted"]


def test_the_phase_is_synced_before_data_is_sent(tmp_path: Path) -> None:
    with Relay() as relay:
        office = _office(over(relay.port))
        run = Run(RUN["message_id"], RUN["date"], {}, tmp_path / "p")
        seen = _calls(lambda: office.send(Wording(**LETTER), run))
    data = seen.index("send data")
    assert seen[:data].count("sync") == 4  # begun, its folder, connected, data
    assert "sync" in seen[seen.index("send rcpt to:<bob@example.test>") : data]
    assert seen[data + 2 :].count("sync") == 1  # accepted


def _office(env: dict[str, str]) -> Office:
    smtp = account(env, "SMTP")
    assert smtp is not None
    postman = Postman(smtp, ssl.create_default_context, HASTY, lambda name: None)
    sender = address(env["FACTOTUM_MAIL_FROM"], "from")
    return Office(sender, postman, None, lambda: datetime.now(UTC), lambda name: None)


def _calls(work: Callable[[], Any]) -> list[str]:
    """What `work` asked of the system, as the interpreter's own profiler sees it."""
    seen: list[str] = []

    def note(frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and getattr(arg, "__name__", "") == "fsync":
            seen.append("sync")
        if event == "c_call" and getattr(arg, "__name__", "") == "sendall":
            sent = frame.f_locals["s"]
            line = sent if isinstance(sent, bytes) else sent.encode()
            seen.append(f"send {line[:40].decode(errors='replace').splitlines()[0].lower()}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return seen


def test_a_disk_that_takes_no_phase_stops_it_before_the_connection(tmp_path: Path) -> None:
    with Relay() as relay:
        answer = send(relay, tmp_path / "no-such-folder" / "p")
    assert answer["outcome"] == "failed_clean"
    assert "No such file" in answer["reason"]
    assert relay.commands == []


def test_a_phase_file_is_private_and_no_link_is_followed(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    Phases(tmp_path / "p", lambda: datetime(2026, 11, 21, tzinfo=UTC)).mark("begun")
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        Phases(tmp_path / "link", lambda: datetime(2026, 11, 21, tzinfo=UTC)).mark("begun")
    assert not (tmp_path / "elsewhere").exists()


def test_another_client_gets_an_id_and_a_date_of_its_own() -> None:
    with Relay() as relay:
        answer = call(mail_server(over(relay.port)), "send", LETTER, {})
    (received,) = relay.messages
    assert answer["receipt"]["message_id"] == received.message["Message-ID"]
    assert received.message["Message-ID"].endswith("@example.test>")
    assert received.message["Date"]


def test_a_file_that_was_not_handed_over_is_not_attached() -> None:
    with Relay() as relay:
        args = {**LETTER, "attachments": ["passwd"]}
        answer = call(mail_server(over(relay.port)), "send", args, RUN)
    assert answer["outcome"] == "failed_clean"
    assert "'passwd' was not handed over" in answer["reason"]
    assert relay.commands == []


def test_without_imap_only_send_is_offered() -> None:
    assert tools(mail_server(over(2525))) == ["send"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"FACTOTUM_SMTP_HOST": "mail.example.org"}, "FACTOTUM_SMTP_SECURITY is none"),
        ({"FACTOTUM_SMTP_SECURITY": "ssl"}, "FACTOTUM_SMTP_SECURITY is 'ssl'"),
        ({"FACTOTUM_SMTP_PORT": "twentyfive"}, "FACTOTUM_SMTP_PORT is 'twentyfive'"),
        ({"FACTOTUM_MAIL_FROM": ""}, "FACTOTUM_MAIL_FROM"),
        ({"FACTOTUM_MAIL_FROM": "Ann\r\nBcc: x@y.org <ann@example.test>"}, "FACTOTUM_MAIL_FROM"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        mail_server(over(2525, **settings))


@pytest.mark.parametrize(
    ("port", "security", "expected"),
    [
        ("", "", (587, "starttls")),
        ("465", "", (465, "tls")),
        ("", "tls", (465, "tls")),
        ("2525", "", (2525, "starttls")),
    ],
)
def test_the_usual_port_and_security_need_not_be_set(
    port: str, security: str, expected: tuple[int, str]
) -> None:
    from mail_account import account

    env = {
        "FACTOTUM_SMTP_HOST": "mail.example.org",
        "FACTOTUM_SMTP_PORT": port,
        "FACTOTUM_SMTP_SECURITY": security,
        "FACTOTUM_SMTP_PASSWORD": "hunter2",
    }
    found = account(env, "SMTP")
    assert found is not None
    assert (found.port, found.security) == expected
    assert "hunter2" not in repr(found)
