"""What each tool may do, and therefore whether a call is allowed, asked about or denied.

The table was reviewed by hand, one row a tool. A real tool that nobody reviewed is taken
for the worst: it leaves the house, cannot be undone and cannot be looked up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from factotum import addresses
from factotum.model import Call, Effect, Risk, Task, Trust
from factotum.privacy import fold

#: Goes into every seal: what was judged under one version is not run under another.
POLICY_VERSION = "built-in-1"


@dataclass(frozen=True)
class Form:
    """How the arguments of a call are laid out for editing: a heading, one-line fields,
    and one long text. Other arguments are shown in the exact data only."""

    heading: str
    lines: tuple[str, ...] = ()
    text: str = ""
    lists: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.lines, self.text) if self.text else self.lines


@dataclass(frozen=True)
class Row:
    """What we know of one tool. Flags as in the design: does it read private things, read
    what outsiders wrote, send something out, change something, write only what is ours.
    `asks_below_owner`: what it writes is believed later, so only the owner's own task may.
    `resolver` is the tool that looks an effect up by its key; `phased` says that its server
    keeps a phase file, so that what was never handed over is known for certain."""

    reads_private: bool = False
    reads_untrusted: bool = False
    egress: bool = False
    mutates: bool = False
    writes_own: bool = False
    effect: Effect = Effect.OPAQUE
    risk: Risk = Risk.MEDIUM
    form: Form | None = None
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolver: str = ""
    phased: bool = False
    verb: str = ""
    asks_below_owner: bool = False
    reviewed: bool = True
    offered: bool = True

    @property
    def acts(self) -> bool:
        """Whether a call changes anything anywhere, so that it needs an attempt row."""
        return self.egress or self.mutates or self.writes_own


LETTER = Form(
    "The mail", ("to", "cc", "bcc", "subject"), "body", lists=frozenset({"to", "cc", "bcc"})
)

#: One reviewed row a tool.
REVIEWED: dict[str, Row] = {
    "mail__search": Row(reads_private=True, reads_untrusted=True),
    "mail__read": Row(reads_private=True, reads_untrusted=True),
    "mail__draft": Row(
        writes_own=True,
        effect=Effect.QUERYABLE,
        risk=Risk.LOW,
        resolver="mail__find_sent",
        facets={"recipients": ("to", "cc", "bcc")},
        verb="Put a draft into your mailbox",
    ),
    "mail__send": Row(
        egress=True,
        mutates=True,
        effect=Effect.OPAQUE,
        form=LETTER,
        facets={"recipients": ("to", "cc", "bcc")},
        resolver="mail__find_sent",
        phased=True,
        verb="Send this mail",
    ),
    "mail__find_sent": Row(reads_private=True, offered=False),
    # The label of a note comes with what is read of it: reading alone taints nothing.
    "notes__search": Row(reads_private=True),
    "notes__read": Row(reads_private=True),
    "recall": Row(reads_private=True),
    "skill__read": Row(reads_private=True),
    "notes__write": Row(
        writes_own=True, effect=Effect.IDEMPOTENT, risk=Risk.LOW, verb="Write a note"
    ),
    "notes__change": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        facets={"path": ("note",)},
        verb="Change this note",
    ),
    "remember": Row(
        writes_own=True, asks_below_owner=True, effect=Effect.IDEMPOTENT, verb="Remember this"
    ),
    "forget": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        facets={"path": ("note",)},
        verb="Forget this",
    ),
}

#: A tool that exists but that nobody reviewed.
UNREVIEWED = Row(
    reads_untrusted=True,
    egress=True,
    mutates=True,
    effect=Effect.OPAQUE,
    risk=Risk.HIGH,
    verb="Use a tool that nobody has reviewed",
    reviewed=False,
)


def row_of(tool: str) -> Row:
    return REVIEWED.get(tool, UNREVIEWED)


@dataclass(frozen=True)
class Allow:
    rule: str


@dataclass(frozen=True)
class Ask:
    risk: Risk
    rule: str


@dataclass(frozen=True)
class Deny:
    rule: str


Verdict = Allow | Ask | Deny


def judge(call: Call, task: Task) -> Verdict:
    """Whether this call may happen now, must be asked about, or never happens.

    Reading and writing our own notes are allowed; everything that leaves the house or
    changes something asks. The rule that decided is named in the person's words.
    """
    row = row_of(call.tool)
    if not row.reviewed:
        return Ask(Risk.HIGH, "a tool that nobody has reviewed always asks")
    if row.egress or row.mutates:
        rule = "whatever leaves the house asks" if row.egress else "whatever changes things asks"
        return Ask(_risk(row, call, task), rule)
    if row.asks_below_owner and task.trust is not Trust.OWNER:
        return Ask(row.risk, "what others would have me believe later asks")
    if row.writes_own and call.args.get("attachments") and task.trust is not Trust.OWNER:
        return Ask(Risk.MEDIUM, "files of yours beside words of others ask")
    if row.writes_own:
        return Allow("own drafts and notes need no asking")
    return Allow("reading needs no asking")


def _risk(row: Row, call: Call, task: Task) -> Risk:
    """High where a task that is not the owner's own sends to others or sends files, and where
    a note that steers later work would be changed."""
    paths = [str(call.args.get(name) or "") for name in row.facets.get("path", ())]
    if call.tool == "notes__change" and any(map(steers, paths)):
        return Risk.HIGH
    if task.trust is Trust.OWNER:
        return row.risk
    to = recipients(call.tool, call.args)
    outward = any(address.casefold() != task.sender.casefold() for address in to)
    return Risk.HIGH if outward or call.args.get("attachments") else row.risk


#: Notes that steer what is done later, by the folder or name with which their paths begin.
STEERING = (
    "office/agents/",
    "office/contacts/",
    "office/memory/",
    "office/playbooks/",
    "office/schedules/",
    "office/skills/",
    "agents.md",
    "company_handbook.md",
    "heartbeat.md",
    "soul.md",
    "user.md",
)


def steers(path: str) -> bool:
    """Whether what stands in the note at this path is followed, or believed, later."""
    return fold(path).startswith(STEERING)


#: The longest text that a card shows whole; a longer one could not be approved by reading.
TEXT_MOST_CHARS = 60_000

ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]]+@[^@\s,;<>\"()\[\]]+")


#: Kinds of characters that end a line somewhere, or that nothing can be made of.
LINE_BREAKERS = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: The most addresses in one field, and the longest one-line field, in characters.
RECIPIENTS_MOST = 100
LINE_MOST_CHARS = 900


def is_address(text: str) -> bool:
    """Whether mail can be sent to exactly this: nothing in it that a server would map away."""
    if not ADDRESS.fullmatch(text) or not text.isprintable():
        return False
    domain = text.rpartition("@")[2]
    if domain.isascii():
        return True
    import idna  # only where it is needed: its tables are large

    try:
        return idna.decode(idna.encode(domain)) == domain.lower()
    except idna.IDNAError:
        return False


def misfits(call: Call) -> list[str]:
    """Why a call could not be shown on a card or sent, beyond what its schema says."""
    form = row_of(call.tool).form
    if form is None:
        return []
    problems = []
    for name in form.lines:
        value = call.args.get(name) or ()
        values = [value] if isinstance(value, str) else list(value)
        if any(unicodedata.category(c) in LINE_BREAKERS for one in values for c in str(one)):
            problems.append(f"{name} holds a line break or a control character")
        elif name in form.lists:
            problems += [
                f"{name}: {one!r:.60} is no mail address"
                for one in values
                if not is_address(str(one))
            ]
        if len(values) > RECIPIENTS_MOST:
            problems.append(f"{name}: more than {RECIPIENTS_MOST} addresses")
        problems += [f"{name} is too long" for one in values if len(str(one)) > LINE_MOST_CHARS]
    if "to" in form.lines and not call.args.get("to"):
        problems.append("to: nobody is named to send it to")
    if len(str(call.args.get(form.text) or "")) > TEXT_MOST_CHARS:
        problems.append(f"{form.text} is longer than the {TEXT_MOST_CHARS} characters of a card")
    return problems


def recipients(tool: str, args: Mapping[str, Any]) -> list[str]:
    """Every bare address that a call would reach, in order, without repeats."""
    wanted: list[str] = []
    for name in row_of(tool).facets.get("recipients", ()):
        value = args.get(name) or ()
        values = value if isinstance(value, list | tuple) else [value]
        wanted += [address for _, address in addresses.pairs(map(str, values)) if address]
    return list(dict.fromkeys(wanted))
