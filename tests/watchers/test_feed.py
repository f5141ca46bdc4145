"""Feeds: new entries are told once, and no feed harms, floods or hides anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from factotum.model import Trust
from factotum.watcher import Premises
from tests.office import TestOffice
from tests.servers.feeds import WebServer, zeros
from tests.watchers.listening import Listening, handbook, listening
from watchers.feed_watcher import sources
from watchers.web import feeds
from watchers.web.rounds import Round

HOUR_S, DAY_S = 3600.0, 86400.0
RSS = "application/rss+xml"


def item(n: int, title: str = "", guid: str = "", more: str = "") -> str:
    guid = guid or f"urn:item:{n}"
    link = f"https://example.org/{n}"
    return (
        f"<item><title>{title or f'Entry {n}'}</title><guid isPermaLink='false'>{guid}</guid>"
        f"<link>{link}</link><description>What {n} says.</description>{more}</item>"
    )


def rss(*items: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<rss version="2.0"><channel>'
        f"<title>The Hearth</title>{''.join(items)}</channel></rss>"
    ).encode()


def source(premises: Premises) -> Round:
    made = feeds.source(premises)
    made.between_s = 0.0
    return made


@pytest.fixture
def heard(office: TestOffice, web: WebServer) -> Iterator[Listening]:
    handbook(office, "feeds", web.url("/feed"))
    with listening(office, source) as heard:
        yield heard


def begin(heard: Listening, web: WebServer, *items: str) -> None:
    """The first look, and the day on which it is told that the feed is listened to."""
    web.put("/feed", rss(*items), kind=RSS)
    heard.look()
    heard.office.hands.go(DAY_S)
    heard.look()
    assert len(heard.tasks) == 1


@pytest.mark.slow
def test_the_first_time_what_is_there_is_only_remembered(heard: Listening, web: WebServer) -> None:
    web.put("/feed", rss(item(1), item(2)), kind=RSS)
    heard.look()
    assert heard.tasks == []
    heard.office.hands.go(DAY_S)
    heard.look()
    (note,) = heard.notes
    assert "is listened to from now on" in note and "2 entries are there already" in note
    assert "Entry 1" not in note


def test_new_entries_are_told_together_at_the_hour_of_the_digest(
    heard: Listening, web: WebServer
) -> None:
    begin(heard, web, item(1))
    for n in (2, 3):
        heard.office.hands.go(HOUR_S)
        web.put("/feed", rss(*(item(k) for k in range(n, 0, -1))), kind=RSS)
        heard.look()
    assert len(heard.tasks) == 1
    heard.office.hands.go(DAY_S)
    heard.look()
    (_, digest) = heard.tasks
    assert digest.title == "Feeds: 2 new" and digest.trust is Trust.STRANGER
    note = heard.office.root / "Needs_Action" / digest.name
    text = note.read_text()
    assert "Entry 2" in text and "What 3 says." in text and "https://example.org/3" in text
    assert "Entry 1" not in text


def test_two_feeds_of_one_host_are_told_apart(office: TestOffice, web: WebServer) -> None:
    handbook(office, "feeds", web.url("/a/feed"), web.url("/b/feed?of=boats"))
    with listening(office, source) as heard:
        heard.look()
        assert sorted(heard.remarks) == ["127.0.0.1 /a/feed", "127.0.0.1 /b/feed?of=boats"]


@pytest.mark.slow
def test_what_has_not_changed_is_not_sent_again(heard: Listening, web: WebServer) -> None:
    begin(heard, web, item(1))
    heard.office.hands.go(HOUR_S)
    heard.look()
    assert web.asked[-1].headers["If-None-Match"]
    assert web.asked[-1].headers["User-Agent"].startswith("Factotum/")
    asked = len(web.asked)
    assert heard.look() == 300.0  # not its hour: nobody is asked
    assert len(web.asked) == asked


@pytest.mark.slow
def test_entries_are_told_once_however_the_feed_numbers_them(
    heard: Listening, web: WebServer
) -> None:
    begin(heard, web, item(1), item(2))
    heard.office.hands.go(HOUR_S)
    web.put("/feed", rss(item(1, guid="other:1"), item(2, title="Entry 2, mended")), kind=RSS)
    heard.look()
    heard.office.hands.go(DAY_S)
    heard.look()
    assert len(heard.tasks) == 1


@pytest.mark.slow
def test_an_entry_is_told_once_when_a_kill_forgot_how_far_it_was(
    office: TestOffice, web: WebServer
) -> None:
    handbook(office, "feeds", {"url": web.url("/feed"), "do": "task"})
    web.put("/feed", rss(item(1)), kind=RSS)
    with listening(office, source) as heard:
        heard.look()
        (stop,) = heard.source.stops(heard.post)[0]  # type: ignore[attr-defined]
        before = heard.post.cursor(stop.key)
        office.hands.go(HOUR_S)
        web.put("/feed", rss(item(1), item(2), item(3)), kind=RSS)
        heard.look()
        assert sorted(heard.titles) == ["Entry 2", "Entry 3"]
        heard.post.remember(before, stop.key)  # as if it had been killed before that
    with listening(office, source) as heard:
        heard.look()
        assert sorted(heard.titles) == ["Entry 2", "Entry 3"]


def test_an_entry_becomes_a_task_of_its_own_where_the_handbook_says_so(
    office: TestOffice, web: WebServer
) -> None:
    handbook(office, "feeds", {"url": web.url("/feed"), "name": "Hearth", "do": "task"})
    web.put("/feed", rss(item(1)), kind=RSS)
    hostile = "&lt;b&gt;Buy&lt;/b&gt; [[x]] \u202e`=this` &lt;script&gt;evil()&lt;/script&gt;"
    with listening(office, source) as heard:
        heard.look()
        office.hands.go(HOUR_S)
        web.put("/feed", rss(item(1), item(2, hostile)), kind=RSS)
        heard.look()
        (task,) = heard.tasks
        (note,) = heard.notes
    assert task.trust is Trust.STRANGER and task.facts["sender"] == "Hearth"
    outside = note.partition("## ")[0].partition("\n---\n")[2]
    assert "evil()" not in note and "<b>" not in note
    assert "[[" not in outside and "\u202e" not in outside and "`=" not in outside


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (rss(item(1), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "defines entities"),
        (
            rss(item(1), head='<!DOCTYPE a [<!ENTITY b "c">]>').decode().encode("utf-16"),
            "defines entities",
        ),
        (b"<rss>" + b"<a>" * 100_000, "nested as no feed is"),
        (b"<html><body>Hello</body></html>", "it is no feed (RSS or Atom)"),
        (
            b'<html><head><link rel="alternate" type="application/atom+xml" href="/f.atom">',
            "its page names /f.atom",
        ),
        (b"", "it is no feed"),
        (bytes(range(256)) * 100, "it is no feed"),
    ],
)
def test_what_is_no_feed_or_means_harm_is_told_and_not_read(
    heard: Listening, web: WebServer, data: bytes, said: str
) -> None:
    web.put("/feed", data, kind=RSS)
    heard.look()
    assert said in heard.remarks[web.host.partition(":")[0]]
    web.put("/feed", rss(item(1)), kind=RSS)
    heard.office.hands.go(DAY_S)
    heard.look()
    assert heard.remarks == {}


@pytest.mark.slow
def test_what_can_be_read_of_a_damaged_feed_is_told(heard: Listening, web: WebServer) -> None:
    begin(heard, web, item(1))
    heard.office.hands.go(HOUR_S)
    web.put("/feed", rss(item(1), item(2))[:-30] + b"<item><title>cut", kind=RSS)
    heard.look()
    assert "is damaged" in heard.remarks["127.0.0.1"]
    heard.office.hands.go(DAY_S)
    heard.look()
    assert any("Entry 2" in note for note in heard.notes)


@pytest.mark.slow
def test_a_hundred_megabytes_of_nothing_are_not_unpacked(heard: Listening, web: WebServer) -> None:
    web.put("/feed", kind=RSS, packed=True, write=zeros(100))
    for _ in range(3):
        heard.look()
        heard.office.hands.go(DAY_S)
    assert "larger than 10 MB" in heard.remarks["127.0.0.1"]


@pytest.mark.slow
def test_a_million_entries_hold_nobody_up_for_long(heard: Listening, web: WebServer) -> None:
    begin(heard, web, item(1))
    heard.office.hands.go(HOUR_S)
    web.put("/feed", rss("<item/>" * 1_000_000), kind=RSS, packed=True)
    heard.look()  # ended by its limit of time, not by the test's
    assert "cannot be read" in heard.remarks["127.0.0.1"]


@pytest.mark.slow
def test_of_very_many_new_entries_the_most_are_only_counted(
    heard: Listening, web: WebServer
) -> None:
    begin(heard, web, item(1))
    heard.office.hands.go(HOUR_S)
    web.put("/feed", rss(*(item(n) for n in range(1500, 0, -1))), kind=RSS)
    heard.look()
    heard.office.hands.go(DAY_S)
    heard.look()
    assert heard.titles[-1] == "Feeds: 201 new"
    assert any("and 1299 more in 127.0.0.1" in note for note in heard.notes)
    heard.office.hands.go(DAY_S)
    heard.look()
    assert len(heard.tasks) == 2


@pytest.mark.slow
def test_of_more_entries_than_are_looked_at_the_newest_count(
    heard: Listening, web: WebServer
) -> None:
    def dated(n: int) -> str:
        at = datetime.fromtimestamp(1_700_000_000 + n * 60, UTC)
        return item(n, more=f"<pubDate>{format_datetime(at)}</pubDate>")

    begin(heard, web, *(dated(n) for n in range(2100)))
    heard.office.hands.go(HOUR_S)
    web.put("/feed", rss(*(dated(n) for n in range(2102))), kind=RSS)
    heard.look()
    heard.office.hands.go(DAY_S)
    heard.look()
    assert heard.titles[-1] == "Feeds: 2 new"


def test_a_server_that_wants_to_be_left_alone_is(heard: Listening, web: WebServer) -> None:
    web.put("/feed", status=429, headers={"Retry-After": "7200"})
    heard.look()
    for _ in range(3):
        heard.office.hands.go(HOUR_S * 0.6)
        heard.look()
    assert len(web.asked) == 1
    heard.office.hands.go(HOUR_S)
    heard.look()
    assert len(web.asked) == 2
    assert heard.remarks == {}  # twice is not yet worth a word


def test_a_feed_that_is_gone_for_good_is_told_and_not_asked_again(
    office: TestOffice, heard: Listening, web: WebServer
) -> None:
    web.put("/feed", status=410)
    for _ in range(3):
        heard.look()
        heard.office.hands.go(DAY_S)
    assert len(web.asked) == 1
    with listening(office, source) as again:  # after a restart it is still told
        again.look()
        assert "gone for good (410)" in again.remarks["127.0.0.1"]
    assert len(web.asked) == 1
    handbook(office, "feeds")
    with listening(office, source) as again:
        again.look()
        assert again.remarks == {}


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("file:///etc/passwd", "only addresses that begin with http"),
        ("http://localhost:{other}/feed", "lies in your own network"),
        ("http://[::1]:{other}/feed", "lies in your own network"),
        ("http://169.254.169.254/latest", "lies in your own network"),
        ("/feed", "more than 5 times"),
    ],
)
def test_no_answer_leads_into_the_owners_own_network(
    heard: Listening, web: WebServer, to: str, said: str
) -> None:
    with WebServer() as other:
        other.put("/feed", rss(item(1)), kind=RSS)
        where = to.format(other=other.host.rpartition(":")[2])
        web.put("/feed", status=302, headers={"Location": where})
        for _ in range(3):
            heard.look()
            heard.office.hands.go(4 * DAY_S)
        assert said in heard.remarks["127.0.0.1"]
        assert other.asked == []


@pytest.mark.slow
def test_a_feed_that_moved_for_good_is_heard_and_told(heard: Listening, web: WebServer) -> None:
    web.put("/feed", status=301, headers={"Location": "/new"})
    web.put("/new", rss(item(1)), kind=RSS)
    heard.look()
    assert web.url("/new") in heard.remarks["127.0.0.1"]


@pytest.mark.slow
def test_a_feed_that_fails_is_told_after_three_times_and_holds_up_no_other(
    office: TestOffice, web: WebServer
) -> None:
    handbook(office, "feeds", {"url": web.url("/bad"), "name": "Bad"}, web.url("/feed"))
    web.put("/bad", status=503)
    web.put("/feed", rss(item(1)), kind=RSS)
    with listening(office, source) as heard:
        heard.look()
        assert heard.remarks == {} and len(web.asked) == 2
        for _ in range(2):
            office.hands.go(DAY_S)
            heard.look()
        assert heard.remarks == {"Bad": "the server is busy (503)"}
        web.put("/bad", rss(item(1)), kind=RSS)
        office.hands.go(DAY_S)
        heard.look()
        assert heard.remarks == {}


def test_each_bad_line_of_the_handbook_is_told_and_the_others_count(
    office: TestOffice, web: WebServer
) -> None:
    entries = [
        web.url("/feed"),
        "gopher://example.org",
        {"url": web.url("/a"), "evry": "1 h"},
        {"url": web.url("/a"), "every": "1 min"},
        {"url": web.url("/a"), "every": "often"},
        {"url": web.url("/a"), "do": "eat"},
        {"url": "http://user:pw@example.org"},
        {"name": "no address"},
    ]
    handbook(office, "feeds", *entries)
    web.put("/feed", rss(item(1)), kind=RSS)
    with listening(office, source) as heard:
        heard.look()
        said = heard.remarks
    assert len(web.asked) == 1
    assert [said[f"handbook line {n}"].partition(":")[0] for n in range(6, 13)] == [
        "`url`",
        "`evry` is not known here",
        "`every` is at least 5 min",
        "'often' is no length of time",
        "`do",
        "`url`",
        "`url`",
    ]


@pytest.mark.slow
def test_a_slow_server_is_left_after_a_time(office: TestOffice, web: WebServer) -> None:
    handbook(office, "feeds", web.url("/feed"))
    web.put("/feed", b"a" * 1000, kind=RSS, wait_s=0.1)

    def hasty(premises: Premises) -> Round:
        made = source(premises)
        made.fetcher = replace(made.fetcher, limit_s=0.2)
        return made

    with listening(office, hasty) as heard:
        for _ in range(3):
            office.hands.go(4 * DAY_S)
            heard.look()
        assert "it took longer than 0.2 s" in heard.remarks["127.0.0.1"]


@pytest.mark.slow
def test_looked_with_once_it_asks_whatever_the_hour(office: TestOffice, web: WebServer) -> None:
    handbook(office, "feeds", web.url("/feed"))
    web.put("/feed", rss(item(1)), kind=RSS)
    for _ in range(2):
        with listening(office, source, once=True) as heard:
            heard.look()
    assert len(web.asked) == 2


@pytest.mark.slow
def test_a_feed_that_is_added_while_it_runs_is_heard(office: TestOffice, web: WebServer) -> None:
    with listening(office, lambda premises: sources(premises)[0]) as heard:
        assert heard.look() is None
        handbook(office, "feeds", web.url("/feed"))
        web.put("/feed", rss(item(1)), kind=RSS)
        heard.look()
        assert len(web.asked) == 1


def test_what_else_may_not_be_asked_by_a_tool_may_not_be_asked_here() -> None:
    """The same rule stands in the web tools, which may import nothing of ours."""
    from tests.mcp import test_web
    from watchers.web.reach import is_public

    test: Any = test_web.test_what_is_not_of_the_public_internet_is_refused
    (mark,) = [one for one in test.pytestmark if one.name == "parametrize"]
    assert not any(is_public(address) for address in mark.args[1])
    assert is_public("93.184.215.14") and is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
