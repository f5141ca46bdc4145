"""Whether a call is allowed, asked about or denied, and by which rule.

Standing rules come first and no handbook relaxes them; then permissions with an end, then
the handbook's own rules, of which the first that fits decides; then what each tool's row
says. The rule that decided is named in the person's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from factotum.addresses import exact
from factotum.gate.facets import Facets, facets
from factotum.gate.rows import Row, recurs, row_of, steers
from factotum.gate.rules import House, Rule, Verb
from factotum.model import Call, Risk, Task, Trust
from factotum.privacy import fold

#: The house of which nothing is known: no rules, no contacts, no permissions.
BARE = House(datetime(1970, 1, 1, tzinfo=UTC))

#: The note that holds the rules: what would change it always needs the strong word.
HANDBOOK = "company_handbook.md"

#: How the rule is called that denies a secret.
GOES_NOWHERE = "a secret stands in it"

#: Why work that nobody asked for just now sets up none that comes again.
BY_ITSELF = "what a schedule began sets up or changes a schedule only with a yes"


@dataclass(frozen=True)
class Allow:
    """`name` is the rule's by which its rate is counted; empty for what needs no rule."""

    rule: str
    name: str = ""


@dataclass(frozen=True)
class Ask:
    risk: Risk
    rule: str


@dataclass(frozen=True)
class Deny:
    rule: str


Verdict = Allow | Ask | Deny


def forbidden(call: Call, task: Task, house: House) -> str:
    """The rule of the house that forbids a call which was approved, or an empty string."""
    found = facets(call, house.policy.tools.get(call.tool))
    rule = house.policy.first(call, found, task, house)
    return (rule.said or rule.name) if rule is not None and rule.verb is Verb.DENY else ""


def judge(call: Call, task: Task, house: House = BARE) -> Verdict:
    """Whether this call may happen now, must be asked about, or never happens."""
    if secret := house.secret(call.args):
        return Deny(f"{GOES_NOWHERE} ({secret}); secrets go nowhere")
    built_in = _built_in(call, task)
    if house.policy.broken:
        return Ask(
            _risk_of(built_in, call), "the handbook's rules cannot be read, so everything asks"
        )
    found = facets(call, house.policy.tools.get(call.tool))
    first = house.policy.first(call, found, task, house)
    if first is not None and first.verb in (Verb.DENY, Verb.STRONG):
        return _by_rule(first, built_in, call, found, task)
    for grant in house.grants:
        if grant.matches(call, found, task, house):
            return _by_rule(grant, built_in, call, found, task)
    return built_in if first is None else _by_rule(first, built_in, call, found, task)


def _by_rule(rule: Rule, built_in: Verdict, call: Call, found: Facets, task: Task) -> Verdict:
    said = rule.said or rule.name
    match rule.verb:
        case Verb.DENY:
            return Deny(said)
        case Verb.STRONG:
            return Ask(Risk.HIGH, said)
        case Verb.ASK:
            return Ask(_risk_of(built_in, call), said)
        case Verb.ALLOW if isinstance(built_in, Ask) and (why := _never(rule, call, found, task)):
            return Ask(built_in.risk, why)
        case Verb.ALLOW:
            return Allow(said, rule.name)


def _never(rule: Rule, call: Call, found: Facets, task: Task) -> str:
    """Why no rule may allow this, or an empty string."""
    if any(HANDBOOK in fold(path) for path in found.paths or ()):
        return "fixed rule: what changes the rules themselves asks"
    row = row_of(call.tool)
    if rule.for_task == task.id:
        return ""
    if task.by_itself and (row.recurs or any(map(recurs, found.paths or ()))):
        return f"fixed rule: {BY_ITSELF}"
    if task.trust is Trust.OWNER:
        return ""
    if row.asks_below_owner or any(map(steers, found.paths or ())):
        return "fixed rule: what others would have me believe later asks"
    if task.trust is Trust.KNOWN and _answers(call, found, task):
        return ""
    return "fixed rule: what others caused, and what I do after reading their words, asks"


def _answers(call: Call, found: Facets, task: Task) -> bool:
    """Whether it is a reply to the person who wrote, in their thread, without files."""
    to = list(map(exact, found.recipients or ()))
    thread = str(task.properties.get("message_id") or "").strip(" <>")
    replies_to = str(call.args.get("in_reply_to") or "").strip(" <>")
    alone = to == [exact(task.sender)] and bool(task.sender)
    return alone and bool(thread) and replies_to == thread and not found.attachments


def _risk_of(verdict: Verdict, call: Call) -> Risk:
    """What a rule has asked about that needs no asking by itself is of the tool's own risk: low
    for our drafts and notes, so that many can be looked at together."""
    return verdict.risk if isinstance(verdict, Ask) else row_of(call.tool).risk


def _built_in(call: Call, task: Task) -> Verdict:
    """What holds where no rule of the house says otherwise: reading and writing our own notes
    are allowed; everything that leaves the house or changes something asks."""
    row = row_of(call.tool)
    if not row.reviewed:
        return Ask(Risk.HIGH, "a tool that nobody has reviewed always asks")
    if row.egress or row.mutates:
        rule = "whatever leaves the house asks" if row.egress else "whatever changes things asks"
        return Ask(_risk(row, call, task), rule)
    if row.recurs and task.by_itself:
        return Ask(row.risk, BY_ITSELF)
    if row.asks_below_owner and task.trust is not Trust.OWNER:
        return Ask(row.risk, "what others would have me believe later asks")
    if row.writes_own and call.args.get("attachments") and task.trust is not Trust.OWNER:
        return Ask(Risk.MEDIUM, "files of yours beside words of others ask")
    if row.writes_own:
        return Allow(row.unasked)
    return Allow("reading needs no asking")


def _risk(row: Row, call: Call, task: Task) -> Risk:
    """High where a task that is not the owner's own sends to others or sends files, and where
    a note that steers later work would be changed."""
    found = facets(call)
    if call.tool == "notes__change" and any(map(steers, found.paths or ())):
        return Risk.HIGH
    if task.trust is Trust.OWNER:
        return row.risk
    unclear = found.recipients is None and "recipients" in row.facets
    outward = unclear or any(exact(to) != exact(task.sender) for to in found.recipients or ())
    high = outward or bool(found.attachments)
    return Risk.HIGH if high else row.risk
