"""What each tool may do: one row a tool, reviewed by hand.

A real tool that nobody reviewed is taken for the worst: it leaves the house, cannot be
undone and cannot be looked up.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from factotum.model import Effect, Risk
from factotum.privacy import fold


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
    `recurs`: it has work begin by itself, which what began by itself may only do with a yes.
    `unasked` is why it needs no asking where it writes only what is ours.
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
    unasked: str = "own drafts and notes need no asking"
    asks_below_owner: bool = False
    recurs: bool = False
    reviewed: bool = True
    offered: bool = True

    @property
    def changes(self) -> bool:
        """Whether a call leaves anything other than it was; reading a page does not."""
        return self.mutates or self.writes_own

    @property
    def acts(self) -> bool:
        """Whether a call changes anything anywhere, so that it needs an attempt row."""
        return self.egress or self.mutates or self.writes_own


LETTER = Form(
    "The mail", ("to", "cc", "bcc", "subject"), "body", lists=frozenset({"to", "cc", "bcc"})
)

#: One reviewed row a tool.
REVIEWED: dict[str, Row] = {
    "mail__search": Row(reads_private=True, reads_untrusted=True, verb="Look through your mail"),
    "mail__read": Row(reads_private=True, reads_untrusted=True, verb="Read a mail of yours"),
    "mail__draft": Row(
        writes_own=True,
        effect=Effect.QUERYABLE,
        risk=Risk.LOW,
        form=LETTER,
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
    "notes__search": Row(reads_private=True, verb="Look through your notes"),
    "notes__read": Row(reads_private=True, verb="Read this note"),
    "recall": Row(reads_private=True, verb="Look into my memory"),
    "skill__read": Row(reads_private=True, verb="Read a skill"),
    "notes__write": Row(
        writes_own=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        form=Form("The note", ("folder", "title"), "text"),
        verb="Write this note",
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
    # It reaches the owner alone, whoever caused it: there is no recipient to name.
    "message__send": Row(
        writes_own=True,
        effect=Effect.QUERYABLE,
        risk=Risk.LOW,
        form=Form("The message", (), "text"),
        unasked="what you alone are told needs no asking",
        verb="Tell you this",
    ),
    "schedule": Row(
        writes_own=True,
        asks_below_owner=True,
        recurs=True,
        effect=Effect.IDEMPOTENT,
        form=Form("The schedule", ("name", "at", "every", "cron", "timezone", "mode"), "message"),
        verb="Set up this schedule",
    ),
    # The two other actions of the same tool: what is judged is what a call would do.
    "schedule__list": Row(reads_private=True, verb="Look at the schedules", offered=False),
    "schedule__remove": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        recurs=True,
        verb="Take this schedule away",
        offered=False,
    ),
    # An address is a message to whoever owns the page, so that it is read is a sending.
    "web__read": Row(
        reads_untrusted=True,
        egress=True,
        effect=Effect.IDEMPOTENT,
        form=Form("The page", ("url",)),
        facets={"url": ("url",)},
        verb="Read this web page",
    ),
    "shell__run": Row(
        reads_private=True,
        reads_untrusted=True,
        egress=True,
        mutates=True,
        effect=Effect.OPAQUE,
        risk=Risk.HIGH,
        form=Form("The command", ("folder",), "command"),
        verb="Run this command",
    ),
    # What only an undo does: `gate/undo.py` says what each takes back.
    "notes__unwrite": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        facets={"path": ("note",)},
        verb="Take this note away again",
        offered=False,
    ),
    "notes__bring_back": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        facets={"path": ("note",)},
        verb="Bring this note back",
        offered=False,
    ),
    "mail__undraft": Row(
        mutates=True,
        effect=Effect.IDEMPOTENT,
        risk=Risk.LOW,
        verb="Take a draft back",
        offered=False,
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
    return fold(posixpath.normpath(path)).lstrip("/").startswith(STEERING)


#: Notes by which work begins by itself, as those above. Not the list of the heartbeat: what it
#: went through it ticks there, if a rule of the owner's lets it.
RECURRING = ("office/schedules/",)


def recurs(path: str) -> bool:
    """Whether the note at this path has work begin by itself."""
    return fold(posixpath.normpath(path)).lstrip("/").startswith(RECURRING)
