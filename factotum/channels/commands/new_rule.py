"""`/rule` with a rule behind it: what is written as the handbook has it is proposed as it stands,
what is said in words becomes a task that puts it into such a rule first."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from factotum.channels.commands.lines import Line, head, name, nobody, page, parts
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.gate.conditions_text import READERS
from factotum.gate.rules import Policy, Rule, Verb
from factotum.gate.rules_check import warnings
from factotum.gate.rules_put import place_for, put
from factotum.gate.rules_text import PolicyError, one_rule
from factotum.gate.rules_words import lines_of, plain
from factotum.privacy import HANDBOOK, HANDBOOK_MOST_BYTES
from factotum.reader import Reader
from factotum.tooling.pinned import Memory
from factotum.vault import Vault
from factotum.worker.heartbeat import THINKS
from factotum.worker.rule_wish import Change, RuleWish

#: The longest rule that is taken, in characters.
RULE_MOST_CHARS = 2000
MISTAKES_MOST = 5

_KEYS = "|".join([*Verb, *READERS, "name"])
#: How a rule begins that is meant as the handbook has it. A phone begins it with a capital.
_WRITTEN = re.compile(rf"(?im)^[\s{{-]*({'|'.join([*Verb, 'name'])})[ \t]*:")
_CAPITAL = re.compile(rf"(?im)(^[\s{{-]*|,\s*)({_KEYS})(?=[ \t]*:)")
_FENCE = re.compile(r"(?s)\A`{1,3}(?:ya?ml(?: policy)?)?\s*\n?(.*?)\s*`{1,3}\Z")

NOT_YET = "I ask you for your yes to these lines; till then nothing changes."

NOBODY_THINKS = (
    "That takes a model, and there is none, so nothing was done. Write it as the handbook has it: "
    "/rule deny: mail__send, recipient: new"
)

#: What the agent is told besides the owner's words, so that it proposes and no more.
HOW = f"""
Put this into one rule of the house and propose it. Read {HANDBOOK}: its block `yaml policy`
holds the rules, and the first that fits decides. Then use notes__change on {HANDBOOK} so that the
one new rule stands in that block, at the right place, and nothing else is changed: what forbids
goes before the others, what allows goes behind all that forbid. The owner is shown the lines and
says yes or no.
A rule is a list item such as
  - name: my accountant
    allow: mail__send
    recipient: in accountant.example
with one of {", ".join(Verb)} (and a tool or a list of tools), and any of these conditions, all of
which must hold: {", ".join(READERS)}. Make it say what was asked for and no more; never more is
allowed than that. If it could be meant in two ways, ask. If no such rule can say it, say so and
change nothing.
"""


def put_into_words(text: str, place: Place) -> Said:
    """What is said in words: the agent is to make a rule of it, if there is one that thinks."""
    if not place.ledger.meta(THINKS):
        return Said(Words.of(NOBODY_THINKS))
    told = page(
        [
            "I put this into a rule and show you its lines. Nothing changes without your yes.",
            "You can also write it as the handbook has it: /rule deny: mail__send, recipient: new",
        ]
    )
    return Said(told, task=f"Propose a house rule: {text}\n{HOW}")


def propose(text: str, policy: Policy, place: Place) -> Said | None:
    """The rule as it is written, proposed, or what is wrong with it; None for what is words."""
    if len(text) > RULE_MOST_CHARS:
        return Said(Words.of(f"That is too long for a rule: at most {RULE_MOST_CHARS} characters."))
    written = _FENCE.sub(r"\1", text.strip())
    written = _CAPITAL.sub(lambda found: found[1] + found[2].lower(), written)
    if not _WRITTEN.search(written):
        return None
    try:
        rule = one_rule(written)
    except PolicyError as wrong:
        told = [name(str(one), 200) for one in wrong.mistakes[:MISTAKES_MOST]]
        hint = "Mend it, or say it in your own words."
        return Said(page([head("That is no rule yet; nothing was changed."), *told, hint]))
    if twin := _twin(rule, policy):
        return Said(Words.of(twin))
    return _asked(rule, policy, place)


def _twin(rule: Rule, policy: Policy) -> str:
    """That there is such a rule already, or an empty string."""
    for number, one in enumerate(policy.rules, 1):
        if (one.verb, one.tools, one.conditions) == (rule.verb, rule.tools, rule.conditions):
            return f"That is rule {number} already: {name(plain(one), 300)}"
        if one.name.casefold() == rule.name.casefold():
            return f"Rule {number} is called “{name(one.name)}” already: name this one otherwise."
    return ""


def _asked(rule: Rule, policy: Policy, place: Place) -> Said:
    lines = [f"{'  ' if n else '- '}{line}" for n, line in enumerate(lines_of(rule))]
    at = place_for(rule, policy)
    shown = Words.pre("\n".join(lines))
    try:
        raw = Reader().read(place.root / HANDBOOK, HANDBOOK_MOST_BYTES)
        found = put(raw.decode("utf-8-sig").replace("\r\n", "\n"), lines, at)
    except (OSError, UnicodeDecodeError) as refused:
        return Said(Words.of(f"{HANDBOOK} cannot be read ({name(refused)}): nothing was changed."))
    if found is None:
        why = f"I find no place for it in {HANDBOOK}. Put it there yourself, below `rules:`"
        return Said(parts(Words.of(why), shown))
    vault = Vault(place.root, place.settings.text("INSTANCE"), time.monotonic, guest=True)
    wish = RuleWish(vault, place.ledger, place.runs)
    _, new = wish.ask(Change(rule.name, *found), place.who, place.channel, place.now)
    place.wake()
    first = head("Proposed" if new else "That is proposed already", f" as rule {at + 1}:")
    told: list[Line] = [first, name(plain(rule), 300)]
    doubts = [f"⚠ {name(one, 200)}" for one in _doubts(rule, policy, at, place)]
    return Said(parts(page(told), shown, page([*doubts, NOT_YET, nobody(place)])))


def _doubts(rule: Rule, policy: Policy, at: int, place: Place) -> list[str]:
    """What is probably not meant of the rules when it stands there, and was not before."""
    known = Memory(place.state / "catalogue.json").names()
    rules = (*policy.rules[:at], rule, *policy.rules[at:])
    before = {one.message for one in warnings(policy, known)}
    after = [one.message for one in warnings(replace(policy, rules=rules), known)]
    return [one for one in dict.fromkeys(after) if one not in before]
