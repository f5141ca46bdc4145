"""kill -9 while a mail joins an open task: it is there once, and nothing of it is lost."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.keeping import Keeper
from factotum.ledger import Ledger
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.reader import Reader
from factotum.settings import load
from factotum.vault import Vault
from tests.prove.life import Life
from tests.test_threads import AGAIN, FIRST, text

pytestmark = [pytest.mark.prove, pytest.mark.slow]

WATCH = ("", "watch.kept", "watch.registered", "watch.dropped", "watch.seen")
JOIN = ("join.lowered", "join.written")


def hand_in(env: Mapping[str, str], point: str = "") -> None:
    """What a child does: it hands both mails in; the first was handed in before."""
    os.environ["FACTOTUM_FAILPOINT"] = point
    settings = load(dict(env), [])
    root, state = settings.path("VAULT"), settings.path("STATE_DIR")
    vault = Vault(root, settings.text("INSTANCE"), time.monotonic, guest=True)
    ledger = Ledger(state / "ledger.db")
    keeper = Keeper(vault, Reader(), state / "attachments")
    room = Mailroom(vault, ledger, keeper, lambda at: datetime.fromtimestamp(at, UTC))
    room.take_all([FIRST, AGAIN] if (state / "second").exists() else [FIRST], time.time())
    ledger.close()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    made = Life(tmp_path)
    made.state.mkdir(mode=0o700)
    return made


def handed(life: Life, *points: str) -> int:
    watcher = Life(life.folder, life.env, one_pass=hand_in)
    return watcher.live(*points)


def waiting(life: Life) -> None:
    """A task that asks the owner, and a second mail that is on its way."""
    handed(life)
    life.live()
    (life.state / "second").touch()


def stands(life: Life) -> tuple[int, int, Trust]:
    """How often the words stand in the vault, how many tasks there are, the first's label."""
    words = sum(text(path).count("I meant invoice 1043") for path in life.tasks())
    ledger = Ledger(life.state / "ledger.db")
    rows = ledger.db.execute("SELECT trust FROM task ORDER BY created").fetchall()
    ledger.close()
    return words, len(life.tasks()), Trust(rows[0]["trust"])


@pytest.mark.parametrize("point", WATCH)
def test_handing_in_may_be_killed_anywhere(life: Life, point: str) -> None:
    waiting(life)
    # what is registered counts as seen, so that a second life has nothing left to register
    once = point in ("watch.registered", "watch.dropped")
    assert handed(life, *[point, point] if point else []) == (1 if once else 2 if point else 0)
    life.live()
    life.live()
    assert stands(life) == (1, 1, Trust.KNOWN)
    assert text(life.one("Pending_Approval")).count("after this was drafted") == 1


@pytest.mark.parametrize("points", [*itertools.product(JOIN, JOIN), JOIN[:1], JOIN[1:]])
def test_bringing_it_to_the_note_may_be_killed_anywhere(
    life: Life, points: tuple[str, ...]
) -> None:
    waiting(life)
    handed(life)
    assert life.live(*points) == len(points)
    life.live()
    assert stands(life) == (1, 1, Trust.KNOWN)
    assert text(life.one("Pending_Approval")).count("after this was drafted") == 1


@pytest.mark.parametrize("points", [(), ("join.anew",), ("join.anew", "join.anew")])
def test_what_came_too_late_is_one_task_of_its_own(life: Life, points: tuple[str, ...]) -> None:
    waiting(life)
    handed(life)
    life.move(life.one("Pending_Approval"), "Rejected")  # and with that the task is over
    assert life.live(*points) == len(points)
    life.live()
    words, tasks, _ = stands(life)
    assert (words, tasks) == (2, 2), "once in the note that it joined, once in its own"
    (own,) = life.files("In_Progress")
    assert "It goes on from [[" in text(own) and "I meant invoice 1043" in text(own)
