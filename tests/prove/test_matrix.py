"""kill -9 at every place there is, for every kind of effect, and again while it recovers."""

from __future__ import annotations

import functools
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum import failpoint
from tests.prove import figures
from tests.prove.matrix import KINDS, World, check, world_of
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.prove]

BY_NAME = {kind.name: kind for kind in KINDS}

#: How many of the times that one place is come by are tried: each is another moment of a life.
TIMES_MOST = 2 if figures.EVERY else 1
#: How many second places are tried after a first one, where not all are.
SAMPLED = 3 if figures.WHOLE else 1


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as dovecot:
        yield dovecot


@functools.cache
def times_passed(kind: str, dovecot: Dovecot | None) -> Counter[str]:
    """How often a life without a kill comes by each place."""
    with (
        tempfile.TemporaryDirectory() as folder,
        world_of(BY_NAME[kind], Path(folder), dovecot) as world,
    ):
        world.lead()
        assert check(world) == 1
        assert {card.status for card in world.life.cards()} == {"succeeded"}
        return Counter(world.passed())


@pytest.mark.slow
def test_every_place_is_come_by_in_the_life_of_some_kind(dovecot: Dovecot) -> None:
    passed: Counter[str] = Counter()
    for kind in KINDS:
        passed += times_passed(kind.name, dovecot)
    assert set(failpoint.NAMES) - set(passed) == ELSEWHERE.keys()


#: Places that no life here comes by, and the test that has one which does.
PROVED_BY = {
    "watch": "tests/prove/test_watching.py",
    "join": "tests/prove/test_joined.py",
    "redraft": "tests/prove/test_redraft.py",
    "tap": "tests/prove/test_telegram_kill.py",
    "talk": "tests/prove/test_telegram_kill.py",
    "said": "tests/prove/test_telegram_kill.py",
}
ELSEWHERE = {
    name: PROVED_BY[name.partition(".")[0]]
    for name in failpoint.NAMES
    if name.partition(".")[0] in PROVED_BY
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", sorted(failpoint.NAMES))
@pytest.mark.parametrize("name", BY_NAME)
def test_killed_anywhere_once_and_again(
    tmp_path: Path, dovecot: Dovecot, name: str, place: str
) -> None:
    kind = BY_NAME[name]
    often = min(times_passed(name, dovecot if kind.mailbox else None)[place], TIMES_MOST)
    for time in range(1, often + 1):
        folder = tmp_path / str(time)
        folder.mkdir()
        with world_of(kind, folder, dovecot) as world:
            one_first_kill(world, f"{place}:{time}")


#: One of each sort of effect, and a place in its life: for those who want to know at once.
AT_ONCE = [
    ("new note", "effect.after"),
    ("memory", "attempt.begun"),
    ("mail", "mail.dot"),
    ("somebody else's tool", "effect.after"),
]


@pytest.mark.parametrize(("name", "place"), AT_ONCE)
def test_killed_in_the_middle_of_a_deed(tmp_path: Path, name: str, place: str) -> None:
    with world_of(BY_NAME[name], tmp_path) as world:
        assert world.lead(place) == 1
        world.lead()
        check(world)


def one_first_kill(world: World, point: str) -> None:
    if not world.lead(point):
        return  # threads took another turn: it came by less often this time
    sent = world.keep()
    world.passed()
    world.lead()
    worst = check(world)
    pairs = sorted(set(world.passed()))
    if not figures.EVERY:
        dice = random.Random(f"{figures.SEED} {world.kind.name} {point}")
        pairs = dice.sample(pairs, min(SAMPLED, len(pairs)))
    killed = 0
    for second in pairs:
        world.put_back(sent)
        killed += world.lead(second)
        world.lead()
        worst = max(worst, check(world))
    figures.add(
        "kill-matrix",
        failpoints=[point.partition(":")[0]],
        kinds=[world.kind.name],
        first_kills=1,
        pairs=killed,
        lives=world.lives,
        worst_effects=worst,
    )
