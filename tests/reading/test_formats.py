"""Every other format: what is read, what is only named, and files whose name lies."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.reading import cell, read
from factotum.reading.cell_child import reader_of
from factotum.reading.kinds import BY_ENDING, PROMISES
from tests.reading.samples import assembled, locked_pdf, pdf, picture
from tests.tries import tries

PNG = picture(4, 3)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("Grüße".encode("utf-8-sig"), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"one\r\ntwo\rthree\xe2\x80\xa8four", "one\ntwo\nthree\nfour"),
        (b"a\x1b[31mred\x07", "a[31mred"),
    ],
)
def test_a_text_is_read_in_its_encoding(data: bytes, text: str) -> None:
    reading = read(data, "letter.txt")
    assert (reading.kind, reading.title, reading.text) == ("file", "letter", text)


def test_a_long_text_is_cut_and_says_so() -> None:
    reading = read(b"x" * 300_000, "a.txt")
    assert len(reading.text) == 200_000
    assert reading.remarks == ("the text is long: only the first 200,000 characters were read",)


def test_a_note_keeps_its_properties_as_text() -> None:
    data = b"---\nstatus: approved\nid: t-9\n---\n# Buy paper\n\nA4"
    reading = read(data, "x.md")
    assert (reading.kind, reading.title) == ("note", "Buy paper")
    assert reading.text == data.decode()
    assert not reading.properties


def test_a_web_page_gives_its_words() -> None:
    data = b"<title>Menu &amp; prices</title><h1>Menu</h1><p>Soup<script>x()</script></p>"
    reading = read(data, "a.html")
    assert (reading.title, reading.text) == ("Menu & prices", "# Menu\n\nSoup")


def test_a_page_nested_beyond_reason_still_gives_its_words() -> None:
    page = b"<title>T</title>" + b"<div>" * 20_000 + b"the word"
    assert reader_of("html")(page, 1000, 0)["text"].strip() == "the word"


@pytest.mark.slow
def test_a_page_that_would_take_minutes_is_left_after_the_time_out() -> None:
    found = cell.run("html", b"<!--" * 200_000, 1000, wait_s=2)
    assert isinstance(found, cell.Broken)
    assert "time" in found.reason or "longer" in found.reason


def test_a_pdf_gives_the_text_of_its_pages() -> None:
    reading = read(pdf("Page one", "Page two"), "report.pdf")
    assert (reading.title, reading.text, reading.remarks) == ("report", "Page one\n\nPage two", ())


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        (pdf(""), "the PDF has no text: it is probably a scan"),
        (locked_pdf(), "the PDF is protected by a password: its text cannot be read"),
        (b"%PDF-1.7\nrubbish", "the PDF could not be read: it is damaged (PdfStreamError)"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, remark: str) -> None:
    reading = read(data, "a.pdf")
    assert (reading.text, reading.remarks) == ("", (remark,))


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "made",
    [
        lambda: [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
        ],
        lambda: [b"<< /Type /Catalog /Pages 2 0 R >>", b"[" * 100_000],
        lambda: [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [] /Count 99999999 >>",
        ],
        lambda: [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
            b"<< /Filter /FlateDecode /Length 1 >>\nstream\n"
            + zlib.compress(bytes(300 * 1024 * 1024), 1)
            + b"\nendstream",
        ],
    ],
    ids=["loop", "nested", "count", "bomb"],
)
def test_a_hostile_pdf_costs_a_remark(made: Callable[[], list[bytes]]) -> None:
    reading = read(assembled(made()), "a.pdf")
    assert (reading.kind, reading.text) == ("file", "")
    assert reading.remarks


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"SQLite format 3\x00", "a.db", "a.db is a database, 16 bytes, sha256 "),
        (b"PK\x03\x04" + b"xl/workbook.xml", "a.xlsx", "an Excel workbook"),
        (bytes(2_000_000), "a.bin", "a file of unknown kind, 1.9 MB"),
        (b"\x7fELF" + bytes(9), "no-ending", "a program"),
    ],
)
def test_anything_else_is_named_and_not_opened(data: bytes, name: str, said: str) -> None:
    reading = read(data, name)
    assert reading.kind == "file"
    assert said in reading.text


@pytest.mark.parametrize(
    ("data", "name", "remark"),
    [
        (PNG, "a.md", "its name ends in .md, but it is a PNG picture"),
        (bytes(50), "a.txt", "its name ends in .txt, but it is no text"),
        (PNG, "a.pdf", "its name ends in .pdf, but it is a PNG picture"),
        (b"hello", "a.pdf", "its name ends in .pdf, but it is no PDF"),
        (b"MZ\x00\x00", "a.html", "its name ends in .html, but it is a Windows program"),
        (b"", "a.md", "the file is empty"),
    ],
)
def test_a_name_that_lies_is_said(data: bytes, name: str, remark: str) -> None:
    reading = read(data, name)
    assert (reading.kind, reading.remarks[0]) == ("file", remark)


def test_a_pdf_under_another_name_is_read_as_what_it_is() -> None:
    reading = read(pdf("Hello"), "a.txt")
    assert reading.text == "Hello"
    assert reading.remarks == ("its name ends in .txt, but it is a PDF",)


def test_words_that_begin_like_a_program_are_words() -> None:
    assert read(b"MZ is short for Mainz. BM is Bergamo.", "a.txt").text.startswith("MZ is")


def test_a_file_beyond_the_limit_is_not_opened() -> None:
    reading = read(b"From: a@b.c\n\n" + bytes(25 * 1024 * 1024), "a.eml")
    assert (reading.kind, reading.sender) == ("file", "")
    assert "more than is opened" in reading.remarks[0]


FORMATS = sorted({*BY_ENDING, *PROMISES})
HTML = reader_of("html")
QUICK = (".eml", ".txt", ".md", ".7z", ".bin", "")


@given(st.binary(max_size=400), st.sampled_from(QUICK))
@settings(max_examples=tries(200), deadline=None)
def test_no_bytes_make_it_raise(data: bytes, ending: str) -> None:
    reading = read(data, "a" + ending)
    assert reading.title
    assert reading.kind in ("email", "file", "note")


@given(st.text(max_size=120), st.sampled_from(FORMATS))
@settings(max_examples=tries(100), deadline=None)
def test_no_name_makes_it_raise(name: str, ending: str) -> None:
    reading = read(b"\x00", name + ending)
    assert "\n" not in reading.title


@given(st.one_of(st.text(alphabet="<>/!-ab =\"'&;", max_size=80), st.text(max_size=80)))
@settings(max_examples=tries(100), deadline=None)
def test_no_page_makes_the_conversion_raise(page: str) -> None:
    found = HTML(page.encode("utf-8", "replace"), 1000, 0)["text"]
    assert "<script" not in found


@given(st.binary(max_size=300))
@settings(max_examples=tries(8), deadline=None)
def test_no_page_or_pdf_makes_the_child_matter(data: bytes) -> None:
    assert read(b"<p>" + data, "a.html").kind == "file"
    assert read(b"%PDF-1.4\n" + data, "a.pdf").kind == "file"
