"""Folders outside the vault: a new file is one task, and the file is never touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.model import Trust
from factotum.reading.shape import FILE_MOST_BYTES, Reading
from factotum.settings import load
from factotum.watcher import Premises, SourceError
from tests.office import TestOffice
from tests.patience import PATIENCE_S, SOON_S
from tests.watchers.listening import Listening, listening
from watchers.fs.folder import Folder
from watchers.fs.scan import FILES_MOST, scan
from watchers.fs_watcher import sources


def source(premises: Premises) -> Folder:
    (made,) = sources(premises)
    assert isinstance(made, Folder)
    return made


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "Scans"
    folder.mkdir()
    return folder


@pytest.fixture
def office(tmp_path: Path, scans: Path) -> TestOffice:
    return TestOffice(tmp_path, {"FACTOTUM_FOLDERS": str(scans)})


@pytest.fixture
def heard(office: TestOffice) -> Iterator[Listening]:
    with listening(office, source) as heard:
        heard.look()
        yield heard


def looks(heard: Listening) -> None:
    """A file is taken when two looks found it the same."""
    heard.look()
    heard.look()


def test_what_lies_there_at_first_is_only_remembered(office: TestOffice, scans: Path) -> None:
    (scans / "old.txt").write_text("old")
    with listening(office, source) as heard:
        for _ in range(3):
            heard.look()
        assert heard.tasks == []
        (scans / "old.txt").rename(scans / "renamed.txt")
        looks(heard)
        assert heard.tasks == []


def test_a_new_file_becomes_a_task_with_a_copy_and_stays_as_it_is(
    heard: Listening, office: TestOffice, scans: Path
) -> None:
    path = scans / "2026" / "letter.txt"
    path.parent.mkdir()
    path.write_text("Dear Marco, [[x]] please pay.")
    before = path.stat()
    looks(heard)
    (task,) = heard.tasks
    assert (task.title, task.trust, task.kind) == ("letter", Trust.STRANGER, "file")
    assert "please pay" in heard.notes[0]
    (kept,) = (office.root / "Office/Attachments").iterdir()
    assert kept.read_bytes() == path.read_bytes()
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    looks(heard)
    assert len(heard.tasks) == 1


def test_the_same_bytes_are_one_task_and_others_are_another(heard: Listening, scans: Path) -> None:
    (scans / "a.txt").write_text("one")
    looks(heard)
    shutil.copy(scans / "a.txt", scans / "b.txt")
    looks(heard)
    assert len(heard.tasks) == 1
    (scans / "a.txt").write_text("another")
    (scans / "a.pdf").write_bytes(b"not really")  # one name, two endings
    looks(heard)
    assert len(heard.tasks) == 3


def test_after_a_restart_only_what_is_new_is_taken(office: TestOffice, scans: Path) -> None:
    (scans / "old.txt").write_text("old")
    with listening(office, source) as heard:
        heard.look()
    (scans / "came while it was off.txt").write_text("new")
    with listening(office, source) as heard:
        looks(heard)
        assert heard.titles == ["came while it was off"]
    with listening(office, source) as heard:
        looks(heard)
        assert len(heard.tasks) == 1


def test_a_file_is_left_till_nobody_writes_it_any_more(office: TestOffice, scans: Path) -> None:
    office.env["FACTOTUM_STABLE_S"] = "2"
    path = scans / "growing.txt"
    with listening(office, source) as heard:
        heard.look()
        for n in range(4):
            path.write_text("x" * (n + 1))
            assert heard.look() == 2.0
            office.hands.go(1.5)
        assert heard.tasks == []
        heard.look()
        office.hands.go(2.0)
        assert heard.look() is None
        assert heard.titles == ["growing"]


@pytest.mark.parametrize("name", [".hidden", "x.part", "x.crdownload", "~$doc.docx", "a.tmp"])
def test_what_is_not_yet_a_file_is_left_alone(heard: Listening, scans: Path, name: str) -> None:
    (scans / name).write_text("x")
    (scans / ".git").mkdir()
    (scans / ".git" / "file.txt").write_text("x")
    looks(heard)
    assert heard.tasks == [] and heard.remarks == {}


def test_links_and_pipes_are_left_alone_and_told(
    heard: Listening, scans: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the key")
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "diary.txt").write_text("dear diary")
    (scans / "link.txt").symlink_to(secret)
    (scans / "folder").symlink_to(folder)
    os.mkfifo(scans / "pipe.txt")
    os.link(secret, scans / "hard.txt")
    looks(heard)
    assert heard.tasks == []
    assert sorted(heard.remarks) == ["folder", "hard.txt", "link.txt", "pipe.txt"]
    (scans / "link.txt").unlink()
    looks(heard)
    assert "link.txt" not in heard.remarks


def test_a_folder_that_became_a_link_leads_nowhere(
    office: TestOffice, scans: Path, tmp_path: Path
) -> None:
    inner = scans / "inner"
    inner.mkdir()
    private = tmp_path / "private"
    private.mkdir()
    (private / "a.txt").write_text("the key")
    with listening(office, source) as heard:
        heard.look()
        (inner / "a.txt").write_text("a letter")
        folder = heard.source
        assert isinstance(folder, Folder)
        (found,) = folder._scan(folder._memory)  # type: ignore[arg-type]
        shutil.rmtree(inner)
        inner.symlink_to(private)  # between the look and the reading
        with pytest.raises(OSError, match="became a link"):
            folder._drop(found)


@pytest.mark.slow
def test_a_folder_that_becomes_a_link_again_and_again_leads_nowhere(
    office: TestOffice, scans: Path, tmp_path: Path
) -> None:
    """Whatever it is at the moment in which it is looked at, or opened."""
    inner, aside, link = scans / "inner", tmp_path / "aside", tmp_path / "link"
    private = tmp_path / "private"
    for place, word in ((inner, "letter"), (private, "secret")):
        place.mkdir()
        (place / "a.txt").write_text(word)
    link.symlink_to(private)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            inner.rename(aside)
            link.rename(inner)
            inner.rename(link)
            aside.rename(inner)

    with listening(office, source) as heard:
        folder = heard.source
        assert isinstance(folder, Folder)
        (found,) = scan(scans)
        swapping = threading.Thread(target=swap)
        swapping.start()
        read = set()
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                read.add(folder._drop(found).body)
        over.set()
        swapping.join()
    assert read == {"letter"}


def test_what_changes_while_it_is_read_is_told_and_taken_when_it_is_still(
    heard: Listening, scans: Path
) -> None:
    path = scans / "letter.txt"
    path.write_text("Dear")
    folder = heard.source
    assert isinstance(folder, Folder) and folder._memory is not None
    (found,) = folder._scan(folder._memory)
    path.write_text("Dear Marco")
    remarks: dict[str, str] = {}
    folder._hand_in(heard.post, folder._memory, [found], remarks)
    assert "cannot be read" in remarks["letter.txt"] and heard.tasks == []
    looks(heard)
    assert heard.titles == ["letter"] and heard.remarks == {}


def test_a_file_that_is_too_large_is_named_and_not_copied(
    heard: Listening, office: TestOffice, scans: Path
) -> None:
    with open(scans / "film.mov", "wb") as file:
        file.truncate(FILE_MOST_BYTES + 1)
    looks(heard)
    (note,) = heard.notes
    assert "film" in note and "it was not copied" in note
    assert not (office.root / "Office/Attachments").exists() or not list(
        (office.root / "Office/Attachments").iterdir()
    )


def test_hostile_names_become_safe_ones(heard: Listening, office: TestOffice, scans: Path) -> None:
    (scans / "a\u202efdp.exe").write_text("x")
    (scans / "[[b]] `=x`\n---\nid: t-1.txt").write_text("y")
    (scans / os.fsdecode(b"c\xff.txt")).write_text("z")
    looks(heard)
    assert len(heard.tasks) == 3
    for path in (office.root / "Office/Attachments").iterdir():
        assert path.name.isprintable() and "[" not in path.name


def test_a_folder_that_goes_away_is_told_and_heard_again(
    heard: Listening, scans: Path, tmp_path: Path
) -> None:
    (scans / "a.txt").write_text("a")
    looks(heard)
    scans.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="there is no folder"):
        heard.look()
    (tmp_path / "elsewhere").rename(scans)
    (scans / "b.txt").write_text("b")
    looks(heard)
    assert heard.titles == ["a", "b"]


def test_a_disk_that_is_not_mounted_is_told_and_nothing_is_forgotten(
    office: TestOffice, scans: Path
) -> None:
    (scans / "a.txt").write_text("a")
    with listening(office, source) as heard:
        folder = heard.source
        assert isinstance(folder, Folder)
        folder.system = Path("/proc")  # never the disk that the folder lies on
        heard.look()
        folder.system = scans.parent
        with pytest.raises(SourceError, match="is not mounted"):
            heard.look()
        folder.system = Path("/proc")
        looks(heard)
        assert heard.tasks == []
        (scans / "b.txt").write_text("b")
        looks(heard)
        assert heard.titles == ["b"]


def test_of_a_disk_that_is_mounted_later_what_lies_on_it_is_only_remembered(
    office: TestOffice, scans: Path
) -> None:
    with listening(office, source) as heard:
        folder = heard.source
        assert isinstance(folder, Folder)
        folder.system = scans.parent
        heard.look()
        folder.system = Path("/proc")
        (scans / "a.txt").write_text("a")
        looks(heard)
        assert heard.tasks == []


@pytest.mark.slow
def test_a_folder_of_very_many_files_is_refused(heard: Listening, scans: Path) -> None:
    for n in range(100):
        (scans / f"d{n}").mkdir()
    first = scans / "d0" / "0.txt"
    first.write_text("x")
    folder = heard.source
    assert isinstance(folder, Folder)
    for n in range(FILES_MOST + 1):
        os.symlink(first, scans / f"d{n % 100}" / f"{n}.lnk")
    with pytest.raises(SourceError, match="more files than are looked at"):
        heard.look()


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        ("{vault}", "lies in your vault"),
        ("{vault}/Inbox", "drop files into its Inbox instead"),
        ("{state}/x", "lies in Factotum's own folder"),
        ("{folder}", "holds"),
        ("/", "holds"),
        ("relative/path", "no whole path"),
        ("{folder}/a:{folder}/a/b", "lies within"),
        ("{link}", "lies in your vault"),
    ],
)
def test_a_folder_that_may_not_be_listened_to_is_refused(
    office: TestOffice, tmp_path: Path, folders: str, said: str
) -> None:
    link = tmp_path / "link"
    link.symlink_to(office.root)
    where = {"vault": office.root, "state": office.state, "folder": tmp_path, "link": link}
    settings = load({"FACTOTUM_FOLDERS": folders.format(**where)}, [])
    premises = Premises(settings, office.root, office.state, office.clock().zone, _unread)
    with pytest.raises(SourceError, match=said):
        sources(premises)


def _unread(data: bytes, name: str) -> Reading:
    raise AssertionError("nothing is read here")


def test_without_folders_there_is_nothing_to_listen_to(office: TestOffice) -> None:
    premises = Premises(load({}, []), office.root, office.state, office.clock().zone, _unread)
    assert sources(premises) == []


def test_looked_with_once_it_waits_for_what_is_being_written(
    office: TestOffice, scans: Path
) -> None:
    office.env["FACTOTUM_STABLE_S"] = "0.05"
    with listening(office, source) as heard:
        heard.look()
    (scans / "a.txt").write_text("a")
    office.hands.wall += 10
    hurry = threading.Event()

    def clock() -> None:
        while not hurry.wait(0.01):
            office.hands.go(0.02)

    thread = threading.Thread(target=clock)
    thread.start()
    try:
        with listening(office, source, once=True) as heard:
            heard.look()
            assert heard.titles == ["a"]
    finally:
        hurry.set()
        thread.join()


def test_a_new_file_is_heard_of_at_once(heard: Listening, scans: Path) -> None:
    folder = heard.source
    folder.rest(heard.post, PATIENCE_S)  # the first one only looks again
    begun = time.monotonic()
    threading.Timer(0.05, (scans / "a.txt").write_text, ("a",)).start()
    folder.rest(heard.post, PATIENCE_S)
    assert time.monotonic() - begun < SOON_S  # it was woken
    looks(heard)
    assert heard.titles == ["a"]
