"""A vault that has grown: a hundred thousand notes beside the work, and our own properties."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import ROOT
from bench.account import cpu_ms
from bench.figure import Figure, Measured, of_pairs, ratio
from bench.office import Office
from factotum.note import parse, render

FEW, MANY = 10_000, 100_000
#: How many starts of each are taken in turn, how many looks, and how long one look may last.
STARTS, LOOKS, LOOK_S = 7, 20, 0.3
#: How often the office looks when nothing tells it to, in seconds (FACTOTUM_SCAN_S).
SCAN_S = 30.0


def grown(folder: Path, notes: int) -> Office:
    """An office with so many notes, half of them in Done and half outside the pipeline."""
    office = Office(folder)
    office.init()
    for place in ("Done/2025-{:02}", "Library/{:02}"):
        for part in range(1, 11):
            there = office.root / place.format(part)
            there.mkdir(parents=True)
            for n in range(notes // 20):
                fd = os.open(there / f"note-{n:05}.md", os.O_CREAT | os.O_WRONLY, 0o644)
                os.write(fd, b"# A note\n\nSomething that was written down.\n")
                os.close(fd)
    return office


def ready_ms(office: Office) -> float:
    (office.state / "snapshot.json").unlink(missing_ok=True)
    begun = time.perf_counter()
    with office.open():
        return 1000 * (time.perf_counter() - begun)


def vault(folder: Path) -> Iterator[Measured]:
    """Ours with a hundred thousand notes; plain: ours with ten thousand."""
    many, few = grown(folder / "many", MANY), grown(folder / "few", FEW)
    taken = [(ready_ms(many), ready_ms(few)) for _ in range(STARTS)]
    yield of_pairs(f"ready with {MANY:,} notes, to {FEW:,}", 1.1, "ms", taken)
    with many.open() as office:
        time.sleep(1)
        costs = []
        for _ in range(LOOKS):
            before = cpu_ms(office.pid)
            office.wake()
            time.sleep(LOOK_S)
            costs.append(cpu_ms(office.pid) - before)
    percent = statistics.median(costs) / 1000 / SCAN_S * 100
    yield Measured(f"CPU of rescans of {MANY:,} notes, of a core", percent, 1.0, "%")


def ready(folder: Path) -> Iterator[Measured]:
    """Ours: from the start of the process to the first snapshot. Plain: a process that imports
    asyncio and sqlite3, to its end."""
    office = Office(folder)
    office.init()
    command = [sys.executable, "-c", "import asyncio, sqlite3"]

    def plain() -> float:
        begun = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=office.environ(), check=True)
        return 1000 * (time.perf_counter() - begun)

    ready_ms(office)
    yield ratio("ready after the start", 4.0, "ms", lambda: ready_ms(office), plain)


def properties(folder: Path) -> Iterator[Measured]:
    """Ours: reading a task's note with 27 properties as data. Plain: reading the file's bytes."""
    props: dict[str, object] = {
        "id": "t-0123456789abcdef",
        "title": "Re: invoice 1042",
        "received": "2026-11-29T09:00:00+01:00",
        "priority": "normal",
        "done": False,
        "run": 3,
        "aliases": ["Re: invoice 1042", "the invoice"],
        "attachments": ["[[Office/Attachments/invoice.pdf|invoice.pdf]]"],
    }
    props |= {f"fact_{n}": f"what was told of it, number {n}" for n in range(27 - len(props))}
    path = folder / "note.md"
    path.write_bytes(render(props, "\n# Re: invoice 1042\n\nPlease pay.\n"))

    def read() -> float:
        begun = time.perf_counter()
        for _ in range(200):
            path.read_bytes()
        return (time.perf_counter() - begun) * 1e6 / 200

    data = path.read_bytes()

    def ours() -> float:
        begun = time.perf_counter()
        for _ in range(200):
            parse(data)
        return (time.perf_counter() - begun) * 1e6 / 200

    yield ratio("reading 27 properties, to the bytes alone", 5.0, "us", ours, read, pairs=51)


FIGURES = (Figure("ready", ready), Figure("vault", vault), Figure("properties", properties))
