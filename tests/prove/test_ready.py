"""When a note is a task and when it is not yet one; what freezes; what is passed over."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from factotum.names import id_of
from orchestrator import Orchestrator, open_rooms
from tests.far import FarReader, Share
from tests.office import TestOffice, smtp
from tests.prove.life import JOT
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]


@dataclass
class Watch:
    """An orchestrator whose ticks the test makes one by one."""

    office: TestOffice
    orchestrator: Orchestrator
    problems: list[str] = field(default_factory=list)

    def ticks(self, seconds: float = 0.0, *, count: int = 2) -> set[str]:
        """Looks `count` times, the last ones `seconds` later; the names that are listed."""
        for n in range(count):
            self.office.hands.go(seconds if n else 0.0)
            rooms = self.orchestrator.rooms
            now, mono = self.office.hands.wall, self.office.hands.mono
            listing = rooms.shelf.look(mono)
            found = self.orchestrator.look.claims.look(listing, now, mono, 8)
            seen = self.orchestrator.look.observer.look(listing, now, mono)
            every = [*listing.problems, *found.problems, *seen.problems]
            self.problems = [f"{p.path.name}: {p.reason}" for p in every]
        return {line.split(": ")[0] for line in self.problems}

    def started(self) -> list[str]:
        """The names of the notes that were claimed."""
        return [path.name for path in self.office.files("In_Progress")]


@contextmanager
def watching(office: TestOffice) -> Iterator[Watch]:
    rooms = open_rooms(office.settings(), office.root, office.clock())
    orchestrator = Orchestrator(rooms, out=io.StringIO())
    try:
        yield Watch(office, orchestrator)
    finally:
        asyncio.run(orchestrator._close())
        rooms.close()


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    """One that waits 120 s for a note to settle and 2 s for anything to be still."""
    return TestOffice(tmp_path, {"FACTOTUM_SETTLE_S": "120", "FACTOTUM_STABLE_S": "2"})


def fresh(office: TestOffice, text: str, name: str = "A task.md") -> Path:
    """A note that is typed now, by the office's clock."""
    path = office.type(text, name)
    os.utime(path, (office.hands.wall, office.hands.wall))
    return path


@pytest.mark.parametrize(
    ("text", "after_s", "taken"),
    [
        ("Buy milk.\n", 3, False),  # somebody is typing
        ("Buy milk.\n", 121, True),
        ("", 500, False),
        ("  \n\n", 500, False),
        ("---\ntags: x\n---\n", 500, False),
        ("Buy milk.\n\ngo\n", 1, False),  # not still yet
        ("Buy milk.\n\ngo\n", 3, True),
        ("Buy milk.\n\nGo", 3, True),
        ("Buy milk, then go\n", 3, False),
        ("go on\n", 3, False),
        ("---\nready: true\n---\nBuy milk.\n", 3, True),
        ("---\nready: false\n---\nBuy milk.\n", 3, False),
        ('---\nready: "true"\n---\nBuy milk.\n', 3, False),
        ("---\nhold: true\n---\nBuy milk.\n", 500, False),
        ("---\nhold: true\nready: true\n---\nBuy milk.\n\ngo\n", 500, False),
        ("---\nhold: false\n---\nBuy milk.\n", 121, True),
    ],
)
def test_a_note_is_taken_when_it_is_ready(
    office: TestOffice, text: str, after_s: float, taken: bool
) -> None:
    with watching(office) as watch:
        fresh(office, text)
        watch.ticks(after_s)
        assert bool(watch.started()) is taken


def test_a_note_that_is_moved_in_old_is_taken_at_once(office: TestOffice) -> None:
    with watching(office) as watch:
        path = office.type("Buy milk.\n")
        os.utime(path, (office.hands.wall - 900, office.hands.wall - 900))
        watch.ticks(3)
        assert watch.started() == ["A task.md"]


def test_typing_on_begins_the_wait_anew(office: TestOffice) -> None:
    with watching(office) as watch:
        fresh(office, "Buy mi")
        for more in ("Buy milk", "Buy milk and", "Buy milk and bread"):
            watch.ticks(100)
            assert watch.started() == []
            fresh(office, more)
        watch.ticks(121)
        assert watch.started() == ["A task.md"]


@pytest.mark.parametrize(
    ("again", "inside"),
    [
        ("Buy milk, two bottles of it.\n", ""),  # saved once more, unchanged
        ("Buy milk, two bottles of it.\nAnd bread.\n", "And bread."),
        ("Buy milk, two bottles of it.\n\n- eggs\n- salt", "- eggs\n- salt"),
    ],
)
def test_an_editors_echo_is_no_second_task(office: TestOffice, again: str, inside: str) -> None:
    with watching(office) as watch:
        fresh(office, "Buy milk, two bottles of it.\n")
        watch.ticks(121)
        fresh(office, again)
        watch.ticks(121)
        (note,) = office.files("In_Progress")
        assert office.files("Needs_Action") == []
        assert ("## Added by you" in note.read_text()) is bool(inside)
        assert inside in note.read_text()
        assert any(p.read_text() == again for p in (office.root / ".factotum/aside").iterdir())


def test_another_text_at_an_old_place_is_a_task(office: TestOffice) -> None:
    with watching(office) as watch:
        fresh(office, "Buy milk, two bottles of it.\n")
        watch.ticks(121)
        fresh(office, "Call Ada.\n")
        watch.ticks(121)
        assert len(watch.started()) == 2


NAMES = [
    "calendar conflict.md", "Untitled 1.md", "Untitled.md", "notes (2).md", "hello-world.md",
    "..md", "...md", "a..b.md", "🥛🥛.md",
    "cafe\u0301.md", "café.md", "%2e%2e.md", "CON.md", "~.md",
    "a" * 252 + ".md", "🥛" * 62 + ".md", "dots. .md",
    "sedans.md", "'quoted' \"twice\".md", "-rf.md",
    "tab\there.md", "line\nhere.md", "\u202egnp.md", "#1 [[x]] ^y | z.md",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_id_less_note_is_a_task_whatever_its_name(tmp_path: Path, name: str) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    office.type("Buy milk.\n", name)
    office.type("Call Ada.\n", "Other.md")
    office.run()
    done = [path.name for path in office.files("Done")]
    if name.startswith("."):
        assert done == ["Other.md"]
    else:
        assert sorted(done) == sorted([name, "Other.md"])
        assert len(office.files("Drafts")) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_comes_again_loses_nothing(tmp_path: Path, name: str) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    if name.startswith("."):
        return
    for text in ("Buy milk.\n", "Call Ada.\n", "Water the plants.\n"):
        office.type(text, name)
        office.run()
    assert len(office.files("Done")) == len(office.files("Drafts")) == 3


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(".")])
def test_a_dropped_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    office = TestOffice(tmp_path)
    office.drop(name.removesuffix(".md")[:240] + ".txt" if len(name) < 240 else name, b"Hello.\n")
    office.run()
    assert len(office.files("In_Progress/pi/waiting")) == 1
    assert len(list((office.root / "Office/Attachments").iterdir())) == 1


IGNORED = [
    ".hidden.md", "~syncthing~a.md.tmp", "~$a.md", "a.md~", "#a.md#", "4913", "a.md.swp", "a.tmp",
    "a.bak", "a.orig", "a.rej", "a.part", "a.crdownload", "a.download", "a.lock", "sedAbC123",
    "desktop.ini", "Thumbs.db", "Icon\r", "conflict-files-obsidian-git.md", ".a.md.icloud",
    "._a.md", ".DS_Store", ".goutputstream-x", ".#a.md", ".~lock.a.md#", ".nfs0001", "a.kate-swp",
]  # fmt: skip


def test_ignored_names_are_nothing_in_every_folder(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    folders = ("Inbox", "Needs_Action", "In_Progress/pi", "Pending_Approval", "Approved")
    for folder in folders:
        (office.root / folder).mkdir(parents=True, exist_ok=True)
        for name in IGNORED:
            (office.root / folder / name).write_text('---\nid: "t-x"\napprove: true\n---\nDo it.\n')
    with watching(office) as watch:
        assert watch.ticks(5) == set()
    office.run()
    assert [e["kind"] for e in office.events()] == []
    for folder in folders:
        assert len(list((office.root / folder).iterdir())) >= len(IGNORED)


CONFLICTS = [
    "{} (Conflicted copy ThinkPad-T14 202603121129).md",
    "{}.sync-conflict-20260312-112900-ABCDEFG.md",
    "{}.sync-conflict-20260312-112900.md",
    "{} (Ada's conflicted copy 2026-03-12).md",
    "{} (conflicted copy 2026-03-12 112900).md",
    "{} (Case Conflict).md",
    "{}_conflict-20260312-112900.md",
    "{} (conflict).md",
    "{} 2.md",
    "{} (1).md",
    "{}-DESKTOP-ABC1234.md",
    "any other name.md",
]


@pytest.mark.parametrize("pattern", CONFLICTS)
@pytest.mark.parametrize("differs", [True, False])
def test_a_second_note_with_a_known_id_freezes_the_task(
    tmp_path: Path, pattern: str, differs: bool
) -> None:
    office = TestOffice(tmp_path)
    office.type("Buy milk.\n")
    office.run()
    (waiting,) = office.files("In_Progress")
    copy = waiting.with_name(pattern.format(waiting.stem))
    copy.write_bytes(waiting.read_bytes() + b"more\n" * differs)
    (card,) = office.files("Pending_Approval")
    card.write_text(card.read_text().replace("## Your answer\n", "## Your answer\n\ndone\n"))
    office.tick(card, "answered")
    office.run()
    assert office.files("In_Progress") == sorted([waiting, copy]), "nothing moves"
    with watching(office) as watch:
        assert {waiting.name, copy.name} <= watch.ticks(5)
    copy.unlink()
    office.run()
    assert [p.name for p in office.files("Done") if p.name == waiting.name] == [waiting.name]


@pytest.mark.parametrize("pattern", CONFLICTS)
def test_a_second_card_decides_nothing(tmp_path: Path, pattern: str) -> None:
    with Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        office.run()
        card = office.one("Pending_Approval")
        copy = office.root / "Approved" / pattern.format(card.stem)
        copy.write_bytes(card.read_bytes() + b"\n")
        office.run()
        assert relay.messages == [] and office.card().status == "pending"
        with watching(office) as watch:
            assert watch.ticks(5) & {card.name, copy.name}
        copy.unlink()
        office.move(card, "Approved")
        office.run()
        assert len(relay.messages) == 1


def test_markers_of_a_merge_freeze(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    text = "Buy milk.\n<<<<<<< HEAD\ntwo\n=======\nthree\n>>>>>>> phone\n"
    office.type(text)
    with watching(office) as watch:
        assert watch.ticks(500) == {"A task.md"}
        assert watch.started() == []
    office.type("Buy milk.\n\nthree\n")
    office.run()
    assert len(office.files("Done")) == 1


def test_markers_of_a_merge_on_a_card_approve_nothing(tmp_path: Path) -> None:
    with Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        office.run()
        card = office.one("Pending_Approval")
        mine = "Here it is."
        merged = f"<<<<<<< HEAD\n{mine}\n=======\nHere it was.\n>>>>>>> phone"
        card.write_text(card.read_text().replace(mine, merged))
        office.move(card, "Approved")
        office.run()
        assert relay.messages == []
        assert office.card().status == "pending"
        assert [p.name for p in office.files("Pending_Approval")] == [card.name]


def odd_files(folder: Path) -> dict[str, str]:
    """Puts what is no note into a folder; name → a word of what must be said of it."""
    target = folder.parent / "elsewhere.txt"
    target.write_text("Secret.\n")
    (folder / "link.md").symlink_to(target)
    (folder / "loop.md").symlink_to(folder / "loop.md")
    os.mkfifo(folder / "fifo.md")
    os.link(target, folder / "hard.md")
    with open(folder / "huge.md", "wb") as huge:
        huge.truncate(50_000_000)
    (folder / "binary.md").write_bytes(b"\x7fELF\0\0\0")
    (folder / "latin.md").write_bytes("Käse".encode("latin-1"))
    return {
        "link.md": "link",
        "loop.md": "link",
        "fifo.md": "regular",
        "hard.md": "hard link",
        "huge.md": "larger",
        "binary.md": "binary",
        "latin.md": "UTF-8",
    }


def test_what_is_no_note_is_listed_and_the_others_go_on(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    wanted = odd_files(office.root / "Needs_Action")
    office.type("Buy milk.\n")
    office.run()
    assert len(office.files("Done")) == len(office.files("Drafts")) == 1
    with watching(office) as watch:
        assert watch.ticks(5) == set(wanted)
        said = dict(line.split(": ", 1) for line in watch.problems)
        assert [name for name, word in wanted.items() if word not in said[name]] == []


@pytest.mark.parametrize("folder", ["Pending_Approval", "Approved", "Rejected"])
def test_what_is_no_card_is_listed_and_no_harm(tmp_path: Path, folder: str) -> None:
    with Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        odd_files(office.root / folder)
        office.run()
        (card,) = [p for p in office.files("Pending_Approval") if p.name.startswith("send")]
        office.move(card, "Approved")
        office.run()
        assert len(relay.messages) == 1


def test_a_name_that_is_no_text_is_listed(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    for folder in ("Needs_Action", "Inbox", "Approved"):
        name = os.fsencode(office.root / folder) + b"/caf\xe9.md"
        with open(name, "wb") as file:
            file.write(b"Buy milk.\n")
    office.type("Call Ada.\n", "Other.md")
    office.run()
    assert [path.name for path in office.files("Done")] == ["Other.md"]
    with watching(office) as watch:
        assert any("caf" in name for name in watch.ticks(5))


@pytest.mark.parametrize("count", [1, 12])
def test_an_evicted_note_stalls_nobody(tmp_path: Path, count: int) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    for n in range(count):
        office.type("Far away.\n", f"Evicted {n}.md")
    office.type("Buy milk.\n", "Here.md")
    rooms = open_rooms(office.settings(), office.root, office.clock())
    share = Share("Evicted")
    far = FarReader(share)
    rooms.shelf.reader = rooms.reader = far
    orchestrator = Orchestrator(rooms, out=io.StringIO())
    asyncio.run(orchestrator.run(once=True))
    rooms.close()
    share.back.set()
    far_s = sum(waited_s for name, waited_s in far.waits if name.startswith("Evicted"))
    assert 0 < far_s < 3.0, "of one second for each read"
    assert [path.name for path in office.files("Done")] == ["Here.md"]
    assert len(office.files("Needs_Action")) == count
    office.run()
    assert len(office.files("Done")) == count + 1


def test_a_copied_id_of_another_kind_is_no_task(tmp_path: Path) -> None:
    """A card among the tasks, a task among the cards: shown, and nothing done."""
    office = TestOffice(tmp_path)
    office.playbook(JOT)
    office.type(f'---\nid: "{id_of("a", "x")}"\n---\nDo it.\n', "card.md")
    (office.root / "Approved/task.md").write_text(f'---\nid: "{id_of("t", "x")}"\n---\nDo it.\n')
    office.run()
    assert office.files("Done") == office.files("Drafts") == []
    with watching(office) as watch:
        assert "card.md" in watch.ticks(5)
