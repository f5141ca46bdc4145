"""The tools that need no server: writing a note of our own.

Doing it twice changes nothing: the note's name comes from the card's id, and a note that
stands there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factotum import names
from factotum.gate.register import Card
from factotum.model import Call, FailedClean, Outcome, Succeeded
from factotum.note import render
from factotum.vault import Vault

#: The folders in which a note may be written without asking.
OWN_FOLDERS = ("Drafts", "Briefings", "Plans")

#: The arguments of each local tool: name → (type, needed).
ARGS: dict[str, Mapping[str, tuple[type, bool]]] = {
    "notes__write": {"folder": (str, True), "title": (str, True), "text": (str, True)},
    "ask_owner": {
        "question": (str, True),
        "choices": (list, False),
        "field": (str, False),
        "explained": (str, False),
    },
}


def is_local(tool: str) -> bool:
    return tool in ARGS


def check(call: Call) -> list[str]:
    """What is wrong with a call of a local tool, in words; empty if nothing is."""
    known = ARGS[call.tool]
    problems = [f"has no argument {name!r}" for name in call.args if name not in known]
    for name, (kind, needed) in known.items():
        value = call.args.get(name)
        if value is None and needed:
            problems.append(f"{name} is missing")
        elif value is not None and not isinstance(value, kind):
            problems.append(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    folder = call.args.get("folder")
    if call.tool == "notes__write" and not problems and folder not in OWN_FOLDERS:
        problems.append(f"folder must be one of {', '.join(OWN_FOLDERS)}, not {folder!r}")
    return problems


def write_note(vault: Vault, card: Card, task: str) -> Outcome:
    """Writes the sealed note into its folder."""
    args = card.seal.args
    title = str(args["title"])
    name = names.note_name(title, id=card.id, fallback="note")
    target = vault.root / str(args["folder"]) / name
    props: dict[str, Any] = {"type": "note", "task": f"[[{task}]]", "aliases": [title]}
    try:
        vault.drop(target, render(props, str(args["text"]).rstrip() + "\n"))
    except FileExistsError:
        pass  # written before a crash, and perhaps edited since: the person's now
    except OSError as failed:
        return FailedClean(f"{vault.relative(target)} cannot be written: {failed.strerror}")
    return Succeeded({"note": f"[[{name.removesuffix('.md')}]]"})
