"""Names of notes, ids and files, and what is made of the names that others give."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factotum.names import (
    Conflict,
    conflict,
    git_markers,
    id_of,
    ignored,
    is_id,
    new_id,
    note_name,
    safe_file_name,
    same,
    slug,
)
from tests.tries import tries

#: Any characters, halves of surrogate pairs among them.
anything = st.text(st.characters(), max_size=300)


# -- slugs and names of notes


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("Invoice 1042, again?", "invoice-1042-again"),
        ("Grüße aus Łódź, Straße 5", "grusse-aus-lodz-strasse-5"),
        ("Ærø & Þór", "aero-thor"),
        ("ＦＵＬＬ ｗｉｄｔｈ ﬁne", "full-width-fine"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\u202eb\x00c", "ab-c"),
        ("請求書", "email-2026-11-27"),  # nothing Latin in it
        ("🎉", "email-2026-11-27"),
        ("", "email-2026-11-27"),
        ("x" * 100, "x" * 60),
        ("a" * 59 + " b", "a" * 59),  # no dash at the end of what is cut
    ],
)
def test_a_slug(title: str, made: str) -> None:
    assert slug(title, "email-2026-11-27") == made


@given(anything)
def test_a_slug_is_safe_everywhere(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?", slug(title, "note"))


def test_a_note_is_named_for_people_first() -> None:
    name = note_name("Invoice 1042", "Ada", "mail", id="t-7f3kmnopqrstuvwx", fallback="email")
    assert name == "invoice-1042_ada_mail_7f3kmn.md"
    assert note_name("請求書", "", id="t-7f3kmnopqrstuvwx", fallback="email") == "email_7f3kmn.md"


@given(anything, st.lists(anything, max_size=12), anything)
def test_a_name_of_a_note_is_short_and_safe(title: str, hints: list[str], fallback: str) -> None:
    name = note_name(title, *hints, id=new_id("t"), fallback=fallback)
    assert re.fullmatch(r"([a-z0-9][a-z0-9_-]*_)?[a-z2-7]{6}\.md", name)
    assert len(name.encode()) < 200
    assert not ignored(name)
    assert conflict(name, lambda _: False) is None


# -- ids


def test_a_new_id_is_a_new_one() -> None:
    ids = {new_id("t") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_id(id) and is_id(id, "t") and not is_id(id, "a") for id in ids)


def test_an_id_of_parts_is_always_the_same() -> None:
    assert id_of("t", "inbox", "abc") == id_of("t", "inbox", "abc")
    assert is_id(id_of("a", "x"), "a")
    assert len(id_of("t", "x")) == len(new_id("t"))


@given(st.lists(anything, max_size=4), st.lists(anything, max_size=4))
@example(["ab", "c"], ["a", "bc"])
@example(["a", ""], ["a"])
@example(["\ud800"], ["\ufffd"])
def test_other_parts_give_another_id(a: list[str], b: list[str]) -> None:
    assert (id_of("t", *a) == id_of("t", *b)) == (a == b)


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        True,
        ["t-aaaaaaaaaaaaaaaa"],
        "",
        "t-",
        "t-aaaaaaaaaaaaaaa",  # one too few
        "t-aaaaaaaaaaaaaaaaa",
        "t-AAAAAAAAAAAAAAAA",
        "t-aaaaaaaaaaaaaaa1",  # no such digit
        "x-aaaaaaaaaaaaaaaa",
        "t-aaaaaaaaaaaaaaaa\n",
        " t-aaaaaaaaaaaaaaaa",
    ],
)
def test_what_is_no_id(value: object) -> None:
    assert not is_id(value)


def test_an_id_stays_text_in_any_yaml() -> None:
    assert not re.match(r"[-+.0-9]|(true|no|yes|off|on|null)$", new_id("t"))


# -- names that are never looked at


@pytest.mark.parametrize(
    "name",
    [
        *[".obsidian", ".trash", ".git", ".stfolder", ".stversions", ".stignore", ".sync"],
        *[".DS_Store", "._note.md", ".Trash-1000", ".dropbox", ".dropbox.cache"],
        *[".tmp.drivedownload", ".tmp.driveupload", ".nfs0000001", ".fuse_hidden0001"],
        *[".goutputstream-X1", ".#note.md", ".note.md.swp", ".~lock.list.ods#"],
        *[".syncthing.note.md.tmp", ".note.md.icloud", ".tmp-a1", "~syncthing~note.md.tmp"],
        *["~$letter.docx", "note.md~", "#note.md#", "4913", "note.swp", "note.swo", "note.swx"],
        *["note.md.tmp", "note.temp", "note.md.bak", "note.md.orig", "note.md.rej", "film.part"],
        *["film.partial", "film.crdownload", "film.download", "index.lock", "a.md.kate-swp"],
        *["a.md___jb_tmp___", "a.md___jb_old___", "sedA1b2C3", "desktop.ini", "Thumbs.db"],
        *["Icon\r", "conflict-files-obsidian-git.md", "NOTE.TMP", "Desktop.ini"],
    ],
)
def test_what_editors_and_sync_leave_is_ignored(name: str) -> None:
    assert ignored(name)


@pytest.mark.parametrize(
    "name",
    [
        *["note.md", "Untitled 1.md", "sedans.md", "sedum1.md", "template.md", "a.tmp.md"],
        *["partial.pdf", "49131", "icon.md", "thumbs.md", "lock.md", "#1 thing.md", "~about.md"],
    ],
)
def test_what_people_write_is_not(name: str) -> None:
    assert not ignored(name)


# -- conflicts

CONFLICTS = [
    ("2026-03-12 (Conflicted copy ThinkPad-T14-G5 202603121129).md", "2026-03-12.md"),
    ("note.sync-conflict-20261127-101112-ABCDEFG.md", "note.md"),
    ("note.sync-conflict-20261127-101112.md", "note.md"),  # older, without the device
    ("note.sync-conflict-20261127-101112-ABCDEFG", "note"),
    ("note (Marco Rossi's conflicted copy 2026-11-27).md", "note.md"),
    ("note (Marco’s conflicted copy 2026-11-27 (1)).md", "note.md"),
    ("note (conflicting copy).md", "note.md"),
    ("note (Case Conflict).md", "note.md"),
    ("note (Unicode Encoding Conflict 1).md", "note.md"),
    ("note (conflicted copy 2026-11-27 101112).md", "note.md"),
    ("note_conflict-20261127-101112.md", "note.md"),
    ("note (conflict).md", "note.md"),
    ("note_conflict.md", "note.md"),
    ("note.conflict.md", "note.md"),
    ("cafe\u0301 (conflict).md", "café.md"),  # as some disks write it
    ("n.sync-conflict-20261127-101112.sync-conflict-20261128-101112.md", "n.md"),
]
BESIDE = [
    ("note 2.md", "note.md"),
    ("note (1).md", "note.md"),
    ("note-DESKTOP-A1B2C3D.md", "note.md"),
    ("note-LAPTOP-A1B2C3D4-2.md", "note.md"),
    ("note-MarcosMac.md", "note.md"),
]


@pytest.mark.parametrize(("name", "base"), CONFLICTS)
def test_each_client_names_its_conflicts(name: str, base: str) -> None:
    found = conflict(name, lambda _: False)
    assert found is not None
    assert found.base == base
    assert found.client


@pytest.mark.parametrize(("name", "base"), BESIDE)
def test_some_names_count_only_beside_the_other(name: str, base: str) -> None:
    assert conflict(name, lambda _: False) is None
    found = conflict(name, {base}.__contains__)
    assert found is not None
    assert found.base == base


@pytest.mark.parametrize(
    "name", ["note.md", "email-20260312-hello.md", "2026-03-12.md", "Untitled 1.md", "conflict.md"]
)
def test_a_name_alone_is_no_conflict(name: str) -> None:
    assert conflict(name, lambda _: False) is None


def test_a_note_of_a_person_may_look_like_one() -> None:
    """So the caller looks at the id: this is somebody's note about a clash of dates."""
    looks_like = Conflict("calendar.md", "a sync client")
    assert conflict("calendar conflict.md", lambda _: False) == looks_like


@given(anything)
def test_any_name_gives_an_answer(name: str) -> None:
    found = conflict(name, lambda _: True)
    assert found is None or len(found.base) < len(unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> main\n", True),
        ("mine\r\n>>>>>>> main\r\n", True),
        ("||||||| base\n", True),
        ("Title\n=======\n", False),  # a heading
        ("text <<<<<<< HEAD", False),
        ("<<<<<<<< HEAD", False),
        ("> > > > > > > x", False),
    ],
)
def test_markers_of_a_merge(text: str, left: bool) -> None:
    assert git_markers(text) is left


# -- the same name


@pytest.mark.parametrize(
    ("a", "b", "one"),
    [
        ("note.md", "Note.MD", True),
        ("café.md", "cafe\u0301.md", True),
        ("STRASSE.md", "straße.md", True),
        ("Å.md", "a\u030a.md", True),
        ("note.md", "note2.md", False),
        ("cafe.md", "café.md", False),
    ],
)
def test_two_names_that_some_disk_takes_for_one(a: str, b: str, one: bool) -> None:
    assert same(a, b) is one


# -- names of files


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("invoice 1042.pdf", "invoice 1042.pdf"),
        ("Gehalt März.xlsx", "Gehalt März.xlsx"),
        ("../../../etc/passwd", "passwd"),
        (r"C:\Users\a\evil.exe", "evil.exe"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        (".bashrc", "bashrc"),
        ("a\x00b.pdf", "ab.pdf"),
        ("fdp.\u202eexe.pdf", "fdp.exe.pdf"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("con .txt", "_con.txt"),
        ("COM¹.md", "_COM¹.md"),
        ("console.md", "console.md"),
        ('a<b>:"|?*c.md', "a_b______c.md"),
        ("[[x]]#^y.md", "__x____y.md"),
        ("`= 1+1` $= x.pdf", "_= 1+1_ _= x.pdf"),  # no code that Dataview would run
        ("a .pdf. ", "a.pdf"),
        ("a\u00a0\tb.pdf", "a b.pdf"),
        ("x" * 300 + ".pdf", "x" * 145 + ".pdf"),
        ("é" * 300 + ".pdf", "é" * 72 + ".pdf"),
    ],
)
def test_a_file_of_an_outsider_gets_a_safe_name(name: str, made: str) -> None:
    assert safe_file_name(name) == made


@given(st.text(st.characters() | st.sampled_from("./\\ \x00cConNul:\u202e"), max_size=300))
@settings(max_examples=tries(400))
@example("aux" + "." * 200)
@example("con " + "x" * 0 + ".\u200btxt")
def test_the_file_stays_in_its_folder(name: str) -> None:
    made = safe_file_name(name)
    folder = Path("/folder")
    assert Path(os.path.normpath(folder / made)).parent == folder
    assert 0 < len(made.encode()) <= 150
    assert made.isprintable() or any(unicodedata.category(c) == "Cn" for c in made)
    assert made[0] not in ". "
    assert made[-1] not in ". "
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\..*)?", made, re.I)
    assert safe_file_name(made) == made
