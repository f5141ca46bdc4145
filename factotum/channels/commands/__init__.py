"""The commands of a conversation: a line that begins with a slash, and what is answered.

The same on every channel. They look, pause, and ask for what a person then says yes to; what an
answer says is from the ledger and the folders, never from a model.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from factotum.channels.commands.cost import cost
from factotum.channels.commands.did import did
from factotum.channels.commands.lines import name
from factotum.channels.commands.place import Command, Place, Said
from factotum.channels.commands.rule import rule
from factotum.channels.commands.status import status
from factotum.channels.commands.switch import resume, stop
from factotum.channels.commands.talk import help_of, new, reset
from factotum.channels.commands.tasks import tasks
from factotum.channels.words import Words
from factotum.redaction import black_out

__all__ = ["COMMANDS", "Command", "Place", "Said", "answer", "table"]


def _help(text: str, place: Place) -> Said:
    del text
    ours = [(one.usage, one.about) for one in COMMANDS if one.name != "start"]
    return Said(help_of([*ours, *place.limits.commands], place.limits))


#: Every command, in the order in which a person is shown them.
COMMANDS: tuple[Command, ...] = (
    Command("status", "What is going on, and what waits for you", status),
    Command("tasks", "What is open, and what each waits for", tasks, "[waiting|failed]", ("task",)),
    Command("did", "What was really done on a day", did, "[yesterday|tuesday|24 nov]"),
    Command("stop", "Stop everything at once", stop, "[why]", ("pause", "halt")),
    Command("resume", "Go on after a stop", resume, aliases=("continue",)),
    Command("new", "Begin a new conversation", new, "[message]"),
    Command("cost", "What models have cost, and what for", cost, aliases=("costs",)),
    Command("rule", "The rules of the house, or a new one", rule, "[rule]", ("rules",)),
    Command("help", "What I can do for you here", _help),
    Command("reset", "Forget what was said in this conversation", reset),
    Command("start", "What I can do for you here", _help),
)

_NAMES = {known: one for one in COMMANDS for known in (one.name, *one.aliases)}
#: A command with its bot's name, which Telegram puts behind it in a menu, and a slip of the
#: finger at its end, in any alphabet: what a person of another keyboard means as a command is
#: not to become work. A path such as /etc/hosts is none.
_COMMAND = re.compile(r"\s*[/／]([^\W\d_]\w{0,31})(?:@\w{1,64})?[!.,:;]*(?:\s+(.*))?", re.S)


def answer(text: str, place: Place) -> Said | None:
    """What is said to a command; None for what is none. Raises sqlite3.Error, OSError where the
    books cannot be used: then nothing of it is done."""
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    known = _NAMES.get(found[1].casefold())
    if known is None:
        return Said(Words.of(_no_such(found[1])))
    said = known.run((found[2] or "").strip(), place)
    clean = black_out(said.words.text)  # what is only a secret across two lines
    return said if clean == said.words.text else replace(said, words=Words.of(clean))


def table() -> list[tuple[str, str]]:
    """Each command and what it does, for a channel's menu and for whoever describes them."""
    return [(one.name, one.about) for one in COMMANDS]


def _no_such(given: str) -> str:
    near = get_close_matches(given.casefold(), _NAMES, 1)
    hint = f"Did you mean /{_NAMES[near[0]].name}?" if near else "They are listed by /help."
    return (
        f"There is no command /{name(given, 40)}, and nothing was done. {hint} "
        f"To have it taken as a message, write it without the slash."
    )
