"""kill -9 while things are handed in: each becomes one task, or one line of one, and no more."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum import failpoint
from factotum.ears import listening
from factotum.ears.house import room_of
from factotum.ledger import Ledger
from factotum.rooms import Clock, open_rooms
from factotum.settings import load
from factotum.worker.desk import Desk
from tests.cli.terminal import ROOT, Terminal, terminal_of
from tests.cli.test_running import STOP_S
from tests.ears.driver import more_watchers, say
from tests.ears.rooms import until
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.prove import figures
from tests.prove.life import Life

pytestmark = [pytest.mark.prove]

PLACES = sorted(name for name in failpoint.NAMES if name.startswith("watch."))
#: How many things are heard, and how often a watcher beside an office is killed meanwhile.
THINGS = 40
BESIDE, KILLS = (1000, 20) if figures.WHOLE else (300, 8)
#: Where tasks lie.
TASKS = ("Needs_Action", "In_Progress", "Done", "Failed")
#: A word that each thing has in its title, and no other thing.
MARK = re.compile(r"thing-(\d+)-here")


def listen_once(env: Mapping[str, str], point: str = "") -> None:
    """What a child does: one look of the watcher of the tests."""
    os.environ["FACTOTUM_FAILPOINT"] = point
    settings = load(dict(env), [])
    rooms = open_rooms(settings, settings.path("VAULT"), guest=True)
    desk = Desk()
    vault, ledger, state = rooms.vault, rooms.ledger, rooms.state
    with more_watchers():
        room = room_of(settings, vault, ledger, state, desk.wait, Clock())
        assert listening.once(room, ["lines"]) == (["lines outside"], {})
    desk.close()
    rooms.close()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    life = Life(tmp_path, one_pass=listen_once)
    life.state.mkdir(mode=0o700)
    return life


def things(n: int, first: int = 0) -> Iterator[dict[str, object]]:
    for k in range(first, first + n):
        thing: dict[str, object] = {"id": f"id {k}", "title": f"thing-{k}-here"}
        match k % 4:
            case 1:
                thing |= {"trust": "stranger", "sender": "eve@evil.example"}
            case 2:
                thing |= {"told": True, "trust": "stranger"}
            case 3:
                thing |= {"files": {"a.txt": f"file {k}"}}
        yield thing


def told(office: TestOffice) -> Counter[int]:
    """How often each thing stands in the vault: in the heading of a task of its own, or in the
    list of one that tells of many."""
    found: Counter[int] = Counter()
    for path in (p for folder in TASKS for p in office.files(folder)):
        lines = path.read_text().splitlines()
        marks = [line for line in lines if line.startswith(("# thing", "- thing"))]
        found.update(int(n) for line in marks for n in MARK.findall(line))
    return found


def at_rest(office: TestOffice) -> tuple[str, int]:
    """How far the watcher has come, and how much waits to be told."""
    ledger = Ledger(office.state / "ledger.db")
    try:
        (left,) = ledger.db.execute("SELECT count(*) FROM bundled").fetchone()
        return ledger.meta("cursor:lines outside"), left
    finally:
        ledger.close()


def check(office: TestOffice, n: int) -> None:
    assert told(office) == Counter(dict.fromkeys(range(n), 1))
    assert at_rest(office) == (str(n), 0)
    kept = list((office.root / "Office/Attachments").iterdir())
    assert len(kept) == sum(k % 4 == 3 for k in range(n))


def one_kill_after_another(life: Life, *points: str) -> int:
    say(life.folder / "outside", *things(THINGS))
    kills = life.live(*points)
    check(life, THINGS)
    assert not life.child()  # and once more changes nothing
    check(life, THINGS)
    return kills


@pytest.mark.parametrize("place", PLACES)
def test_killed_where_a_thing_is_handed_in(life: Life, place: str) -> None:
    assert one_kill_after_another(life, place) == 1
    figures.add("watch", failpoints=[place], kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("nth", [2, 4, 6, 7, 8])
@pytest.mark.parametrize("place", PLACES)
def test_killed_later_on_and_where_they_are_told_together(life: Life, place: str, nth: int) -> None:
    kills = one_kill_after_another(life, f"{place}:{nth}")
    assert kills == 1 or nth > 6
    figures.add("watch", failpoints=[place], kills=kills)


@pytest.mark.slow
@pytest.mark.parametrize("second", PLACES)
@pytest.mark.parametrize("first", PLACES)
def test_killed_twice_in_a_row(life: Life, first: str, second: str) -> None:
    assert one_kill_after_another(life, f"{first}:3", second) == 2
    figures.add("watch", failpoints=[first, second], kills=2)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_killed_while_an_office_takes_what_there_is(life: Life, place: str) -> None:
    """What was dropped by then is worked on before it is handed in again."""
    say(life.folder / "outside", *things(THINGS))
    office = Life(life.folder)
    for n in (1, 2, 3):
        assert life.child(f"{place}:{n}")
        assert not office.child()
    assert not life.child()
    assert not office.child()
    check(life, THINGS)


# -- beside an office that runs


@contextmanager
def office_that_runs(terminal: Terminal) -> Iterator[None]:
    with terminal.start("up") as process:
        assert process.stdout is not None and "factotum works in" in process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0


def watcher(terminal: Terminal) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ears.driver", "watchers", "run", "lines"],
        cwd=ROOT,
        env=terminal.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_watcher_killed_at_random_beside_an_office_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    many = {"FACTOTUM_TASKS_PER_SENDER": "9999", "FACTOTUM_TASKS_PER_SOURCE": "9999"}
    office = TestOffice(tmp_path, {"FACTOTUM_WATCHERS": "none", **many})
    terminal = terminal_of(office)
    outside = office.folder / "outside"
    dice = random.Random(figures.SEED)
    with office_that_runs(terminal):
        said = 0
        for _ in range(KILLS):
            some = BESIDE // KILLS
            say(outside, *things(some, said))
            said += some
            process = watcher(terminal)
            assert process.stdout is not None and "listens" in process.stdout.readline()
            time.sleep(dice.random() * 0.2)
            process.kill()
            process.communicate()
        process = watcher(terminal)
        assert process.stdout is not None and "listens" in process.stdout.readline()
        try:
            assert until(lambda: at_rest(office) == (str(said), 0), 2 * PATIENCE_S)
        finally:
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0 and time.monotonic() - begun < STOP_S
    check(office, said)
    figures.add("watch-beside", things=said, kills=KILLS)
