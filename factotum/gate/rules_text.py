"""From the `yaml policy` block of the handbook to rules.

Everything that is wrong is said at once, each with its line and its word and the nearest
right one. Nothing here judges a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from factotum import fenced
from factotum.fenced import BlockError, Node, nearest
from factotum.gate import conditions_text, facets
from factotum.gate.facets import Declared
from factotum.gate.rows import REVIEWED
from factotum.gate.rules import Condition, Policy, Quiet, Rule, Verb
from factotum.gate.rules_words import version, words
from factotum.inert import one_line

KIND = fenced.Kind(
    "policy",
    "put all rules into one, for their order decides",
    "the block must hold `rules:`, at the start of a line",
)

#: The keys of a block and what they mean.
KEYS: dict[str, str] = {
    "rules": "the rules, of which the first that fits decides",
    "quiet": "from when to when you are told of nothing but emergencies",
    "budget": "what models may cost, in USD by `day`, `task` and `month`",
    "tools": "what the arguments of other people's tools mean, by tool",
}
BUDGETS = ("day", "task", "month")

#: Longer names would not fit on a card, in characters.
NAME_MOST = 60
#: As much is told of the words by which a rule without a name is known.
SAID_MOST = 100
_NAME = re.compile(r"[\w][\w .,:;!?()'’/@+*-]*")
_TOOL = re.compile(r"[A-Za-z0-9_*-]{1,100}")
_USD = re.compile(r"(\d{1,6}(?:\.\d{1,4})?) ?USD", re.I)

T = TypeVar("T")


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong; `line` is in the note, from 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class PolicyError(Exception):
    """The block cannot be used. `mistakes` are all that are in it, by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda one: one.line))
        super().__init__("; ".join(map(str, self.mistakes)))


def parse(text: str) -> Policy | None:
    """The policy in a note's text, None for a note without a block. Raises PolicyError."""
    try:
        block = fenced.find(text, KIND)
        if block is None:
            return None
        if not any(line.partition("#")[0].strip() for line in block.text.splitlines()):
            return _versioned(Policy())
        return read(fenced.load(block, KIND))
    except BlockError as wrong:
        raise PolicyError([Mistake(wrong.line, str(wrong))]) from None


def read(root: Node) -> Policy:
    """The policy that a block holds. Raises PolicyError."""
    reading = _Reading([])
    policy = reading.policy(root)
    if reading.mistakes:
        raise PolicyError(reading.mistakes)
    return _versioned(policy)


def one_rule(text: str) -> Rule:
    """A single rule as a person types it: `allow: mail__send, recipient: known`, or the lines
    of one. Raises PolicyError."""
    lines = text.strip("\n").rstrip()
    if lines.lstrip().startswith("-"):
        block = fenced.Block(f"rules:\n{lines}", 0)
    elif "\n" in lines or lines.startswith("{"):
        block = fenced.Block(lines, 1)
    else:
        block = fenced.Block(f"{{{lines}}}", 1)
    try:
        root = fenced.load(block, replace(KIND, must="a rule begins with `allow: mail__send`"))
    except BlockError as wrong:
        raise PolicyError([Mistake(max(1, wrong.line), str(wrong))]) from None
    listed = block.line == 0
    rules = read(root if listed else Node({"rules": Node((root,), 1)}, 1)).rules
    if len(rules) != 1:
        raise PolicyError([Mistake(1, f"these are {len(rules)} rules: try one at a time")])
    return rules[0]


def _versioned(policy: Policy) -> Policy:
    return replace(policy, version=version(policy))


class _Reading:
    """One reading of a block, in which mistakes are gathered."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes

    def _try(self, default: T, read: Callable[..., T], *args: object) -> T:
        try:
            return read(*args)
        except BlockError as wrong:
            self.mistakes.append(Mistake(wrong.line, str(wrong)))
            return default

    def policy(self, root: Node) -> Policy:
        assert isinstance(root.value, dict)
        found = root.value
        for key, node in found.items():
            if key not in KEYS:
                told = f"no key is called `{_word(key)}`: {nearest(key, KEYS)}"
                self.mistakes.append(Mistake(node.line, told))
        return Policy(
            self._rules(found.get("rules")),
            self._try(None, _quiet, found.get("quiet")),
            self._map(found.get("budget"), "budget", _budget),
            self._map(found.get("tools"), "tools", _facets),
        )

    def _rules(self, node: Node | None) -> tuple[Rule, ...]:
        if node is None or node.value == "":
            return ()
        if not isinstance(node.value, tuple):
            hint = "`rules` is a list: begin each rule on a new line with a dash"
            self.mistakes.append(Mistake(node.line, hint))
            return ()
        rules: list[Rule] = []
        for number, one in enumerate(node.value, 1):
            rule = self._try(None, self._rule, one, number)
            if rule is None:
                continue
            twin = next((r for r in rules if r.name.casefold() == rule.name.casefold()), None)
            if twin is not None:
                told = f"“{rule.name}” stands in line {twin.line} already: name it otherwise"
                self.mistakes.append(Mistake(rule.line, told))
            rules.append(rule)
        return tuple(rules)

    def _rule(self, node: Node, number: int) -> Rule | None:
        """One rule; None where something is wrong with it, which is told."""
        if not isinstance(node.value, dict):
            raise BlockError("a rule begins with `- allow: mail__send`", node.line)
        before = len(self.mistakes)
        found = node.value
        verbs = [verb for verb in Verb if verb in found]
        held = [self._condition(key, value) for key, value in found.items()]
        name = self._try("", _name, found.get("name"))
        tools: tuple[str, ...] = self._try((), _tools, found[verbs[0]]) if verbs else ()
        if len(verbs) != 1 and len(self.mistakes) == before:
            said = f"both `{verbs[0]}` and `{verbs[1]}`" if verbs else "not what to do"
            hint = "write one of allow, ask, strong, deny"
            raise BlockError(f"the rule says {said}: {hint}", node.line)
        if "rate" in found and verbs and verbs[0] is not Verb.ALLOW:
            raise BlockError("a `rate` belongs to an `allow`", found["rate"].line)
        if len(self.mistakes) > before:
            return None
        conditions = tuple(one for one in held if one is not None)
        rule = Rule(name, verbs[0], tools, "", node.line, "", conditions)
        name = name or words(rule)
        return replace(rule, name=name, said=f"house rule {number}, “{one_line(name, SAID_MOST)}”")

    def _condition(self, key: str, node: Node) -> Condition | None:
        if key == "name" or key in list(Verb):
            return None
        if key not in conditions_text.READERS:
            known = [*conditions_text.READERS, *Verb, "name"]
            hint = nearest(key, known)
            told = f"`{_word(key)}` is no condition; {hint}"
            if node.value == "" and re.match(r"\d", key):
                told = f"`{_word(key)}` stands behind a comma: put a list into [ ]"
            self.mistakes.append(Mistake(node.line, told))
            return None
        return self._try(None, conditions_text.READERS[key], node)

    def _map(self, node: Node | None, key: str, one: Callable[[str, Node], T]) -> Mapping[str, T]:
        """A map by name, each value read by `one`."""
        if node is None or node.value == "":
            return {}
        if not isinstance(node.value, dict):
            self.mistakes.append(Mistake(node.line, f"`{key}` holds names, each with its value"))
            return {}
        found = {}
        for name, value in node.value.items():
            read = self._try(None, one, name, value)
            if read is not None:
                found[name] = read
        return found


def _word(text: str) -> str:
    return text if len(text) <= NAME_MOST else f"{text[: NAME_MOST - 1]}…"


def _name(node: Node | None) -> str:
    if node is None:
        return ""
    name = str(node.value).strip() if isinstance(node.value, str | int) else ""
    if not _NAME.fullmatch(name) or len(name) > NAME_MOST:
        hint = f"a name is a few plain words in one line, at most {NAME_MOST} characters"
        raise BlockError(f"`name`: {hint}", node.line)
    return name


def _tools(node: Node) -> tuple[str, ...]:
    found = [one.value for one in node.value] if isinstance(node.value, tuple) else [node.value]
    tools = []
    for tool in found:
        if not isinstance(tool, str) or not _TOOL.fullmatch(tool):
            hint = "a tool is written mail__send, several with stars: `mail__*`"
            told = f"`{_word(tool)}`: " if isinstance(tool, str) and tool else ""
            raise BlockError(f"{told}{hint}", node.line)
        tools.append(tool)
    if not tools:
        raise BlockError("no tool is named: write mail__send, or several as a list", node.line)
    return tuple(dict.fromkeys(tools))


def _quiet(node: Node | None) -> Quiet | None:
    if node is None or node.value in ("", "none", "never"):
        return None
    hours = conditions_text.hours(node, "quiet")
    return Quiet(hours.start, hours.end)


def _budget(name: str, node: Node) -> float:
    if name not in BUDGETS:
        raise BlockError(
            f"no budget is called `{_word(name)}`: {nearest(name, BUDGETS)}", node.line
        )
    found = _USD.fullmatch(str(node.value).strip()) if isinstance(node.value, str) else None
    if not found:
        raise BlockError(f"`{name}`: write an amount in dollars as `1.00 USD`", node.line)
    return float(found[1])


def _facets(tool: str, node: Node) -> Declared:
    if tool in REVIEWED:
        hint = "what its arguments mean is known; here stand other people's tools"
        raise BlockError(f"`{_word(tool)}`: {hint}", node.line)
    if not _TOOL.fullmatch(tool) or "*" in tool:
        raise BlockError(f"`{_word(tool)}`: write the whole name of one tool", node.line)
    if not isinstance(node.value, dict) or not node.value:
        hint = "write which argument holds what: {recipients: [payee], amount: [sum]}"
        raise BlockError(f"`{_word(tool)}`: {hint}", node.line)
    declared: dict[str, tuple[str, ...]] = {}
    for name, args in node.value.items():
        if name not in facets.NAMES:
            hint = nearest(name, facets.NAMES)
            raise BlockError(f"`{_word(name)}` of `{tool}` is unknown; {hint}", args.line)
        values = args.value if isinstance(args.value, tuple) else (args,)
        told = [one.value for one in values]
        if not told or not all(isinstance(one, str) and one for one in told):
            raise BlockError(f"`{name}` of `{tool}`: write names of arguments", args.line)
        declared[name] = tuple(map(str, told))
    return declared
