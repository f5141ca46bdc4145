"""Pictures, recordings and archives: named, measured, kept, and never opened further."""

from __future__ import annotations

import pytest

from factotum.reading import read
from tests.reading.samples import flac, heic, mp3, photo, picture, tarred, wav, zipped


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (picture(40, 30), "a.png", "a PNG picture, "),
        (picture(40, 30, "GIF"), "a.gif", "a GIF picture, "),
        (picture(40, 30, "WEBP"), "a.webp", "a WebP picture, "),
        (picture(40, 30, "JPEG"), "a.jpeg", "a JPEG picture, "),
        (heic(40, 30) + heic(600, 700), "a.heic", "an HEIC picture, "),
    ],
)
def test_a_picture_says_what_and_how_large_it_is(data: bytes, name: str, said: str) -> None:
    reading = read(data, name)
    assert reading.text.startswith(f"{name} is {said}")
    size = "600 × 700" if name == "a.heic" else "40 × 30"
    assert f"{size} pixels. It was kept." in reading.text
    assert reading.remarks == ()


def test_a_photo_says_when_and_with_what_but_never_where() -> None:
    reading = read(photo(), "a.jpg")
    assert "Taken: Sat 21 Nov 2026 11:02 +01:00" in reading.text
    assert "Camera: Fairphone 5" in reading.text
    assert "where it was taken; that is not repeated" in reading.text
    assert not any(part in reading.text for part in ("48", "11.0", "34", "15.25"))


def test_a_drawing_is_named_and_never_drawn() -> None:
    data = b'<?xml version="1.0"?><svg width="10" height="20"><title>Logo</title>'
    data += b"<script>steal()</script></svg>"
    reading = read(data, "a.svg")
    assert "10 × 20 pixels. It was kept and not drawn" in reading.text
    assert "Title: Logo" in reading.text
    assert "steal" not in reading.text


def test_a_drawing_under_a_harmless_name_is_found_out() -> None:
    reading = read(b"<svg onload='x'></svg>", "a.txt")
    assert reading.remarks == ("its name ends in .txt, but it is an SVG picture",)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (wav(5), "a.wav", "5 seconds"),
        (mp3(65, "Memo"), "a.mp3", "1:05 minutes"),
        (flac(3_725), "a.flac", "1:02:05 hours"),
    ],
)
def test_a_recording_says_how_long_it_is(data: bytes, name: str, said: str) -> None:
    reading = read(data, name)
    assert f", {said}. It was kept. What is said in it was not written down." in reading.text
    assert reading.remarks == ()


def test_a_recording_with_a_title_gives_it_to_its_task() -> None:
    assert read(mp3(2, "Note to\nself"), "a.mp3").title == "Note to self"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FILES = {"a.txt": b"x", "b/c.pdf": bytes(2_048)}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (zipped(FILES), "a.zip"),
        (tarred(FILES), "a.tar.gz"),
        (tarred(FILES), "a.tgz"),
        (tarred(FILES, "w"), "a.tar"),
        (tarred(FILES, "w:bz2"), "a.tar.bz2"),
        (tarred(FILES, "w:xz"), "a.tar.xz"),
    ],
)
def test_an_archive_is_listed_and_not_unpacked(data: bytes, name: str) -> None:
    reading = read(data, name)
    assert "with 2 files (2 KB unpacked). It was kept, not unpacked." in reading.text
    assert reading.text.endswith("- a.txt (1 byte)\n- b/c.pdf (2 KB)")
    assert (reading.remarks, reading.attachments) == ((), ())


def test_names_that_lead_out_of_an_archive_are_pointed_at() -> None:
    remark = "names in the archive lead out of its folder: unpack it with care"
    assert read(zipped({"../../etc/passwd": b"x"}), "a.zip").remarks == (remark,)
    assert read(tarred({"/etc/passwd": b"x"}), "a.tar.gz").remarks == (remark,)


def test_a_locked_archive_is_listed_and_says_so() -> None:
    data = bytearray(zipped({"a.txt": b"x"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    reading = read(bytes(data), "a.zip")
    assert "- a.txt (1 byte)" in reading.text
    assert reading.remarks == ("the archive is protected by a password",)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"PK\x03\x04..xl/workbook.xml", "a.xlsx", "the workbook could not be read"),
        (b"PK\x03\x04..ppt/presentation.xml", "a.pptx", "the presentation could not be read"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text", "a.odt", "save it as .docx"),
        (b"7z\xbc\xaf\x27\x1c", "a.7z", "pack it as .zip"),
        (OLE, "a.doc", "save it as .docx"),
        (
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "a.xlsx",
            "it is an Office file with a pass",
        ),
        (OLE + "Workbook".encode("utf-16-le"), "a.xls", "the workbook could not be read"),
    ],
)
def test_what_has_no_reader_says_what_would_be_read(data: bytes, name: str, said: str) -> None:
    reading = read(data, name)
    assert said in reading.remarks[0]
    assert "It was kept, not opened." in reading.text
