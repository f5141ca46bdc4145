"""What a person is told, and when: once, together, not at night, and in time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from factotum.gate.records import Card
from factotum.gate.rules import Policy, Quiet
from factotum.model import FailedClean, Lost, Succeeded
from factotum.views import notices as kinds
from factotum.views.notices import Notice, Notices
from factotum.views.quiet import in_quiet, next_at
from factotum.views.reminding import Pace
from tests.office import TestOffice
from tests.views.house import NOON, House, houses

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(time(22), time(7, 30))
HOUR = 3600.0


def berlin(at: float) -> datetime:
    return datetime.fromtimestamp(at, BERLIN)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


@dataclass
class Person:
    """Somebody who hears signs. `heard` is each with the local time, the words together."""

    house: House
    quiet: Quiet | None = NIGHT
    heard: list[tuple[str, list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.moments: list[float] = []
        self.begin()

    def begin(self) -> None:
        """As after a restart: all that is known is in the ledger."""
        policy = Policy(quiet=self.quiet, tools={"bank__pay": {"amount": ["sum"]}})
        self.notices = Notices(self.house.ledger, berlin, Pace(), lambda: policy)

    @property
    def cards(self) -> list[Card]:
        return [card for card in self.house.register.unsettled() if not card.over]

    def look(self) -> list[Notice]:
        now = self.house.now
        self.notices.look(self.cards, now)
        due = self.notices.due(self.cards, now)
        if due:
            self.notices.told(due, now)
            self.moments.append(now)
            self.heard.append((f"{berlin(now):%a %H:%M}", [one.text for one in due]))
        return due

    def wait(self, hours: float) -> None:
        """Time goes by; it is looked only when the notices say that it is time."""
        end = self.house.now + hours * HOUR
        looks = 0
        while True:
            self.look()
            looks += 1
            assert looks < 200, "it never rests"
            at = self.notices.next_at(self.house.now)
            if at is None or at > end:
                break
            self.house.go(max(at - self.house.now, 1.0))
        self.house.go(end - self.house.now)
        self.look()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.fixture
def person(house: House) -> Person:
    """On a Friday afternoon; the office has been there for a day."""
    house.now = at("2026-11-27 07:30")
    house.ledger.event("task", house.now - 24 * HOUR)
    person = Person(house)
    person.wait(6.5)
    assert person.heard == []
    return person


def test_a_card_is_told_once_at_once(house: House, person: Person) -> None:
    house.card("Send this?")
    for _ in range(3):
        person.look()
    assert person.heard == [("Fri 14:00", ["Send this?"])]


def test_what_comes_within_the_hour_is_told_together(house: House, person: Person) -> None:
    house.card("One?")
    person.look()
    for name in ("Two?", "Three?"):
        house.go(60)
        house.card(name)
        person.look()
    person.wait(2)
    assert person.heard == [("Fri 14:00", ["One?"]), ("Fri 15:00", ["Two?", "Three?"])]


def test_what_was_decided_meanwhile_is_not_told(house: House, person: Person) -> None:
    house.card("One?")
    person.look()
    second, _ = house.card("Two?"), house.card("Three?")
    person.look()
    house.approve(second)
    person.wait(2)
    assert person.heard[1:] == [("Fri 15:00", ["Three?"])]


def test_the_night_holds_it_till_the_morning_with_the_digest(house: House, person: Person) -> None:
    house.go(9 * HOUR)
    house.card("Late?", ttl_s=7 * 24 * HOUR)
    person.wait(12)
    assert [when for when, _ in person.heard] == ["Sat 07:30"]
    words = person.heard[0][1]
    assert words[0] == "Late?"
    assert words[1] == "Since Fri 07:30: 1 waits for you (Late?)"


def test_money_of_which_nothing_is_known_wakes_a_person(house: House, person: Person) -> None:
    paid = house.card("Pay 120 € to Studio Bianchi?", tool="bank__pay", args={"sum": "120"})
    house.go(9 * HOUR)
    person.look()
    person.heard.clear()
    house.end(paid, Lost("no answer"))
    person.look()
    assert person.heard == [
        ("Fri 23:00", ["Unknown whether it happened: Pay 120 € to Studio Bianchi?"])
    ]


def test_also_money_by_a_tool_of_which_nobody_said_what_it_pays(
    house: House, person: Person
) -> None:
    paid = house.card("Pay it?", tool="wallet__pay", args={"amount_sat": 100})
    house.go(9 * HOUR)
    person.look()
    person.heard.clear()
    house.end(paid, Lost("no answer"))
    person.look()
    assert person.heard == [("Fri 23:00", ["Unknown whether it happened: Pay it?"])]


def test_a_mail_of_which_nothing_is_known_waits_for_the_morning(
    house: House, person: Person
) -> None:
    card = house.card("Send this?")
    person.look()
    house.go(9 * HOUR)
    house.end(card, Lost("no answer"))
    person.wait(9)
    assert person.heard[1][0] == "Sat 07:30"
    assert person.heard[1][1][0] == "Unknown whether it happened: Send this?"


def test_an_urgent_one_takes_nothing_of_the_hour(house: House, person: Person) -> None:
    person.notices.add(kinds.MACHINE, "m", "the disk fails", house.now, urgent=True)
    house.card("One?")
    assert [one.text for one in person.look()] == ["the disk fails", "One?"]
    person.notices.add(kinds.MACHINE, "n", "the disk fails again", house.now, urgent=True)
    assert [one.text for one in person.look()] == ["the disk fails again"]


def test_a_restart_tells_nothing_twice(house: House, person: Person) -> None:
    house.card("One?")
    person.look()
    house.card("Two?")
    for _ in range(3):
        person.begin()
        person.look()
    assert len(person.heard) == 1
    house.go(HOUR)
    person.begin()
    person.look()
    assert person.heard[1:] == [("Fri 15:00", ["Two?"])]


def test_what_was_marked_and_not_told_is_lost_and_not_told_twice(
    house: House, person: Person
) -> None:
    """Killed between the mark and the sign: the card still waits in the vault."""
    house.card("One?")
    person.notices.look(person.cards, house.now)
    person.notices.told(person.notices.due(person.cards, house.now), house.now)
    person.begin()
    person.wait(3)
    assert person.heard == []
    assert [card.title for card in person.cards] == ["One?"]


def test_what_waited_long_before_there_were_notices_is_not_told(house: House) -> None:
    house.card("Old?")
    house.go(400)
    house.card("New?")
    person = Person(house, quiet=None)
    person.look()
    assert [words for _, words in person.heard] == [["New?"]]


def test_two_reminders_come_before_it_expires(house: House, person: Person) -> None:
    house.card("Send this?", ttl_s=7 * 24 * HOUR)
    person.wait(7 * 24 - 1)
    reminders = [(when, w) for when, words in person.heard for w in words if "only till" in w]
    assert reminders == [
        # 42 hours before its end, and the day before
        ("Wed 20:00", "Waits only till Fri 4 Dec 14:00: Send this?"),
        ("Thu 14:00", "Waits only till Fri 4 Dec 14:00: Send this?"),
    ]


def test_a_reminder_that_the_night_would_hold_too_long_comes_before_it(
    house: House, person: Person
) -> None:
    """24 hours from 03:00 on: at a quarter left it is 21:00, in time; but from 06:00 on it is
    midnight, and by the morning it would be over."""
    house.now = at("2026-11-28 06:30")
    house.card("Pay?", ttl_s=24 * HOUR)
    person.wait(24)
    told = [(when, word) for when, words in person.heard for word in words if "only till" in word]
    assert told == [("Sat 21:59", "Waits only till Sun 29 Nov 06:30: Pay?")]


def test_a_short_lived_request_is_reminded_of_once(house: House, person: Person) -> None:
    house.card("Pay?", ttl_s=4 * HOUR)
    person.wait(4)
    assert [when for when, words in person.heard] == ["Fri 14:00", "Fri 17:00"]


def test_the_digest_tells_what_waits_what_was_done_and_what_it_cost(
    house: House, person: Person
) -> None:
    done = house.task("Done one")
    house.runs.end(house.runs.current(done, house.now), "done", "", house.now)
    failed = house.task("Bad one")
    house.runs.end(house.runs.current(failed, house.now), "failed", "no", house.now)
    house.ledger.db.execute(
        "INSERT INTO spend (root, task, run, outside, model, reserved, cost, at)"
        " VALUES ('t', 't', 1, 0, 'm', 0, 123456, ?)",
        (house.now,),
    )
    house.card("Send this?", ttl_s=7 * 24 * HOUR)
    person.wait(18)
    assert person.heard[-1] == (
        "Sat 07:30",
        ["Since Fri 07:30: 1 waits for you (Send this?); 1 done; 1 failed; 0.12 USD for models"],
    )
    events = [event for event in house.ledger.events() if event.kind == "digest"]
    assert len(events) == 1


def test_a_day_without_anything_has_no_digest(house: House, person: Person) -> None:
    person.wait(72)
    assert person.heard == []


def test_a_house_that_is_new_has_no_digest_of_its_morning(house: House) -> None:
    house.now = at("2026-11-27 15:00")
    house.card("First?")
    person = Person(house)
    person.wait(1)
    assert [words for _, words in person.heard] == [["First?"]]


def test_a_machine_that_was_off_in_the_morning_tells_it_later_once(
    house: House, person: Person
) -> None:
    house.card("Send this?", ttl_s=7 * 24 * HOUR)
    person.look()
    house.go(25 * HOUR)
    person.begin()
    person.look()
    person.begin()
    person.look()
    assert [when for when, _ in person.heard] == ["Fri 14:00", "Sat 15:00"]


def test_failures_and_what_expired_are_told_once(house: House, person: Person) -> None:
    task = house.task("The offer")
    house.runs.end(house.runs.current(task, house.now), "failed", "no", house.now)
    card = house.card("Send this?", ttl_s=60)
    person.look()
    house.go(61)
    house.register.close(card, "expired", house.now)
    person.wait(2)
    assert person.heard == [
        ("Fri 14:00", ["Send this?", "Failed: The offer"]),
        ("Fri 15:00", ["Expired, not sent: Send this?"]),
    ]


def test_what_others_leave_in_the_table_is_told(house: House, person: Person) -> None:
    """A part of the office that has no faces of its own leaves a row."""
    house.ledger.db.execute(
        "INSERT INTO notice (key, kind, text, urgent, at) VALUES ('b', 'budget', 'No money', 0, 1)"
    )
    assert [one.text for one in person.look()] == ["No money"]


def test_at_rest_nothing_is_written(house: House, person: Person) -> None:
    house.card("Send this?", ttl_s=7 * 24 * HOUR)
    person.look()
    before = house.ledger.db.total_changes
    for _ in range(50):
        house.go(30)
        person.look()
    assert house.ledger.db.total_changes == before


def test_three_simulated_days_of_many_cards_keeps_its_hour_and_its_nights(
    house: House, person: Person
) -> None:
    for n in range(3 * 24 * 2):
        if n % 2 == 0:
            card = house.card(f"Send {n}?", ttl_s=7 * 24 * HOUR)
            if n % 3:
                house.end(card, Succeeded({}) if n % 4 else FailedClean("no"))
        house.go(30 * 60)
        person.look()
    times = [when for when, _ in person.heard]
    assert all("07:30" <= when.split()[1] < "22:00" for when in times)
    apart = [later - before for before, later in pairwise(person.moments)]
    assert len(times) > 15 and min(apart) >= HOUR
    words = [word for _, words in person.heard for word in words if word.startswith("Send")]
    assert len(words) == len(set(words)) == len(person.cards)


@pytest.mark.parametrize(
    ("evening", "morning", "hours"),
    [
        ("2026-03-28 22:30", "2026-03-29 07:30", 8.0),  # the clock is put forward at night
        ("2026-10-24 22:30", "2026-10-25 07:30", 10.0),  # and back
        ("2026-11-27 22:30", "2026-11-28 07:30", 9.0),
    ],
)
def test_the_night_ends_by_the_clock_on_the_wall(
    house: House, person: Person, evening: str, morning: str, hours: float
) -> None:
    house.now = at(evening)
    house.card("Late?", ttl_s=7 * 24 * HOUR)
    person.wait(hours - 0.1)
    assert person.heard == []
    person.wait(0.2)
    assert len(person.heard) == 1
    assert next_at(at(evening), berlin, time(7, 30)) == at(morning)


def test_a_time_that_a_night_leaves_out_comes_all_the_same(house: House) -> None:
    """At 02:30 on the night when 02:00 to 03:00 is left out."""
    now = at("2026-03-28 23:00")
    moment = next_at(now, berlin, time(2, 30))
    assert timedelta(hours=2) < timedelta(seconds=moment - now) < timedelta(hours=4.6)
    while berlin(now).time() < time(2, 30) or berlin(now).date().day == 28:
        moment = next_at(now, berlin, time(2, 30))
        assert moment > now
        now = moment
    assert berlin(now).date().day == 29


@pytest.mark.parametrize(
    ("clock", "quiet", "lies"),
    [
        ("23:00", NIGHT, True),
        ("07:29", NIGHT, True),
        ("07:30", NIGHT, False),
        ("21:59", NIGHT, False),
        ("13:30", Quiet(time(13), time(14)), True),
        ("14:00", Quiet(time(13), time(14)), False),
        ("12:00", Quiet(time(8), time(8)), False),  # no length
        ("12:00", None, False),
    ],
)
def test_the_quiet_time(clock: str, quiet: Quiet | None, lies: bool) -> None:
    here = datetime.combine(berlin(NOON).date(), time.fromisoformat(clock), UTC)
    assert in_quiet(here, quiet) is lies


@pytest.mark.parametrize(("quiet", "told"), [("00:00-23:59", False), ("23:58-23:59", True)])
def test_the_handbook_says_when_it_is_quiet(tmp_path: Path, quiet: str, told: bool) -> None:
    office = TestOffice(tmp_path)
    (office.root / "Company_Handbook.md").write_text(
        f"# Handbook\n\n```yaml policy\nquiet: {quiet}\n```\n"
    )
    office.type("Something that no playbook fits.\n")
    office.run()
    office.run()
    with closing(sqlite3.connect(office.state / "ledger.db")) as db:
        rows = db.execute("SELECT kind, told FROM notice WHERE kind = 'question'").fetchall()
    assert [(kind, at is not None) for kind, at in rows] == [("question", told)]
