"""`/new` and `/reset`: a conversation that begins anew. `/help` and `/start`: what can be said."""

from __future__ import annotations

from factotum.channels.commands.lines import head, page, parts
from factotum.channels.commands.place import Place, Said
from factotum.channels.contract import Limits
from factotum.channels.words import Words

ANEW = "What you say from now on begins a new conversation."


def new(text: str, place: Place) -> Said:
    del place
    if not (first := text.strip()):
        return Said(Words.of(ANEW), new_conversation=True)
    return Said(Words.of("Taken up, in a new conversation."), new_conversation=True, task=first)


def reset(text: str, place: Place) -> Said:
    """Never takes a task along: who resets wants silence."""
    del text, place
    return Said(Words.of(ANEW), new_conversation=True)


def help_of(commands: list[tuple[str, str]], limits: Limits) -> Words:
    """The commands, each with what it does, and what can be said besides where a channel has
    these `limits`."""
    files = ", or send a photo, a document or a voice message" if limits.files else ""
    answer = (
        "Answer a message of mine, and I know what you mean."
        if limits.replies
        else "Where I ask something, your next line is the answer."
    )
    talk = (
        f"Write what you want done{files}: “Remind Ada of invoice 1042, kindly”. I do it, and what "
        f"leaves the house I show you first. {answer}"
    )
    return parts(
        page([head("I work on what you write here."), talk]),
        page(Words.order(usage) + f" · {about}" for usage, about in commands),
    )
