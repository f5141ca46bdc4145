"""A post makes durable what is handed in, or waits; it holds nothing up and shows how it goes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum import redaction
from factotum.drop import Bundle, Drop
from factotum.ears import beats, handing
from factotum.ears.dry import DryPost
from factotum.ears.post import Post, Room
from factotum.ledger import Ledger
from factotum.watcher import Stopped
from tests.ears.rooms import Scripted, drop, room, until
from tests.office import TestOffice
from tests.patience import PATIENCE_S, SOON_S


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


@pytest.fixture
def at(office: TestOffice) -> Iterator[Room]:
    with room(office) as opened:
        yield opened


@pytest.fixture
def post(at: Room) -> Iterator[Post]:
    made = Post(Scripted("a b"), at)
    yield made
    made.close()


def titles(at: Room) -> list[str]:
    rows = at.mailroom.ledger.db.execute("SELECT title FROM task ORDER BY rowid")
    return [row["title"] for row in rows]


# -- handing in


def test_the_cursor_moves_with_the_last_thing_and_is_the_sources_own(at: Room, post: Post) -> None:
    assert post.cursor() == ""
    post.hand_in(*(drop("another name", n) for n in range(120)), cursor="120")
    assert post.cursor() == "120"
    assert at.mailroom.cursor("another name") == ""
    post.hand_in(cursor="121")
    post.remember("x", "part")
    assert (post.cursor(), post.cursor("part")) == ("121", "x")
    assert len(titles(at)) == 120


def test_what_is_collected_is_told_by_the_source_that_collected_it(
    office: TestOffice, post: Post
) -> None:
    due = office.hands.wall + 60
    post.hand_in(*(drop("another name", n, bundle=Bundle("k", "{n}", due)) for n in range(3)))
    assert post.deliver() == due
    office.hands.go(61)
    assert post.deliver() is None
    assert len(office.files("Needs_Action")) == 1


BAD = Drop("a", "2", "email", "Half a \ud800 title", "Words", properties={"list": ["\ud800"]})


def test_one_thing_that_cannot_be_a_note_stops_none_and_is_told_of(
    office: TestOffice, at: Room, post: Post
) -> None:
    post.hand_in(drop("a", 1), BAD, drop("a", 3), cursor="3")
    assert titles(at) == ["Thing 1", "Half a ? title", "Thing 3"]
    assert post.cursor() == "3"
    (note,) = [p.read_text() for p in office.files("Needs_Action") if "Half a" in p.read_text()]
    assert "cannot be made a note" in note and "Words" not in note
    post.hand_in(BAD, cursor="4")
    assert len(titles(at)) == 3


def test_a_disk_that_fails_makes_a_single_look_fail_and_loses_nothing(
    office: TestOffice, at: Room
) -> None:
    post = Post(Scripted("a"), at, once=True)
    folder = office.root / "Needs_Action"
    folder.rename(office.folder / "away")
    with pytest.raises(handing.PASSES):
        post.hand_in(drop("a", 1), drop("a", 2), cursor="2")
    assert post.cursor() == ""
    (office.folder / "away").rename(folder)
    post.hand_in(drop("a", 1), drop("a", 2), cursor="2")
    assert len(office.files("Needs_Action")) == 2
    assert office.files(".factotum") == []  # no scratch files
    post.close()


@pytest.mark.slow
def test_a_disk_that_fails_is_waited_for(office: TestOffice, post: Post) -> None:
    folder = office.root / "Needs_Action"
    folder.rename(office.folder / "away")
    handed = threading.Thread(target=post.hand_in, args=(drop("a", 1),), kwargs={"cursor": "1"})
    handed.start()
    assert until(lambda: (beat := beats.of(office.state, "a b")) and "kept" in beat.trouble)
    (office.folder / "away").rename(folder)
    handed.join(PATIENCE_S)
    assert not handed.is_alive()
    assert len(office.files("Needs_Action")) == 1
    assert post.cursor() == "1"


def test_a_bug_in_what_is_asked_is_not_taken_for_a_stop(post: Post) -> None:
    def asks(_: Ledger) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        post.look_up(asks)


def test_whatever_is_asked_of_a_post_after_the_end_is_stopped(office: TestOffice) -> None:
    with room(office) as at:
        post = Post(Scripted("a"), at)
    with pytest.raises(Stopped):
        post.hand_in(drop("a", 1))
    post.stop()
    with pytest.raises(Stopped):
        post.rest(0)
    with pytest.raises(Stopped):
        post.cursor()
    post.close()


# -- waiting


def test_a_rest_ends_in_time_or_when_there_is_news_or_at_a_stop(post: Post) -> None:
    read, write = os.pipe()
    begun = time.monotonic()
    assert post.rest(0.05, read) is False
    assert time.monotonic() - begun >= 0.05
    os.write(write, b"x")
    assert post.rest(60, read) is True
    os.read(read, 1)
    os.close(write)
    assert post.rest(60, read) is True  # the other side has hung up
    threading.Timer(0.05, post.stop).start()
    with pytest.raises(Stopped):
        post.rest(60)
    assert time.monotonic() - begun < SOON_S
    os.close(read)


# -- how it goes


def beat(office: TestOffice) -> beats.Beat:
    found = beats.of(office.state, "a b")
    assert found is not None
    return found


def test_news_is_shown_at_once_and_that_all_goes_on_seldom(office: TestOffice, post: Post) -> None:
    post.rest(0)
    first = beat(office)
    office.hands.go(1)
    post.answered()
    post.rest(0)
    assert beat(office) == first
    post.remark("one feed", "it is gone")
    post.rest(0)
    assert beat(office).remarks == {"one feed": "it is gone"}
    post.remark("one feed", "")
    post.rest(0)
    assert beat(office).remarks == {}
    threading.Timer(0.1, post.stop).start()
    with pytest.raises(Stopped):
        post.rest(1500)  # who looks must not think that it hangs
    assert beat(office).rests_till == office.hands.wall + 1500


def test_a_trouble_wakes_the_office_once_and_tells_no_secret(
    office: TestOffice, post: Post
) -> None:
    redaction.hide(["hunter-2-hunter"])
    post.trouble("no login with hunter-2-hunter\nat all", login=True)
    assert "hunter-2" not in beat(office).trouble and "\n" not in beat(office).trouble
    since = beat(office).since
    woken = (office.state / "wake").read_bytes()
    office.hands.go(60)
    post.trouble("no login with hunter-2-hunter\nat all", login=True)
    assert (beat(office).since, (office.state / "wake").read_bytes()) == (since, woken)
    post.trouble("")
    assert (beat(office).trouble, beat(office).since) == ("", 0.0)


def test_when_there_was_news_last_outlives_a_restart_and_doubles_are_no_news(
    office: TestOffice, at: Room, post: Post
) -> None:
    post.hand_in(drop("a", 1))
    heard = office.hands.wall
    post.show(at_once=True)
    office.hands.go(3600)
    again = Post(Scripted("a b"), at)
    again.hand_in(drop("a", 1))
    again.show(at_once=True)
    assert beat(office).heard == heard
    again.close()


# -- a trial


def test_a_trial_shows_what_would_come_and_changes_nothing(office: TestOffice, at: Room) -> None:
    post = Post(Scripted("a"), at)
    post.hand_in(drop("a", 1), cursor="1")
    before = [p.read_bytes() for p in office.files("")]
    dry = DryPost(Scripted("a"), at)
    assert (dry.once, dry.dry, dry.cursor()) == (True, True, "1")
    dry.hand_in(drop("a", 1), replace(drop("a", 2), bundle=Bundle("b", "{n}", 0.0)), cursor="2")
    assert dry.cursor() == "2"
    dry.look_up(lambda ledger: ledger.event("missed", 1.0, schedule="x"))
    assert [one.source_id for one in dry.tried.drops] == ["1", "2"]
    assert dry.tried.known == {("a", "1")}
    assert post.cursor() == "1"
    assert [p.read_bytes() for p in office.files("")] == before
    assert at.mailroom.ledger.seen("a", "2") is None
    assert all(event.kind != "missed" for event in at.mailroom.ledger.events())
    assert dry.rest(3600) is False
    post.close()
