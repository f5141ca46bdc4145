"""Mails: what is taken from a good one, and what is left of a broken or hostile one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.reading import read
from tests.reading.samples import docx, mail, paragraph, pdf, picture, zipped
from tests.tries import tries

HEAD = b"From: Ada Rossi <ada@rossi.example>\nSubject: Hello\n"


def test_a_mail_with_a_pdf_gives_words_sender_and_file() -> None:
    message = mail()
    message.set_content("Could you send me invoice 1042 again?\n> on Friday you wrote\n")
    bill = pdf("Total 120 EUR")
    message.add_attachment(bill, maintype="application", subtype="pdf", filename="bill.pdf")
    reading = read(message.as_bytes(), "mail.eml")
    assert (reading.kind, reading.title) == ("email", "Invoice 1042")
    assert (reading.sender, reading.sender_name) == ("ada@rossi.example", "Ada Rossi")
    assert reading.received == datetime(2026, 11, 21, 11, tzinfo=timezone(timedelta(hours=1)))
    assert [(part.name, part.data) for part in reading.attachments] == [("bill.pdf", bill)]
    assert "invoice 1042 again?\n> on Friday you wrote" in reading.text
    assert reading.text.endswith("## bill.pdf\n\nTotal 120 EUR")
    assert reading.properties["message_id"] == "<m1@rossi.example>"
    assert reading.properties["to"] == ["marco@example.org"]
    assert reading.remarks == ()


def test_plain_text_is_preferred_and_html_is_never_seen() -> None:
    message = mail()
    message.set_content("the plain words")
    message.add_alternative("<b>the HTML words</b>", subtype="html")
    assert read(message.as_bytes(), "a.eml").text == "the plain words"


def test_html_alone_becomes_text_without_links_or_scripts() -> None:
    message = mail()
    source = "<style>p{}</style><p>Hi <a href='https://evil.example/?d=1'>Ada</a></p>"
    source += "<script>steal()</script><img src='https://evil.example/x.png'>"
    message.set_content(source, subtype="html")
    reading = read(message.as_bytes(), "a.eml")
    assert reading.text == "Hi Ada"


def test_files_inside_the_alternative_that_is_not_shown_are_kept() -> None:
    message = mail()
    message.set_content("plain")
    message.add_alternative("<p>HTML</p>", subtype="html")
    html = list(message.iter_parts())[1]
    assert isinstance(html, EmailMessage)
    html.make_mixed()
    html.add_attachment(b"\x00\x01", maintype="application", subtype="zip", filename="a.zip")
    reading = read(message.as_bytes(), "a.eml")
    assert (reading.text, [part.name for part in reading.attachments]) == ("plain", ["a.zip"])


def test_a_forwarded_mail_is_read_too() -> None:
    inner = mail(Subject="The old one", From="Bea <bea@x.example>")
    inner.set_content("the inner words")
    outer = mail()
    outer.set_content("see below")
    outer.add_attachment(inner)
    text = read(outer.as_bytes(), "a.eml").text
    assert "see below\n\n## Mail inside: The old one\nFrom: Bea <bea@x.example>" in text
    assert text.endswith("the inner words")


def test_two_files_of_one_name_stay_two_files() -> None:
    message = mail()
    message.set_content("x")
    for data in (b"one", b"two"):
        message.add_attachment(data, maintype="text", subtype="csv", filename="../../a.csv")
    names = [part.name for part in read(message.as_bytes(), "a.eml").attachments]
    assert len(set(names)) == 2
    assert not any("/" in name or name.startswith(".") for name in names)


def attached(files: dict[str, bytes], text: str = "see below") -> bytes:
    message = mail()
    message.set_content(text)
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_what_is_attached_is_read_like_what_is_dropped() -> None:
    files = {
        "offer.docx": docx(paragraph("Offer", "Heading1")),
        "list.csv": b"a;b\n1;2\n",
        "data.json": b'{"a": 1}',
        "more.zip": zipped({"a.txt": b"x"}),
    }
    reading = read(attached(files), "a.eml")
    assert [part.name for part in reading.attachments] == list(files)
    for said in ("## offer.docx\n\n# Offer", "| a | b |", '"a": 1', "- a.txt (1 byte)"):
        assert said in reading.text
    assert reading.remarks == ()


def test_an_invitation_in_a_mail_is_told() -> None:
    message = mail()
    message.set_content("you are invited")
    event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Party\nEND:VEVENT\nEND:VCALENDAR\n"
    message.add_alternative(event, subtype="calendar")
    assert read(message.as_bytes(), "a.eml").text.endswith("## attachment.ics\n\n## Party")


def test_pictures_in_a_mail_are_kept_without_a_word() -> None:
    reading = read(attached({"logo.png": picture(4, 3), "a.mp3": b"ID3\x00"}), "a.eml")
    assert (reading.text, reading.remarks) == ("see below", ())
    assert len(reading.attachments) == 2


def test_an_attached_name_that_lies_is_said() -> None:
    reading = read(
        attached({"invoice.pdf": b"MZ\x00\x00", "book.odt": b"PK\x03\x04opendocument.text"}),
        "a.eml",
    )
    assert reading.remarks == (
        "invoice.pdf: its name ends in .pdf, but it is a Windows program",
        "book.odt: it is kept, not read: save it as .docx or .pdf and drop that",
    )


def test_an_attached_mail_is_read_with_what_is_attached_to_it() -> None:
    inner = attached({"list.csv": b"a;b\n1;2\n"}, "the inner words")
    reading = read(attached({"old.eml": inner}), "a.eml")
    assert (
        "## old.eml\n\nFrom: Ada Rossi <ada@rossi.example>\nSubject: Invoice 1042" in reading.text
    )
    assert "the inner words" in reading.text
    assert "| a | b |" in reading.text
    assert [part.name for part in reading.attachments] == ["old.eml", "list.csv"]


def test_attached_mails_are_read_only_so_deep() -> None:
    data = b"From: a@b.c\nSubject: deepest\n\nthe deepest words"
    for level in range(6):
        data = attached({f"level{level}.eml": data}, f"words of {level}")
    reading = read(data, "a.eml")
    assert [part.name for part in reading.attachments] == [f"level{n}.eml" for n in (5, 4, 3, 2)]
    assert "words of 2" in reading.text
    assert "words of 1" not in reading.text


def test_only_so_many_attachments_are_read_and_all_are_kept() -> None:
    reading = read(attached({f"{n}.txt": b"words of %d" % n for n in range(30)}), "a.eml")
    assert len(reading.attachments) == 30
    assert reading.text.count("words of") == 20
    assert "29.txt: it was not read: the mail has too much in it" in reading.remarks


@pytest.mark.parametrize(
    ("header", "value", "name", "found"),
    [
        ("Auto-Submitted", "auto-replied", "auto_submitted", "auto-replied"),
        ("Auto-Submitted", "no", "auto_submitted", None),
        ("List-Id", "<news.example.org>", "list", "<news.example.org>"),
        ("Precedence", "bulk", "list", "bulk"),
        ("Precedence", "first-class", "list", None),
        ("In-Reply-To", "<a@b> junk", "in_reply_to", "<a@b>"),
        ("References", "<a@b> <c@d>", "references", "<a@b> <c@d>"),
        ("Reply-To", "Desk <desk@x.example>", "reply_to", ["desk@x.example"]),
    ],
)
def test_facts_of_a_mail(header: str, value: str, name: str, found: object) -> None:
    data = HEAD + f"{header}: {value}\n\nhi".encode()
    assert read(data, "a.eml").properties.get(name) == found


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"utf-8", "Grüße".encode(), "Grüße"),
        (b"us-ascii", "Grüße".encode(), "Grüße"),  # a lie that is very common
        (b"utf-8", "Grüße".encode("cp1252"), "Grüße"),
        (b"iso-8859-2", "Łódź".encode("iso-8859-2"), "Łódź"),
        (b"no-such-charset", "Grüße".encode(), "Grüße"),
        (b"punycode", b"abc", "abc"),  # takes minutes on large texts
        (b"zlib", b"abc", "abc"),  # no writing at all
    ],
)
def test_a_wrong_charset_loses_no_words(charset: bytes, body: bytes, text: str) -> None:
    data = HEAD + b"Content-Type: text/plain; charset=" + charset + b"\n\n" + body
    assert read(data, "a.eml").text == text


@pytest.mark.parametrize(
    ("head", "remark"),
    [
        (b"Subject: x", "sender's address is missing"),
        (b"From: nobody in particular", "sender's address is missing"),
        (b"From: a@b.c\nFrom: d@e.f", "2 From lines"),
        (b"From: a@b.c, d@e.f", "2 senders"),
    ],
)
def test_an_odd_sender_is_said(head: bytes, remark: str) -> None:
    assert any(remark in said for said in read(head + b"\n\nhi", "a.eml").remarks)


def test_missing_headers_leave_a_mail_that_can_be_shown() -> None:
    reading = read(b"From: a@b.c\n\nhi", "a.eml")
    assert (reading.title, reading.text, reading.received) == ("Mail from a@b.c", "hi", None)


@pytest.mark.parametrize(
    "breaker", ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x00", "\x1b"]
)
def test_no_header_gives_a_value_of_two_lines(breaker: str) -> None:
    from email.header import Header

    said = Header(f"Hello{breaker}status: approved{breaker}---", "utf-8", maxlinelen=998).encode()
    data = f"From: {said} <a@b.c>\nSubject: {said}\n\nhi".encode()
    reading = read(data, "a.eml")
    for value in (reading.title, reading.sender_name):
        assert "Hello" in value
        assert not set(value) & set("\r\n\x85\u2028\u2029\x00\x1b")


NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)
)


@pytest.mark.parametrize(
    "data",
    [
        b"".join(b"X-%d: a\n" % n for n in range(10_000)) + HEAD + b"\nhi",
        HEAD + b"To: " + b"a@b.c, " * 200_000 + b"\n\nhi",
        HEAD + b"Cc: " + b"(" * 1_000_000 + b"\n\nhi",
        HEAD + b"Content-Type: " + b"(" * 1_000_000 + b"\n\nhi",
        HEAD + b"Content-Type: text/plain; " + b"a*0=b; " * 200_000 + b"\n\nhi",
        HEAD + b"X: " + b"=?utf-8?q?a?= " * 80_000 + b"\n\nhi",
        HEAD + b"\n" * 20_000_000,
        HEAD + NESTED + b"\nhi",
        HEAD + b"Content-Type: message/rfc822\n\n" * 90 + b"\nhi",
        HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n" + b"--q\n\nx\n" * 300_000,
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 5_000_000,
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"=QUFB=" * 1_000_000,
        HEAD + b"Content-Type: multipart/mixed\n\nno boundary",
        HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n--q\nnever closed",
    ],
    ids=[
        "10000-headers",
        "many-addresses",
        "comments",
        "comments-that-steer",
        "continued-parameters",
        "encoded-words",
        "newlines",
        "nested-5000",
        "mails-in-mails",
        "300000-parts",
        "base64-bomb",
        "broken-base64",
        "no-boundary",
        "unclosed",
    ],
)
@pytest.mark.timeout(120)
def test_a_hostile_mail_is_still_a_mail_from_ada(data: bytes) -> None:
    reading = read(data, "a.eml")
    assert (reading.kind, len(reading.text) <= 210_000) == ("email", True)
    assert (reading.sender, reading.title) == ("ada@rossi.example", "Hello")
    assert len(reading.attachments) <= 100


def test_many_parts_are_counted_and_said() -> None:
    parts = b"--q\nContent-Type: image/gif\n\nx\n" * 300
    reading = read(HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n" + parts, "a.eml")
    assert 90 < len(reading.attachments) <= 100
    assert any("many parts" in remark for remark in reading.remarks)


def test_what_is_no_mail_is_a_text() -> None:
    reading = read(b"Dear all,\n\nno headers here", "a.eml")
    assert (reading.kind, reading.text) == ("file", "Dear all,\n\nno headers here")
    assert "no mail" in reading.remarks[0]


NAMES = (
    "From To Subject Date Message-ID Content-Type Content-Disposition MIME-Version"
    " Content-Transfer-Encoding References Received List-Id"
)
VALUES = [
    b"multipart/mixed; boundary=q",
    b"message/rfc822",
    b"text/plain; charset=utf-16",
    b"base64",
    b"quoted-printable",
    b"attachment; filename*=utf-8''a%00b",
    b"=?x?q?=ff?=",
]
HEADER = st.sampled_from(NAMES.split())
VALUE = st.one_of(st.binary(max_size=80), st.sampled_from(VALUES))


@given(st.lists(st.tuples(HEADER, VALUE), max_size=12), st.binary(max_size=200))
@settings(max_examples=tries(150), deadline=None)
def test_no_headers_make_it_raise(headers: list[tuple[str, bytes]], body: bytes) -> None:
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers)
    reading = read(b"X: y\r\n" + head + b"\r\n--q\r\n" + body, "a.eml")
    assert reading.kind in ("email", "file")
    assert "\n" not in reading.title + reading.sender + reading.sender_name
    assert reading.received is None or reading.received.tzinfo is not None
