"""When a playbook fits: keys that must all hold, each with words of which one must.

Words are compared whole, without regard to case or to how an accent is stored; a star
stands for any letters. Matching takes time in proportion to the text, whatever is in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from factotum.agent.playbook_block import BlockError, Node, nearest
from factotum.model import Task, Trust

#: What a task can be, as `kind:` may name it.
KINDS = ("email", "file", "message", "schedule", "heartbeat", "webhook", "paid_job", "note")

_WORD = re.compile(r"\w+")
_PATTERN = re.compile(r"[\w*]+")
#: Addresses behind which nobody reads.
_NOBODY = re.compile(r"(?:no|donot|do-not|do\.not)[-_.]?reply|mailer-daemon|postmaster|bounces?\b")

Words = tuple[str, ...]


def folded(text: str) -> str:
    """The text as it is compared: composed, without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@dataclass(frozen=True)
class Seen:
    """A task as conditions see it."""

    title: Words
    text: Words
    fields: dict[str, tuple[str, ...]]
    automatic: bool


@dataclass(frozen=True)
class Condition:
    """One key of a `when`: it holds if one of its patterns does."""

    key: str
    patterns: tuple[str, ...]

    def holds(self, seen: Seen) -> bool:
        return any(KEYS[self.key].holds(seen, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Key:
    """A key of `when`: what it means, how it is compared, and what it may say (if closed)."""

    meaning: str
    holds: Callable[[Seen, str], bool]
    words: bool = False
    allowed: tuple[str, ...] = ()


def see(task: Task) -> Seen:
    """What conditions look at, prepared once for all playbooks."""
    sender = folded(task.sender)
    answer = task.answers.get("", "")
    fields = {
        "kind": (folded(task.kind),),
        "source": (folded(task.source),),
        "from": (sender,),
        "from_domain": (sender.rpartition("@")[2] if "@" in sender else "",),
        "attachment": tuple(folded(file.name) for file in task.attachments),
        "trust": (task.trust.value,),
    }
    return Seen(
        tuple(_WORD.findall(folded(task.title))),
        tuple(_WORD.findall(folded(f"{task.text}\n{answer}"))),
        fields,
        is_automatic(task),
    )


def is_automatic(task: Task) -> bool:
    """Whether a machine or a mailing list sent it, so that nobody waits for an answer."""
    if task.properties.get("auto_submitted") or task.properties.get("list"):
        return True
    return bool(_NOBODY.match(folded(task.sender)))


def glob(pattern: str, text: str) -> bool:
    """Whether the text is the pattern, where a star stands for anything."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(last)


def _says(words: Words, pattern: str) -> bool:
    wanted = pattern.split()
    first, more = wanted[0], wanted[1:]
    for at, word in enumerate(words):
        if glob(first, word):
            following = words[at + 1 : at + 1 + len(more)]
            if len(following) == len(more) and all(map(glob, more, following)):
                return True
    return False


def _field(name: str) -> Callable[[Seen, str], bool]:
    return lambda seen, pattern: any(glob(pattern, value) for value in seen.fields[name])


KEYS: dict[str, Key] = {
    "words": Key(
        "words in the title or the text",
        lambda seen, pattern: _says(seen.title, pattern) or _says(seen.text, pattern),
        words=True,
    ),
    "title": Key(
        "words in the title (of a mail: its subject)", lambda s, p: _says(s.title, p), True
    ),
    "text": Key("words in the text", lambda s, p: _says(s.text, p), True),
    "kind": Key("what it is", _field("kind"), allowed=KINDS),
    "source": Key("where it came from, such as `inbox`", _field("source")),
    "from": Key("the address of who wrote it", _field("from")),
    "from_domain": Key("the part of that address after the @", _field("from_domain")),
    "attachment": Key("the name of a file that came with it", _field("attachment")),
    "trust": Key("whose words it carries", _field("trust"), allowed=tuple(Trust)),
    "automatic": Key(
        "whether a machine or a mailing list sent it",
        lambda seen, pattern: seen.automatic is (pattern == "true"),
        allowed=("true", "false"),
    ),
}


def read(node: Node, name: str) -> tuple[Condition, ...]:
    """The conditions under `when:` or `unless:` (`name`). Raises BlockError."""
    if not isinstance(node.value, dict) or not node.value:
        raise BlockError(f"`{name}` needs keys under it, such as `words: [invoice]`", node.line)
    return tuple(_condition(key, value) for key, value in node.value.items())


def _condition(key: str, node: Node) -> Condition:
    if key not in KEYS:
        raise BlockError(f"no condition is called `{key}`: {nearest(key, KEYS)}", node.line)
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    if not nodes:
        raise BlockError(f"`{key}` is an empty list, which never fits: name a word", node.line)
    return Condition(key, tuple(_pattern(key, one) for one in nodes))


def _pattern(key: str, node: Node) -> str:
    if isinstance(node.value, tuple | dict):
        raise BlockError(f"`{key}` takes a word or a list of words", node.line)
    said = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
    pattern, rule = folded(said.strip()), KEYS[key]
    if rule.words:
        parts = _PATTERN.findall(pattern)
        if not any(part.strip("*") for part in parts):
            raise BlockError(f"`{key}: {said}` holds no letters: name a word", node.line)
        return " ".join(parts)
    if not pattern:
        raise BlockError(f"`{key}` says nothing: name a word, or * for any", node.line)
    if rule.allowed and not any(glob(pattern, one) for one in rule.allowed):
        raise BlockError(f"`{key}` is never `{said}`: {nearest(pattern, rule.allowed)}", node.line)
    return pattern


def all_hold(conditions: Iterable[Condition], seen: Seen) -> bool:
    return all(condition.holds(seen) for condition in conditions)
