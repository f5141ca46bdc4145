"""Which mails become a task, which are told together once a day, which are left alone.

The owner's rules stand in the handbook, under `mail:` of its `yaml watching` block; the first that
fits decides. Where one of them is wrong none of them counts, so that no mail is left alone that
the owner did not mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from factotum.fenced import BlockError, Node, nearest
from factotum.privacy import HANDBOOK
from factotum.watcher import Post, SourceError
from watchers.mail.sorting import Head, Sort


class Do(StrEnum):
    TASK = "task"
    DIGEST = "digest"
    IGNORE = "ignore"


#: What becomes of each sort of mail when no rule of the owner's says anything else.
DEFAULT: Mapping[Sort, Do] = {
    Sort.PERSONAL: Do.TASK,
    Sort.BOUNCE: Do.TASK,
    Sort.LIST: Do.DIGEST,
    Sort.AUTO: Do.DIGEST,
    Sort.OWN: Do.IGNORE,
}


@dataclass(frozen=True)
class Mail:
    """What a rule is asked about. `known`: it is proved that a contact wrote it to whom the
    owner has written."""

    head: Head
    folder: str = "INBOX"
    account: str = ""
    flags: frozenset[str] = frozenset()
    known: bool = False


@dataclass(frozen=True)
class Rule:
    """All of `texts` (any of each) and of `truths` must fit. `line` is that in the handbook."""

    do: Do
    line: int
    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    truths: tuple[tuple[str, bool], ...] = ()

    def fits(self, mail: Mail) -> bool:
        return all(TRUTHS[key](mail) is wanted for key, wanted in self.truths) and all(
            _any(key, patterns, TEXTS[key](mail)) for key, patterns in self.texts
        )


#: What may be asked of a mail with a text, in which a star stands for anything.
TEXTS: Mapping[str, Callable[[Mail], Sequence[str]]] = {
    "from": lambda mail: (mail.head.sender, mail.head.sender_name),
    "to": lambda mail: mail.head.to,
    "subject": lambda mail: (mail.head.subject,),
    "list": lambda mail: (mail.head.list,) if mail.head.list else _as_list(mail.head),
    "folder": lambda mail: (mail.folder,),
    "account": lambda mail: (mail.account,),
    "is": lambda mail: (mail.head.sort,),
}
TRUTHS: Mapping[str, Callable[[Mail], bool]] = {
    "known": lambda mail: mail.known,
    "unread": lambda mail: "\\Seen" not in mail.flags,
    "flagged": lambda mail: "\\Flagged" in mail.flags,
    "answered": lambda mail: "\\Answered" in mail.flags,
}
KEYS = ("do", *TEXTS, *TRUTHS)


def _as_list(head: Head) -> tuple[str, ...]:
    """A list that has no name is one all the same."""
    return ("list",) if head.sort is Sort.LIST else ()


def _any(key: str, patterns: Sequence[str], values: Sequence[str]) -> bool:
    return any(_fits(key, pattern, value.casefold()) for pattern in patterns for value in values)


def _fits(key: str, pattern: str, value: str) -> bool:
    if key == "subject" and "*" not in pattern:
        return pattern in value
    return fnmatchcase(value, pattern)


def decide(rules: Sequence[Rule], mail: Mail) -> Do:
    for rule in rules:
        if rule.fits(mail):
            return rule.do
    return DEFAULT[mail.head.sort]


# -- reading them


def owners(post: Post) -> list[Rule]:
    """The owner's rules as they are now; none of them while one is wrong, which the Dashboard
    says."""
    try:
        found = read(post.rules("mail"))
    except BlockError as wrong:
        told = f"{HANDBOOK} line {wrong.line}: {wrong}"
    except SourceError as wrong:
        told = str(wrong)
    else:
        post.remark("rules", "")
        return found
    post.remark("rules", f"{told}. Till then none of your rules for mail counts")
    return []


def read(entries: Sequence[Node]) -> list[Rule]:
    """The owner's rules. Raises BlockError for the first that is wrong."""
    return [_rule(entry) for entry in entries]


def _rule(entry: Node) -> Rule:
    if not isinstance(entry.value, dict):
        hint = 'a rule of mail is written like `- {from: "*@bank.example", do: task}`'
        raise BlockError(hint, entry.line)
    texts, truths = [], []
    for key, node in entry.value.items():
        if key in TEXTS:
            texts.append((key, _patterns(key, node)))
        elif key in TRUTHS:
            if not isinstance(node.value, bool):
                raise BlockError(f"`{key}` is true or false", node.line)
            truths.append((key, node.value))
        elif key != "do":
            hint = f"`{key}` is nothing that a rule of mail asks: {nearest(key, KEYS)}"
            raise BlockError(hint, node.line)
    if not texts and not truths:
        hint = 'the rule says nothing of which mails: for all, write `from: "*"`'
        raise BlockError(hint, entry.line)
    return Rule(_do(entry), entry.line, tuple(texts), tuple(truths))


def _do(entry: Node) -> Do:
    assert isinstance(entry.value, dict)
    found = entry.value.get("do")
    if found is None:
        raise BlockError("the rule lacks `do`: task, digest or ignore", entry.line)
    if found.value not in list(Do):
        hint = f"`do: {found.value}` is nothing: {nearest(str(found.value), list(Do))}"
        raise BlockError(hint, found.line)
    return Do(str(found.value))


def _patterns(key: str, node: Node) -> tuple[str, ...]:
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    found = []
    for one in nodes:
        if isinstance(one.value, bool | dict | tuple) or not str(one.value).strip():
            raise BlockError(f"`{key}` must be a text or a list of texts", one.line)
        text = str(one.value).strip().casefold()
        if key == "is" and text not in list(Sort):
            raise BlockError(
                f"`is: {text}` is no sort of mail: {nearest(text, list(Sort))}", one.line
            )
        if key == "from" and not set(text) & set("@*? "):
            raise BlockError(f'whom `from: {text}` means is not clear: write "*@{text}"', one.line)
        found.append(text)
    return tuple(found)
