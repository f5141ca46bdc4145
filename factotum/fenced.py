"""One fenced block of YAML in a note that our code reads: found, and read strictly.

Every scalar stays as the person wrote it, with its line. Aliases, tags and duplicate keys
are refused, and so is a block that is too large or nested too deep; each refusal names the
line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

BLOCK_MOST = 16 * 1024
DEPTH_MOST = 8

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([^`]*?)\s*")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_TRUTH = {"true": True, "false": False}


class BlockError(Exception):
    """What is wrong with a block, and what to write instead. `line` is in the note."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Kind:
    """What is particular to one kind of block: its fence says `yaml` and this word. `second`
    is what to do with a second one, `must` what a block that holds something else lacks."""

    word: str
    second: str
    must: str


@dataclass(frozen=True)
class Block:
    """The text between the fences; `line` is the number of its first line in the note."""

    text: str
    line: int


@dataclass(frozen=True)
class Node:
    """One value of the block with its place: text, number or truth, a list, or a map."""

    value: str | int | bool | tuple[Node, ...] | dict[str, Node]
    line: int


def find(text: str, kind: Kind) -> Block | None:
    """The block of this kind in a note, None when it has none. Raises BlockError."""
    blocks = []
    for info, block, closed in _fenced(text):
        words = tuple(info.casefold().split())
        if words != ("yaml", kind.word):
            if difflib.get_close_matches(kind.word, words, cutoff=0.75):
                hint = f"begin the block with ```yaml {kind.word}, not ```{info}"
                raise BlockError(hint, block.line - 1)
            continue
        if not closed:
            hint = "the block has no end: close it with ``` on a line of its own"
            raise BlockError(hint, block.line)
        blocks.append(block)
    if len(blocks) > 1:
        raise BlockError(f"a second {kind.word} block: {kind.second}", blocks[1].line)
    return blocks[0] if blocks else None


def _fenced(text: str) -> Iterator[tuple[str, Block, bool]]:
    """Each fenced block: its info words, its text, and whether it was closed."""
    opened: tuple[str, str, int] | None = None  # the fence, its info, the next line
    inside: list[str] = []
    for number, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        fence = _FENCE.fullmatch(line)
        if opened is None:
            if fence:
                opened, inside = (fence[1], fence[2], number + 1), []
        elif fence and not fence[2] and fence[1].startswith(opened[0]):
            yield opened[1], Block("\n".join(inside), opened[2]), True
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        yield opened[1], Block("\n".join(inside), opened[2]), False


def load(block: Block, kind: Kind) -> Node:
    """The block's values with their lines. Raises BlockError."""
    if len(block.text.encode(errors="replace")) > BLOCK_MOST:
        hint = f"the block is larger than {BLOCK_MOST // 1024} KB: make it shorter"
        raise BlockError(hint, block.line)
    try:
        _refuse_tricks(block)
        root = yaml.compose(block.text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = block.line + (mark.line if mark else 0)
        raise BlockError(_plainly(wrong), line) from None
    except (yaml.YAMLError, ValueError, OverflowError):  # "\UFFFFFFFF" is no character at all
        hint = "not valid YAML: it holds a character that may not be there"
        raise BlockError(hint, block.line) from None
    if not isinstance(root, yaml.MappingNode):
        raise BlockError(kind.must, block.line)
    return _located(root, block.line)


#: What the parser says of the mistakes that people make, and what to tell them instead.
_SLIPS = {
    r"found character '\\t'": "a tab stands here: indent with spaces",
    "while scanning an alias": 'a text with a star is put in quotes: `"*"`',
    "expected <block end>": "this line is indented otherwise than those that it belongs to: "
    "let them begin in the same column",
    "mapping values are not allowed": "a colon too many, or the line is indented too far: "
    "a text that holds a colon is put in quotes",
    "could not find expected ':'": "a colon is missing, here or in the line above",
}


def _plainly(wrong: yaml.MarkedYAMLError) -> str:
    said = f"{wrong.context or ''} {wrong.problem or ''}"
    for slip, hint in _SLIPS.items():
        if re.search(slip, said):
            return hint
    return f"not valid YAML: {wrong.problem or wrong.context}"


def _refuse_tricks(block: Block) -> None:
    depth = 0
    for event in yaml.parse(block.text, Loader=yaml.BaseLoader):
        line = block.line + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            hint = "anchors and aliases (& and *) are not used here: put the text in quotes"
            raise BlockError(hint, line)
        if getattr(event, "tag", None):
            raise BlockError("tags (!) are not used here: put the text in quotes", line)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MOST:
            raise BlockError("nested too deep", line)


def _located(node: yaml.Node, first: int) -> Node:
    line = first + node.start_mark.line
    if isinstance(node, yaml.SequenceNode):
        return Node(tuple(_located(child, first) for child in node.value), line)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key, value in node.value:
            at = first + key.start_mark.line
            if not isinstance(key, yaml.ScalarNode):
                hint = 'put text that begins with { or [ in quotes, as "{from}"'
                raise BlockError(f"a list or map stands where a word belongs: {hint}", at)
            if key.value in found:
                raise BlockError(f"`{key.value}` stands twice: keep one of them", at)
            found[key.value] = _located(value, first)
        return Node(found, line)
    return Node(_scalar(node), line)


def _scalar(node: yaml.Node) -> str | int | bool:
    """Text as it was written; a bare true, false or whole number as that."""
    text = str(node.value)
    if getattr(node, "style", None) is None:
        if text in _TRUTH:
            return _TRUTH[text]
        if _WHOLE.fullmatch(text):
            return int(text)
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them if none is near."""
    known = list(known)
    near = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"it can be: {', '.join(known)}"
