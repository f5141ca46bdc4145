"""The power fails at any moment of a life: whatever the disk then holds, the promises hold."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prove import figures
from tests.prove.matrix import KINDS, World, check, world_of
from tests.prove.replay import Marks, Recorder, State, lay_out

pytestmark = [pytest.mark.prove]

REPLAYED = ("new note", "new note about a mail", "mail", "changed note")
BY_NAME = {kind.name: kind for kind in KINDS}

#: How many states of one life are tried where not all are.
SAMPLED = 20


def record(world: World) -> Recorder:
    """A whole life, from what lies there before the first start; what asks gets its yes."""
    recorder = Recorder(world.base)
    recorder.begin()
    recorder.watch(world.life)
    for card in world.life.cards():
        if card.status == "pending":
            note = world.life.root / "Pending_Approval" / card.name
            recorder.by_hand(note, world.life.root / "Approved" / card.name)
            recorder.watch(world.life)
    assert check(world) == 1
    return recorder


def every_state(recorder: Recorder) -> list[tuple[int, State]]:
    """Every state that a power cut may leave, once, with the first moment at which it may."""
    marks = Marks(recorder.base)
    found: dict[str, tuple[int, State]] = {}
    for moment in recorder.moments():
        for state in recorder.states(moment):
            found.setdefault(marks.of(state), (moment, state))
    return list(found.values())


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", REPLAYED)
def test_whatever_a_power_cut_leaves_is_recovered(tmp_path: Path, name: str) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: apt-get install strace")
    base = tmp_path / "base"
    base.mkdir()
    with world_of(BY_NAME[name], base) as world:
        recorder = record(world)
        states = every_state(recorder)
        assert len(states) > 100
        dice = random.Random(f"{figures.SEED} {name}")
        tried = states if figures.WHOLE else dice.sample(states, SAMPLED)
        went_out = [at for at, mark in recorder.marks if mark == "mail.dot"]
        worst = 0
        for moment, state in tried:
            lay_out(base, state)
            world.sent_before = len(world.relay.messages) if world.relay else 0
            world.sent_before -= len([at for at in went_out if at <= moment])
            world.lead()
            worst = max(worst, check(world))
    figures.add(
        "power-cuts",
        kinds=[name],
        states=len(tried),
        moments=len(recorder.moments()),
        lives=world.lives,
        worst_effects=worst,
    )


# -- the rules themselves, on calls that are written down


def quoted(path: Path | str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in str(path).encode()) + '"'


@pytest.fixture
def left(tmp_path: Path) -> Callable[..., set[frozenset[tuple[str, bytes | None]]]]:
    """What a power cut may leave at the end of these calls, beside a folder and a file `old`."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "old").write_bytes(b"old")

    def play(*calls: tuple[str, str, int]) -> set[frozenset[tuple[str, bytes | None]]]:
        recorder = Recorder(base)
        recorder.begin()
        for call, text, answer in calls:
            recorder.now += 1
            recorder._heard(call, text, answer)
        return {
            frozenset(
                (path.removeprefix(f"{base}/"), version and version[0])
                for path, version in state.items()
            )
            for state in recorder.states(recorder.now)
        }

    return play


def calls_on(base: Path) -> dict[str, tuple[str, str, int]]:
    old, new = quoted(base / "old"), quoted(base / "new")
    return {
        "rename": ("rename", f"{old}, {new}", 0),
        "open new": ("openat", f"AT_FDCWD, {new}, O_WRONLY|O_CREAT|O_EXCL, 0644", 3),
        "write": ("write", f"3, {quoted('word')}, 4", 4),
        "sync it": ("fsync", "3", 0),
        "open folder": ("openat", f"AT_FDCWD, {quoted(base)}, O_RDONLY|O_DIRECTORY", 4),
        "sync folder": ("fsync", "4", 0),
    }


@pytest.mark.parametrize(
    ("names", "states"),
    [
        (["rename"], [{("old", b"old")}, {("new", b"old")}]),
        (["rename", "open folder", "sync folder"], [{("new", b"old")}]),
        (
            ["open new", "write"],
            [{("old", b"old")}]
            + [{("old", b"old"), ("new", part)} for part in (b"", b"wo", b"word")],
        ),
        # that its bytes are safe makes no name safe
        (
            ["open new", "write", "sync it"],
            [{("old", b"old")}, {("old", b"old"), ("new", b"word")}],
        ),
        # a safe name says nothing of the bytes
        (
            ["open new", "write", "open folder", "sync folder"],
            [{("old", b"old"), ("new", part)} for part in (b"", b"wo", b"word")],
        ),
    ],
)
def test_what_was_not_synced_is_there_or_not(
    tmp_path: Path,
    left: Callable[..., set[frozenset[tuple[str, bytes | None]]]],
    names: list[str],
    states: list[set[tuple[str, bytes]]],
) -> None:
    known = calls_on(tmp_path / "base")
    assert left(*(known[name] for name in names)) == {frozenset(state) for state in states}
