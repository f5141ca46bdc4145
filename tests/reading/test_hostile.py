"""Files made to do harm: each ends in a task with a word about it, soon and with the file kept."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from factotum.reading import cell, read
from tests.reading.samples import (
    claimed_png,
    docx,
    mail,
    paragraph,
    pptx,
    tarred,
    word_table,
    xlsx,
    zipped,
)

LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
)


def many_members(count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(count):
            archive.writestr(f"{n}.txt", b"")
    return out.getvalue()


def swollen(size_bytes: int) -> bytes:
    """A zip that says that its one file has so many bytes."""
    data = bytearray(zipped({"a": bytes(1000)}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size_bytes)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("made", "name", "said"),
    [
        (lambda: docx(paragraph("&a11;"), before=f"{LAUGHS}]>"), "a.docx", "defines entities"),
        (lambda: docx(paragraph("x" * 300_000_000)), "a.docx", "would unpack to more"),
        (lambda: docx("<w:p>" * 100_000 + "</w:p>" * 100_000), "a.docx", "could not be read"),
        (lambda: docx(paragraph("x"), before="\x00"), "a.docx", "no word processor uses"),
        (lambda: docx(word_table([["x"] * 60] * 60)), "a.docx", ""),
        (
            lambda: xlsx({"a": []}, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "a.xlsx",
            "",
        ),
        (
            lambda: xlsx(
                {"a": []},
                '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
                '<c r="XFD1048576"><v>1</v></c></row>',
            ),
            "a.xlsx",
            "too much time or memory",
        ),
        (lambda: xlsx({"x" * 10_000_000: []}), "a.xlsx", ""),
        (lambda: pptx("&a11;", before=f"{LAUGHS}]>"), "a.pptx", "could not be read"),
        (lambda: pptx("a", "x" * 100_000_000), "a.pptx", "too large were left out"),
        (lambda: b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000, "a.csv", ""),
        (lambda: b'"' + b"x" * 5_000_000, "a.csv", ""),
        (lambda: b"[" * 1_000_000 + b"]" * 1_000_000, "a.json", "nested too deep"),
        (lambda: b'{"a":' * 100_000, "a.json", "nested too deep"),
        (lambda: b"[" + b"9" * 1_000_000 + b"]", "a.json", "only the first"),
        (lambda: b'"' + b"\\u0041" * 1_000_000, "a.json", "no valid JSON"),
        (lambda: claimed_png(2**31 - 1, 2**31 - 1), "a.png", "larger than any picture"),
        (lambda: claimed_png(0, 0), "a.png", ""),
        (
            lambda: b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6,
            "a.webp",
            "could not",
        ),
        (lambda: swollen(2**32 - 2), "a.zip", "may be made to do harm"),
        (lambda: many_members(20_000), "a.zip", ""),
        (lambda: gzip.compress(bytes(400_000_000), 1), "a.gz", ""),
        (lambda: tarred({"a": bytes(400_000_000)}), "a.tgz", "may be made to do harm"),
        (lambda: tarred({str(n): b"" for n in range(20_000)}), "a.tgz", ""),
        (lambda: b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 50_000, "a.ics", "no appointment"),
        (
            lambda: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:" + b"A=1;" * 300_000,
            "a.ics",
            "no appointment",
        ),
        (lambda: b"fLaC" + b"\xff" * 1_000_000, "a.flac", ""),
        (lambda: b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + b"\xff" * 1_000_000, "a.mp3", ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("a.") else "",
)
def test_a_hostile_file_costs_a_remark(made: Callable[[], bytes], name: str, said: str) -> None:
    """Each file is made where it is read: together they would cost every other run seconds."""
    reading = read(made(), name)
    assert said in " ".join(reading.remarks)
    assert reading.kind == "file"
    assert 0 < len(reading.text) <= 200_000
    assert reading.attachments == ()


def test_laughs_in_a_letter_are_not_laughed() -> None:
    reading = read(docx(paragraph("&a11;"), before=f"{LAUGHS}]>"), "a.docx")
    assert "defines entities" in reading.remarks[0]
    assert "ha" not in reading.text.replace("sha256", "")


def test_a_table_of_a_million_columns_shows_the_first() -> None:
    text = read(b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000, "a.csv").text
    assert "2 rows with 1,000,001 columns" in text
    assert "Here are the first 30 columns." in text
    assert len(text) < 1_000


def test_the_memory_of_the_office_is_not_what_a_file_says() -> None:
    data = gzip.compress(bytes(100_000_000), 1)
    tracemalloc.start()
    try:
        read(data, "a.gz")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20_000_000


def test_a_reader_that_takes_too_long_is_left() -> None:
    found = cell.run("archive", tarred({"a": bytes(200_000_000)}), 1000, wait_s=0.1)
    assert isinstance(found, cell.Broken) or not found["whole"]


def test_a_name_cannot_write_lines_of_its_own() -> None:
    reading = read(zipped({"a\nstatus: approved\r---\u2028b": b"x"}), "x\n---\nid: t-1\n.zip")
    lines = reading.text.split("\n")
    assert len(lines) == 3
    assert "\n" not in reading.title


def test_mails_in_mails_a_hundred_deep_end_where_they_should() -> None:
    inner = mail(Subject="the innermost")
    inner.set_content("hello")
    for n in range(100):
        outer = mail(Subject=f"level {n}")
        outer.set_content(f"see level {n}")
        outer.add_attachment(inner)
        inner = outer
    reading = read(inner.as_bytes(), "a.eml")
    assert (reading.kind, reading.title) == ("email", "level 99")
    assert "level 97" in reading.text
    assert len(reading.attachments) <= 2
