"""What listening costs: handing in very much at once, and all watchers together at rest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import ROOT
from bench.account import cpu_ms, wakeups
from bench.figure import Figure, Measured
from bench.office import Office, until
from factotum.drop import Drop
from factotum.ears import beats
from factotum.keeping import Keeper
from factotum.ledger import Ledger
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.reader import Reader
from factotum.vault import Vault
from tests.servers.dovecot import Dovecot
from tests.servers.feeds import WebServer
from tests.servers.radicale import PASSWORD, USER, CalendarServer

#: How many things are handed in, and how many at once.
MANY, AT_ONCE = 10_000, 50
#: How long all are at rest, in seconds, after they had so long to come to it.
IDLE_S, CALM_S = 60.0, 20.0
#: What an office may need more to listen to all, or to nothing that is set up yet.
MORE_MB = {"nothing": 5.0, "all": 30.0}
#: All that can be listened to.
WATCHERS = ("calendar", "feed", "fs", "heartbeat", "mail", "notes", "page", "schedule")

ANN = "ann@example.test"
HANDBOOK = """# Handbook

```yaml watching
feeds:
  - {feed}
pages:
  - {{url: "{page}", selector: "h1"}}
notes:
  - Journal
```
"""
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>One</title><guid>1</guid></item></channel></rss>"""


def hand_in(folder: Path) -> Iterator[Measured]:
    """Ours: things of a kilobyte become tasks, each with its row in the ledger and its note.
    Plain: the same notes are written one by one, each synced as a program does that wants to
    keep it. In milliseconds for one."""
    office = Office(folder / "ours")
    office.init()
    vault = Vault(office.root, "bench", time.monotonic, guest=True)
    keeper = Keeper(vault, Reader(), office.state / "attachments")
    office.state.mkdir(mode=0o700, exist_ok=True)
    ledger = Ledger(office.state / "ledger.db")
    room = Mailroom(vault, ledger, keeper, lambda at: datetime.fromtimestamp(at, UTC))
    drops = [_drop(n) for n in range(MANY)]
    begun = time.perf_counter()
    for start in range(0, MANY, AT_ONCE):
        room.take_all(drops[start : start + AT_ONCE], 1.0, str(start))
    ours = 1000 * (time.perf_counter() - begun) / MANY
    ledger.close()
    notes = [path.read_bytes() for path in (office.root / "Needs_Action").iterdir()]
    plain = _plain_ms(folder / "plain", notes)
    yield Measured(f"one of {MANY:,} things is handed in", ours, 3.0, "ms", plain, ours / plain)


def _drop(n: int) -> Drop:
    words = "Could you send that invoice again? " * 28
    return Drop("mail", f"1:{n}", "email", f"Invoice {n}", words, Trust.KNOWN, "ada@rossi.example")


def _plain_ms(folder: Path, notes: list[bytes]) -> float:
    folder.mkdir()
    begun = time.perf_counter()
    for n, note in enumerate(notes):
        fd = os.open(folder / f"{n}.md", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.write(fd, note)
        os.fsync(fd)
        os.close(fd)
    return 1000 * (time.perf_counter() - begun) / len(notes)


@contextmanager
def set_up(folder: Path) -> Iterator[Office]:
    """An office with all that there is to listen to, on servers of this machine."""
    office = Office(folder / "ours")
    (folder / "outside").mkdir()
    servers = Dovecot(), CalendarServer(folder / "calendars"), WebServer()
    with servers[0] as dovecot, servers[1] as calendars, servers[2] as web:
        calendars.make("work", "Work")
        web.put("/feed", FEED, kind="application/rss+xml")
        web.put("/page", b"<h1>Price: 3</h1>")
        office.env |= {
            **{k.removeprefix("FACTOTUM_"): text for k, text in dovecot.settings(ANN).items()},
            "CALDAV_URL": calendars.url,
            "CALDAV_USER": USER,
            "CALDAV_PASSWORD": PASSWORD,
            "FOLDERS": str(folder / "outside"),
            "WEB_INSIDE": web.host,
        }
        office.init()
        (office.root / "Journal").mkdir()
        said = HANDBOOK.format(feed=web.url("/feed"), page=web.url("/page"))
        (office.root / "Company_Handbook.md").write_text(said)
        yield office


@contextmanager
def all_watchers(office: Office) -> Iterator[int]:
    """All watchers in one process beside the office; its pid, once all have answered."""
    with open(office.folder / "watchers.txt", "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchers", *WATCHERS],
            cwd=ROOT,
            env=office.environ(),
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: _all_answered(office), "all sources to answer", 0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _all_answered(office: Office) -> bool:
    heard = list(beats.read(office.state))
    well = all(one.answered and not one.trouble and not one.remarks for one in heard)
    return well and {one.watcher for one in heard} == set(WATCHERS)


def rss_mb(pid: int) -> float:
    """What the process holds in memory, also of what others use too."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(f"the system does not tell how much memory process {pid} uses")


def together(folder: Path) -> Iterator[Measured]:
    """Ours alone: every watcher of ours in one process, each set up and answered by its server,
    left alone for a minute."""
    with set_up(folder) as office, all_watchers(office) as pid:
        time.sleep(CALM_S)
        before, woke = cpu_ms(pid), wakeups(pid)
        time.sleep(IDLE_S)
        used, woken = cpu_ms(pid) - before, wakeups(pid) - woke
        yield Measured("memory of all watchers together (RSS)", rss_mb(pid), 60.0, "MB")
        yield Measured("CPU of all in an idle minute", used / IDLE_S / 10, 0.2, "%")
        yield Measured("wake-ups of all in an idle minute", woken * 60 / IDLE_S, 200, "times")


def within(folder: Path) -> Iterator[Measured]:
    """Ours: offices that listen themselves, one to nothing yet, one to all that there is, left
    alone for a minute. Plain: an office that was told not to listen, in the same minute."""
    deaf, unset = Office(folder / "deaf"), Office(folder / "unset", {"WATCHERS": "all"})
    deaf.init()
    unset.init()
    with (
        set_up(folder) as office,
        deaf.open() as plain,
        unset.open() as to_nothing,
        Office(office.folder, {**office.env, "WATCHERS": "all"}).open() as to_all,
    ):
        until(lambda: _all_answered(office), "all sources to answer", 0.1)
        time.sleep(CALM_S)
        pids = plain.pid, to_nothing.pid, to_all.pid
        before = [(cpu_ms(pid), wakeups(pid)) for pid in pids]
        time.sleep(IDLE_S)
        after = [(cpu_ms(pid), wakeups(pid)) for pid in pids]
        rest = [(now[0] - was[0], now[1] - was[1]) for was, now in zip(before, after, strict=True)]
        bare = rss_mb(plain.pid)
        for what, pid, (cpu, woken) in zip(("nothing", "all"), pids[1:], rest[1:], strict=True):
            more_mb = rss_mb(pid) - bare
            yield Measured(f"memory of an office to listen to {what}", more_mb, MORE_MB[what], "MB")
            more_ms = cpu - rest[0][0]
            yield Measured(f"CPU of that in an idle minute, to {what}", more_ms, 3.0, "ms")
            more = woken - rest[0][1]
            yield Measured(f"wake-ups of that in an idle minute, to {what}", more, 10, "times")


FIGURES = (Figure("hand-in", hand_in), Figure("ears", together), Figure("ears-within", within))
