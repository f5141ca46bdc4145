"""Mail comes in while the watcher is killed -9 at random: each letter is one task, none is lost."""

from __future__ import annotations

import imaplib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from tests.office import TestOffice
from tests.patience import PATIENCE_S, until
from tests.prove import figures
from tests.servers.dovecot import USERS, Dovecot

pytestmark = [pytest.mark.prove, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
ANN = "ann@example.test"
#: How many letters and kills: all of them where the figures are put on record.
LETTERS, KILLS = (1000, 20) if figures.WHOLE else (60, 4)
#: How long a watcher lives till it is killed, at least and at most, in seconds. It needs about
#: half a second to begin.
LIVES_S = (0.3, 2.0)


def letter(n: int) -> bytes:
    return (
        f"From: Sender {n % 7} <sender{n % 7}@rossi.example>\r\nTo: {ANN}\r\n"
        f"Subject: Letter number {n}\r\nMessage-ID: <{n}@rossi.example>\r\n\r\nWords {n}.\r\n"
    ).encode()


class Killed:
    """An office's watcher of mail in a process of its own, over and over."""

    def __init__(self, office: TestOffice, dovecot: Dovecot) -> None:
        self.office, self.dovecot = office, dovecot
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(office.folder),
            "FACTOTUM_VAULT": str(office.root),
            "FACTOTUM_STATE_DIR": str(office.state),
            "FACTOTUM_INSTANCE": office.instance,
            "FACTOTUM_TASKS_PER_SENDER": "100000",
            "FACTOTUM_TASKS_PER_SOURCE": "100000",
            **office.env,
        }

    @contextmanager
    def process(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "watchers", "mail"]
        with open(self.office.folder / "out.txt", "ab") as out:
            made = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=out, stderr=out)
        try:
            yield made
        finally:
            if made.poll() is None:
                made.kill()
            made.wait()

    def live(self, seconds: float) -> None:
        with self.process() as process:
            time.sleep(seconds)
            assert process.poll() is None, (self.office.folder / "out.txt").read_text()
            process.send_signal(signal.SIGKILL)

    def live_till(self, letters: int) -> None:
        out = self.office.folder / "out.txt"
        before = len(out.read_text())
        with self.process() as process:
            until(lambda: "factotum listens" in out.read_text()[before:])
            until(lambda: len(self.office.files("Needs_Action")) >= letters)
            time.sleep(1.0)  # whatever comes twice comes now
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0

    def marked(self) -> set[int]:
        """The numbers of the letters that are marked as read."""
        with imaplib.IMAP4("127.0.0.1", self.dovecot.imap_port) as box:
            box.login(ANN, USERS[ANN])
            box.select(readonly=True)
            return {int(uid) for uid in box.uid("SEARCH", "SEEN")[1][0].split()}

    def tasks(self) -> dict[int, Path]:
        """The notes of the tasks, by the number that their letters have in the mailbox."""
        ledger = Ledger(self.office.state / "ledger.db")
        try:
            rows = ledger.db.execute("SELECT source_id, name FROM task").fetchall()
        finally:
            ledger.close()
        notes = {path.name: path for path in self.office.files("Needs_Action")}
        return {
            int(row["source_id"].rpartition(":")[2]): notes[row["name"]]
            for row in rows
            if row["name"] in notes
        }


@pytest.mark.parametrize("mark", ["never", "seen"])
def test_letters_come_in_whoever_is_killed(tmp_path: Path, mark: str) -> None:
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    with Dovecot() as dovecot:
        env = {**dovecot.settings(ANN), "FACTOTUM_MAIL_MARK": mark}
        office = TestOffice(tmp_path, env)
        office.state.mkdir(mode=0o700)
        watcher = Killed(office, dovecot)
        between_s = KILLS * sum(LIVES_S) / 2 / LETTERS

        def deliver() -> None:
            for n in range(LETTERS):
                dovecot.deliver(ANN, letter(n))
                time.sleep(between_s / 2)

        delivering = threading.Thread(target=deliver)
        delivering.start()
        had: list[int] = []
        longer = 1.0
        while len(had) < KILLS or (not had[-1] and longer < 60):
            watcher.live(longer * chance.uniform(*LIVES_S))
            tasks = watcher.tasks()
            assert watcher.marked() <= set(tasks), f"seed {seed}: marked as read too early"
            had.append(len(tasks))
            longer *= 1.0 if tasks else 1.5  # a slow machine needs more to begin at all
        delivering.join()
        watcher.live_till(LETTERS)
        notes = office.files("Needs_Action")
        assert len(notes) == LETTERS, f"seed {seed}"
        assert len(watcher.tasks()) == LETTERS, f"seed {seed}"
        words = sorted(f"Words {n}." for n in range(LETTERS))
        said = [line for note in notes for line in note.read_text().splitlines()]
        assert sorted(line for line in said if line in words) == words, f"seed {seed}"
        assert had[-1] > 0, f"seed {seed}: no kill came while there was work"
        if mark == "never":
            assert watcher.marked() == set()
        else:
            assert len(watcher.marked()) > LETTERS / 2
        figures.add("mail_in", letters=LETTERS, kills=KILLS)
