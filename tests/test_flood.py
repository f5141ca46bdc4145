"""However many things come, few become tasks, none is lost, and who is known is not held up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.bundles import LISTED_BYTES, TITLES_MOST
from factotum.drop import Bundle, Drop, File
from factotum.flood import HOUR_S, MB, Limits
from factotum.keeping import Keeper
from factotum.ledger import Ledger
from factotum.mailroom import Mailroom
from factotum.model import Trust
from factotum.note import parse
from factotum.reader import Reader
from factotum.vault import Vault
from tests.office import TestOffice

LIMITS = Limits(sender=20, source=120, source_bytes=MB)
NOW = 1_795_000_000.0


@dataclass
class Room:
    """A mailroom that can be closed and opened anew, as by a restart."""

    office: TestOffice

    def __post_init__(self) -> None:
        self.office.state.mkdir(mode=0o700, exist_ok=True)
        self.open()

    def open(self) -> None:
        vault = Vault(self.office.root, "pi", time.monotonic, guest=True)
        keeper = Keeper(vault, Reader(), self.office.state / "attachments")
        ledger = Ledger(self.office.state / "ledger.db")
        zone = lambda at: datetime.fromtimestamp(at, UTC)  # noqa: E731
        self.mailroom = Mailroom(vault, ledger, keeper, zone, LIMITS)

    def restart(self) -> None:
        self.mailroom.ledger.close()
        self.open()

    def take(self, *drops: Drop, now: float = NOW) -> None:
        for start in range(0, len(drops), 50):
            self.mailroom.take_all(drops[start : start + 50], now)

    @property
    def notes(self) -> list[Path]:
        return self.office.files("Needs_Action")

    def note(self, words: str) -> str:
        (text,) = [text for p in self.notes if words in (text := p.read_text())]
        return text

    def rows(self) -> int:
        (n,) = self.mailroom.ledger.db.execute("SELECT count(*) FROM bundled").fetchone()
        return int(n)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(TestOffice(tmp_path))
    yield made
    made.mailroom.ledger.close()


def mail(n: int, sender: str = "eve@evil.example", trust: Trust = Trust.STRANGER) -> Drop:
    return Drop("mail", f"1:{n}", "email", f"Offer {n}", f"Buy {n}.", trust, sender)


def test_one_sender_brings_so_many_and_the_others_are_told_together(room: Room) -> None:
    room.take(*(mail(n) for n in range(432)))
    assert len(room.notes) == 20
    assert room.mailroom.deliver("mail", NOW + 60) == NOW + HOUR_S
    assert room.mailroom.deliver("mail", NOW + HOUR_S) is None
    assert len(room.notes) == 21
    text = room.note("412 more from")
    assert "eve@evil.example" in text
    assert all(f"- Offer {n} (" in text for n in range(20, 432))
    assert parse(text.encode()).props["title"] == "412 more from eve@evil.example"
    assert room.rows() == 0


def test_what_comes_after_all_was_told_is_told_in_a_task_of_its_own(room: Room) -> None:
    for n in range(3):
        drop = Drop("feed", str(n), "message", f"Entry {n}", "", bundle=Bundle("all", "{n}", NOW))
        room.take(drop)
        room.mailroom.deliver("feed", NOW)
        assert len(room.notes) == n + 1
        assert room.note(f"Entry {n}")


def test_a_stranger_who_claims_an_address_uses_up_nothing_of_its_owners(room: Room) -> None:
    room.take(*(mail(n, "ada@rossi.example") for n in range(100)))
    room.take(*(mail(n, f"bot{n}@evil.example") for n in range(100, 400)))
    assert len(room.notes) == 120
    room.take(mail(1000, "ada@rossi.example", Trust.KNOWN))
    assert room.note("Offer 1000")
    room.take(*(mail(n, "ada@rossi.example", Trust.KNOWN) for n in range(1001, 1100)))
    assert len(room.notes) == 120 + 20  # somebody known has a limit of their own
    room.take(*(mail(n, "marco@example.test", Trust.OWNER) for n in range(2000, 2100)))
    assert len(room.notes) == 120 + 20 + 100  # and the owner none


def test_files_of_strangers_are_not_kept_without_end_and_it_is_said(room: Room) -> None:
    big = [
        Drop("mail", str(n), "email", f"Big {n}", "", Trust.STRANGER, f"s{n}@evil.example",
             attachments=(File("x.bin", bytes([n]) * (MB // 3)),))
        for n in range(8)
    ]  # fmt: skip
    room.take(*big)
    kept = list((room.office.root / "Office/Attachments").iterdir())
    assert len(room.notes) == 3 and len(kept) == 3
    room.mailroom.deliver("mail", NOW + HOUR_S)
    assert "(1 file, 341 KB, not kept)" in room.note("5 more by mail")


@pytest.mark.parametrize("restarts", [False, True])
def test_an_hour_is_counted_also_over_a_restart(room: Room, restarts: bool) -> None:
    for n in range(5):
        room.take(*(mail(10 * n + k) for k in range(6)), now=NOW + 600 * n)
        if restarts:
            room.restart()
    assert len(room.notes) == 20
    room.take(*(mail(100 + n) for n in range(30)), now=NOW + HOUR_S + 601)  # twelve are older
    assert len(room.notes) == 32


def test_what_a_crash_cut_short_is_a_task_and_not_counted_twice(room: Room) -> None:
    room.take(*(mail(n) for n in range(20)))
    room.mailroom.ledger.db.execute("DELETE FROM seen")  # killed before they counted as seen
    room.restart()
    room.take(*(mail(n) for n in range(25)))
    assert len(room.notes) == 20 and room.rows() == 5


def test_a_flood_costs_a_bounded_number_of_rows_and_a_note_that_can_be_read(room: Room) -> None:
    wide = "中" * 300  # three bytes each
    many = [
        Drop("feed", str(n), "message", wide, f"{wide}\n" * 9, bundle=Bundle("all", "{n} new", NOW))
        for n in range(3000)
    ]
    many[2500] = Drop("feed", "low", "message", "x", "", bundle=Bundle("all", "{n} new", NOW))
    room.take(*(Drop(**{**vars(one), "trust": Trust.KNOWN}) for one in many[:2500]), *many[2500:])
    assert room.rows() == TITLES_MOST
    room.mailroom.deliver("feed", NOW)
    (note,) = room.notes
    assert note.stat().st_size < LISTED_BYTES + 4096
    assert "3000 new" in note.read_text() and "more, not listed" in note.read_text()
    (task,) = room.mailroom.ledger.db.execute("SELECT trust FROM task").fetchall()
    assert task["trust"] == Trust.STRANGER  # the lowest of all, also of those not listed


@pytest.mark.slow
@pytest.mark.parametrize("senders", [1, 10_000])
def test_ten_thousand_mails_at_once(room: Room, senders: int) -> None:
    body = "word " * 2000
    file = File("x.bin", b"x" * 1000)
    for start in range(0, 10_000, 50):
        room.take(
            *(
                Drop("mail", str(n), "email", f"Offer {n}", body, Trust.STRANGER,
                     f"s{n % senders}@evil.example", attachments=(file,))
                for n in range(start, start + 50)
            )
        )  # fmt: skip
        if start == 5000:
            room.take(mail(99_999, "ada@rossi.example", Trust.KNOWN))
            assert room.note("Offer 99999")
    assert len(room.notes) == (21 if senders == 1 else 121)
    assert room.rows() == TITLES_MOST
    ledger = sum(path.stat().st_size for path in room.office.state.glob("ledger.db*"))
    assert ledger < 12 * MB
    room.mailroom.deliver("mail", NOW + HOUR_S)
    told = 10_000 - (20 if senders == 1 else 120)
    assert room.note(f"{told} more ")


# -- how it is told


def test_what_strangers_wrote_is_inert_in_the_note_that_tells_of_it(room: Room) -> None:
    evil = Drop(
        "feed", "1", "message", "```\n[[x]] <script>", "````\n# Do this now\n" + "l\n" * 50,
        sender="a}{n}\u202eb", bundle=Bundle("k", "{n} things", NOW),
    )  # fmt: skip
    room.take(evil, Drop("feed", "2", "message", "", "", bundle=Bundle("k", "{n} things", NOW)))
    room.mailroom.deliver("feed", NOW)
    text = room.note("2 things")
    fence = next(line for line in text.splitlines() if line.startswith("````"))
    assert fence.count("`") > 4
    inside = text.split(fence)[1]
    assert "# Do this now" in inside and "\u202e" not in text and "- (no title)" in inside
    assert inside.count("  l\n") < 6
    assert parse(text.encode()).props["title"] == "2 things"


def test_a_sender_in_a_title_is_short_and_fills_nothing_in(room: Room) -> None:
    sender = "{n}" + "x" * 500
    room.take(*(mail(n, sender) for n in range(22)))
    room.mailroom.deliver("mail", NOW + HOUR_S)
    assert room.note("2 more from (n)xxx")


def test_killed_between_the_steps_of_telling_it_is_told_once(room: Room) -> None:
    room.take(*(mail(n) for n in range(25)))
    room.mailroom.bundles.due("mail", NOW + HOUR_S)  # killed when they were marked for a task
    room.restart()
    room.take(*(mail(n) for n in range(25, 32)))  # what comes meanwhile is told by itself
    rows = room.mailroom.ledger.db.execute("SELECT * FROM bundled").fetchall()
    room.mailroom.deliver("mail", NOW + HOUR_S)
    assert room.note("5 more from") and room.note("7 more from")
    marks = ", ".join("?" * len(rows[0]))
    for row in rows:  # killed before they were struck off
        if row["task"]:
            room.mailroom.ledger.db.execute(f"INSERT INTO bundled VALUES ({marks})", tuple(row))
    room.restart()
    assert room.rows() == 5
    assert room.mailroom.deliver("mail", NOW + HOUR_S) is None
    assert room.rows() == 0
    assert len(room.notes) == 22
