"""Properties as data, strictly: no aliases, no tags, no surprises, and quickly refused.

Text stays as the person wrote it (`0010`, `no`, `12:30`, `2026-11-30`): only `true`,
`false`, `null` and plain whole numbers become anything else. What is accepted here has each
property on lines of its own, so that one of them can be changed and the others left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from frontmatter.default_handlers import BaseHandler

from factotum.own_lines import (
    BLOCK_MOST_BYTES,
    FORBIDDEN,
    KEYS_MOST,
    Block,
    dump,
    own_block,
    plain,
)

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

DEPTH_MOST = 3

#: A line as we write it, `key: <json>`.
_OWN_LINE = re.compile(r'([a-z_][a-z0-9_]*): (".*"|\[.*\]|true|false|null|-?\d+)[ \t]*')

#: An unquoted [[Link]] as a value: YAML sees a list in a list, the person means a link.
_LINK = re.compile(
    r"(?P<head>[^\s#-][^:]*:[ \t]+|[ \t]*-[ \t]+)(?P<link>!?\[\[[^\[\]]+\]\])"
    r"(?P<tail>[ \t]*(?:[ \t]#.*)?)"
)
_OPENS_LIST = re.compile(r"[^\s#-][^:]*:[ \t]*(?:#.*)?")
_OPENS_TEXT = re.compile(r".*[ \t][|>][-+0-9]*[ \t]*(?:#.*)?")

#: A character beyond 16 bits, as JSON writes it: two halves, which YAML does not read.
_HALVES = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]\w{2})")


class YamlRefused(ValueError):
    """The block is no frontmatter that we read; `line` counts from 1 within the block."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


class Handler(BaseHandler):
    """How python-frontmatter reads and writes notes as we do: `frontmatter.load(path,
    handler=Handler())`. The library alone would guess at values and sort the names."""

    FM_BOUNDARY = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "---"

    def split(self, text: str) -> tuple[str, str]:
        """The block and the rest. Raises ValueError, as the library wants, without a block."""
        before, *found = self.FM_BOUNDARY.split(text, maxsplit=2)
        if before or len(found) != 2:
            raise ValueError("no properties at the top")
        return found[0].removeprefix("\n"), found[1]

    def load(self, fm: str) -> dict[str, Any]:
        return read(fm.replace("\r\n", "\n")).values

    def export(self, metadata: Mapping[str, object], **_: object) -> str:
        return dump(metadata)


def read(block: str) -> Block:
    """What stands in `block`, the lines between the dashes. Raises YamlRefused."""
    if len(block) > BLOCK_MOST_BYTES or len(block.encode()) > BLOCK_MOST_BYTES:
        raise YamlRefused(f"the properties are longer than {BLOCK_MOST_BYTES // 1024} KiB")
    if found := FORBIDDEN.search(block):
        line = block.count("\n", 0, found.start()) + 1
        raise YamlRefused(f"the properties hold the control character {found.group()!a}", line)
    return own_block(block) or _Reading(_prepared(block)).block()


def _prepared(block: str) -> str:
    """Makes YAML, line by line, of two things that are none: an unquoted [[Link]] is put in
    quotes, and the two halves by which JSON escapes an emoji become the emoji."""
    lines = []
    in_list = False
    for line in block.split("\n"):
        link = _LINK.fullmatch(line)
        item = line.lstrip(" \t").startswith("- ")
        if link and (in_list or not item):
            quoted = json.dumps(link["link"], ensure_ascii=False)
            lines.append(f"{link['head']}{quoted}{link['tail']}")
        elif _OWN_LINE.fullmatch(line):
            lines.append(_HALVES.sub(lambda two: two[1] + json.loads(f'"{two[2]}"'), line))
        else:
            lines.append(line)
        if item:
            in_list = in_list and not _OPENS_TEXT.fullmatch(line)
        elif line[:1] not in {"", " ", "\t", "#"}:
            in_list = _OPENS_LIST.fullmatch(line) is not None
    return "\n".join(lines)


class _Reading:
    """One pass over the parser's events: what could grow, hide or deceive is refused before
    anything is built of it."""

    def __init__(self, text: str) -> None:
        self._last_line = text.rstrip("\n").count("\n") + 1
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
        self._block = Block({}, {})

    def block(self) -> Block:
        try:
            for event in self._events:
                if getattr(event, "explicit", False):
                    raise _refused("the properties are one block: no %, --- or ... in it", event)
                if isinstance(event, yaml.NodeEvent):
                    self._root(event)
        except yaml.YAMLError as broken:
            mark = getattr(broken, "problem_mark", None)
            problem = getattr(broken, "problem", None) or "not YAML"
            line = min(mark.line + 1, self._last_line) if mark else 1
            raise YamlRefused(str(problem), line) from broken
        return self._block

    def _root(self, event: yaml.NodeEvent) -> None:
        _check(event, 1)
        if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
            raise _refused("the properties stand in braces; write `name: value` lines", event)
        if not isinstance(event, yaml.MappingStartEvent):
            raise _refused("the properties are no list of `name: value` lines", event)
        for key, name in self._names():
            line, column = _place(key)
            if column:
                raise _refused(f"the property {name!a} does not start its line", key)
            self._block.lines[name] = line
            self._block.values[name] = self._value(next(self._events), 2)

    def _names(self) -> Iterator[tuple[yaml.ScalarEvent, str]]:
        """The names of one mapping, each before its value is read."""
        seen: set[str] = set()
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            _check(event, 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused("a property's name must be plain text", event)
            name = _text(event)
            if name == "<<":
                raise _refused("merge keys (<<) are not read here", event)
            if name in seen:
                raise _refused(f"the property {name!a} stands twice", event)
            seen.add(name)
            if len(seen) > KEYS_MOST:
                raise _refused(f"there are more than {KEYS_MOST} properties", event)
            yield event, name

    def _value(self, event: yaml.Event, depth: int) -> Any:
        _check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            text = _text(event)
            return plain(text) if event.implicit[0] else text
        if isinstance(event, yaml.MappingStartEvent):
            return {name: self._value(next(self._events), depth + 1) for _, name in self._names()}
        items = []
        while not isinstance(one := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(one, depth + 1))
        return items


def _check(event: yaml.Event, depth: int) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _refused("anchors and aliases (& and *) are not read here", event)
    if getattr(event, "tag", None) is not None:
        raise _refused("tags (!) are not read here", event)
    if isinstance(event, yaml.CollectionStartEvent) and depth > DEPTH_MOST:
        raise _refused(f"the properties are nested deeper than {DEPTH_MOST}", event)


def _text(event: yaml.ScalarEvent) -> str:
    text = str(event.value)
    if found := FORBIDDEN.search(text):
        raise _refused(f"a property holds the control character {found.group()!a}", event)
    return text


def _refused(reason: str, event: yaml.Event) -> YamlRefused:
    return YamlRefused(reason, _place(event)[0] + 1)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column in the block, from 0."""
    mark = event.start_mark
    return (mark.line, mark.column) if mark else (0, 0)
