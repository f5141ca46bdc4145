"""What becomes of a text and its marks: cleaned, trimmed, checked, and links found in it.

Offsets and lengths are UTF-16 units, as everywhere in the Bot API. Sources: the description of
MessageEntity and "Formatting options"; the order of the steps and the words of the errors are
those of the published server (github.com/tdlib).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.servers.telegram.facts import bad
from tests.servers.telegram.marks import SOLID, Entity, checked_link
from tests.servers.telegram.read_html import read_html
from tests.servers.telegram.read_markdown import read_markdown

#: More marks than this are left out.
ENTITIES_MOST = 100
STYLES = frozenset(
    "bold italic underline strikethrough spoiler blockquote expandable_blockquote code pre "
    "text_link text_mention custom_emoji".split()
)
#: Cut where code stands in them.
SPLIT = frozenset("bold italic underline strikethrough spoiler".split())
#: Found by the server in any text; a bot that gives them is not listened to.
FOUND = frozenset("mention hashtag cashtag bot_command url email phone_number".split())

#: These are taken out of a text: the carriage return, and marks that turn its direction.
OUT = dict.fromkeys([0x0D, *range(0x2028, 0x202F), 0x0333, 0x033F, 0x030A])
#: These become spaces: all that steer a terminal, except the line break.
SPACES = {code: " " for code in range(32) if code not in (0x0A, 0x0D)}

LOOKS_LIKE = (
    ("url", re.compile(r"\bhttps?://[^\s<>\"]*[^\s<>\".,:;!?)\]]")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("mention", re.compile(r"(?<![\w@/.])@[A-Za-z]\w{3,31}\b")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])")),
    ("hashtag", re.compile(r"(?<![\w#&])#\w*[^\W\d]\w*")),
)


def units(text: str) -> int:
    """How long a text is, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked(text: str, entity: Entity) -> str:
    """The part of `text` that an entity marks."""
    raw = text.encode("utf-16-le")
    end = entity["offset"] + entity["length"]
    return raw[entity["offset"] * 2 : end * 2].decode("utf-16-le")


def formatted(
    text: str, entities: Iterable[Entity] = (), parse_mode: str = ""
) -> tuple[str, list[Entity]]:
    """The text as it will stand, and all its marks. Raises ApiError."""
    match parse_mode.lower():
        case "":
            given = [_given(one) for one in entities]
        case "html":
            text, given = read_html(text)
        case "markdownv2":
            text, given = read_markdown(text)
        case _:
            raise bad("unsupported parse_mode")
    given = sorted((one for one in given if one), key=_place)
    _check(text, given)
    text, given = _clean(text, _apart(given))
    text, given = _trim(text, given)
    return text, _with_found(text, given)[:ENTITIES_MOST]


def _given(one: Any) -> Entity:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str):
        raise bad("can't parse MessageEntity: expected an Object")
    if one["type"] in FOUND:
        return {}
    if one["type"] not in STYLES:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    if not isinstance(one.get("offset"), int) or not isinstance(one.get("length"), int):
        raise bad("can't parse MessageEntity: Can't find field \"offset\"")
    if one["offset"] < 0:
        raise bad(f"receive an entity with incorrect offset {one['offset']}")
    if one["length"] < 0:
        raise bad(f"receive an entity with incorrect length {one['length']}")
    if one["type"] == "text_link":
        if not (url := checked_link(str(one.get("url", "")))):
            raise bad(f"entity URL '{one.get('url', '')}' is invalid: Wrong HTTP URL")
        one = {**one, "url": url}
    return dict(one) if one["length"] else {}


def _place(one: Entity) -> tuple[int, int]:
    return one["offset"], -one["length"]


def _check(text: str, entities: list[Entity]) -> None:
    whole = units(text)
    edges = {0}
    at = 0
    for letter in text:
        at += 2 if ord(letter) > 0xFFFF else 1
        edges.add(at)
    for one in entities:
        end = one["offset"] + one["length"]
        if one["offset"] > whole:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {one['offset']}")
        if end > whole:
            raise bad(
                f"entity beginning at UTF-16 offset {one['offset']} ends after the end of the "
                f"text at UTF-16 offset {end}"
            )
        if one["offset"] not in edges:
            raise bad("entity begins in a middle of a UTF-16 symbol")
        if end not in edges:
            raise bad(
                f"entity beginning at UTF-16 offset {one['offset']} ends in a middle of a "
                "UTF-16 symbol"
            )


def _apart(entities: list[Entity]) -> list[Entity]:
    """Styles end where code begins and go on behind it; code holds nothing else."""
    solid = [one for one in entities if one["type"] in SOLID]
    kept = list(solid)
    for one in entities:
        if one["type"] in SOLID:
            continue
        pieces = [(one["offset"], one["offset"] + one["length"])]
        for block in solid if one["type"] in SPLIT else ():
            start, end = block["offset"], block["offset"] + block["length"]
            pieces = [
                piece
                for left, right in pieces
                for piece in ((left, min(right, start)), (max(left, end), right))
                if piece[0] < piece[1]
            ]
        kept += [{**one, "offset": left, "length": right - left} for left, right in pieces]
    return sorted(kept, key=_place)


def _clean(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    gone: list[int] = []
    at = 0
    for letter in text:
        if ord(letter) in OUT:
            gone.append(at)
        at += 2 if ord(letter) > 0xFFFF else 1
    return text.translate({**SPACES, **OUT}), _without(entities, gone)


def _without(entities: list[Entity], gone: list[int]) -> list[Entity]:
    """The entities once the units at these places are taken out of the text."""
    if not gone:
        return entities
    kept = []
    for one in entities:
        start, end = one["offset"], one["offset"] + one["length"]
        start -= sum(place < start for place in gone)
        end -= sum(place < end for place in gone)
        if end > start:
            kept.append({**one, "offset": start, "length": end - start})
    return kept


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    text = text.rstrip(" \n")
    whole = units(text)
    kept = []
    for one in entities:
        length = min(one["length"], whole - one["offset"])
        if length > 0:
            kept.append({**one, "length": length})
    first = kept[0]["offset"] if kept else whole
    lead = min(len(text) - len(text.lstrip(" \n")), first)
    return text[lead:], [{**one, "offset": one["offset"] - lead} for one in kept]


def _with_found(text: str, given: list[Entity]) -> list[Entity]:
    solid = [one for one in given if one["type"] in ("code", "pre", "text_link", "text_mention")]
    taken = [(one["offset"], one["offset"] + one["length"]) for one in solid]
    found = list(given)
    for kind, looks in LOOKS_LIKE:
        for hit in looks.finditer(text):
            start = units(text[: hit.start()])
            end = start + units(hit[0])
            if all(end <= left or start >= right for left, right in taken):
                taken.append((start, end))
                found.append({"type": kind, "offset": start, "length": end - start})
    return sorted(found, key=_place)
