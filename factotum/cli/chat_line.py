"""A line that is being typed: keys in, the text and the cursor out. It knows no terminal.

`Keys` tells what was pressed from what a terminal sends, however that is cut into pieces; `Line`
is what comes of it. What is pasted is text, its line breaks too: a paste is one message, sent
when the person presses Enter.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Keys by their name. A key of the name TEXT brings its text along.
TEXT, ENTER, INTERRUPT, END_OF_INPUT, CLEAR = "text", "enter", "interrupt", "end", "clear"
#: A paste whose end has not come after so many characters is taken as far as it came.
PASTE_CHARS_MOST = 2_000_000
#: How many lines are kept to be brought back by the arrow up.
REMEMBERED_MOST = 200

_CONTROLS = {
    "\x01": "home",
    "\x02": "left",
    "\x03": INTERRUPT,
    "\x04": END_OF_INPUT,
    "\x05": "line end",
    "\x06": "right",
    "\x08": "back",
    "\x7f": "back",
    "\n": ENTER,
    "\r": ENTER,
    "\x0b": "cut after",
    "\x0c": CLEAR,
    "\x0e": "next",
    "\x10": "previous",
    "\x15": "cut before",
    "\x17": "cut word",
}
#: What follows on Escape and a bracket, or Escape and O. Source: ECMA-48 and xterm's ctlseqs.
_SEQUENCES = {
    "A": "previous",
    "B": "next",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "line end",
    "1~": "home",
    "7~": "home",
    "4~": "line end",
    "8~": "line end",
    "3~": "delete",
    "1;5C": "word right",
    "1;3C": "word right",
    "1;5D": "word left",
    "1;3D": "word left",
}
#: What follows on Escape alone, as a terminal sends the key Alt.
_ALT = {"b": "word left", "f": "word right", "\x7f": "cut word"}
_PASTE, _PASTED = "200~", "\x1b[201~"
_SEQUENCE = re.compile(r"\x1b(?:\[([0-9;:<=>?]*[ -/]*[@-~])|O(.))", re.S)
#: The beginning of one whose rest has not come yet.
_BEGUN = re.compile(r"\x1b(?:\[[0-9;:<=>?]*[ -/]*|O)?\Z")
_BREAKS = re.compile(r"\r\n?|[\x85\u2028\u2029]")


@dataclass(frozen=True)
class Key:
    name: str
    text: str = ""


class Keys:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._pasting = False

    def of(self, data: bytes) -> Iterator[Key]:
        """What was pressed, as far as it can be told; the rest is told with what comes next."""
        came = self._decoder.decode(data)
        if self._rest == "\x1b" and came and came[0] not in "[O":
            self._rest = ""  # Escape was pressed by itself
        text, self._rest = self._rest + came, ""
        at = 0
        while at < len(text):
            if self._pasting:
                key, at = self._pasted(text, at)
            elif text[at] == "\x1b":
                if _BEGUN.match(text, at):
                    self._rest = text[at:]
                    return
                key, at = self._escaped(text, at)
            else:
                key, at = _plain(text, at)
            if key is not None:
                yield key

    def _pasted(self, text: str, at: int) -> tuple[Key | None, int]:
        end = text.find(_PASTED, at)
        given_up = text.endswith("\x03") or len(text) - at > PASTE_CHARS_MOST
        if end < 0 and not given_up:
            self._rest = text[at:]
            return None, len(text)
        self._pasting = False
        if end < 0 and text.endswith("\x03"):  # so that a keyboard never falls dumb
            return Key(INTERRUPT), len(text)
        pasted = text[at:] if end < 0 else text[at:end]
        return Key(TEXT, clean(pasted).rstrip("\n")), len(text) if end < 0 else end + len(_PASTED)

    def _escaped(self, text: str, at: int) -> tuple[Key | None, int]:
        found = _SEQUENCE.match(text, at)
        if found is None:
            if text[at + 1] in "\r\n":
                return Key(TEXT, "\n"), at + 2  # Alt and Enter
            name = _ALT.get(text[at + 1])
            return (Key(name) if name else None), at + 2
        code = found[1] or found[2]
        if found[1] == _PASTE:
            self._pasting = True
        name = _SEQUENCES.get(code)
        return (Key(name) if name else None), found.end()


def _plain(text: str, at: int) -> tuple[Key | None, int]:
    name = _CONTROLS.get(text[at])
    if name is not None:
        return Key(name), at + 1
    shown = clean(text[at].replace("\t", " "))
    return (Key(TEXT, shown) if shown else None), at + 1


def clean(text: str) -> str:
    """The text without what moves a cursor; its line breaks of whatever kind are ours."""
    broken = _BREAKS.sub("\n", text)
    return "".join(c for c in broken if c in "\n\t" or unicodedata.category(c) != "Cc")


class Line:
    """What is typed, and where in it the cursor stands."""

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self._past: list[str] = []
        self._back = 0
        self._kept = ""
        self._deeds: dict[str, Callable[[], None]] = {
            "left": lambda: self._go(self.cursor - len(self._mark_before())),
            "right": lambda: self._go(self.cursor + len(self._mark_after())),
            "home": lambda: self._go(self.text.rfind("\n", 0, self.cursor) + 1),
            "line end": lambda: self._go(self._line_end()),
            "word left": lambda: self._go(self._word_left()),
            "word right": lambda: self._go(self._word_right()),
            "back": lambda: self._cut(self.cursor - len(self._mark_before()), self.cursor),
            "delete": lambda: self._cut(self.cursor, self.cursor + len(self._mark_after())),
            "cut before": lambda: self._cut(self.text.rfind("\n", 0, self.cursor) + 1, self.cursor),
            "cut after": lambda: self._cut(self.cursor, self._line_end()),
            "cut word": lambda: self._cut(self._word_left(), self.cursor),
            "previous": lambda: self._remember(1),
            "next": lambda: self._remember(-1),
        }

    def press(self, key: Key) -> str | None:
        """Takes a key; the whole text where it was entered. What a line cannot do of itself is
        for whoever holds it: INTERRUPT, END_OF_INPUT on an empty line, CLEAR."""
        if key.name == ENTER:
            return self.enter()
        if key.name == TEXT:
            self.text = self.text[: self.cursor] + key.text + self.text[self.cursor :]
            self.cursor += len(key.text)
        elif key.name == END_OF_INPUT and self.text:
            self._deeds["delete"]()
        elif key.name in self._deeds:
            self._deeds[key.name]()
        return None

    def enter(self) -> str:
        text = self.text
        if text.strip() and text not in self._past[-1:]:
            self._past = [*self._past, text][-REMEMBERED_MOST:]
        self.empty()
        return text

    def empty(self) -> None:
        self.put("")
        self._back = 0

    def put(self, text: str) -> None:
        self.text, self.cursor = text, len(text)

    def _go(self, to: int) -> None:
        self.cursor = max(0, min(len(self.text), to))

    def _cut(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _mark_before(self) -> str:
        """What a person sees as one sign, before the cursor."""
        start = self.cursor
        while start > 0:
            start -= 1
            joined = start > 0 and self.text[start - 1] == "\u200d"
            if not (_joins(self.text[start]) or joined):
                break
        return self.text[start : self.cursor]

    def _mark_after(self) -> str:
        end = self.cursor + 1
        while end < len(self.text) and (_joins(self.text[end]) or self.text[end - 1] == "\u200d"):
            end += 1
        return self.text[self.cursor : end]

    def _line_end(self) -> int:
        end = self.text.find("\n", self.cursor)
        return len(self.text) if end < 0 else end

    def _word_left(self) -> int:
        before = self.text[: self.cursor].rstrip()
        return len(before) - len(re.split(r"\s", before)[-1])

    def _word_right(self) -> int:
        found = re.compile(r"\s*\S*").match(self.text, self.cursor)
        return found.end() if found else len(self.text)

    def _remember(self, step: int) -> None:
        """Brings back what was entered before, and what was being typed."""
        to = self._back + step
        if not 0 <= to <= len(self._past):
            return
        if self._back == 0:
            self._kept = self.text
        self._back = to
        self.put(self._past[-to] if to else self._kept)


def _joins(char: str) -> bool:
    """Whether it belongs to the sign before it."""
    return unicodedata.category(char) in {"Mn", "Me", "Cf"}
