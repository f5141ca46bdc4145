"""A change in the part of a page that its owner named is told, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from factotum.model import Trust
from factotum.watcher import Premises
from tests.office import TestOffice
from tests.servers.feeds import WebServer
from tests.watchers.listening import Listening, handbook, listening
from watchers.page_watcher import sources
from watchers.web import pages
from watchers.web.rounds import Round

HOUR_S, DAY_S = 3600.0, 86400.0


def html(*prices: str, ad: str = "Buy!", more: str = "") -> bytes:
    rows = "".join(f"<li><b>Boat {n}</b>\n  costs {price}</li>" for n, price in enumerate(prices))
    return (
        f"<html><head><title>Boats</title></head><body><nav>Home</nav><main><p>Hello"
        f"<ul id=boats>{rows}</ul><div class=ad>{ad}</div></main>{more}"
        f"<script>var now = '{ad}'</script></body></html>"
    ).encode()


def source(premises: Premises) -> Round:
    made = pages.source(premises)
    made.between_s = 0.0
    return made


@pytest.fixture
def heard(office: TestOffice, web: WebServer) -> Iterator[Listening]:
    handbook(office, "pages", {"url": web.url("/p"), "name": "Boats", "selector": "#boats"})
    with listening(office, source) as heard:
        yield heard


def looks(heard: Listening, web: WebServer, *pages: bytes) -> None:
    for page in pages:
        web.put("/p", page)
        heard.look()
        heard.office.hands.go(2 * HOUR_S)


def test_a_change_under_the_selector_becomes_a_task_that_shows_it(
    heard: Listening, web: WebServer
) -> None:
    looks(heard, web, html("90", "80"), html("90", "75"))
    (task,) = heard.tasks
    (note,) = heard.notes
    assert task.title == "Boats has changed" and task.trust is Trust.STRANGER
    assert "-Boat 1 costs 80\n+Boat 1 costs 75" in note
    assert "What stands there now:\n\nBoat 0 costs 90\nBoat 1 costs 75" in note
    looks(heard, web, html("90", "75"))
    assert heard.titles.count("Boats has changed") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "noise",
    [
        html("90", ad="Another!"),
        html("90", more="<p>Visitor 12345</p>"),
        html("90").replace(b"\n  costs", b" &nbsp;\t\r\n costs"),
        html("90").replace(b"<li>", b"<li class=new><!-- rev 7 -->"),
        html("90").replace(b"Boat", b"Bo\xe2\x80\x8bat"),  # a blank that nobody sees
        html("90").replace(b"</ul>", b"<style>b{}</style><span hidden>x</span></ul>"),
    ],
)
def test_what_changes_elsewhere_or_is_not_seen_is_no_change(
    heard: Listening, web: WebServer, noise: bytes
) -> None:
    looks(heard, web, html("90"), noise)
    assert [title for title in heard.titles if "changed" in title] == []


@pytest.mark.slow
def test_the_first_look_is_told_with_the_days_digest(heard: Listening, web: WebServer) -> None:
    looks(heard, web, html("90"))
    heard.office.hands.go(DAY_S)
    heard.look()
    (note,) = heard.notes
    assert "Boats is watched from now on" in note and "Boat 0 costs 90" in note


@pytest.mark.slow
def test_a_change_back_and_forth_is_told_each_time(heard: Listening, web: WebServer) -> None:
    looks(heard, web, html("90"), html("80"), html("90"), html("80"))
    assert heard.titles.count("Boats has changed") == 3


@pytest.mark.slow
def test_a_page_that_never_rests_is_told_once_a_day(heard: Listening, web: WebServer) -> None:
    for n in range(7):
        web.put("/p", html(str(n)))
        heard.look()
        heard.office.hands.go(HOUR_S)
    changes = [title for title in heard.titles if title == "Boats has changed"]
    assert len(changes) == pages.RESTLESS - 1
    assert "changes at each look" in heard.remarks["Boats"]


@pytest.mark.slow
def test_a_selector_that_fits_nothing_is_told_and_nothing_is_forgotten(
    heard: Listening, web: WebServer
) -> None:
    looks(heard, web, html("90"), b"<html><body><p>We are building.</body></html>")
    assert "'#boats'" in heard.remarks["Boats"] and heard.tasks == []
    heard.office.hands.go(DAY_S)
    looks(heard, web, html("85"))
    assert heard.remarks == {}
    assert any("+Boat 0 costs 85" in note for note in heard.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "kind", "said"),
    [
        ({"selector": "li:[["}, "text/html", "is no selector of CSS"),
        ({"without": ["::::"]}, "text/html", "is no selector of CSS"),
        ({}, "image/png", "it is no page but image/png"),
        ({"selector": "#a"}, "text/plain", "leave `selector` out"),
    ],
)
def test_what_cannot_be_looked_into_is_told(
    office: TestOffice, web: WebServer, more: dict[str, Any], kind: str, said: str
) -> None:
    handbook(office, "pages", {"url": web.url("/p"), "name": "Boats", **more})
    web.put("/p", html("90"), kind=kind)
    with listening(office, source) as heard:
        heard.look()
        assert said in heard.remarks["Boats"]


@pytest.mark.slow
def test_what_changes_by_itself_is_left_out_by_its_selector(
    office: TestOffice, web: WebServer
) -> None:
    handbook(office, "pages", {"url": web.url("/p"), "name": "Boats", "without": ".ad"})
    with listening(office, source) as heard:
        looks(heard, web, html("90"), html("90", ad="1"), html("90", ad="2"))
        assert [title for title in heard.titles if "changed" in title] == []
        looks(heard, web, html("80", ad="3"))
        assert heard.titles[-1] == "Boats has changed"


def test_a_plain_text_is_compared_line_by_line(office: TestOffice, web: WebServer) -> None:
    handbook(office, "pages", web.url("/p"))
    with listening(office, source) as heard:
        for text in (b"a\nb\nc\n", b"a\nB\nc\n"):
            web.put("/p", text, kind="text/plain")
            heard.look()
            office.hands.go(2 * HOUR_S)
        (note,) = heard.notes
        assert "-b\n+B\n" in note


@pytest.mark.slow
def test_a_page_in_an_old_encoding_is_read(office: TestOffice, web: WebServer) -> None:
    handbook(office, "pages", web.url("/p"))
    with listening(office, source) as heard:
        for word in ("Grüße", "Größe"):
            web.put("/p", f"<body>{word}".encode("cp1252"), kind="text/html; charset=cp1252")
            heard.look()
            office.hands.go(2 * HOUR_S)
        assert "+Größe" in heard.notes[0]


@pytest.mark.slow
def test_a_long_page_is_bounded_and_a_change_at_its_end_is_told(
    office: TestOffice, web: WebServer
) -> None:
    handbook(office, "pages", {"url": web.url("/p"), "name": "Long"})
    lines = "".join(f"<p>Line {n} {'x' * 50}" for n in range(20_000))
    with listening(office, source) as heard:
        looks(heard, web, lines.encode(), (lines + "<p>The end").encode())
        (note,) = heard.notes
        assert "beyond the part of the page" in note and len(note) < 20_000
        (stop,) = heard.source.stops(heard.post)[0]  # type: ignore[attr-defined]
        assert len(heard.post.cursor(stop.key)) < 100_000
        looks(heard, web, "".join(f"<p>Other {n}" for n in range(3000)).encode())
        assert "lines more" in heard.notes[1] or "lines more" in heard.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"<div>" * 200_000,
        b"<p><b><i>" * 100_000,
        b"<" * 1_000_000,
        b"&#x" + b"9" * 1_000_000,
        bytes(range(256)) * 4000,
        b"<a " + b"b=c " * 300_000,
    ],
)
def test_hostile_pages_are_survived(office: TestOffice, web: WebServer, data: bytes) -> None:
    handbook(office, "pages", web.url("/bad"), {"url": web.url("/p"), "name": "Boats"})
    web.put("/bad", data)
    with listening(office, source) as heard:
        looks(heard, web, html("90"), html("80"))
        assert "Boats has changed" in heard.titles


@pytest.mark.slow
def test_words_of_a_page_do_nothing_in_the_vault(heard: Listening, web: WebServer) -> None:
    evil = "[[Dashboard]] ![](http://evil.test/x) `=this` <b>x</b> ``` ~~~~ \u202e"
    looks(heard, web, html("90"), html(evil.replace("<", "&lt;")))
    (note,) = heard.notes
    body = note.partition("\n---\n")[2]
    fence = next(line for line in body.splitlines() if line.startswith(("```", "~~~")))
    outside = body.partition(fence)[0]
    assert "evil.test" not in outside and "[[" not in outside


@pytest.mark.slow
def test_the_same_page_may_be_watched_in_two_places(office: TestOffice, web: WebServer) -> None:
    both = [{"url": web.url("/p"), "name": name, "selector": name} for name in ("#boats", ".ad")]
    handbook(office, "pages", *both)
    with listening(office, source) as heard:
        looks(heard, web, html("90"), html("90", ad="Now!"))
        assert heard.titles == [".ad has changed"]


@pytest.mark.slow
def test_a_page_that_is_added_while_it_runs_is_watched(office: TestOffice, web: WebServer) -> None:
    with listening(office, lambda premises: sources(premises)[0]) as heard:
        assert heard.look() is None
        handbook(office, "pages", web.url("/p"))
        looks(heard, web, html("90"), html("80"))
        assert len(heard.tasks) == 1
