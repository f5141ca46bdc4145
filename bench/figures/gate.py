"""Judging a call and sealing it: what that takes beyond the commit that it cannot do without."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, Measured
from bench.office import Office
from factotum.gate.policy import judge
from factotum.ledger import TaskRow
from factotum.model import Call, Task, Trust
from factotum.rooms import Clock, open_rooms
from factotum.settings import load
from factotum.worker.asks import Asks
from orchestrator import Orchestrator

#: How many calls are judged and sealed, and how many contacts and rules the house has.
CALLS, CONTACTS, RULES = 300, 2_000, 30


def furnished(office: Office) -> None:
    for n in range(CONTACTS):
        path = office.root / "Office" / "Contacts" / f"person-{n}.md"
        path.write_text(f"---\nemail: person{n}@house{n % 90}.example\n---\n# Person {n}\n")
    rules = [f"  - {{deny: mail__send, recipient: in never{n}.example}}" for n in range(RULES)]
    rules.append("  - {ask: mail__send, recipient: known}")
    block = "\n".join(("# Handbook\n", "```yaml policy", "rules:", *rules, "```\n"))
    (office.root / "Company_Handbook.md").write_text(block)


def gate(folder: Path) -> Iterator[Measured]:
    """Ours: one mail judged by thirty rules and two thousand contacts, and sealed. Plain: one row
    written into a bare SQLite file, with the same promise to the disk. Told is the difference."""
    office = Office(folder / "office")
    office.init()
    furnished(office)
    settings = load(office.environ(), [])
    rooms = open_rooms(settings, office.root, Clock())
    door = Orchestrator(rooms, environ={})
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT)")
    now = time.time()
    row = TaskRow("t-bench", "a.md", "note", "A", Trust.OWNER, "", "", "", b"", {}, now, None)
    rooms.ledger.add_task(row)
    task, desk = Task("t-bench", "note", "A", "text", Trust.OWNER), door.worker.office
    ours, plain = [], []
    for n in range(CALLS):
        to = [f"person{n}@house{n % 90}.example"]
        args = {"to": to, "subject": f"Letter {n}", "body": "A line of a letter.\n" * 40}
        call = Call("mail__send", args)
        begun = time.perf_counter()
        house = desk.house(now)
        judge(call, task, house)
        proposal = Asks(desk, task, "a.md", house).effect(n, call, (1, 1))
        rooms.register.propose("t-bench", 1, [proposal], now)
        ours.append(1000 * (time.perf_counter() - begun))
        begun = time.perf_counter()
        bare.execute("INSERT INTO a (text) VALUES (?)", ("x" * 2000,))
        plain.append(1000 * (time.perf_counter() - begun))
    bare.close()
    door.desk.close()
    door.look.intake.close()
    rooms.close()
    more = statistics.median(ours) - statistics.median(plain)
    yield Measured("judging and sealing a call, beyond a bare commit", more, 2.0, "ms")


FIGURES = (Figure("gate", gate),)
