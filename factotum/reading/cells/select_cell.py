"""The words of a part of a web page, a line for each block; nothing in it runs or is fetched."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

#: What is no text of the page, or not meant for its readers.
SILENT = frozenset("script style noscript template svg iframe object embed canvas head".split())
BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section table td th tr ul".split()
)
#: Where no selector is given: the first of these that a page has.
WHOLE = ("main", "[role=main]", "body")
#: A mark between two blocks that no page has.
EDGE = "\x1e"

_BLANK = re.compile("[\\s\u2028\u2029\x00-\x1f]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`lines`, and of how `many` parts; or why it is `refused`. The first line of `data` is
    JSON: the `selector`, the selectors `without`, the `charset`."""
    from bs4 import BeautifulSoup
    from bs4.css import soupsieve

    assert soupsieve is not None  # it comes with bs4

    head, _, body = data.partition(b"\n")
    asked = json.loads(head)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a page looks like a file name is no matter
        soup = BeautifulSoup(body, "html.parser", from_encoding=asked["charset"] or None)
    try:
        for selector in asked["without"]:
            for element in soup.select(selector):
                element.extract()
        parts = _parts(soup, asked["selector"])
    except soupsieve.SelectorSyntaxError as wrong:
        why = str(wrong).splitlines()[0][:200]
        return {"refused": f"`selector` or `without` holds what is no selector of CSS: {why}"}
    except RecursionError:
        return {"refused": "it is nested too deep to look into"}
    return {"lines": _lines(parts)[:most], "many": len(parts)}


def _parts(soup: Any, selector: str) -> list[Any]:
    if not selector:
        whole = (soup.select_one(one) for one in WHOLE)
        return [next((one for one in whole if one is not None), soup)]
    found = soup.select(selector)
    inside = {id(one) for one in found}
    return [one for one in found if not any(id(above) in inside for above in one.parents)]


def _lines(parts: list[Any]) -> list[str]:
    said: list[str] = []
    for part in parts:
        _walk(part, said)
    lines = (" ".join(line.split()) for line in "".join(said).split(EDGE))
    return [line for line in lines if line]


def _walk(part: Any, said: list[str]) -> None:
    """Adds the words below `part`, with an edge round each block. Does not recurse."""
    from bs4.element import NavigableString, PreformattedString

    open_: list[Any] = [iter((part, EDGE))]
    while open_:
        one = next(open_[-1], None)
        if one is None:
            open_.pop()
        elif one is EDGE:
            said.append(EDGE)
        elif isinstance(one, NavigableString):
            if not isinstance(one, PreformattedString):  # a comment, say
                said.append(_BLANK.sub(" ", _UNSEEN.sub("", one)))
        elif one.name not in SILENT and "hidden" not in one.attrs and not _placed(one):
            edge = [EDGE] if one.name in BLOCKS else []
            open_.append(iter([*edge, *one.contents, *edge]))


def _placed(one: Any) -> bool:
    """Whether advertisers put it there."""
    return "adsbygoogle" in (one.attrs.get("class") or ())
