"""Each event is told once, at its time, whatever was moved, repeated or called off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from factotum.model import Trust
from factotum.rooms import Clock
from factotum.settings import load
from factotum.watcher import Premises, SourceError
from tests.office import TestOffice
from tests.servers.feeds import WebServer
from tests.servers.radicale import PASSWORD, USER, CalendarServer
from tests.watchers.listening import Listening, handbook, listening
from watchers.calendar_watcher import sources
from watchers.calendars.agenda import Agenda
from watchers.calendars.dav import Dav, of_the_same
from watchers.calendars.happening import View, read
from watchers.calendars.setup import Near
from watchers.calendars.shelf import DavShelf
from watchers.web.fetch import Answer, Fetcher, Question
from watchers.web.reach import Reach, Refused

BERLIN = ZoneInfo("Europe/Berlin")
MIN_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def event(uid: str, start: str, title: str = "", more: str = "", zone: str = "") -> str:
    """`start` is the local time in Berlin, as 20261130T090000, or a day alone."""
    zone = zone or (";VALUE=DATE" if len(start) == 8 else ";TZID=Europe/Berlin")
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART{zone}:{start}\r\n"
        f"SUMMARY:{title or uid}\r\n{more}END:VEVENT\r\n"
    )


def calendar(*events: str, name: str = "") -> str:
    named = f"X-WR-CALNAME:{name}\r\n" if name else ""
    head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{named}"
    return f"{head}{''.join(events)}END:VCALENDAR\r\n"


@dataclass
class BerlinOffice(TestOffice):
    """An office whose machine stands in Berlin."""

    def clock(self) -> Clock:
        hands = self.hands

        class There(Clock):
            def zone(self, at: float) -> datetime:
                return datetime.fromtimestamp(at, BERLIN)

        return There(lambda: hands.wall, lambda: hands.mono)


def source(premises: Premises) -> Agenda:
    (made,) = sources(premises)
    assert isinstance(made, Agenda)
    return made


@pytest.fixture
def office(tmp_path: Path, web: WebServer) -> BerlinOffice:
    env = {
        "FACTOTUM_WEB_INSIDE": web.host,
        "FACTOTUM_CALENDAR_ICS": web.url("/c.ics"),
        "FACTOTUM_CALENDAR_PLAN_AT": "never",
    }
    office = BerlinOffice(tmp_path, env)
    office.hands.wall = at("2026-11-30T08:00:00")
    return office


def put(web: WebServer, *events: str) -> None:
    web.put("/c.ics", calendar(*events, name="Work").encode(), kind="text/calendar")


def go_to(heard: Listening, moment: str, step_s: float = HOUR_S) -> None:
    """As time passes: a look whenever the source wants one."""
    until = at(moment)
    hands = heard.office.hands
    while True:
        again_s = heard.look() or 300.0
        if hands.wall >= until:
            return
        hands.go(min(again_s, until - hands.wall))


# -- an event is told


def test_an_event_is_told_once_some_time_before_it_starts(
    office: BerlinOffice, web: WebServer
) -> None:
    more = "LOCATION:Room 5\r\nDESCRIPTION:Bring [[x]] the plan\r\nDURATION:PT30M\r\n"
    put(web, event("1", "20261130T093000", "Meet Ada", more))
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T09:14:00")
        assert heard.tasks == []
        go_to(heard, "2026-11-30T12:00:00")
        (task,) = heard.tasks
        assert task.title == "In 15 min: Meet Ada" and task.trust is Trust.STRANGER
        assert task.facts["reminder"]["text"] == "Mon 30 Nov 09:30 to 10:00, Room 5"
        assert task.created == at("2026-11-30T09:15:00")
    with listening(office, source) as heard:  # nor after a restart
        heard.look()
        assert len(heard.tasks) == 1


def test_the_owner_is_reminded_and_no_model_is_asked(office: BerlinOffice, web: WebServer) -> None:
    evil = "LOCATION:![](http://evil.test/x) [[Dashboard]] `=this` <b>\r\n"
    put(web, event("1", "20261130T081000", "Meet [[Ada]]", evil))
    with listening(office, source) as heard:
        heard.look()
    office.run()
    (done,) = office.files("Done")
    head, _, rest = done.read_text().partition("```text\n")[2].partition("```")[2].partition("## S")
    assert "You were reminded: Mon 30 Nov 08:10" in rest
    for live in ("![", "[[", "`=", "<b>", "http://evil"):
        assert live not in rest and live not in head


def test_a_task_is_made_where_the_handbook_says_so_and_nothing_where_it_says_that(
    office: BerlinOffice, web: WebServer
) -> None:
    handbook(
        office,
        "calendar",
        {"event": "Standup*", "do": "nothing"},
        {"calendar": "work", "event": "*board*", "before": ["1 h", "10 min"], "do": "task"},
        {"calendar": "Work", "bfore": "1 h"},
    )
    put(
        web,
        event("1", "20261130T100000", "The Board meets"),
        event("2", "20261130T100000", "Standup of all"),
        event("3", "20261130T110000", "Lunch"),
    )
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T12:00:00")
        assert heard.titles == [
            "In 60 min: The Board meets",
            "In 10 min: The Board meets",
            "In 15 min: Lunch",
        ]
        assert "reminder" not in heard.tasks[0].facts and "reminder" in heard.tasks[2].facts
        assert "`bfore` is not known here" in heard.remarks["handbook line 7"]


@pytest.mark.slow
def test_a_moved_event_is_told_again_and_a_cancelled_one_is_not(
    office: BerlinOffice, web: WebServer
) -> None:
    put(web, event("1", "20261130T090000", "Dentist"), event("2", "20261130T100000", "Tea"))
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T08:50:00")
        put(
            web,
            event("1", "20261130T110000", "Dentist"),
            event("2", "20261130T100000", "Tea", "STATUS:CANCELLED\r\n"),
        )
        go_to(heard, "2026-11-30T12:00:00")
        assert heard.titles == ["In 15 min: Dentist", "Moved. In 15 min: Dentist"]


def test_what_is_called_off_in_the_last_minutes_is_not_told(
    office: BerlinOffice, web: WebServer
) -> None:
    put(web, event("1", "20261130T090200"))
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T08:46:00")  # asked at 8:45 the last time
        put(web, event("2", "20270130T090000"))
        go_to(heard, "2026-11-30T09:30:00")
        assert heard.tasks == []


@pytest.mark.slow
@pytest.mark.parametrize("me", ["marco@example.test", "MARCO@example.test"])
def test_what_the_owner_has_declined_is_not_told(
    office: BerlinOffice, web: WebServer, me: str
) -> None:
    office.env["FACTOTUM_MAIL_FROM"] = "Marco <marco@example.test>"
    no, yes = (f"ATTENDEE;PARTSTAT={says}:mailto:" for says in ("DECLINED", "ACCEPTED"))
    put(
        web,
        event("1", "20261130T090000", "No", f"{no}{me}\r\n{yes}ada@rossi.example\r\n"),
        event("2", "20261130T090000", "Yes", f"{yes}{me}\r\n{no}ada@rossi.example\r\n"),
    )
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T09:30:00")
        assert heard.titles == ["In 15 min: Yes"]


def test_after_a_pause_what_has_not_started_long_ago_is_told(
    office: BerlinOffice, web: WebServer
) -> None:
    put(web, event("1", "20261130T090000"), event("2", "20261130T120000"))
    with listening(office, source) as heard:
        heard.look()
        office.hands.wall = at("2026-11-30T12:04:00")  # the machine slept
        heard.look()
        assert heard.titles == ["Since 4 min: 2"]


@pytest.mark.slow
def test_what_had_started_before_it_first_listened_is_not_told(
    office: BerlinOffice, web: WebServer
) -> None:
    put(web, event("1", "20261130T075800"), event("2", "20261130T080500"))
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T09:00:00")
        assert heard.titles == ["In 5 min: 2"]


# -- what repeats, zones, days


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "span", "starts"),
    [
        (
            [event("1", "20261020T090000", "", "RRULE:FREQ=WEEKLY\r\n")],
            ("2026-10-19", "2026-11-04"),  # over the change of clocks
            ["2026-10-20T09:00:00+02:00", "2026-10-27T09:00:00+01:00", "2026-11-03T09:00:00+01:00"],
        ),
        (
            [
                event(
                    "1",
                    "20261130T090000",
                    "",
                    "RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE;TZID=Europe/Berlin:20261201T090000\r\n",
                ),
                event("1", "20261202T140000", "", "RECURRENCE-ID:20261202T080000Z\r\n"),
            ],
            ("2026-11-29", "2026-12-08"),
            ["2026-11-30T09:00:00+01:00", "2026-12-02T14:00:00+01:00", "2026-12-03T09:00:00+01:00"],
        ),
        (
            [event("1", "20261130T090000", zone=";TZID=America/New_York")],
            ("2026-11-29", "2026-12-08"),
            ["2026-11-30T15:00:00+01:00"],
        ),
        (  # without a zone: wherever the owner is
            [event("1", "20261130T090000", zone=";X-A=b")],
            ("2026-11-29", "2026-12-08"),
            ["2026-11-30T09:00:00+01:00"],
        ),
        (
            [event("1", "20261130T080000Z", zone=";X-A=b")],
            ("2026-11-29", "2026-12-08"),
            ["2026-11-30T09:00:00+01:00"],
        ),
        (  # of one that was changed the last version counts
            [
                event("1", "20261130T090000", "", "SEQUENCE:1\r\n"),
                event("1", "20261130T100000", "", "SEQUENCE:2\r\n"),
            ],
            ("2026-11-29", "2026-12-08"),
            ["2026-11-30T10:00:00+01:00"],
        ),
        (  # in the hour that there is twice
            [
                event("1", "20261025T003000Z", zone=";X-A=b"),
                event("2", "20261025T013000Z", zone=";X-A=b"),
            ],
            ("2026-10-24", "2026-10-27"),
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"],
        ),
    ],
)
def test_when_an_event_starts_by_the_owners_clock(
    what: list[str], span: tuple[str, str], starts: list[str]
) -> None:
    def zone(moment: float) -> datetime:
        return datetime.fromtimestamp(moment, BERLIN)

    leaf = read([calendar(*what)], "", View(at(span[0]), at(span[1])), zone)
    found = sorted(one.start for one in leaf.happenings)
    assert [zone(start).isoformat() for start in found] == starts
    assert len({one.key for one in leaf.happenings}) == len(starts)


@pytest.mark.slow
def test_each_of_those_that_repeat_is_told_once(office: BerlinOffice, web: WebServer) -> None:
    put(web, event("1", "20261123T090000", "Standup", "RRULE:FREQ=DAILY\r\n"))
    with listening(office, source) as heard:
        go_to(heard, "2026-12-03T12:00:00")
        assert heard.titles == ["In 15 min: Standup"] * 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "evil",
    [
        event("x", "20261101T000000", "", "RRULE:FREQ=SECONDLY\r\n"),
        event("x", "20261101T000000", "", "RRULE:FREQ=DAILY;INTERVAL=0\r\n"),
        event("x", "19000101T000000", "", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\r\n"),
        event("x", "20261101T000000", "", "RRULE:FREQ=YEARLY;BYEASTER=0\r\n"),
        event("x", "99991231T235959"),
        "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:gestern\r\nEND:VEVENT\r\n",
        "BEGIN:VEVENT\r\nSUMMARY:no start\r\nEND:VEVENT\r\n",
    ],
)
def test_one_evil_event_hides_no_other(office: BerlinOffice, evil: str) -> None:
    good = event("1", "20261130T090000", "Meet Ada")
    for objects in ([calendar(evil, good)], [calendar(evil), calendar(good)]):
        leaf = read(objects, "Work", View(at("2026-11-29"), at("2026-12-08")), office.clock().zone)
        assert "Meet Ada" in [one.title for one in leaf.happenings]


# -- the day's plan


@pytest.mark.slow
def test_the_days_plan_is_told_once_in_the_morning(office: BerlinOffice, web: WebServer) -> None:
    office.env["FACTOTUM_CALENDAR_PLAN_AT"] = "07:00"
    office.hands.wall = at("2026-11-29T20:00:00")
    handbook(office, "calendar", {"do": "nothing"})
    put(
        web,
        event("1", "20261130T140000", "Meet Ada", "DURATION:PT1H\r\nLOCATION:Room 5\r\n"),
        event("2", "20261130", "Birthday of Bob"),
        event("3", "20261129T230000", "Night train", "DURATION:PT10H\r\n"),
        event("4", "20261201T000000", "Not today"),
        event("5", "20261128", "A fair", "DTEND;VALUE=DATE:20261130\r\n"),
    )
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T06:59:00")
        assert heard.tasks == []
        go_to(heard, "2026-11-30T18:00:00")
        (task,) = heard.tasks
        assert task.title == "Monday 30 November: 3 events"
        assert task.facts["reminder"]["text"] == (
            "all day: Birthday of Bob; …-09:00 Night train; 14:00-15:00 Meet Ada (Room 5)"
        )
        go_to(heard, "2026-12-01T12:00:00")
        assert heard.titles[1:] == ["Tuesday 1 December: 1 event"]


# -- the servers


@pytest.mark.slow
def test_a_calendar_is_fetched_again_only_when_it_changed(
    office: BerlinOffice, web: WebServer
) -> None:
    put(web, event("1", "20261130T093000"))
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T09:00:00")
    assert len(web.asked) > 5
    assert all("If-None-Match" in one.headers for one in web.asked[1:])


@pytest.mark.slow
def test_events_are_told_while_the_server_is_away(office: BerlinOffice, web: WebServer) -> None:
    put(web, event("1", "20261130T093000"))
    with listening(office, source) as heard:
        heard.look()
        web.put("/c.ics", status=500)
        go_to(heard, "2026-11-30T10:00:00")
        assert heard.titles == ["In 15 min: 1"]
        (said,) = heard.remarks.values()
        assert "busy (500)" in said and "/c.ics" not in said
        put(web)
        go_to(heard, "2026-11-30T10:10:00")
        assert heard.remarks == {}


@pytest.mark.parametrize("data", [b"<html>", b"", bytes(range(256)) * 100])
def test_what_is_no_calendar_is_told(office: BerlinOffice, web: WebServer, data: bytes) -> None:
    web.put("/c.ics", data)
    with (
        listening(office, source) as heard,
        pytest.raises(SourceError, match="is no calendar"),
    ):
        heard.look()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with CalendarServer(tmp_path_factory.mktemp("radicale") / "r") as server:
        yield server


def dav(server: CalendarServer, **more: str) -> dict[str, str]:
    return {
        "FACTOTUM_CALDAV_URL": server.url,
        "FACTOTUM_CALDAV_USER": USER,
        "FACTOTUM_CALDAV_PASSWORD": PASSWORD,
        "FACTOTUM_CALENDAR_PLAN_AT": "never",
        **{f"FACTOTUM_{name}": value for name, value in more.items()},
    }


@pytest.mark.slow
def test_the_events_of_a_real_server_are_told_once(tmp_path: Path, server: CalendarServer) -> None:
    for path, name in (("work", "Work"), ("home", "Home")):
        server.make(path, name)
    rule = "RRULE:FREQ=WEEKLY\r\n"
    server.put("work", "1", calendar(event("1", "20261116T093000", "Team", rule)))
    server.put("work", "2", calendar(event("2", "20261130T110000", "Ada")))
    server.put("home", "3", calendar(event("3", "20261130T100000", "Plumber")))
    office = BerlinOffice(tmp_path, dav(server))
    office.hands.wall = at("2026-11-30T08:00:00")
    with listening(office, source) as heard:
        go_to(heard, "2026-11-30T10:00:00")
        server.put("work", "2", calendar(event("2", "20261130T120000", "Ada")))
        server.put("home", "4", calendar(event("4", "20261130T113000", "Parcel")))
        go_to(heard, "2026-11-30T11:16:00")
        server.delete("home", "3")
        go_to(heard, "2026-11-30T13:00:00")
        assert heard.titles == [
            "In 15 min: Team",
            "In 15 min: Plumber",
            "In 15 min: Parcel",
            "In 15 min: Ada",
        ]
    office.env["FACTOTUM_CALDAV_CALENDARS"] = "home, Nowhere"
    with listening(office, source, once=True) as heard:
        heard.look()
        assert len(heard.tasks) == 4
        assert "there is no calendar Nowhere" in heard.remarks["CalDAV"]
        assert {one.calendar for one in heard.source._happenings()} == {"Home"}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Counting(Fetcher):
    """Keeps which questions were asked."""

    methods: list[str] = field(default_factory=list)

    def ask(self, address: str, question: Question) -> Answer:
        self.methods.append(question.method)
        return super().ask(address, question)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "marco/", "marco/one/"])
def test_a_server_is_asked_for_events_only_when_a_calendar_changed(
    server: CalendarServer, path: str
) -> None:
    if path == "":
        server.make("one", "One")
    server.put("one", "1", calendar(event("1", "20261130T093000")))
    reach = Reach([f"127.0.0.1:{server.port}"])
    fetcher = Counting(reach, 1_000_000)
    shelf = DavShelf(Dav(fetcher, server.url + path, (USER, PASSWORD)), ["One"])
    view, zone = View(at("2026-11-29"), at("2026-12-08")), Clock().zone
    shelf.look(1.0, view, zone)
    assert [one.title for one in shelf.happenings] == ["1"]
    fetcher.methods.clear()
    shelf.look(2.0, view, zone)
    assert fetcher.methods == ["PROPFIND"]
    server.put("one", "2", calendar(event("2", "20261130T103000")))
    shelf.look(3.0, view, zone)
    assert fetcher.methods == ["PROPFIND", "PROPFIND", "REPORT"]
    assert len(shelf.happenings) == 2
    server.delete("one", "2")


@pytest.mark.slow
def test_a_wrong_password_is_told_as_such(tmp_path: Path, server: CalendarServer) -> None:
    office = BerlinOffice(tmp_path, dav(server, CALDAV_PASSWORD="wrong"))
    with listening(office, source) as heard, pytest.raises(SourceError) as refused:
        heard.look()
    assert refused.value.login and "FACTOTUM_CALDAV_PASSWORD" in str(refused.value)
    assert "wrong" not in str(refused.value)


def test_what_is_no_calendar_server_is_told(office: BerlinOffice, web: WebServer) -> None:
    del office.env["FACTOTUM_CALENDAR_ICS"]
    office.env |= {
        "FACTOTUM_CALDAV_URL": web.url("/"),
        "FACTOTUM_CALDAV_USER": "m",
        "FACTOTUM_CALDAV_PASSWORD": "p",
    }
    with listening(office, source) as heard, pytest.raises(SourceError, match="no CalDAV server"):
        heard.look()


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"CALDAV_URL": "https://dav.example"}, "FACTOTUM_CALDAV_USER: needed"),
        ({"CALDAV_URL": "https://d.example", "CALDAV_USER": "m"}, "FACTOTUM_CALDAV_PASSWORD"),
        ({"CALENDAR_ICS": "ftp://a.example/b.ics"}, "FACTOTUM_CALENDAR_ICS: only addresses"),
    ],
)
def test_a_calendar_that_is_set_up_wrongly_says_what_is_missing(
    office: BerlinOffice, env: dict[str, str], said: str
) -> None:
    settings = load({f"FACTOTUM_{name}": value for name, value in env.items()}, [])
    reading: Any = None
    premises = Premises(settings, office.root, office.state, office.clock().zone, reading)
    with pytest.raises(SourceError, match=said):
        sources(premises)


@pytest.mark.parametrize(
    ("own", "other", "same"),
    [
        ("https://caldav.icloud.com", "https://p42-caldav.icloud.com/1/calendars/", True),
        ("https://dav.example.org/x", "https://dav.example.org/y", True),
        ("https://dav.example.org", "http://dav.example.org/", False),  # in the open
        ("https://dav.example.org", "https://dav.example.org:8443/", False),
        ("https://example.org", "https://evil.org/", False),
        ("https://dav.example.org", "https://example.org.evil.test/", False),
        ("https://10.0.0.1", "https://10.0.0.2/", False),
        ("http://nas.home.lan", "http://other.home.lan/", False),
    ],
)
def test_the_password_goes_to_its_own_server_alone(own: str, other: str, same: bool) -> None:
    assert of_the_same(httpx.URL(own), httpx.URL(other)) is same


def test_no_password_is_sent_in_the_open_to_the_internet() -> None:
    near = Near(["dav.example.org", "nas.home"], lambda host, port: ["93.184.215.14"])
    with pytest.raises(Refused, match="anybody can read your password"):
        near.checked(httpx.URL("http://dav.example.org/"))
    assert near.checked(httpx.URL("https://dav.example.org/")) == "93.184.215.14"
    home = Near(["nas.home"], lambda host, port: ["192.168.1.5"])
    assert home.checked(httpx.URL("http://nas.home/")) == "192.168.1.5"


def test_without_a_calendar_there_is_nothing_to_listen_to(office: BerlinOffice) -> None:
    reading: Any = None
    premises = Premises(load({}, []), office.root, office.state, office.clock().zone, reading)
    assert sources(premises) == []
