"""What a hostile server answers holds up no other one, and leads nowhere it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.watcher import Premises, SourceError
from tests.office import TestOffice
from tests.servers.feeds import WebServer
from tests.watchers.listening import handbook, listening
from tests.watchers.test_feed import item, rss
from tests.watchers.test_feed import source as feed_source
from watchers.calendar_watcher import sources as calendar_sources
from watchers.calendars.dav import _responses
from watchers.web import pages
from watchers.web.fetch import Answer, Fetcher, Question, Refused, Unanswered
from watchers.web.reach import Reach
from watchers.web.rounds import Round

HOUR_S, DAY_S = 3600.0, 86400.0
RSS = "application/rss+xml"


def page_source(premises: Premises) -> Round:
    made = pages.source(premises)
    made.between_s = 0.0
    return made


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "zlib", "x" * 3000])
def test_no_charset_of_one_page_holds_up_another(
    office: TestOffice, web: WebServer, charset: str
) -> None:
    plain = f"text/plain; charset={charset}"
    handbook(office, "pages", web.url("/bad"), {"url": web.url("/p"), "name": "Boats"})
    web.put("/bad", b"a-" + b"b" * 300_000, kind=plain)  # punycode would take a minute
    with listening(office, page_source) as heard:
        for price in (b"90", b"80"):
            web.put("/p", price, kind="text/plain")
            heard.look()
            office.hands.go(HOUR_S)
        assert "Boats has changed" in heard.titles


@pytest.mark.parametrize("name", ["Last-Modified", "ETag"])
def test_a_stamp_that_cannot_be_sent_back_is_not_kept(
    office: TestOffice, web: WebServer, name: str
) -> None:
    handbook(office, "pages", web.url("/bad"), {"url": web.url("/p"), "name": "Boats"})
    odd = {"headers": {name: "\xff" * 50}, "etag": False}
    with listening(office, page_source) as heard:
        for price in (b"90", b"80"):
            web.put("/bad", b"hello", kind="text/plain", **odd)
            web.put("/p", price, kind="text/plain")
            heard.look()
            office.hands.go(HOUR_S)
        assert heard.titles == ["Boats has changed"] and heard.remarks == {}


def test_a_name_that_is_none_is_refused_wherever_it_stands(web: WebServer) -> None:
    web.put("/a", status=302, headers={"Location": "http://xn--/"}, etag=False)
    with pytest.raises(Unanswered, match="an address that is none"):
        Fetcher(Reach([web.host]), 1000).ask(web.url("/a"), Question("GET"))
    with pytest.raises(Unanswered, match="cannot be looked up"):
        Fetcher(Reach(), 1000).ask("http://xn--/", Question("GET"))


def test_nobody_outside_leads_to_a_host_of_the_owners_network(web: WebServer) -> None:
    """What the owner lets one watcher ask at home is not for servers outside to ask through it."""
    with WebServer() as router:
        router.put("/reboot", b"done")
        web.put("/a", status=302, headers={"Location": router.url("/reboot")}, etag=False)
        reach = Reach([router.host], lambda host, port: ["127.0.0.1"])
        outside = Fetcher(_Everywhere(reach.inside, reach.resolve), 1000)
        with pytest.raises(Refused, match="into your own network"):
            outside.ask(web.url("/a"), Question("GET"))
        assert router.asked == []


class _Everywhere(Reach):
    """Takes a server of the test for one of the Internet."""

    def checked(self, url: object) -> str:
        return "127.0.0.1"


@pytest.mark.slow
def test_a_feed_that_dates_all_entries_anew_does_not_tell_them_for_ever(
    office: TestOffice, web: WebServer
) -> None:
    def dated(n: int) -> str:
        entries = [item(k).partition("<guid")[0] for k in range(10)]
        at = f"<pubDate>Mon, 30 Nov 2026 {n:02}:00:00 GMT</pubDate></item>"
        return "".join(f"{entry}<link>https://e.test/</link>{at}" for entry in entries)

    handbook(office, "feeds", {"url": web.url("/feed"), "name": "Flips"})
    with listening(office, feed_source) as heard:
        for n in range(10):
            web.put("/feed", rss(dated(n)), kind=RSS)
            heard.look()
            office.hands.go(HOUR_S)
        assert "new at each look" in heard.remarks["Flips"]
        fresh = "<item><title>Really new</title><link>https://e.test/n</link></item>"
        web.put("/feed", rss(dated(10), fresh), kind=RSS)
        heard.look()
        office.hands.go(DAY_S)
        heard.look()
        (note,) = heard.notes
        assert note.count("Entry 3") == 2 and "Really new" in note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_calendar_server_defines_nothing_in_any_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with pytest.raises(Unanswered, match="definitions of its own"):
        list(_responses(Answer("http://c.test/", 207, {}, text.encode(encoding))))


def test_what_one_calendar_sends_silences_no_other(tmp_path: Path, web: WebServer) -> None:
    env = {
        "FACTOTUM_WEB_INSIDE": web.host,
        "FACTOTUM_CALENDAR_ICS": f"{web.url('/bad')} {web.url('/good')}",
    }
    office = TestOffice(tmp_path, env)
    web.put("/bad", status=302, headers={"Location": "http://xn--/"}, etag=False)
    web.put("/good", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", kind="text/calendar")
    with listening(office, lambda premises: calendar_sources(premises)[0]) as heard:
        with pytest.raises(SourceError, match="an address that is none"):
            heard.look()
        assert [one.path for one in web.asked] == ["/bad", "/good"]
