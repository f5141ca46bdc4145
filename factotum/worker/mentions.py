"""Lines of a person's note that are tasks for us: found, and told what became of them.

Pure: bytes in, bytes out. What is changed is one line, and of that the box and our own link at
its end; every other byte stays, whatever it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: A longer line is no task, in characters; and how much of one names it.
LINE_MOST_CHARS = 2000
WORDS_MOST_CHARS = 240
#: How much of what stands indented below a line belongs to it.
BELOW_MOST_LINES, BELOW_MOST_CHARS = 100, 8000
TAB = 4

#: A list item with a box: `- [ ] `, `* [x] `, `3. [ ] `. A block's name, `^abc`, stays last.
_ITEM = re.compile(
    r"(?P<bullet>(?P<indent>[ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[)(?P<box>[^\]])"
    r"(?P<gap>\][ \t]+)(?P<text>\S.*)"
)
_NAME = re.compile(r"\^[\w-]+")
#: What we write at the end of such a line.
_MARK = re.compile(r"(?: →)? \[\[[^\[\]|]*\|(?:✓|failed)\]\]\Z")
_FENCE = re.compile(r"[ \t]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(`{3,}(?=[^`]*\Z)|~{3,})")
_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)[^`]*(?<!`)\1(?!`)")
_COMMENTS = {"<!--": "-->", "%%": "%%"}
_OPENS = re.compile("|".join(map(re.escape, _COMMENTS)))
_COMMENT = re.compile(r"<!--.*?-->|%%.*?%%")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Line:
    """`at` is its number in the note, from 0. `words` name it: what it says without the box and
    our link, with single blanks. `told` says that it has our link. `below` is what stands
    indented below it."""

    at: int
    words: str
    open: bool
    told: bool
    title: str
    below: str

    @property
    def starts(self) -> bool:
        """Whether it asks for something that nothing came of yet."""
        return self.open and not self.told


def live(text: str) -> Iterator[tuple[int, str, str]]:
    """The lines that are neither properties nor in a fence, with their numbers: with blanks in
    place of comments, and with blanks in place of code too."""
    lines = text.split("\n")
    fence = comment = ""
    start = _below_properties(lines)
    for number, line in enumerate(lines[start:], start):
        if fence:
            found = _FENCE.match(line)
            if found and line.strip() == found[1] and found[1].startswith(fence):
                fence = ""
            continue
        if not comment and (found := _FENCE.match(line)):
            fence = found[1]
            continue
        bare = _CODE.sub(lambda code: " " * len(code[0]), line)
        parts, comment = _comments(bare if not comment else line, comment)
        yield number, _blanked(line, parts), _blanked(bare, parts)


def _below_properties(lines: Sequence[str]) -> int:
    if lines[0].removeprefix(_BOM).rstrip() != "---":
        return 0
    ends = (n for n, line in enumerate(lines) if n and line.rstrip() == "---")
    return next((n + 1 for n in ends), 0)


def _comments(line: str, ends: str) -> tuple[list[tuple[int, int]], str]:
    """Where in the line comments stand, and what ends the one that is still open after it.
    `ends` is what ends the one that is open before it, or empty."""
    parts: list[tuple[int, int]] = []
    at = 0
    while True:
        begin = at
        if not ends:
            found = _OPENS.search(line, at)
            if found is None:
                return parts, ""
            begin, at, ends = found.start(), found.end(), _COMMENTS[found[0]]
        end = line.find(ends, at)
        if end < 0:
            return [*parts, (begin, len(line))], ends
        at = end + len(ends)
        parts.append((begin, at))
        ends = ""


def _blanked(line: str, parts: Sequence[tuple[int, int]]) -> str:
    kept, at = [], 0
    for begin, end in parts:
        kept += [line[at:begin], " " * (end - begin)]
        at = end
    return "".join([*kept, line[at:]]) if kept else line


# -- finding


def find(raw: bytes, mention: str) -> list[Line]:
    """The lines with a box in which `mention` stands as a word; none in what is no text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return []
    if mention.casefold() not in text.casefold():
        return []
    word = re.compile(rf"(?<![\w@/]){re.escape(mention)}(?![\w-])", re.I)
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    wanted: dict[int, Mapping[str, str]] = {}
    for at, _, seen in live("\n".join(lines)):
        item = _item(lines[at])
        if item and word.search(seen) and word.sub(" ", _unmarked(item["text"])).strip(" .:,;!-"):
            wanted[at] = item
    return [_line(at, item, word, _below(lines, at, wanted)) for at, item in wanted.items()]


def _item(line: str) -> Mapping[str, str] | None:
    """The parts of such a line, without its BOM; `end` is what stays behind our link."""
    found = _ITEM.fullmatch(line.removeprefix(_BOM)) if len(line) <= LINE_MOST_CHARS else None
    if found is None:
        return None
    text = _nameless(found["text"].rstrip(" \t"))
    return {**found.groupdict(), "text": text, "end": found["text"][len(text) :]}


def _nameless(text: str) -> str:
    """Without the name of its block, if it has one."""
    before, _, name = text.rpartition("^")
    bare = before.rstrip(" \t")
    return bare if bare and bare != before and _NAME.fullmatch(f"^{name}") else text


def _unmarked(text: str) -> str:
    while text != (text := _MARK.sub("", text)):
        pass
    return text


def _line(at: int, item: Mapping[str, str], word: re.Pattern[str], below: str) -> Line:
    text = _unmarked(item["text"])
    title = " ".join(_COMMENT.sub(" ", word.sub(" ", text)).split()).lstrip(".:,;!- ")
    told = text != item["text"]
    return Line(at, _named(" ".join(text.split())), item["box"] == " ", told, title, below)


def _named(words: str) -> str:
    if len(words) <= WORDS_MOST_CHARS:
        return words
    return f"{words[:WORDS_MOST_CHARS]}… {hashlib.sha256(words.encode()).hexdigest()[:12]}"


def _below(lines: Sequence[str], at: int, others: Mapping[int, object]) -> str:
    """The lines right below that are indented further, to the next one that is a task itself."""
    depth = _depth(lines[at].removeprefix(_BOM))
    found: list[str] = []
    for number in range(at + 1, min(len(lines), at + 1 + BELOW_MOST_LINES)):
        line = lines[number]
        if not line.strip() or _depth(line) <= depth or number in others:
            break
        found.append(line)
    return "\n".join(found)[:BELOW_MOST_CHARS]


def _depth(line: str) -> int:
    return len(line.expandtabs(TAB)) - len(line.expandtabs(TAB).lstrip())


# -- telling


def choose(lines: Sequence[Line], words: str, n: int) -> Line | None:
    """The line that is meant by its words and by being the `n`th that says so: that one, or,
    where it went or is told already, the nearest that still waits."""
    same = [line for line in lines if line.words == words]
    if n < len(same) and same[n].starts:
        return same[n]
    waiting = [line for line in same if line.starts]
    if waiting:
        return waiting[-1]
    return same[min(n, len(same) - 1)] if same else None


def tell(raw: bytes, line: Line, note: str, *, done: bool) -> bytes:
    """The note in which this line is ticked and links to `note`, the name of what it came to; a
    task that failed is not ticked."""
    lines = raw.split(b"\n")
    whole = lines[line.at].decode()
    text = whole.removesuffix("\r")
    item = _item(text)
    assert item is not None, "a line that was found is one"
    box = "x" if done and item["box"] == " " else item["box"]
    mark = f" [[{note}|✓]]" if done else f" → [[{note}|failed]]"
    said = item["bullet"] + box + item["gap"] + _unmarked(item["text"]) + mark + item["end"]
    bom, cr = _BOM * text.startswith(_BOM), "\r" * whole.endswith("\r")
    lines[line.at] = f"{bom}{said}{cr}".encode()
    return b"\n".join(lines)
