"""What must be on the disk before the next thing happens, and what a power cut may take."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from tests.office import TestOffice, smtp
from tests.prove.life import JOT, Life
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove]

TILL_THE_END = ("claim.registered", "seal.committed", "attempt.begun", "effect.before",
                "effect.after", "outcome.recorded")  # fmt: skip


def test_every_commit_is_synced(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    try:
        assert ledger.db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert ledger.db.execute("PRAGMA fullfsync").fetchone()[0] == 1
        assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    finally:
        ledger.close()


def test_at_data_the_attempt_and_its_phase_are_on_record(tmp_path: Path) -> None:
    """Seen from outside, by a second connection, at the moment of DATA."""
    state = tmp_path / "state-pi"

    def look() -> tuple[int, int, str]:
        with sqlite3.connect(state / "ledger.db") as db:
            (attempts,) = db.execute("SELECT count(*) FROM attempt").fetchone()
            (outcomes,) = db.execute("SELECT count(*) FROM outcome").fetchone()
        (phase,) = (state / "phases").iterdir()
        return attempts, outcomes, phase.read_text().splitlines()[-1]

    with Relay(on_data=look) as relay:
        office = TestOffice(tmp_path, smtp(relay))
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")
        office.run()
        ((attempts, outcomes, phase),) = relay.at_data
    assert (attempts, outcomes) == (1, 0)
    assert '"phase": "data"' in phase


@pytest.mark.slow
def test_synced_before_it_connects_and_before_data(tmp_path: Path) -> None:
    """The system calls themselves, in order: what is written, synced, connected and sent."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: apt-get install strace")
    with Relay() as relay:
        life = Life(tmp_path, smtp(relay))
        life.playbook(REPLY)
        life.drop("ask.eml", ASK)
        assert not life.child()
        life.move(life.one("Pending_Approval"), "Approved")
        trace = tmp_path / "trace"
        calls = "trace=fsync,fdatasync,connect,sendto,write,pwrite64"
        command = ["strace", "-f", "-y", "-s", "64", "-o", str(trace), "-e", calls]
        env = {**os.environ, **life.env_of()}
        runner = [sys.executable, "-m", "tests.prove.one_pass"]
        done = subprocess.run(
            [*command, *runner], env=env, check=False, capture_output=True, text=True
        )
        if "ptrace" in done.stderr:
            pytest.skip("this machine lets nobody trace: allow ptrace (SYS_PTRACE)")
        assert done.returncode == 0, done.stderr
        assert len(relay.messages) == 1
    lines = trace.read_text().splitlines()

    def first(pattern: str, after: int = 0) -> int:
        return next(n for n, line in enumerate(lines) if n >= after and re.search(pattern, line))

    connect = first(rf"connect\(.*htons\({relay.port}\)")
    written = r"pwrite64\(.*ledger\.db-wal"
    attempt = max(n for n in range(connect) if re.search(written, lines[n]))
    first(r"f(data)?sync\(.*ledger\.db-wal", attempt)
    assert first(r"f(data)?sync\(.*ledger\.db-wal", attempt) < connect
    data = first(r'(sendto|write)\(.*"(?i:data)\\r\\n"')
    phase = max(n for n in range(data) if re.search(r"write\(.*/phases/", lines[n]))
    assert connect < phase < first(r"fsync\(.*/phases/a-", phase) < data
    dot = first(r"(sendto|write)\(.*Message-ID|From: ", data)
    assert data < dot


@pytest.mark.slow
@pytest.mark.parametrize("point", TILL_THE_END)
@pytest.mark.parametrize("taken_back", [True, False])
def test_a_claim_that_a_power_cut_takes_back_is_made_again(
    tmp_path: Path, point: str, taken_back: bool
) -> None:
    """The rename was not synced: the note lies where it was, as it was; the ledger goes on."""
    life = Life(tmp_path)
    life.playbook(JOT)
    text = "Buy milk, two bottles.\n"
    life.type(text, "Milk.md")
    assert life.child(point)
    (claimed,) = life.files("In_Progress")
    if taken_back:
        claimed.unlink()
        life.type(text, "Milk.md")
    life.live()
    assert len(life.files("Done")) == len(life.files("Drafts")) == 1
    assert len(life.cards()) == 1
    assert life.files("Needs_Action") == life.files("In_Progress") == []


@pytest.mark.slow
@pytest.mark.parametrize("point", ["inbox.claimed", "inbox.read", "claim.renamed"])
def test_a_file_that_a_power_cut_puts_back_is_taken_again(tmp_path: Path, point: str) -> None:
    with Relay() as relay:
        life = Life(tmp_path, smtp(relay))
        life.playbook(REPLY)
        life.drop("ask.eml", ASK)
        assert life.child(point)
        for lost in (life.root / ".factotum/intake/pi").iterdir():
            lost.rename(life.root / "Inbox" / lost.name)
        for lost in life.files("In_Progress"):
            life.move(lost, "Needs_Action")
        life.live()
        life.move(life.one("Pending_Approval"), "Approved")
        life.live()
        assert len(relay.messages) == 1
        assert len(life.tasks()) == 1


def test_a_ledger_whose_last_commit_is_torn_off_goes_on(tmp_path: Path) -> None:
    """The log of a ledger cut at any byte opens, and holds whole transactions only."""
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    for n in range(20):
        with ledger.tx():
            ledger.event("first", 1.0, n=n)
            ledger.event("second", 1.0, n=n)
    main, wal = path.read_bytes(), path.with_name("ledger.db-wal").read_bytes()
    ledger.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for cut in range(0, len(wal), max(1, len(wal) // 60)):
        (copy / "ledger.db").write_bytes(main)
        (copy / "ledger.db-wal").write_bytes(wal[:cut])
        (copy / "ledger.db-shm").unlink(missing_ok=True)
        if cut < len(wal) // 3 and not main:
            continue
        found = Ledger(copy / "ledger.db")
        kinds = [event.kind for event in found.events()]
        assert kinds.count("first") == kinds.count("second")
        found.close()
        (copy / "ledger.db-wal").unlink(missing_ok=True)
