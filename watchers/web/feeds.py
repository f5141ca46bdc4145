"""What a feed says, and which of it is new.

A feed is read in the child with limits, never here: what somebody puts on a server may be made to
eat all memory. Which entries were told is remembered by two marks of each, what the feed calls it
and what it says: neither a feed that numbers its entries anew tells all of them again, nor does
one whose entry was mended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from factotum.drop import Bundle, Drop
from factotum.reading import cell
from factotum.watcher import Post, Premises
from watchers import entries
from watchers.digest_time import digest_at, next_digest
from watchers.entries import Entry
from watchers.web.fetch import MB, Answer
from watchers.web.polite import Unheard
from watchers.web.rounds import Heard, Known, Round, Stop, fetcher_of, name_of

NAME = "feed"
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
#: The largest feed, in bytes unpacked, and how long it may be worked at, in seconds.
FEED_MOST_BYTES, READ_S = 10 * MB, 20.0
#: How many entries of a feed are looked at, and how many new ones of one look are told; of more
#: there is only how many they are.
ENTRIES_MOST, TOLD_MOST = 2000, 200
#: How many marks of entries that a feed no longer has are kept.
OLD_MARKS_MOST = 1000
#: After so many looks one after the other at which all of several entries were new, those are not
#: told whose title and link were there at the look before.
RESTLESS = 3
EVERY_S, EVERY_LEAST_S = 3600.0, 300.0
#: An entry may not come from the future by more than this, in seconds.
AHEAD_S = 86400.0
KEYS = ("url", "name", "do", "every")


@dataclass(frozen=True)
class Feed(Stop):
    as_tasks: bool = False


def source(premises: Premises) -> Round:
    at = digest_at(premises.settings)

    def stops(post: Post) -> tuple[Sequence[Stop], Mapping[str, str]]:
        return entries.read(post.rules("feeds"), "url", KEYS, feed_of)

    def hear(post: Post, feed: Feed, known: Known, answer: Answer) -> Heard:
        due = next_digest(post.now(), post.zone, at)
        bundle = Bundle(f"feeds {post.zone(due):%Y-%m-%d}", "Feeds: {n} new", due)
        return heard(feed, known.about, read(answer), bundle, post.now())

    fetcher = fetcher_of(premises.settings.text("WEB_INSIDE"), FEED_MOST_BYTES)
    return Round(NAME, "feeds", ACCEPT, stops, hear, fetcher)


def feed_of(entry: Entry) -> Feed:
    """Raises BadEntry."""
    url = entry.text("url")
    if url.startswith("feed:"):  # as some sites write it
        url = url.removeprefix("feed:")
        url = f"http:{url}" if url.startswith("//") else url
    name = name_of(entry, url)
    (every_s,) = entry.spans_s("every", EVERY_S, EVERY_LEAST_S)[:1]
    as_tasks = entry.one_of("do", ("digest", "task")) == "task"
    return Feed(url, name, every_s, as_tasks=as_tasks)


def read(answer: Answer) -> dict[str, Any]:
    """What the feed says. Raises Unheard."""
    head = {"content-type": answer.headers.get("content-type", ""), "url": answer.url}
    data = json.dumps(head).encode() + b"\n" + answer.data
    found = cell.run("feed", data, ENTRIES_MOST, READ_S)
    if isinstance(found, cell.Broken):
        raise Unheard(f"the feed cannot be read: {found.reason}", sure=True)
    if found.get("refused"):
        raise Unheard(str(found["refused"]), sure=True)
    return found


def heard(
    feed: Feed, about: Mapping[str, Any], found: Mapping[str, Any], bundle: Bundle, now: float
) -> Heard:
    """What is new in it, as what is to be handed in, and what is known of it from now on."""
    old: list[str] = list(about.get("marks", ()))
    known = set(old)
    marked = [(entry, _marks(entry)) for entry in found["entries"]]
    new = [(entry, marks) for entry, marks in marked if not known & set(marks)]
    all_new = len(marked) > 1 and len(new) == len(marked)
    row = int(about.get("row", 0)) + 1 if all_new and old else 0
    before = set(about.get("called", ()))
    fresh = [(entry, marks) for entry, marks in new if _called(entry) not in before]
    here = list(dict.fromkeys(mark for _, marks in marked for mark in marks))
    kept = [mark for mark in old if mark not in set(here)][:OLD_MARKS_MOST]
    left = {"marks": here + kept, "row": row, "called": [_called(entry) for entry, _ in marked]}
    trouble = ""
    if row >= RESTLESS and len(fresh) < len(new):
        new = fresh
        trouble = "all its entries are new at each look: what has a title that was told is not"
    if found["broken"]:
        trouble = f"the feed is damaged ({found['broken']}): what could be read of it is told"
    if "marks" not in about:
        return [_begun(feed, len(marked), bundle)], left, trouble
    drops = [_drop(feed, entry, marks[0], bundle, now) for entry, marks in new[:TOLD_MOST]]
    if more := len(new) - len(drops):
        drops.append(_more(feed, more, new[TOLD_MOST][1][0], bundle))
    return drops[::-1], left, trouble  # the oldest first


def _marks(entry: Mapping[str, Any]) -> tuple[str, ...]:
    link = str(entry["link"]).partition("://")[2] or str(entry["link"])
    said = f"{entry['title']}\0{link}\0{entry['at']}\0{'' if link else entry['text']}"
    called = str(entry["id"])
    return tuple(_mark(kind, text) for kind, text in (("i", called), ("s", said)) if text)


def _called(entry: Mapping[str, Any]) -> str:
    """By what a person would know it again."""
    return _mark("t", f"{entry['title']}\0{entry['link']}")


def _mark(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}{text}".encode(errors="replace")).hexdigest()[:12]


def _drop(feed: Feed, entry: Mapping[str, Any], mark: str, bundle: Bundle, now: float) -> Drop:
    at = entry["at"]
    sane = isinstance(at, int | float) and 0 < at <= now + AHEAD_S
    return Drop(
        NAME,
        f"{feed.key}:{mark}",
        "message",
        str(entry["title"]) or "(no title)",
        "\n".join(part for part in (str(entry["link"]), str(entry["text"])) if part),
        sender=feed.name,
        received=datetime.fromtimestamp(at, UTC) if sane else None,
        bundle=None if feed.as_tasks else bundle,
    )


def _begun(feed: Feed, there: int, bundle: Bundle) -> Drop:
    title = f"{feed.name} is listened to from now on"
    body = f"{feed.url}\n{there} entries are there already; they are not told."
    return Drop(NAME, f"{feed.key}:begun", "message", title, body, sender=feed.name, bundle=bundle)


def _more(feed: Feed, n: int, mark: str, bundle: Bundle) -> Drop:
    title = f"and {n} more in {feed.name}"
    return Drop(
        NAME,
        f"{feed.key}:more:{mark}",
        "message",
        title,
        feed.url,
        sender=feed.name,
        bundle=bundle,
    )
