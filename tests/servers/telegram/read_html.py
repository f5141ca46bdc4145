"""Reads the HTML that the Bot API takes: few tags, and an error for whatever is none of them.

Source: core.telegram.org/bots/api#html-style; the errors' words are the published server's.
"""

from __future__ import annotations

import re

from tests.servers.telegram.facts import bad
from tests.servers.telegram.marks import Entity, Out

TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TOKEN = re.compile(
    r"""(?P<tag><(?P<end>/?)(?P<name>[^\s>]*)(?P<rest>(?:"[^"]*"|'[^']*'|[^>"'])*)>)"""
    r"""|(?P<open><)|(?P<text>[^<]+)"""
)
LETTER = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));?")
ATTRIBUTE = re.compile(r"""([^\s=>/"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")


def read_html(html: str) -> tuple[str, list[Entity]]:
    """The text and its marks. Raises ApiError."""
    out = Out()
    opened: list[tuple[str, dict[str, str], int]] = []
    for token in TOKEN.finditer(html):
        if token["text"]:
            out.add(_letters(token["text"]))
            continue
        at = len(html[: token.start()].encode())
        if token["open"]:
            kind = "end" if html.startswith("</", token.start()) else "start"
            raise _wrong(f"Unclosed {kind} tag at byte offset {at}")
        name = token["name"].lower()
        if token["end"]:
            _close(out, opened, name, at)
        elif name not in TAGS:
            raise _wrong(f'Unsupported start tag "{name}" at byte offset {at}')
        else:
            found = {key.lower(): value for key, value in ATTRIBUTE.findall(token["rest"])}
            values = {key: _letters(value.strip("\"'")) for key, value in found.items()}
            if name == "span" and values.get("class") != "tg-spoiler":
                raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
            opened.append((name, values, out.units))
    if opened:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return out.text, out.entities


def _close(out: Out, opened: list[tuple[str, dict[str, str], int]], name: str, at: int) -> None:
    if not opened:
        raise _wrong(f"Unexpected end tag at byte offset {at}")
    expected, values, start = opened.pop()
    if name not in ("", expected):
        raise _wrong(
            f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{name}>"'
        )
    type = TAGS[expected]
    if type == "text_link":
        out.link(values.get("href", ""), start)
    elif type == "blockquote" and "expandable" in values:
        out.mark("expandable_blockquote", start)
    elif type == "custom_emoji":
        if not values.get("emoji-id", "").isdigit():
            raise _wrong("Invalid custom emoji identifier specified")
        out.mark(type, start, custom_emoji_id=values["emoji-id"])
    elif type == "pre":
        _mark_pre(out, start)
    elif type == "code" and values.get("class", "").startswith("language-"):
        out.mark(type, start, language=values["class"].removeprefix("language-"))
    else:
        out.mark(type, start)
    if expected == "code" and (not opened or opened[-1][0] != "pre") and out.entities:
        out.entities[-1].pop("language", None)  # a language belongs to a block


def _mark_pre(out: Out, start: int) -> None:
    """<pre><code class="language-…"> is one mark."""
    whole = {"offset": start, "length": out.units - start}
    inner = [one for one in out.entities if one["type"] == "code" and whole.items() <= one.items()]
    language = inner[0].get("language") if inner else None
    out.mark("pre", start, **({"language": language} if language else {}))


def _letters(text: str) -> str:
    def letter(found: re.Match[str]) -> str:
        if found[3]:
            return NAMED[found[3]]
        code = int(found[1]) if found[1] else int(found[2], 16)
        if 0xD800 <= code <= 0xDFFF:
            raise bad(
                "can't parse entities: Text contains invalid Unicode characters after decoding "
                "HTML entities, check for unmatched surrogate code units"
            )
        return chr(code) if 0 < code <= 0x10FFFF else found[0]

    return LETTER.sub(letter, text)


def _wrong(what: str) -> Exception:
    return bad(f"can't parse entities: {what}")
