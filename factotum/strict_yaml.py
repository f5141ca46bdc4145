"""Frontmatter as data, strictly: no aliases, no tags, no surprises, and quickly refused.

Text stays as the person wrote it (`0010`, `no`, `12:30`, `2026-11-30`): only `true`,
`false`, `null` and plain whole numbers become anything else.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

BLOCK_MOST_BYTES = 16 * 1024
KEYS_MOST = 64
DEPTH_MOST = 3

#: Our own lines, `key: <json>`, are read without a YAML parser.
_OWN_LINE = re.compile(r'([a-z_][a-z0-9_]*): (".*"|\[.*\]|true|false|null|-?\d+)\s*')

#: Characters that end a line for somebody, or that nobody can see.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")

#: An unquoted [[Link]] as a value: YAML sees a list in a list, the person means a link.
_BARE_LINK = re.compile(r"^(?P<head>\s*(?:- |[^\s:#][^:]*: ))(?P<link>!?\[\[[^\[\]]+\]\])\s*$")


class YamlRefused(ValueError):
    """The block is no frontmatter that we read; `line` counts from 1 within the block."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


class _Strict(_Base):
    """A safe loader that knows no timestamps, octals, sexagesimals or `no` for false."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own way)


_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(true|false)$", re.I), list("tTfF")
)
_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(null|~|)$", re.I), ["n", "N", "~", ""]
)
_Strict.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]{0,15})$"), list("-0123456789")
)


def load(block: str) -> dict[str, Any]:
    """The properties in `block` (the lines between the dashes). Raises YamlRefused."""
    if len(block.encode()) > BLOCK_MOST_BYTES:
        raise YamlRefused(f"the properties are longer than {BLOCK_MOST_BYTES // 1024} KiB")
    if found := _FORBIDDEN.search(block):
        line = block.count("\n", 0, found.start()) + 1
        raise YamlRefused(f"the properties hold the control character {found.group()!r}", line)
    own = _own(block)
    if own is not None:
        return own
    block = "\n".join(_quoted_link(line) for line in block.split("\n"))
    _check_events(block)
    try:
        value = yaml.load(block, Loader=_Strict)  # noqa: S506 (a subclass of the safe loader)
    except yaml.YAMLError as broken:
        raise _refusal(broken) from broken
    except (RecursionError, ValueError) as broken:
        raise YamlRefused(f"the properties cannot be read ({broken})") from broken
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlRefused("the properties are no list of `name: value` lines")
    return {str(key): item for key, item in value.items()}


def _own(block: str) -> dict[str, Any] | None:
    props: dict[str, Any] = {}
    for line in block.split("\n"):
        if not line.strip():
            continue
        found = _OWN_LINE.fullmatch(line)
        if found is None or found[1] in props or len(props) >= KEYS_MOST:
            return None
        try:
            value = json.loads(found[2])
        except ValueError:
            return None
        if isinstance(value, str) and _FORBIDDEN.search(value):
            return None
        if isinstance(value, list) and not all(isinstance(one, str | int) for one in value):
            return None
        props[found[1]] = value
    return props


def _quoted_link(line: str) -> str:
    found = _BARE_LINK.match(line)
    return f"{found['head']}{json.dumps(found['link'])}" if found else line


def _check_events(block: str) -> None:
    """Refuses what could grow, hide or deceive, before anything is built of it."""
    depth = 0
    stack: list[tuple[set[str], list[bool]] | None] = []
    try:
        for event in yaml.parse(block, Loader=_Strict):
            mark = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise YamlRefused("anchors and aliases (& and *) are not read here", mark)
            if getattr(event, "tag", None) is not None:
                raise YamlRefused("tags (!) are not read here", mark)
            if isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent) and stack:
                _key(stack[-1], event, mark)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEPTH_MOST:
                    raise YamlRefused(f"the properties are nested deeper than {DEPTH_MOST}", mark)
                is_map = isinstance(event, yaml.MappingStartEvent)
                stack.append((set(), [True]) if is_map else None)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                stack.pop()
    except yaml.YAMLError as broken:
        raise _refusal(broken) from broken


def _key(frame: tuple[set[str], list[bool]] | None, event: yaml.Event, mark: int) -> None:
    """Within a mapping every other node is a name: plain, once, and not too many."""
    if frame is None:
        return
    names, turn = frame
    if turn[0]:
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlRefused("a property's name must be plain text", mark)
        if event.value in names:
            raise YamlRefused(f"the property {event.value!r} stands twice", mark)
        if event.value == "<<":
            raise YamlRefused("merge keys (<<) are not read here", mark)
        names.add(event.value)
        if len(names) > KEYS_MOST:
            raise YamlRefused(f"there are more than {KEYS_MOST} properties", mark)
    elif isinstance(event, yaml.ScalarEvent) and _FORBIDDEN.search(event.value):
        raise YamlRefused("a property holds a control character", mark)
    turn[0] = not turn[0]


def _refusal(broken: yaml.YAMLError) -> YamlRefused:
    mark = getattr(broken, "problem_mark", None)
    problem = getattr(broken, "problem", None) or "not YAML"
    return YamlRefused(str(problem), mark.line + 1 if mark else 1)
