"""A ledger that is damaged anywhere: it is noticed at the start, or it changes nothing."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.ledger import LedgerError
from tests.office import TestOffice, smtp
from tests.prove import figures
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow, pytest.mark.timeout(900)]

#: How many bytes of each page are flipped where all pages are looked at, and how many pages
#: where not all are.
FLIPS = 2
SAMPLED = 12
PAGE_BYTES = 4096


@contextmanager
def before_a_yes(folder: Path) -> Iterator[tuple[TestOffice, Relay]]:
    """An office with one card that waits and one that was refused."""
    with Relay() as relay:
        office = TestOffice(folder, smtp(relay))
        office.playbook(REPLY)
        for n in (1, 2):
            office.drop(f"ask-{n}.eml", ASK.replace(b"ask-1@", b"ask-%d@" % n))
        office.run()
        refused, _ = office.files("Pending_Approval")
        office.move(refused, "Rejected")
        office.run()
        yield office, relay


def pages(data: bytes) -> list[int]:
    starts = list(range(0, len(data), PAGE_BYTES))
    if figures.WHOLE:
        return starts
    return sorted(random.Random(figures.SEED).sample(starts, min(SAMPLED, len(starts))))


def flipped(data: bytes) -> Iterator[bytes]:
    dice = random.Random(figures.SEED)
    for page in pages(data):
        for at in [page, *(page + dice.randrange(PAGE_BYTES) for _ in range(FLIPS - 1))]:
            changed = bytearray(data)
            changed[min(at, len(data) - 1)] ^= 0xFF
            yield bytes(changed)


def cut(data: bytes) -> Iterator[bytes]:
    for page in pages(data):
        yield data[:page]
        yield data[: page + PAGE_BYTES // 3]


def starts(office: TestOffice) -> bool:
    """Whether the office comes to its end; a ledger that is no good must say so."""
    try:
        office.run()
    except (LedgerError, sqlite3.DatabaseError, ValueError, KeyError):
        return False
    return True


@pytest.mark.parametrize("damage", [flipped, cut])
def test_a_damaged_ledger_lets_nothing_out_without_a_yes(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    with before_a_yes(tmp_path) as (office, relay):
        path = office.state / "ledger.db"
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sound = path.read_bytes()
        shutil.copytree(office.root, tmp_path / "kept")
        noticed = tried = 0
        for data in damage(sound):
            shutil.rmtree(office.root)
            shutil.copytree(tmp_path / "kept", office.root)
            for name in ("ledger.db-wal", "ledger.db-shm"):
                (office.state / name).unlink(missing_ok=True)
            path.write_bytes(data)
            noticed += not starts(office)
            tried += 1
            assert relay.messages == []
        assert noticed > tried // 4
    figures.add("damaged-ledgers", states=tried, noticed=noticed, worst_effects=0)


def test_a_log_that_is_damaged_or_cut_takes_back_whole_commits_at_most(tmp_path: Path) -> None:
    """The yes stands in the log alone: with it the mail goes once, without it never."""
    with before_a_yes(tmp_path) as (office, relay):
        holds = sqlite3.connect(office.state / "ledger.db")  # so that the log is kept at the end
        holds.execute("SELECT count(*) FROM card").fetchone()
        office.move(office.one("Pending_Approval"), "Approved")
        (office.root / "STOP.md").write_text("Wait.\n")
        office.run()
        log = (office.state / "ledger.db-wal").read_bytes()
        main = (office.state / "ledger.db").read_bytes()
        holds.close()
        (office.root / "STOP.md").unlink()
        shutil.copytree(office.root, tmp_path / "kept")
        tried = 0
        for data in [*cut(log), *flipped(log)]:
            shutil.rmtree(office.root)
            shutil.copytree(tmp_path / "kept", office.root)
            (office.state / "ledger.db-shm").unlink(missing_ok=True)
            (office.state / "ledger.db").write_bytes(main)
            (office.state / "ledger.db-wal").write_bytes(data)
            before = len(relay.messages)
            tried += 1
            if not starts(office):
                assert len(relay.messages) == before
                continue
            for card in office.cards():
                sent = [one for one in relay.messages[before:] if card.id in str(one.data)]
                said_yes = card.decision is not None and card.decision.verdict == "approve"
                assert len(sent) <= said_yes
            assert len(relay.messages) - before <= 1
    figures.add("damaged-ledgers", states=tried, noticed=0, worst_effects=1)
