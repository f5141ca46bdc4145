"""Ten thousand requests wait: what the office costs while nobody answers, and while one does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.account import cpu_ms
from bench.figure import Figure, Measured
from bench.office import Office, until
from factotum import names
from factotum.gate.card import body, props
from factotum.gate.place import fingerprint
from factotum.gate.records import Proposal
from factotum.gate.register import Register
from factotum.gate.standing import Standing
from factotum.ledger import Ledger, TaskRow
from factotum.model import Effect, Risk, Trust
from factotum.note import render

WAITING = 10_000
#: How long nobody answers, in seconds.
IDLE_S = 60.0
#: How long after the start the Dashboard may be written once more, in seconds.
DASHBOARD_S = 65.0


def asked(office: Office, count: int, first: int = 0) -> None:
    """So many tasks of the owner's, from number `first` on, each of which waits for a yes to
    one mail."""
    ledger = Ledger(office.state / "ledger.db")
    register, now = Register(ledger), time.time()
    waits = office.root / "In_Progress" / "bench" / "waiting"
    waits.mkdir(parents=True, exist_ok=True)
    with ledger.tx():
        for n in range(first, first + count):
            id = names.id_of("t", "waiting", str(n))
            name = f"task-{n}_{id[2:8]}.md"
            ledger.add_task(
                TaskRow(id, name, "note", f"Task {n}", Trust.OWNER, "", "", "", b"", {}, now, None)
            )
            ledger.db.execute("INSERT INTO run (task, n, started) VALUES (?, 1, ?)", (id, now))
            (waits / name).write_bytes(render({"id": id, "type": "note"}, f"\nTask {n}\n"))
            args = {"to": [f"p{n}@rossi.example"], "subject": f"Hello {n}", "body": "A line.\n" * 9}
            proposal = Proposal(
                0, "mail__send", args, f"Send mail {n}?", Effect.OPAQUE, Risk.MEDIUM, "asks",
                7 * 86400.0, Trust.OWNER, "built-in-2",
                about={"note": name, "who": args["to"][0], "known": [], "lines": ["You asked."]},
            )  # fmt: skip
            (card,) = register.propose(id, 1, [proposal], now)
            shown = register.card(card)
            register.shown(shown, now)
            shown = register.card(card)
            text = body(shown, now, 60.0, Standing())
            held = {k: v for k, v in props(shown, "bench").items() if v is not None}
            (office.root / "Pending_Approval" / shown.name).write_bytes(render(held, text))
            register.lies(shown, "pending_approval", fingerprint(text))
    ledger.close()


def waiting(folder: Path) -> Iterator[Measured]:
    """Ours: the share of a core while ten thousand requests wait; and how long a yes takes to be
    taken up among them."""
    office = Office(folder)
    office.init()
    with office.open():
        time.sleep(1)
    asked(office, WAITING)
    with office.open() as open_:
        until(lambda: len(open_.snapshot().get("approvals", ())) > 0, "the requests in a snapshot")
        settled(open_.pid)
        time.sleep(DASHBOARD_S)
        before = cpu_ms(open_.pid)
        time.sleep(IDLE_S)
        percent = (cpu_ms(open_.pid) - before) / 1000 / IDLE_S * 100
        yield Measured(f"CPU while {WAITING:,} requests wait, of a core", percent, 1.0, "%")
        card = next((office.root / "Pending_Approval").iterdir())
        before = cpu_ms(open_.pid)
        card.rename(office.root / "Rejected" / card.name)
        until(lambda: decided(open_.ledger), "the decision")
        settled(open_.pid)
        yield Measured(
            f"CPU of one answer among {WAITING:,}", cpu_ms(open_.pid) - before, 3000, "ms"
        )


def decided(ledger: Ledger) -> bool:
    return bool(ledger.db.execute("SELECT 1 FROM decision").fetchone())


def settled(pid: int) -> None:
    """Waits till the process has done next to nothing for two seconds."""
    quiet = 0
    while quiet < 2:
        before = cpu_ms(pid)
        time.sleep(1)
        quiet = quiet + 1 if cpu_ms(pid) - before < 30 else 0


FIGURES = (Figure("waiting", waiting),)
