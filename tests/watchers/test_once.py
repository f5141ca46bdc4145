"""Every watcher looks once in a process of its own: what is new becomes one task, and only once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factotum.ears import found
from factotum.ledger import Ledger
from factotum.worker.heartbeat import THINKS
from tests.cli.terminal import ROOT, terminal_of
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.dovecot import Dovecot
from tests.servers.feeds import WebServer
from tests.servers.radicale import PASSWORD, USER, CalendarServer
from tests.watchers.listening import handbook

pytestmark = pytest.mark.slow

ANN = "ann@example.test"

#: Makes something new happen outside, and waits till it is to be heard.
Happen = Callable[[], object]


def entries(*titles: str) -> bytes:
    items = "".join(f"<item><guid>{one}</guid><title>{one}</title></item>" for one in titles)
    return f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def mail(office: TestOffice, servers: ExitStack) -> Happen:
    dovecot = servers.enter_context(Dovecot())
    office.env |= dovecot.settings(ANN)
    letter = b"From: bob@example.test\r\nTo: ann@example.test\r\nSubject: Boats\r\n\r\nTwo.\r\n"
    return lambda: dovecot.deliver(ANN, letter)


def schedule(office: TestOffice, servers: ExitStack) -> Happen:
    note = office.root / "Office/Schedules/boats.md"

    def due_in(seconds: float) -> None:
        due = datetime.now(UTC) + timedelta(seconds=seconds)
        note.write_text(f"---\nat: {due:%Y-%m-%dT%H:%M:%SZ}\n---\nLook at the boats.\n")
        if seconds < 9:
            time.sleep(max(0.0, due.timestamp() - time.time()) + 0.1)

    due_in(3600)
    return lambda: due_in(1.5)


def heartbeat(office: TestOffice, servers: ExitStack) -> Happen:
    ledger = Ledger(office.state / "ledger.db")
    ledger.set_meta(THINKS, "a model")  # as the office leaves it that has one
    ledger.close()
    (office.root / "HEARTBEAT.md").write_text("# Heartbeat\n\n- [ ]\n")
    listed = "# Heartbeat\n\n- [ ] Look at the boats.\n"
    return lambda: (office.root / "HEARTBEAT.md").write_text(listed)


def notes(office: TestOffice, servers: ExitStack) -> Happen:
    folder = office.root / "Journal"
    folder.mkdir()
    handbook(office, "notes", "Journal")
    return lambda: (folder / "today.md").write_text("- [ ] @fac look at the boats\n")


def feed(office: TestOffice, servers: ExitStack) -> Happen:
    web = servers.enter_context(WebServer())
    office.env["FACTOTUM_WEB_INSIDE"] = web.host
    web.put("/feed", entries("Old"), kind="application/rss+xml")
    handbook(office, "feeds", {"url": web.url("/feed"), "do": "task"})
    return lambda: web.put("/feed", entries("Boats", "Old"), kind="application/rss+xml")


def page(office: TestOffice, servers: ExitStack) -> Happen:
    web = servers.enter_context(WebServer())
    office.env["FACTOTUM_WEB_INSIDE"] = web.host
    web.put("/p", b"<p id=boats>Two boats</p>")
    handbook(office, "pages", {"url": web.url("/p"), "selector": "#boats", "name": "Boats"})
    return lambda: web.put("/p", b"<p id=boats>Three boats</p>")


def fs(office: TestOffice, servers: ExitStack) -> Happen:
    scans = office.folder / "Scans"
    scans.mkdir()
    (scans / "old.txt").write_text("old")
    office.env["FACTOTUM_FOLDERS"] = str(scans)
    return lambda: (scans / "boats.txt").write_text("Two boats.")


def calendar(office: TestOffice, servers: ExitStack) -> Happen:
    server = servers.enter_context(CalendarServer(office.folder / "radicale"))
    server.make("work", "Work")
    office.env |= {
        "FACTOTUM_CALDAV_URL": server.url,
        "FACTOTUM_CALDAV_USER": USER,
        "FACTOTUM_CALDAV_PASSWORD": PASSWORD,
        "FACTOTUM_CALENDAR_PLAN_AT": "never",
    }
    starts = datetime.now(UTC) + timedelta(minutes=10)
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"DTSTAMP:20261101T000000Z\r\nDTSTART:{starts:%Y%m%dT%H%M%SZ}\r\nSUMMARY:Boats\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return lambda: server.put("work", "1", text)


#: How each is set up, by its name.
SET_UP: dict[str, Callable[[TestOffice, ExitStack], Happen]] = {
    "calendar": calendar,
    "feed": feed,
    "fs": fs,
    "heartbeat": heartbeat,
    "mail": mail,
    "notes": notes,
    "page": page,
    "schedule": schedule,
}


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def look_once(office: TestOffice, name: str) -> list[str]:
    """`python -m watchers NAME --once`; the titles of all tasks that there are then."""
    done = subprocess.run(
        [sys.executable, "-m", "watchers", name, "--once"],
        cwd=ROOT,
        env=terminal_of(office).environ(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [str(office.note(path).props["title"]) for path in office.files("Needs_Action")]


def test_all_of_them_are_tried_here() -> None:
    assert sorted(SET_UP) == found.names()


@pytest.mark.parametrize("name", sorted(SET_UP))
def test_it_looks_once_and_makes_one_task_of_what_is_new(
    tmp_path: Path, servers: ExitStack, name: str
) -> None:
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    happen = SET_UP[name](office, servers)
    assert look_once(office, name) == []
    happen()
    made = look_once(office, name)
    assert len(made) == 1 and ("boats" in made[0].lower() or name == "heartbeat")
    assert look_once(office, name) == made
