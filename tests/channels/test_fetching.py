"""Files that are fetched, albums and long texts: taken once, whoever is killed when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.channels.contract import Heard, NotSent
from factotum.channels.telegram.fetching import Fetching
from factotum.channels.telegram.parts import FULL_UNITS, LONG_UNITS
from factotum.channels.telegram.updates import Sent, WithFiles
from factotum.reading import Reading
from tests.channels.phone import ME, NAME, Phone, phone_of
from tests.office import TestOffice


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Line:
    """The way to the files; each of `fails` is raised in its turn."""

    fails: list[BaseException] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, file_id: str) -> bytes:
        self.asked.append(file_id)
        if self.fails:
            raise self.fails.pop(0)
        return f"What {file_id} says.".encode()


@dataclass
class Ear:
    """Hears the same in every recording, of which it is told how long each `lasts`, and which
    are files; `files` whether in files, too."""

    text: str
    why: str = ""
    files: bool = True
    asked: list[str] = field(default_factory=list)
    lasts: list[tuple[float, bool]] = field(default_factory=list)

    async def __call__(
        self, data: bytes, name: str, seconds: float, *, file: bool = False
    ) -> tuple[str, str]:
        self.asked.append(name)
        self.lasts.append((seconds, file))
        return self.text, self.why


async def taken_by(there: Fetching) -> bool:
    """Has it fetch and take what there is; whether something is left for later."""
    return any(await asyncio.gather(*[there.one(row) for row in there.fresh()]))


@dataclass
class Desk:
    phone: Phone
    hears: tuple[str, str] | None = None
    line: Line = field(default_factory=Line)
    dies: bool = False

    def begin(self) -> Fetching:
        """As a process that begins now has it."""

        def take(heard: Heard) -> None:
            self.phone.service.hear(heard)
            if self.dies:
                raise Killed

        def read(data: bytes, name: str) -> Reading:
            about = {"seconds": 3.0} if name.endswith(".mp3") else {}
            return Reading("file", name, data.decode(), properties=about)

        window, clock = self.phone.service.window, lambda: self.phone.now
        hearing = Ear(*self.hears) if self.hears else None
        return Fetching(window, self.line.fetch, hearing, take, clock, read, 0.0)

    def comes(self, id: str, text: str = "", file: str = "", album: str = "") -> bool:
        """A message, to a process that begins now; whether it is kept to be taken later."""
        there = self.begin()
        heard = self.heard(id, text)
        if not file:
            return there.goes_on(heard, self.phone.now)
        found = WithFiles(heard, (Sent(file, f"{file}.txt", "document"),), album)
        there.later(found, self.phone.now)
        return True

    def speaks(self, id: str, text: str) -> None:
        found = WithFiles(self.heard(id, text), (Sent("v", "v.ogg", "voice", 0, 3.0),))
        self.begin().later(found, self.phone.now)

    def heard(self, id: str, text: str) -> Heard:
        at = datetime.fromtimestamp(self.phone.now, UTC)
        return Heard(ME, id, ME, NAME, text, at, units=len(text))

    def takes(self) -> bool:
        return asyncio.run(taken_by(self.begin()))

    def tasks(self) -> list[tuple[str, list[str]]]:
        """What was made of it: what was said, and the names of the files."""
        ledger = self.phone.service.window.ledger
        rows = ledger.db.execute("SELECT id FROM task ORDER BY created, rowid").fetchall()
        found = [ledger.task(row["id"]) for row in rows]
        return [
            (str(one.facts["said"]), [file["name"] for file in one.facts["attachments"]])
            for one in found
            if one is not None
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with phone_of(TestOffice(tmp_path)) as phone:
        yield Desk(phone)


def test_an_album_that_is_told_again_is_taken_once(desk: Desk) -> None:
    for _ in range(2):
        desk.comes("1", "Both", "a", "album")
        desk.comes("2", "", "b", "album")
    desk.takes()
    for id, file in (("1", "a"), ("2", "b")):
        desk.comes(id, "", file, "album")
    desk.takes()
    assert desk.tasks() == [("Both", ["a.txt", "b.txt"])]


def test_in_two_chats_two_messages_may_have_the_same_number(desk: Desk) -> None:
    desk.comes("1", "Read it", "a")
    other = replace(desk.heard("1", "Call Anna"), chat="815", who="815")
    assert not desk.begin().goes_on(other, desk.phone.now)  # so it is taken now


def test_what_was_taken_when_it_was_killed_is_not_taken_again(desk: Desk) -> None:
    desk.comes("1", "Both", "a", "album")
    desk.comes("2", "", "b", "album")
    desk.dies = True
    with pytest.raises(Killed):
        desk.takes()
    desk.dies = False
    desk.comes("2", "", "b", "album")  # told again
    desk.takes()
    assert desk.tasks() == [("Both", ["a.txt", "b.txt"])]
    assert desk.begin().open() == []


def test_a_part_that_comes_after_its_album_was_taken_is_work_of_its_own(desk: Desk) -> None:
    desk.comes("1", "Both", "a", "album")
    desk.takes()
    desk.comes("2", "This too", "b", "album")
    desk.takes()
    assert desk.tasks() == [("Both", ["a.txt"]), ("This too", ["b.txt"])]


def test_one_that_is_killed_while_it_is_fetched_is_fetched_again(desk: Desk) -> None:
    desk.comes("1", "Read it", "a")
    desk.line.fails = [Killed()]
    with pytest.raises(Killed):
        desk.takes()
    assert desk.tasks() == []
    desk.takes()
    assert desk.tasks() == [("Read it", ["a.txt"])]
    assert desk.line.asked == ["a", "a"]


def test_while_there_is_no_network_it_waits(desk: Desk) -> None:
    desk.comes("1", "Read it", "a")
    desk.line.fails = [NotSent("there is no network")]
    assert desk.takes()
    assert desk.tasks() == []
    assert not desk.takes()
    assert desk.tasks() == [("Read it", ["a.txt"])]


LONG = "word " * (LONG_UNITS // 5 + 1)
FULL = "x" * FULL_UNITS


@pytest.mark.parametrize(
    ("first", "whole"),
    [
        (LONG, f"{LONG}\nthe end"),
        (FULL, f"{FULL}the end"),  # cut within a word
    ],
)
def test_a_long_text_is_put_together_where_it_was_cut(desk: Desk, first: str, whole: str) -> None:
    for _ in range(2):
        assert desk.comes("1", first)
        assert desk.comes("2", "the end")
    desk.takes()
    assert not desk.comes("1", first) and not desk.comes("2", "the end")
    (note,) = desk.phone.office.files("Needs_Action")
    assert whole in note.read_text()
    assert len(desk.tasks()) == 1


def test_what_is_no_rest_of_a_long_text_is_taken_by_itself(desk: Desk) -> None:
    assert not desk.comes("1", "Short.")
    assert desk.comes("2", LONG)
    assert not desk.comes("3", "/stop")
    answer = replace(desk.heard("6", "The second."), reply_to="1001")
    assert not desk.begin().goes_on(answer, desk.phone.now)
    desk.phone.go(3)
    assert not desk.comes("4", "Something else.")
    assert desk.comes("5", LONG)  # another one
    desk.takes()
    assert len(desk.tasks()) == 2


@pytest.mark.parametrize(
    ("hears", "said"),
    [
        (("Call Anna.", ""), "For today\n\nCall Anna."),
        (("", "too long"), "For today\n\n(A voice message that could not be heard (too long).)"),
    ],
)
def test_what_is_written_below_a_recording_counts_beside_it(
    desk: Desk, hears: tuple[str, str], said: str
) -> None:
    desk.hears = hears
    desk.speaks("1", "For today")
    desk.takes()
    (note,) = desk.phone.office.files("Needs_Action")
    assert said in note.read_text()


def test_a_message_in_which_nothing_is_begins_nothing(desk: Desk) -> None:
    for text in ("", "  \n "):
        desk.phone.says(text, id="1")
    assert desk.tasks() == []


def test_what_is_only_called_a_recording_is_read_and_sent_to_nobody(desk: Desk) -> None:
    ear, there = Ear("You."), desk.begin()
    there.recordings.hear = ear
    there.files.read = lambda data, name: Reading("file", name, "Dear all")
    there.later(WithFiles(desk.heard("1", ""), (Sent("a", "a.mp3", "audio"),)), desk.phone.now)
    asyncio.run(taken_by(there))
    assert ear.asked == []
    (note,) = desk.phone.office.files("Needs_Action")
    assert "Dear all" in note.read_text()
    desk.phone.look()
    assert "I did not hear a.mp3: it holds no recording" in desk.phone.see("a.mp3").text


@pytest.mark.parametrize(("passed_on", "lasts"), [("Eve", (2400.0, True)), ("", (3.0, False))])
def test_what_somebody_else_spoke_is_a_file_and_as_long_as_the_recording_itself_says(
    desk: Desk, passed_on: str, lasts: tuple[float, bool]
) -> None:
    ear, there = Ear("La la la."), desk.begin()
    there.recordings.hear = ear
    there.files.read = lambda data, name: Reading("file", name, "", properties={"seconds": 2400.0})
    heard = replace(desk.heard("1", ""), passed_on=passed_on)
    there.later(WithFiles(heard, (Sent("v", "v.ogg", "voice", 0, 3.0),)), desk.phone.now)
    asyncio.run(taken_by(there))
    assert ear.lasts == [lasts]  # of what the owner says Telegram knows, and it is not read
