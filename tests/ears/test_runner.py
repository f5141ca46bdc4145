"""Sources in threads: none can hold up another, and what is not handed in is heard again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.drop import Bundle
from factotum.ears import beats, listening
from factotum.ears.post import Post, Room
from factotum.ears.runner import Runner
from factotum.watcher import Post as AnyPost
from factotum.watcher import SourceError
from tests.ears.driver import more_watchers, say
from tests.ears.rooms import Scripted, drop, hands_in, room, until
from tests.office import TestOffice
from tests.patience import PATIENCE_S, SOON_S


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


@pytest.fixture
def at(office: TestOffice) -> Iterator[Room]:
    with room(office) as opened:
        yield opened


def thread_of(
    source: Scripted, post: Post, first_s: float = listening.BACK_OFF_S
) -> threading.Thread:
    thread = threading.Thread(target=listening.run, args=(source, post, first_s), daemon=True)
    thread.start()
    return thread


def broken(_: AnyPost) -> float | None:
    raise ZeroDivisionError("a bug")


def exits(_: AnyPost) -> float | None:
    raise SystemExit("a library gives up")


def refused(_: AnyPost) -> float | None:
    raise SourceError("the login was refused. Give another password", login=True)


# -- one source


def test_a_source_is_looked_at_again_and_again_till_it_is_stopped(
    office: TestOffice, at: Room
) -> None:
    source = Scripted("a", *(hands_in(drop("a", n), cursor=str(n)) for n in range(5)))
    post = Post(source, at)
    thread = thread_of(source, post)
    assert source.done.wait(PATIENCE_S)
    post.stop()  # it rests for a minute
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert source.closed == 1
    assert len(office.files("Needs_Action")) == 5
    post.close()


@pytest.mark.parametrize("wrong", [broken, exits, refused])
def test_a_source_that_fails_ends_no_other_nor_itself(
    office: TestOffice, at: Room, wrong: object
) -> None:
    bad = Scripted("bad", wrong)  # type: ignore[arg-type]
    good = Scripted("good", *(hands_in(drop("good", n)) for n in range(3)))
    posts = [Post(bad, at), Post(good, at)]
    threads = [thread_of(bad, posts[0]), thread_of(good, posts[1])]
    assert good.done.wait(PATIENCE_S)
    assert until(lambda: bad.closed)  # its connections are let go of
    assert len(office.files("Needs_Action")) == 3
    assert all(thread.is_alive() for thread in threads)
    for post, thread in zip(posts, threads, strict=True):
        post.stop()
        thread.join(PATIENCE_S)
        post.close()


def test_a_source_that_fails_looks_again_and_is_told_of_the_third_time(
    office: TestOffice, at: Room
) -> None:
    told = []

    def shown() -> None:
        beat = beats.of(office.state, "a")
        told.append(beat.trouble if beat else "")

    def fails(post: AnyPost) -> float | None:
        shown()
        raise ZeroDivisionError("a bug")

    def works(post: AnyPost) -> float | None:
        shown()
        return hands_in(drop("a", 1))(post)

    source = Scripted("a", fails, fails, fails, works)
    post = Post(source, at)
    thread = thread_of(source, post, 0.05)
    assert source.done.wait(PATIENCE_S)
    assert told[:3] == ["", "", ""] and "a bug" in told[3]
    assert len(office.files("Needs_Action")) == 1
    beat = beats.of(office.state, "a")
    assert beat is not None and beat.trouble == ""
    post.stop()
    thread.join(PATIENCE_S)
    post.close()


def test_a_login_that_is_refused_is_told_at_once_and_waits_long(
    office: TestOffice, at: Room
) -> None:
    source = Scripted("a", refused)
    post = Post(source, at)
    thread = thread_of(source, post)
    assert until(lambda: (beat := beats.of(office.state, "a")) and beat.rests_till)
    beat = beats.of(office.state, "a")
    assert beat is not None and beat.login
    assert beat.trouble == "the login was refused. Give another password"
    assert beat.rests_till >= office.hands.wall + 290
    post.stop()
    thread.join(PATIENCE_S)
    post.close()


@pytest.mark.parametrize(
    ("failures", "least_s", "most_s"),
    [(1, 2.5, 5.0), (2, 5.0, 10.0), (4, 20.0, 40.0), (30, 900.0, 1800.0), (10_000, 900.0, 1800.0)],
)
def test_failures_in_a_row_make_the_waits_longer_and_uneven(
    failures: int, least_s: float, most_s: float
) -> None:
    waits = {listening.back_off_s(failures) for _ in range(50)}
    assert len(waits) > 10
    assert least_s <= min(waits) and max(waits) <= most_s


def test_what_was_collected_is_told_although_the_source_fails(office: TestOffice, at: Room) -> None:
    some = drop("a", 1, bundle=Bundle("b", "{n} things", office.hands.wall + 0.2))

    def collects_and_fails(post: AnyPost) -> float | None:
        post.hand_in(some)
        raise SourceError("it is away. Wait")

    source = Scripted("a", collects_and_fails)
    post = Post(source, at)
    thread = thread_of(source, post)
    assert until(lambda: source.closed)
    assert office.files("Needs_Action") == []
    office.hands.go(1.0)
    assert until(lambda: office.files("Needs_Action"))
    assert "1 things" in office.one("Needs_Action").read_text()
    post.stop()
    thread.join(PATIENCE_S)
    post.close()


# -- all of some watchers


def running(runner: Runner, office: TestOffice, n: int) -> bool:
    return until(lambda: len(office.files("Needs_Action")) == n)


def test_a_watcher_that_is_one_file_is_found_and_run(office: TestOffice, at: Room) -> None:
    say(office.folder / "outside", *({"id": str(n), "title": f"T {n}"} for n in range(20)))
    with more_watchers():
        runner = Runner(at, ["lines"])
        assert runner.take() == []
        runner.start()
        assert running(runner, office, 20)
        say(office.folder / "outside", {"id": "20", "title": "One more"})
        assert running(runner, office, 21)
        begun = time.monotonic()
        runner.stop(PATIENCE_S)
    assert time.monotonic() - begun < SOON_S
    assert at.mailroom.made == 21


def test_a_source_that_hangs_is_left_behind_within_the_grace(office: TestOffice, at: Room) -> None:
    outside = office.folder / "outside"
    say(outside, {"id": "1", "title": "One"})
    (outside / "hangs").write_text("")
    with more_watchers():
        runner = Runner(at, ["lines"])
        runner.take()
        runner.start()
        assert until((outside / "hung").exists)
        begun = time.monotonic()
        runner.stop(0.3)
        assert 0.2 < time.monotonic() - begun < SOON_S
        assert beats.holder(office.state, "lines") == 0  # somebody else may run it now
    (outside / "hangs").unlink()


def test_one_that_is_set_up_wrongly_is_told_and_begun_when_it_is_mended(
    office: TestOffice, at: Room
) -> None:
    outside = office.folder / "outside"
    say(outside, {"id": "1", "title": "One"})
    (outside / "wrong").write_text("")
    with more_watchers():
        runner = Runner(at, ["lines"])
        runner.take()
        runner.start()
        assert "Take the file" in runner.wrong["lines"]
        (beat,) = beats.read(office.state)
        assert "Take the file" in beat.trouble and not runner.busy
        assert runner.again() is not None
        (outside / "wrong").unlink()
        assert runner.again() is None
        assert running(runner, office, 1)
        runner.stop(PATIENCE_S)
    assert {beat.source for beat in beats.read(office.state)} == {"lines outside"}


def test_a_watcher_whose_file_is_broken_keeps_no_other_from_running(
    office: TestOffice, at: Room, tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "torn_watcher.py").write_text("ABOUT = 'torn'\nimport nothing_of_that_name\n")
    say(office.folder / "outside", {"id": "1", "title": "One"})
    with more_watchers(), more_watchers(str(folder)):
        runner = Runner(at, ["torn", "lines"])
        runner.take()
        runner.start()
        assert "nothing_of_that_name" in runner.wrong["torn"]
        assert running(runner, office, 1)
        runner.stop(PATIENCE_S)


def test_what_another_process_runs_is_taken_over_when_it_is_gone_for_a_while(
    office: TestOffice, at: Room
) -> None:
    say(office.folder / "outside", {"id": "1", "title": "One"})
    other = beats.lock(office.state, "lines")
    assert other is not None
    with more_watchers():
        runner = Runner(at, ["lines"])
        assert runner.take() == ["lines"]
        runner.start()
        assert runner.again() is not None and not runner.busy
        other.close()
        assert runner.again() is not None and not runner.busy  # it may be started again
        third = beats.lock(office.state, "lines")
        assert third is not None
        assert runner.again() is not None  # it was
        third.close()
        assert runner.again() is not None and not runner.busy
        assert runner.again() is None
        assert running(runner, office, 1)
        runner.stop(PATIENCE_S)


def test_what_a_source_had_collected_that_is_no_more_is_told(office: TestOffice, at: Room) -> None:
    (office.folder / "outside").mkdir()
    say(office.folder / "outside")
    gone = drop("lines gone", 1, bundle=Bundle("b", "{n} things", office.hands.wall + 9e6))
    kept = drop("lines outside", 1, bundle=Bundle("b", "{n} others", office.hands.wall + 9e6))
    at.desk(at.mailroom.take_all, [gone], 1.0)
    at.desk(at.mailroom.take_all, [kept], 1.0)
    with more_watchers():
        runner = Runner(at, ["lines"])
        runner.take()
        runner.start()
        runner.stop(PATIENCE_S)
    assert "1 things" in office.one("Needs_Action").read_text()


# -- the lock


def test_the_lock_is_not_handed_on_to_a_child_and_goes_with_the_process(tmp_path: Path) -> None:
    held = beats.lock(tmp_path, "lines")
    assert held is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert beats.lock(tmp_path, "lines") is None
        assert beats.holder(tmp_path, "lines") == os.getpid()
        held.close()
        assert beats.holder(tmp_path, "lines") == 0
        again = beats.lock(tmp_path, "lines")
        assert again is not None
        again.close()
        child.kill()


def test_whoever_looks_at_a_lock_does_not_keep_others_from_it(tmp_path: Path) -> None:
    taken = beats.lock(tmp_path, "lines")
    assert taken is not None
    taken.close()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            beats.holder(tmp_path, "lines")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(100):
            lock = beats.lock(tmp_path, "lines")
            assert lock is not None
            lock.close()
    finally:
        stop.set()
        looking.join()


def test_a_post_and_a_runner_leave_no_descriptors_open(office: TestOffice, at: Room) -> None:
    say(office.folder / "outside", {"id": "1", "title": "One"})
    here = Path("/proc/self/fd")
    if not here.is_dir():
        pytest.skip("the system does not tell")
    with more_watchers():
        for n in range(3):
            runner = Runner(at, ["lines"])
            runner.take()
            runner.start()
            assert running(runner, office, 1)
            runner.stop(PATIENCE_S)
            if n == 0:
                before = len(list(here.iterdir()))
    assert len(list(here.iterdir())) == before
