"""Marks that lie in one another or apart, never across: what most ways to show text ask for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from factotum.channels.words import Span

#: Marks that may begin and end anywhere, from the outer to the inner.
_FREE = ("spoiler", "bold", "italic", "strike")


def nested(spans: Iterable[Span]) -> list[Span]:
    """The spans so that of two that share a character one lies in the other. No quote lies in a
    quote, no mark in code, and no link or code in a link. Outer ones come first.

    What is hidden stays hidden: code and links below a spoiler give way to it.
    """
    by_mark: dict[str, list[Span]] = {}
    for span in spans:
        if span.length > 0:
            by_mark.setdefault(span.mark, []).append(span)
    hidden = _merged(by_mark.get("spoiler", []), touching=True)
    quotes = _merged(by_mark.get("quote", []))
    pres = _cut(_without(_merged(by_mark.get("pre", [])), hidden), quotes)
    fixed = _cut([*by_mark.get("code", []), *by_mark.get("link", [])], quotes)
    fixed = _apart(_without(_without(fixed, pres), hidden))
    closed = _sorted([*pres, *(one for one in fixed if one.mark == "code")])
    layers = [quotes, _sorted([*pres, *fixed])]
    for mark in _FREE:
        free = _without(_merged(by_mark.get(mark, []), touching=True), closed)
        for layer in layers:
            free = _uncrossed(free, layer)
        layers.append(free)
    return _sorted(span for layer in layers for span in layer)


def _sorted(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda one: (one.start, -one.length))


def _reaching(span: Span, start: int, end: int) -> Span:
    return replace(span, start=start, length=end - start)


def _merged(spans: Iterable[Span], *, touching: bool = False) -> list[Span]:
    """Spans of one mark, those that overlap made one; with `touching` also those that meet."""
    row: list[Span] = []
    for span in _sorted(spans):
        if row and span.start < row[-1].end + touching:
            row[-1] = _reaching(row[-1], row[-1].start, max(row[-1].end, span.end))
        else:
            row.append(span)
    return row


def _apart(spans: Iterable[Span]) -> list[Span]:
    """The spans that overlap no one before them."""
    row: list[Span] = []
    for span in _sorted(spans):
        if not row or span.start >= row[-1].end:
            row.append(span)
    return row


def _without(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """What of the spans lies in none of the holes, which are sorted and apart."""
    ends = [hole.end for hole in holes]
    left: list[Span] = []
    for span in spans:
        at = span.start
        for hole in holes[bisect_right(ends, span.start) :]:
            if hole.start >= span.end:
                break
            if hole.start > at:
                left.append(_reaching(span, at, hole.start))
            at = hole.end
        if at < span.end:
            left.append(_reaching(span, at, span.end))
    return left


def _cut(spans: Iterable[Span], at: Sequence[Span]) -> list[Span]:
    """The spans, cut wherever one of the others, which are sorted and apart, begins or ends."""
    edges = [edge for one in at for edge in (one.start, one.end)]
    parts: list[Span] = []
    for span in spans:
        inside = edges[bisect_right(edges, span.start) : bisect_left(edges, span.end)]
        parts += _between(span, inside)
    return parts


def _between(span: Span, places: Sequence[int]) -> Iterable[Span]:
    for start, end in pairwise(sorted({span.start, *places, span.end})):
        yield _reaching(span, start, end)


def _uncrossed(spans: Iterable[Span], outer: Sequence[Span]) -> list[Span]:
    """The spans, cut where they lie across one of the outer ones, which are sorted and apart."""
    starts = [one.start for one in outer]
    whole: list[Span] = []
    for span in spans:
        cuts: list[int] = []
        for edge in (span.start, span.end):
            at = bisect_left(starts, edge) - 1
            if at >= 0 and outer[at].end > edge:
                cuts += [outer[at].start, outer[at].end]
        whole += _between(span, [cut for cut in cuts if span.start < cut < span.end])
    return whole
