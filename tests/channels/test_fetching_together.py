"""Several files at once: in their order, each fetched once, and none that keeps others waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from factotum.channels.contract import NotSent, Refused
from factotum.channels.telegram.fetching import BROKE, Fetching
from factotum.channels.telegram.files import AT_ONCE
from factotum.channels.telegram.updates import Sent, WithFiles
from factotum.reading import Reading
from tests.channels.phone import phone_of
from tests.channels.test_fetching import Desk, Ear, Killed, Line, taken_by
from tests.office import TestOffice
from tests.patience import PATIENCE_S

ALBUM = "abcdef"


@dataclass
class Slow(Line):
    """Hands out the later files of an album before the first, and counts how many at once; each
    of `breaks` is raised once in place of that file, when the others are there. None is handed out
    before so many were asked for at once as are `met`."""

    now: int = 0
    most: int = 0
    met: int = 0
    held: asyncio.Event | None = None
    breaks: dict[str, BaseException] = field(default_factory=dict)

    async def fetch(self, file_id: str) -> bytes:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self.most < self.met:
                    await asyncio.sleep(0.001)
            if self.held is not None and file_id == "a":
                await self.held.wait()
            await asyncio.sleep(0.05 if file_id in ("a", *self.breaks) else 0.001)
            if file_id in self.breaks:
                self.asked.append(file_id)
                raise self.breaks.pop(file_id)
            return await super().fetch(file_id)
        finally:
            self.now -= 1


@pytest.fixture
def line() -> Slow:
    return Slow()


@pytest.fixture
def desk(tmp_path: Path, line: Slow) -> Iterator[Desk]:
    with phone_of(TestOffice(tmp_path)) as phone:
        yield Desk(phone, line=line)


def album(desk: Desk, files: str = ALBUM) -> None:
    for n, file in enumerate(files):
        desk.comes(str(n + 1), "All of them" if n == 0 else "", file, "album")


def lie(desk: Desk) -> list[str]:
    """What is kept of files that are fetched."""
    folder = desk.phone.service.window.state / "fetched"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_album_is_fetched_four_at_once_and_stands_in_its_order(desk: Desk, line: Slow) -> None:
    album(desk)
    line.met = AT_ONCE
    desk.takes()
    assert desk.tasks() == [("All of them", [f"{one}.txt" for one in ALBUM])]
    assert line.most == AT_ONCE
    assert lie(desk) == []


def test_they_are_read_one_after_the_other(desk: Desk) -> None:
    """Whatever reads one may take a lot of memory."""
    album(desk)
    now = most = 0

    def read(data: bytes, name: str) -> Reading:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.01)
        now -= 1
        return Reading("file", name, data.decode())

    there = desk.begin()
    there.files.read = read
    asyncio.run(taken_by(there))
    assert most == 1


def test_one_of_an_album_that_cannot_be_had_is_told_of_and_the_others_are_there(
    desk: Desk, line: Slow
) -> None:
    album(desk, "abc")
    line.breaks = {"b": Refused("no")}
    desk.takes()
    assert desk.tasks() == [("All of them", ["a.txt", "c.txt"])]
    desk.phone.look()
    assert "b.txt cannot be fetched (no)" in desk.phone.see("b.txt").text


@pytest.mark.parametrize("how", [Killed(), NotSent("there is no network")])
def test_what_was_fetched_before_a_break_is_not_fetched_again(
    desk: Desk, line: Slow, how: BaseException
) -> None:
    album(desk, "abc")
    line.breaks = {"c": how}
    with suppress(Killed):
        assert desk.takes()
    assert desk.tasks() == [] and len(lie(desk)) == 2
    folder = desk.phone.service.window.state / "fetched"
    modes = {one.stat().st_mode & 0o777 for one in folder.iterdir()}
    assert (folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})  # what is private stays so
    assert not desk.takes()
    assert sorted(line.asked) == ["a", "b", "c", "c"]
    assert desk.tasks() == [("All of them", ["a.txt", "b.txt", "c.txt"])]


def test_a_part_that_comes_while_its_album_is_fetched_is_in_it(desk: Desk, line: Slow) -> None:
    album(desk, "ab")

    async def comes_late() -> None:
        line.held = asyncio.Event()
        fetching = desk.begin()
        under_way = asyncio.create_task(taken_by(fetching))
        while "b" not in line.asked:
            await asyncio.sleep(0.001)
        desk.comes("3", "", "c", "album")
        line.held.set()
        await under_way

    asyncio.run(comes_late())
    assert desk.tasks() == [("All of them", ["a.txt", "b.txt", "c.txt"])]
    assert sorted(line.asked) == ["a", "b", "c"]


@pytest.mark.parametrize(("turn_s", "first"), [(5.0, "One"), (0.0, "Two")])
def test_messages_are_taken_as_they_came_unless_one_takes_long(
    desk: Desk, turn_s: float, first: str
) -> None:
    desk.comes("1", "One", "a")
    desk.comes("2", "Two", "b")

    async def all_of_it() -> None:
        fetching = desk.begin()
        fetching.turn_s = turn_s
        await taken_by(fetching)

    asyncio.run(all_of_it())
    assert desk.tasks()[0][0] == first
    assert len(desk.tasks()) == 2


def test_nobody_waits_for_what_came_before_in_another_chat(desk: Desk, line: Slow) -> None:
    desk.comes("1", "One", "a")
    other = replace(desk.heard("1", "Two"), chat="815", who="815")

    async def both() -> None:
        there, line.held = desk.begin(), asyncio.Event()
        there.turn_s = 2 * PATIENCE_S
        there.later(WithFiles(other, (Sent("b", "b.txt", "document"),)), desk.phone.now)
        first, second = [asyncio.create_task(there.one(row)) for row in there.fresh()]
        await asyncio.wait_for(second, PATIENCE_S)
        assert not first.done()
        line.held.set()
        await first

    asyncio.run(both())
    assert [said for said, _ in desk.tasks()] == ["Two", "One"]


def test_what_waits_to_be_tried_again_is_not_tried_sooner_and_keeps_nobody_waiting(
    desk: Desk, line: Slow
) -> None:
    line.fails = [NotSent("Telegram wants a pause", 0.6)]
    desk.comes("1", "One", "a")

    async def meanwhile() -> None:
        there = desk.begin()
        (row,) = there.fresh()
        first = asyncio.create_task(there.one(row))
        while line.fails:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)  # and that is known
        desk.comes("2", "Two", "b")
        (second,) = there.fresh()
        assert not await there.one(second)
        assert line.asked == ["a", "b"] and not first.done()
        assert await first
        (again,) = there.fresh()
        assert not await there.one(again)

    asyncio.run(meanwhile())
    assert [said for said, _ in desk.tasks()] == ["Two", "One"]


def test_the_longer_it_cannot_be_had_the_less_often_it_is_tried(desk: Desk, line: Slow) -> None:
    desk.comes("1", "One", "b")
    line.fails = [NotSent("there is no network") for _ in range(3)]

    async def thrice() -> float:
        there = desk.begin()
        there.again_s = 0.05
        for _ in range(3):
            began = time.monotonic()
            assert await taken_by(there)
        return time.monotonic() - began

    assert asyncio.run(thrice()) >= 4 * 0.05


def test_what_a_kill_left_of_a_message_that_was_taken_is_cleared_away(
    desk: Desk, line: Slow
) -> None:
    desk.comes("1", "Read it", "a")
    desk.dies = True
    with pytest.raises(Killed):
        desk.takes()
    assert lie(desk) != []
    desk.dies = False
    asked = list(line.asked)
    desk.takes()
    assert desk.tasks() == [("Read it", ["a.txt"])]
    assert (lie(desk), line.asked) == ([], asked)
    folder = desk.phone.service.window.state / "fetched"
    (folder / "9999-1-0").write_bytes(b"of another time")
    desk.begin()
    assert lie(desk) == []


def test_half_a_file_that_a_kill_left_is_fetched_anew(desk: Desk, line: Slow) -> None:
    found = WithFiles(desk.heard("1", "Read it"), (Sent("a", "a.txt", "document", 12),))
    there = desk.begin()
    there.later(found, desk.phone.now)
    (row,) = there.open()
    there.files._keep(f"{row.seq}-1-0", b"What")
    desk.takes()
    assert line.asked == ["a"]
    (note,) = desk.phone.office.files("Needs_Action")
    assert "What a says." in note.read_text()


def test_where_nothing_can_be_kept_beside_all_is_taken_all_the_same(desk: Desk) -> None:
    (desk.phone.service.window.state / "fetched").write_text("in the way")
    album(desk, "ab")
    desk.takes()
    assert desk.tasks() == [("All of them", ["a.txt", "b.txt"])]


def test_what_was_heard_before_a_kill_is_not_paid_for_again(desk: Desk, line: Slow) -> None:
    ear = Ear("Call Anna.")

    def begin() -> Fetching:
        there = desk.begin()
        there.recordings.hear = ear
        return there

    for n, (file, kind) in enumerate((("a", "audio"), ("b", "audio"))):
        heard = desk.heard(str(n + 1), "" if n else "Write it down")
        found = WithFiles(heard, (Sent(file, f"{file}.mp3", kind, 0, 3.0),), "album")
        begin().later(found, desk.phone.now)
    desk.dies = True
    with pytest.raises(Killed):
        asyncio.run(taken_by(begin()))
    desk.dies = False
    ledger = desk.phone.service.window.ledger
    with ledger.tx() as db:  # as if it had been killed before the message was taken
        db.execute("DELETE FROM seen")
    asyncio.run(taken_by(begin()))
    assert sorted(ear.asked) == ["a.mp3", "b.mp3"]
    assert sorted(line.asked) == ["a", "b"]
    (task,) = desk.tasks()
    assert task == ("Write it down", ["a.mp3", "b.mp3"])


@pytest.mark.parametrize(("mb", "at_once"), [(1, 2), (19, 1)])
def test_what_is_large_is_not_held_in_memory_all_at_once(
    desk: Desk, line: Slow, mb: int, at_once: int
) -> None:
    """Each message has three files: of small ones those of the next are fetched beside them."""
    for id in ("1", "2", "3"):
        sent = [Sent(f"{id}{n}", f"{id}{n}.txt", "document", mb << 20) for n in range(3)]
        desk.begin().later(WithFiles(desk.heard(id, id), tuple(sent)), desk.phone.now)
    now: list[str] = []
    most = 0

    async def fetch(file_id: str) -> bytes:
        nonlocal most
        now.append(file_id[0])
        most = max(most, len(set(now)))
        await asyncio.sleep(0.02)
        now.remove(file_id[0])
        return b"There."

    line.fetch = fetch  # type: ignore[method-assign]
    desk.takes()
    assert [said for said, _ in desk.tasks()] == ["1", "2", "3"]
    assert most == at_once


def test_one_that_breaks_keeps_no_other_waiting_and_its_sender_is_told(desk: Desk) -> None:
    desk.comes("1", "One", "a")
    desk.comes("2", "Two", "b")

    async def all_of_it() -> None:
        there = desk.begin()
        there.broken_s = 0.0
        read = there.files.read

        def breaks(data: bytes, name: str) -> Reading:
            if name == "a.txt":
                raise ZeroDivisionError
            return read(data, name)

        there.files.read = breaks
        left = [await there.one(row) for _ in range(2) for row in there.fresh()]
        assert left == [True, False, True]
        assert desk.tasks() == [("Two", ["b.txt"])]

    asyncio.run(all_of_it())
    desk.phone.look()
    told = [one.text for one in desk.phone.screen.sent if "broke here" in one.text]
    assert told == [BROKE.format(why="ZeroDivisionError")]
    desk.takes()  # and it is not lost
    assert [said for said, _ in desk.tasks()] == ["Two", "One"]
