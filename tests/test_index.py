"""Notes are found by their words; what is private is nowhere; the index is no second truth."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factotum.index import Index, IndexFault, Places, top_of
from factotum.index.query import TOKENIZE, expression, spaced, words
from factotum.privacy import Private, load
from factotum.reader import Reader

OPEN = Private()


def write(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def index_of(tmp_path: Path, places: Places | None = None) -> Index:
    root = tmp_path / "vault"
    return Index(tmp_path / "index.db", places or Places(root, root), Reader())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "vault").mkdir()
    return tmp_path / "vault"


@pytest.fixture
def index(tmp_path: Path, root: Path) -> Iterator[Index]:
    made = index_of(tmp_path)
    yield made
    made.close()


def found(index: Index, query: str, private: Private = OPEN) -> list[str]:
    assert index.refresh(private) == 0
    return index.search(query)


def everything_in(index: Index) -> bytes:
    return index.path.read_bytes()


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("invoice", True),
        ("INVOICES 1042", True),  # any of both, as not all are there
        ("inv", True),
        ("Café", True),
        ("cafe\u0301", True),
        ("cafe", True),
        ("会議", True),
        ("議会", False),
        ("来週の会議", True),  # not all of it, but this part stands there
        ("🎉", True),
        ("🎂", False),
        ("สวัสดี", True),
        ('"invoice" OR NOT (', True),
        ("title:x", False),
        ("", False),
        ('"', False),
        ("* - ^ : ( ) { } +", False),
    ],
)
def test_a_query_is_words_and_nothing_else(index: Index, root: Path, query: str, hit: bool) -> None:
    write(root, "Ideas/a.md", "The invoice 1042 of Café Roma. 明日の会議🎉 สวัสดีครับ")
    write(root, "Ideas/b.md", "something else")
    assert found(index, query) == (["Ideas/a.md"] if hit else [])


@given(
    st.text(max_size=60) | st.text(alphabet='"*():^-+{}AND OR NOT NEAR ab\x00\u200b', max_size=40)
)
@example('a" OR "b')
@example("\x00")
@example("\ud800")
@example("\u0300")
def test_no_query_is_refused(text: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute(f'CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = "{TOKENIZE}")')
    for every in (True, False):
        if wanted := expression(text, every=every):
            db.execute("SELECT * FROM words WHERE words MATCH ?", (wanted,)).fetchall()
    db.close()


#: SQLite knows the letters of an older Unicode than Python does: only such as are as old.
old = st.characters(max_codepoint=0x036F, exclude_categories=["Cs", "Cn"]) | st.sampled_from(
    "你好日本語กขค🦊☀"
)


@given(st.text(alphabet=old, max_size=30))
def test_a_note_is_found_by_each_of_its_words(text: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute(f'CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = "{TOKENIZE}")')
    db.execute("INSERT INTO words VALUES (?)", (spaced(text.replace("\x00", " ")),))
    plain = [word for word in words(text) if word.isascii()]
    for word in plain:
        hits = db.execute(
            "SELECT 1 FROM words WHERE words MATCH ?", (expression(word, every=True),)
        )
        assert hits.fetchall(), word
    db.close()


def test_all_words_come_before_some_and_a_title_before_a_text(index: Index, root: Path) -> None:
    write(root, "Ideas/x.md", "about the bakery and many other things that are not of interest")
    write(root, "Ideas/bakery.md", "flour")
    write(root, "Ideas/y.md", "---\naliases: [The bakery]\n---\nbread")
    assert found(index, "bakery")[-1] == "Ideas/x.md"
    assert found(index, "bakery flour") == ["Ideas/bakery.md"]


def test_notes_that_fit_alike_are_in_the_order_of_their_paths(index: Index, root: Path) -> None:
    for name in "cab":
        write(root, f"Ideas/{name}.md", "the same words")
    assert found(index, "same") == ["Ideas/a.md", "Ideas/b.md", "Ideas/c.md"]


def test_only_what_changed_is_read_again(tmp_path: Path, root: Path) -> None:
    read = []

    def reading(path: Path, most: int) -> bytes:
        read.append(path.name)
        return path.read_bytes()

    index = Index(tmp_path / "index.db", Places(root, root), Reader(reading))
    for n in range(5):
        write(root, f"Ideas/{n}.md", f"note {n}")
    assert found(index, "note 3") == ["Ideas/3.md"]
    assert sorted(read) == [f"{n}.md" for n in range(5)]
    read.clear()
    write(root, "Ideas/3.md", "changed altogether")
    (root / "Ideas/4.md").unlink()
    assert found(index, "altogether") == ["Ideas/3.md"]
    assert found(index, "note 4") == ["Ideas/0.md", "Ideas/1.md", "Ideas/2.md"]
    assert read == ["3.md"]
    index.close()


def test_a_look_is_bounded_and_the_next_one_goes_on(tmp_path: Path, root: Path) -> None:
    clock = iter(range(10_000))
    index = Index(tmp_path / "index.db", Places(root, root), Reader(), lambda: float(next(clock)))
    for n in range(10):
        path = write(root, f"Ideas/{n}.md", f"word{n}")
        os.utime(path, (n, n))
    left = index.refresh(OPEN, most_s=3)
    assert 0 < left < 10
    assert index.search("word9") == ["Ideas/9.md"]  # the newest first
    while left:
        before, left = left, index.refresh(OPEN, most_s=0)
        assert left == before - 1
    assert index.search("word0") == ["Ideas/0.md"]
    index.close()


def test_what_changed_is_not_found_by_what_it_was(tmp_path: Path, root: Path) -> None:
    clock = iter(range(10_000))
    index = Index(tmp_path / "index.db", Places(root, root), Reader(), lambda: float(next(clock)))
    for n in range(5):
        write(root, f"Ideas/{n}.md", "the canary")
    while index.refresh(OPEN, most_s=0):
        pass
    for n in range(5):
        write(root, f"Ideas/{n}.md", "something altogether new")
    assert index.refresh(OPEN, most_s=0) == 4  # there was no time to read them all
    assert index.search("canary") == []
    index.close()


# -- what is not in it


def test_what_is_no_plain_note_is_left_out_and_listed(index: Index, root: Path) -> None:
    write(root, "Ideas/large.md", "word " * 300_000)
    write(root, "Ideas/broken.md", "---\na: 1\na: 2\n---\nword")
    (root / "Ideas/binary.md").write_bytes(b"\xff\xfeword")
    write(root, "Ideas/once.md", "word")
    os.link(root / "Ideas/once.md", root / "Ideas/twice.md")
    (root / "Ideas/link.md").symlink_to("/etc/passwd")
    os.mkfifo(root / "Ideas/pipe.md")
    (root / "elsewhere").symlink_to("/etc")
    assert found(index, "word") == []
    assert set(index.left_out()) == {
        f"Ideas/{name}.md"
        for name in ("large", "broken", "binary", "once", "twice", "link", "pipe")
    }
    assert "line 3" in index.left_out()["Ideas/broken.md"]


@pytest.mark.parametrize(
    "path",
    [
        ".obsidian/x.md",
        ".trash/x.md",
        ".factotum/aside/x.md",
        "Ideas/.hidden/x.md",
        "Ideas/.x.md",
        "Ideas/x.txt",
        "Pending_Approval/x.md",
        "Needs_Action/x.md",
        "Logs/x.md",
        "Dashboard.md",
        "Office/Templates/x.md",
    ],
)
def test_some_places_are_not_searched(index: Index, root: Path, path: str) -> None:
    write(root, path, "word")
    assert found(index, "word") == []


def test_what_becomes_private_is_gone_from_the_file_at_once(index: Index, root: Path) -> None:
    write(root, "Diary/x.md", "the canaryfolder")
    write(root, "Ideas/tag.md", "the canarytag")
    write(root, "Ideas/never.md", "the canarynever")
    write(root, "Ideas/open.md", "the open one")
    assert len(found(index, "the")) == 4
    assert b"canaryfolder" in everything_in(index)
    write(root, "Ideas/tag.md", "the canarytag #secret")
    write(root, "Ideas/never.md", "---\nfactotum: never\n---\nthe canarynever")
    private = load(b'---\nprivate: [Diary, "#secret"]\n---\n')
    assert found(index, "the", private) == ["Ideas/open.md"]
    assert b"canary" not in everything_in(index)
    assert index.left_out() == {}
    assert found(index, "canarytag") == ["Ideas/tag.md"]  # the list was taken back


def test_a_note_that_says_never_leaves_no_word_behind(index: Index, root: Path) -> None:
    write(root, "Ideas/a.md", "the canarynever")
    assert found(index, "canarynever")
    write(root, "Ideas/a.md", "---\nfactotum: never\n---\nthe canarynever")
    assert found(index, "the") == []
    assert b"canary" not in everything_in(index)


def test_a_broken_list_leaves_only_finished_work(index: Index, root: Path) -> None:
    write(root, "Done/2026-11/x.md", "word")
    write(root, "Ideas/x.md", "word")
    assert found(index, "word", load(b"---\nprivate: [7]\n---\n")) == ["Done/2026-11/x.md"]


def test_a_private_folder_is_not_entered(tmp_path: Path, root: Path) -> None:
    """Not even listed: the folder can be one that never answers."""
    write(root, "Diary/x.md", "word")
    (root / "Diary").chmod(0o000)
    index = index_of(tmp_path)
    assert found(index, "word", load(b"---\nprivate: Diary\n---\n")) == []
    (root / "Diary").chmod(0o700)


# -- a folder in a larger vault


def test_the_rest_of_a_larger_vault_is_searched_only_if_asked(tmp_path: Path) -> None:
    top = tmp_path / "big"
    root = top / "Factotum"
    write(top, ".obsidian/x.md", "word")
    write(top, "Projects/x.md", "word")
    write(root, "Office/Memory/m.md", "word")
    assert top_of(root) == top
    own = Index(tmp_path / "own.db", Places(root, top), Reader())
    assert found(own, "word") == ["Office/Memory/m.md"]
    all = Index(tmp_path / "all.db", Places(root, top, whole=True), Reader())
    assert found(all, "word") == ["../Projects/x.md", "Office/Memory/m.md"]
    assert all.places.file("../Projects/x.md") == top / "Projects/x.md"
    private = load(b"---\nprivate: [Projects, Factotum/Office/Memory]\n---\n")
    assert found(all, "word", private) == []
    write(root, "Done/2026-11/x.md", "word")
    broken = load(b"---\nprivate: [7]\n---\n")
    assert found(all, "word", broken) == ["Done/2026-11/x.md"]
    own.close()
    all.close()


# -- the file


@pytest.mark.parametrize("how", ["emptied", "text", "cut", "zeros", "older", "no table"])
def test_a_damaged_index_is_made_anew(tmp_path: Path, root: Path, how: str) -> None:
    for n in range(50):
        write(root, f"Ideas/{n}.md", f"word number{n} " * 20)
    index = index_of(tmp_path)
    assert len(found(index, "word")) == 20
    index.close()
    data = index.path.read_bytes()
    middle = len(data) // 2
    match how:
        case "emptied":
            index.path.write_bytes(b"")
        case "text":
            index.path.write_bytes(b"this is no database" * 100)
        case "cut":
            index.path.write_bytes(data[:middle])
        case "zeros":
            index.path.write_bytes(data[:4096] + bytes(len(data) - 4096))
        case "older":
            index._open().execute("PRAGMA user_version = 99")
        case "no table":
            index._open().execute("DROP TABLE note")
    index.close()
    assert len(found(index, "word")) == 20
    index.close()


def test_an_index_that_cannot_be_written_says_so(tmp_path: Path, root: Path) -> None:
    index = Index(tmp_path / "none" / "index.db", Places(root, root), Reader())
    with pytest.raises(IndexFault, match=r"index\.db .*made anew"):
        index.refresh(OPEN)


def test_the_index_is_nobody_elses_to_read(index: Index) -> None:
    index.refresh(OPEN)
    assert index.path.stat().st_mode & 0o077 == 0


KILLED = """
import os, sys
from pathlib import Path
from factotum.index import Index, Places
from factotum.privacy import Private
from factotum.reader import Reader
tmp, n = Path(sys.argv[1]), int(sys.argv[2])
seen = []
def reading(path, most):
    seen.append(path)
    if len(seen) == n:
        os.kill(os.getpid(), 9)
    return path.read_bytes()
root = tmp / "vault"
Index(tmp / "index.db", Places(root, root), Reader(reading)).refresh(Private(), 60)
"""


def test_killed_while_it_reads_it_goes_on(tmp_path: Path, root: Path) -> None:
    for n in range(450):
        write(root, f"Ideas/{n:03}.md", f"word number{n}")
    for n in (1, 100, 201, 150):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(n)], check=False)
        assert done.returncode == -signal.SIGKILL
    index = index_of(tmp_path)
    while index.refresh(OPEN):
        pass
    assert index.search("number449") == ["Ideas/449.md"]
    assert len(index.search("word", most=1000)) == 450
    index.close()


@pytest.mark.slow
def test_ten_thousand_notes_that_did_not_change_cost_little(tmp_path: Path, root: Path) -> None:
    for n in range(10_000):
        write(root, f"Ideas/{n // 100}/{n}.md", f"word number{n} " * 10)
    index = index_of(tmp_path)
    while index.refresh(OPEN):
        pass
    began = time.process_time()
    assert index.refresh(OPEN) == 0
    assert index.search("number9999") == ["Ideas/99/9999.md"]
    spent_s = time.process_time() - began
    assert spent_s < 1.0, spent_s
    index.close()
