"""`/new` and `/reset`: a conversation that begins anew. `/help` and `/start`: what can be said."""

from __future__ import annotations

from factotum.channels.commands.lines import head, page, parts
from factotum.channels.commands.place import Place, Said
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


def help_of(commands: list[tuple[str, str]]) -> Words:
    """The commands, each with what it does, and what can be said besides."""
    talk = (
        "Write what you want done, or send a photo, a document or a voice message: “Remind Ada of "
        "invoice 1042, kindly”. I do it, and what leaves the house I show you first. Answer a "
        "message of mine, and I know what you mean."
    )
    return parts(
        page([head("I work on what you write here."), talk]),
        page(Words.order(usage) + f" · {about}" for usage, about in commands),
    )
