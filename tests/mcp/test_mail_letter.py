"""From words to a letter: what is refused, and that nobody's words become a header."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_letter import Letter, LetterError, Wording, address, compose
from tests.servers.mail import LETTER, RUN
from tests.tries import tries

ANN = address("Ann Example <ann@example.test>", "from")


def letter(blobs: dict[str, str] | None = None, **changes: Any) -> Letter:
    return made_of(Wording(**{**LETTER, **changes}), blobs=blobs or {})


def made_of(wording: Wording, **more: Any) -> Letter:
    run = {"message_id": RUN["message_id"], "date": RUN["date"], "blobs": {}}
    return compose(wording, sender=ANN, **{**run, **more})


@pytest.mark.parametrize(
    ("text", "name", "spec"),
    [
        ("bob@example.test", "", "bob@example.test"),
        ("Bob <bob@example.test>", "Bob", "bob@example.test"),
        ('"Ünal, Bob" <bob@example.test>', "Ünal, Bob", "bob@example.test"),
        (" <bob+tag@sub.example.test> ", "", "bob+tag@sub.example.test"),
        ("bob@münchen.example", "", "bob@xn--mnchen-3ya.example"),
        ("bob@localhost", "", "bob@localhost"),
    ],
)
def test_an_address_is_read(text: str, name: str, spec: str) -> None:
    read = address(text, "to")
    assert (read.display_name, read.addr_spec) == (name, spec)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "@example.test",
        "bob@",
        "bob@@example.test",
        "bob@exa mple.test",
        "bob@example..test",
        "bob@-example.test",
        "bob.@example.test",
        "a@b.test, c@d.test",
        "a@b.test;c@d.test",
        "Bob <bob@example.test> <eve@example.test>",
        "bob@example.test\r\nBcc: eve@example.test",
        "Bob\nBcc: eve@example.test <bob@example.test>",
        "bob\x00@example.test",
        "müller@example.test",  # would need SMTPUTF8
        "bob@[192.0.2.1]",
        '"bob smith"@example.test',
        "x" * 65 + "@example.test",
        "bob@" + "x" * 64 + ".test",
        "bob@example.test\u2028Bcc: eve@example.test",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(LetterError, match=r"^to: "):
        letter(to=[text])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"to": []}, "to: nobody"),
        ({"to": [f"u{n}@example.test" for n in range(101)]}, "101 addresses"),
        ({"subject": "Hello\r\nBcc: eve@example.test"}, "subject: "),
        ({"subject": "Hello\x85there"}, "subject: "),
        ({"subject": "x" * 901}, "subject: "),
        ({"body": "nul\0"}, "body: "),
        ({"body": "half \ud800"}, "body: "),
        ({"in_reply_to": "<a@b>\r\nBcc: <eve@example.test>"}, "in_reply_to: "),
        ({"in_reply_to": "yesterday's mail"}, "in_reply_to: "),
        ({"attachments": ["../../etc/passwd"]}, "attachments: "),
        ({"attachments": ["invoice\n.pdf"]}, "attachments: "),
        ({"attachments": [".."]}, "attachments: "),
        ({"attachments": ["invoice.pdf"]}, "'invoice.pdf' was not handed over"),
    ],
)
def test_what_cannot_be_in_a_letter_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(LetterError, match=named):
        letter(**changes)


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(LetterError, match=r"'a\.pdf' cannot be read: No such file"):
        letter({"a.pdf": str(tmp_path / "gone")}, attachments=["a.pdf"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.pdf", "application/pdf"),
        ("a.csv", "text/csv"),
        ("a.eml", "application/octet-stream"),  # message/rfc822 may not be base64
        ("a.tar.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_name_of_a_file_gives_its_type(tmp_path: Path, name: str, kind: str) -> None:
    data = b"From: x\r\n\r\n\x00\xff\nbyte for byte\r"
    (tmp_path / "blob").write_bytes(data)
    made = letter({name: str(tmp_path / "blob")}, attachments=[name])
    (part,) = message_from_bytes(made.data, policy=default).iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == (name, kind)
    assert part.get_payload(decode=True) == data


def test_a_long_id_stays_in_one_piece() -> None:
    long = f"<{'a' * 180}@example.test>"
    made = letter(in_reply_to=long)
    assert f"In-Reply-To: {long}\r\n".encode() in made.data.replace(b"\r\n ", b" ")
    assert f"References: {long}\r\n".encode() in made.data.replace(b"\r\n ", b" ")


def test_blind_copies_are_shown_in_a_draft_alone() -> None:
    wording = Wording(**LETTER, bcc=["dan@example.test"])
    sent = made_of(wording)
    draft = made_of(wording, blind_copies_shown=True)
    assert b"dan@" not in sent.data
    assert b"Bcc: dan@example.test\r\n" in draft.data
    assert sent.recipients == draft.recipients == ("bob@example.test", "dan@example.test")


HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
HEADERS |= {"Content-Transfer-Encoding"}


@settings(deadline=None, max_examples=tries(60))
@given(subject=st.text(max_size=300), name=st.text(max_size=80), body=st.text(max_size=2000))
def test_no_words_become_a_header_or_get_lost(subject: str, name: str, body: str) -> None:
    try:
        made = letter(to=[f"{name} <bob@example.test>"], subject=subject, body=body)
    except LetterError:
        return
    read = message_from_bytes(made.data, policy=default)
    assert set(read.keys()) == HEADERS
    assert made.recipients == ("bob@example.test",)
    assert [one.addr_spec for one in read["To"].addresses] == ["bob@example.test"]
    assert "".join(read["Subject"].split()) == "".join(subject.split())
    sent_body = read.get_content().replace("\r\n", "\n")
    expected = body.replace("\r\n", "\n").replace("\r", "\n")
    assert sent_body.rstrip("\n") == expected.rstrip("\n")
    assert all(len(line) <= 998 for line in made.data.split(b"\r\n"))
    assert made.data.isascii()
