"""Watchers killed at any moment: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.feeds import WebServer
from tests.watchers.listening import handbook

ROOT = Path(__file__).parents[2]
KILLS = 12


def environment(office: TestOffice, **more: str) -> dict[str, str]:
    base = {
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "FACTOTUM_INSTANCE": office.instance,
        "FACTOTUM_STABLE_S": "0.1",
        "FACTOTUM_MODEL": "none",
        "FACTOTUM_TASKS_PER_SOURCE": "100000",
        "FACTOTUM_TASKS_PER_SENDER": "100000",
        "PATH": os.environ["PATH"],
        "HOME": str(office.folder),
    }
    return base | {f"FACTOTUM_{name}": value for name, value in more.items()}


def watch(name: str, env: dict[str, str], *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "watchers", name, *more]
    return subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def look(name: str, env: dict[str, str]) -> None:
    assert watch(name, env, "--once").wait(PATIENCE_S) == 0


def titles(office: TestOffice) -> list[str]:
    notes = office.files("Needs_Action")
    return sorted(str(office.note(path).props["title"]) for path in notes)


@pytest.mark.slow
def test_each_file_is_one_task_however_often_the_watcher_is_killed(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    scans = tmp_path / "Scans"
    scans.mkdir()
    env = environment(office, FOLDERS=str(scans))
    look("fs", env)
    chance, n, longer = random.Random(7), 0, 1.0
    for _ in range(KILLS):
        process = watch("fs", env)
        until = time.monotonic() + longer * chance.uniform(0.3, 1.2)
        while time.monotonic() < until:
            (scans / f"letter {n:03}.txt").write_text(f"letter {n}")
            n += 1
            time.sleep(chance.uniform(0.0, 0.1))
        process.kill()
        process.wait(PATIENCE_S)
        longer *= 1.0 if titles(office) else 1.5  # a slow machine needs more to begin at all
    assert 0 < len(titles(office)) <= n
    look("fs", env)
    assert titles(office) == [f"letter {k:03}" for k in range(n)]


@pytest.mark.slow
def test_each_entry_is_one_task_however_often_the_watcher_is_killed(tmp_path: Path) -> None:
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    entries = [f"<item><title>Entry {k:03}</title><guid>u{k}</guid></item>" for k in range(150)]

    def feed(n: int) -> bytes:
        return f"<rss version='2.0'><channel>{''.join(entries[:n])}</channel></rss>".encode()

    with WebServer() as web:
        env = environment(office, WEB_INSIDE=web.host)
        handbook(office, "feeds", {"url": web.url("/feed"), "do": "task"})
        web.put("/feed", feed(0), kind="application/rss+xml")
        look("feed", env)
        chance, longer = random.Random(11), 1.0
        for k in range(KILLS):
            web.put("/feed", feed((k + 1) * len(entries) // KILLS), kind="application/rss+xml")
            process = watch("feed", env, "--once")
            time.sleep(longer * chance.uniform(0.3, 1.0))
            process.kill()
            process.wait(PATIENCE_S)
            longer *= 1.0 if titles(office) else 1.5
        assert titles(office)
        look("feed", env)
    assert titles(office) == [f"Entry {k:03}" for k in range(len(entries))]
