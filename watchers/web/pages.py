"""What stands in a part of a web page, and what has changed there since the last look.

The page is taken apart in the child with limits. Its words are kept as they were at the last
look, so that a change can be shown line by line.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factotum.drop import Bundle, Drop
from factotum.inert import one_line
from factotum.reading import cell
from factotum.reading.shape import clean
from factotum.reading.text_file import decode
from factotum.watcher import Post, Premises
from watchers import entries
from watchers.digest_time import digest_at, next_digest
from watchers.entries import Entry
from watchers.web.fetch import MB, Answer
from watchers.web.polite import Unheard
from watchers.web.rounds import Heard, Known, Round, Stop, fetcher_of, name_of

NAME = "page"
ACCEPT = "text/html, application/xhtml+xml, text/*;q=0.8, */*;q=0.5"
PAGE_MOST_BYTES, READ_S = 5 * MB, 20.0
EVERY_S, EVERY_LEAST_S = 3600.0, 300.0
#: How much of a page is kept to compare with, and how long a line may be, in characters.
LINES_MOST, LINE_MOST, KEPT_MOST = 2000, 1000, 64 * 1024
#: How much of a change is told, in lines, and of what stands there now, in characters.
DIFF_MOST, NOW_MOST = 200, 3000
#: After so many changes one after the other, one at each look, they are told once a day.
RESTLESS = 5
KEYS = ("url", "name", "selector", "without", "every", "do")


@dataclass(frozen=True)
class Page(Stop):
    selector: str = ""
    without: tuple[str, ...] = ()
    in_digest: bool = False


def source(premises: Premises) -> Round:
    at = digest_at(premises.settings)

    def stops(post: Post) -> tuple[Sequence[Stop], Mapping[str, str]]:
        return entries.read(post.rules("pages"), "url", KEYS, page_of)

    def hear(post: Post, page: Page, known: Known, answer: Answer) -> Heard:
        due = next_digest(post.now(), post.zone, at)
        bundle = Bundle(f"pages {post.zone(due):%Y-%m-%d}", "Web pages: {n} to look at", due)
        return heard(page, known.about, read(page, answer), bundle, post.now())

    fetcher = fetcher_of(premises.settings.text("WEB_INSIDE"), PAGE_MOST_BYTES)
    return Round(NAME, "pages", ACCEPT, stops, hear, fetcher)


def page_of(entry: Entry) -> Page:
    """Raises BadEntry."""
    url = entry.text("url")
    name = name_of(entry, url)
    every_s = entry.spans_s("every", EVERY_S, EVERY_LEAST_S)[0]
    selector, without = entry.text("selector"), entry.texts("without")
    return Page(
        url,
        name,
        every_s,
        json.dumps([selector, *without]),
        selector,
        without,
        entry.one_of("do", ("task", "digest")) == "digest",
    )


def read(page: Page, answer: Answer) -> list[str]:
    """The lines that stand there. Raises Unheard."""
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        lines = _selected(page, answer)
    elif kind.startswith("text/") or kind.endswith(("json", "xml")):
        if page.selector:
            raise Unheard(f"it is no page but {kind[:60]}: leave `selector` out", sure=True)
        lines = decode(answer.data, answer.charset)[0].split("\n")
    else:
        raise Unheard(f"it is no page but {one_line(kind, 60)}", sure=True)
    flat = (" ".join(clean(line[:LINE_MOST]).split()) for line in lines)
    return [line for line in flat if line]


def _selected(page: Page, answer: Answer) -> list[str]:
    head = {"selector": page.selector, "without": page.without, "charset": answer.charset}
    data = json.dumps(head).encode() + b"\n" + answer.data
    found = cell.run("select", data, 100_000, READ_S)
    if isinstance(found, cell.Broken):
        raise Unheard(f"the page cannot be read: {found.reason}", sure=True)
    if found.get("refused"):
        raise Unheard(str(found["refused"]), sure=True)
    if not found["many"]:
        raise Unheard(
            f"nothing on the page fits the selector {page.selector!r}: it was built anew, or the "
            f"selector is wrong",
            sure=True,
        )
    return [str(line) for line in found["lines"]]


def heard(
    page: Page, about: Mapping[str, Any], lines: list[str], bundle: Bundle, now: float
) -> Heard:
    """What is to be handed in of it, what is known of it now, and what its owner should know."""
    whole = hashlib.sha256("\n".join(lines).encode(errors="replace")).hexdigest()
    kept = _kept(lines)
    if "whole" not in about:
        known = {"whole": whole, "lines": kept, "n": 0, "at": 0.0, "row": 0}
        return [_begun(page, kept, bundle)], known, ""
    if whole == about["whole"]:
        return [], dict(about), ""
    n = int(about["n"]) + 1
    row = int(about["row"]) + 1 if now - float(about["at"]) <= 1.5 * page.every_s else 1
    restless = row >= RESTLESS
    trouble = "it changes at each look: name what changes by itself in `without`" * restless
    drop = Drop(
        NAME,
        f"{page.key}:{n}:{whole[:16]}",
        "message",
        f"{page.name} has changed",
        _told(page, list(about["lines"]), kept),
        sender=page.name,
        bundle=bundle if restless or page.in_digest else None,
    )
    return [drop], {"whole": whole, "lines": kept, "n": n, "at": now, "row": row}, trouble


def _kept(lines: Sequence[str]) -> list[str]:
    kept, left = [], KEPT_MOST
    for line in lines[:LINES_MOST]:
        left -= len(line.encode(errors="replace")) + 1
        if left < 0:
            break
        kept.append(line)
    return kept


def _told(page: Page, before: list[str], after: list[str]) -> str:
    where = f"Under: {page.selector}\n" * bool(page.selector)
    diff = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    if not diff:
        diff = ["(beyond the part of the page that is compared line by line)"]
    if more := len(diff) - DIFF_MOST:
        diff = diff[:DIFF_MOST] + [f"… and {more} lines more"] * (more > 0)
    now = "\n".join(after)[:NOW_MOST]
    return f"{page.url}\n{where}\nWhat changed (- before, + now):\n\n" + "\n".join(
        [*diff, "", "What stands there now:", "", now]
    )


def _begun(page: Page, lines: list[str], bundle: Bundle) -> Drop:
    title = f"{page.name} is watched from now on"
    body = "\n".join([page.url, "It says now:", *lines[:5]])
    return Drop(NAME, f"{page.key}:begun", "message", title, body, sender=page.name, bundle=bundle)
