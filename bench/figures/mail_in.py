"""Mail that comes in: told by the server till its task is there, and very much of it at once."""

from __future__ import annotations

import os
import select
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from imap_tools import MailBoxUnencrypted

from bench import ROOT
from bench.figure import Figure, Measured
from bench.office import Office, until
from tests.servers.dovecot import USERS, Dovecot

ANN = "ann@example.test"
#: How many letters come one by one, each when all is at rest.
LETTERS, CALM_S = 30, 0.2
#: How many letters came while nobody listened, and by how many people.
MANY, PEOPLE = 10_000, 50
ROW = "<tr><td style='font-family:Arial'><p>Row {n} of a letter, with some words.</p></td></tr>\n"
HTML = "<table>" + "".join(ROW.format(n=n) for n in range(180)) + "</table>"


def letter(n: int) -> bytes:
    """One as mail programs write them: the words twice, plain and with their looks; 19 KB."""
    message = EmailMessage(SMTP)
    message["From"] = f"Ada Rossi <ada{n % PEOPLE}@rossi.example>"
    message["To"], message["Subject"] = ANN, f"Invoice {n}"
    message["Message-ID"] = f"<{n}@rossi.example>"
    message.set_content("Hello Ann,\n\ncould you send me that invoice again?\n\nAda\n")
    message.add_alternative(HTML, subtype="html")
    return message.as_bytes()


@contextmanager
def listening(office: Office, dovecot: Dovecot, port: int) -> Iterator[None]:
    """The watcher of mail in a process of its own, which has looked once."""
    office.env |= {
        **{name.removeprefix("FACTOTUM_"): text for name, text in dovecot.settings(ANN).items()},
        "IMAP_PORT": str(port),
        "TASKS_PER_SENDER": "100000",
        "TASKS_PER_SOURCE": "100000",
    }
    with open(office.folder / "watcher.txt", "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchers", "mail"],
            cwd=ROOT,
            env=office.environ(),
            stdout=out,
            stderr=out,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def notes(office: Office) -> int:
    return len(os.listdir(office.root / "Needs_Action"))


class Between:
    """Stands between a mail client and its server, and knows when the server last spoke of a
    letter of which the client had not asked."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.told = 0.0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._to))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        idle = False
        while True:
            for one in select.select([client, server], [], [])[0]:
                data = one.recv(1 << 16)
                if not data:
                    client.close()
                    server.close()
                    return
                if one is client:
                    idle = b"IDLE" in data
                    server.sendall(data)
                else:
                    client.sendall(data)
                    if idle and b" EXISTS" in data:
                        self.told, idle = time.perf_counter(), False


def push(folder: Path) -> Iterator[Measured]:
    """Ours alone: from the server's word that there is a letter, as it arrives at the socket,
    till the note of its task lies in Needs_Action."""
    office = Office(folder / "ours")
    office.init()
    taken = []
    with Dovecot() as dovecot:
        between = Between(dovecot.imap_port)
        with listening(office, dovecot, between.port):
            until(lambda: _idles(dovecot), "the watcher to wait for mail", 0.05)
            for n in range(LETTERS):
                time.sleep(CALM_S)
                before, between.told = notes(office), 0.0
                dovecot.deliver(ANN, letter(n))
                until(lambda before=before: notes(office) > before, "the note", 0.0005)  # type: ignore[misc]
                taken.append(1000 * (time.perf_counter() - between.told))
    yield Measured("a mail is told of, till its task is there", statistics.median(taken), 100, "ms")


def _idles(dovecot: Dovecot) -> bool:
    """Whether somebody has opened the mailbox, and a moment more."""
    if not (dovecot.folder / "mail" / ANN / "dovecot-uidlist").exists():
        return False
    time.sleep(1.0)
    return True


def backlog(folder: Path) -> Iterator[Measured]:
    """Ours: letters that came while nobody listened, till each has its task on the disk, the
    start of the process included. Plain: imap-tools fetches them and does nothing with them."""
    office = Office(folder / "ours")
    office.init()
    with Dovecot() as dovecot:
        dovecot.deliver(ANN, letter(0))
        with listening(office, dovecot, dovecot.imap_port):
            until(lambda: notes(office) == 1, "the first note", 0.01)
        _put(dovecot, MANY)
        plain_s = min(_fetched_s(dovecot), _fetched_s(dovecot))
        begun = time.perf_counter()
        with listening(office, dovecot, dovecot.imap_port):
            until(lambda: notes(office) == MANY + 1, "all notes", 0.05)
            ours_s = time.perf_counter() - begun
    name = f"{MANY:,} mails that came meanwhile"
    yield Measured(name, ours_s, 2.0, "s", plain_s, ours_s / plain_s)


def _put(dovecot: Dovecot, count: int) -> None:
    """Into the mailbox as its server keeps it: by LMTP it would take minutes."""
    inbox = dovecot.folder / "mail" / ANN
    owner = inbox.stat()
    for n in range(1, count + 1):
        path = inbox / "new" / f"{1_700_000_000 + n}.M1P1.bench"
        path.write_bytes(letter(n))
        os.chown(path, owner.st_uid, owner.st_gid)


def _fetched_s(dovecot: Dovecot) -> float:
    begun = time.perf_counter()
    box = MailBoxUnencrypted("127.0.0.1", dovecot.imap_port)
    with box.login(ANN, USERS[ANN]):
        count = sum(1 for _ in box.fetch(mark_seen=False))
    assert count == MANY + 1
    return time.perf_counter() - begun


FIGURES = (Figure("mail-push", push), Figure("mail-backlog", backlog))
