"""Carrying out what writes notes: a new note, one changed passage, remember, forget.

Each deed is done from the seal, and twice is once: a new note's name comes from the card (or
from the fact that it holds), a change says how the note was and how it will be. A person's
edit wins: what was edited since it was shown stays as it is. Nothing is deleted: what is
forgotten or taken away lies in `.trash`, and can be brought back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum import disk, names
from factotum.gate.register import Card
from factotum.inert import one_line, visible
from factotum.model import FOLDERS, Call, FailedClean, Outcome, Succeeded, Trust
from factotum.note import Note, fence, render
from factotum.privacy import fold
from factotum.tooling.tools import misfits
from factotum.vault import OWN, Changed, Vault
from factotum.words import local
from factotum.worker import scheduling
from factotum.worker.labels import MADE_BY, Labels
from factotum.worker.local import TOOLS
from factotum.worker.outside import led_nowhere
from factotum.worker.pages import NOTE_MOST_BYTES, Page, Pages
from factotum.worker.passage import Unfit, changed, sha256_of, stands_there

MEMORY = "Office/Memory"

#: Where what is forgotten goes. Obsidian and sync clients leave it alone; nobody empties it.
TRASH = ".trash"

#: Where no note is changed by a tool: work, cards, receipts, what is written by code. Folded.
NOT_OURS = tuple(
    fold(where)
    for where in (*(f"{name}/" for name in FOLDERS.values()), "Logs/", "Dashboard.md", f"{OWN}/")
)

#: Whose word it is that is remembered, for people.
SAID_BY = {Trust.OWNER: "you", Trust.KNOWN: "somebody you know", Trust.STRANGER: "a stranger"}


#: A body that is one fence and nothing else.
_FENCED = re.compile(r"\s*(`{3,})text\n(.*)\n\1\s*", re.DOTALL)


def said_in(note: Note) -> str:
    """What a note of the memory says, without the fence that we put round words of others."""
    found = _FENCED.fullmatch(note.body)
    return (found[2] if found else note.body).strip()


@dataclass
class Deeds:
    vault: Vault
    pages: Pages
    labels: Labels
    clock: Callable[[], float]

    def perform(self, card: Card, task: str) -> Outcome:
        """`task` is the name of the task's note, without its ending. Raises OSError where it is
        the disk that fails: then the same is done again, and nothing is said of it yet."""
        if wrong := _unfit(card):
            return FailedClean("; ".join(wrong))  # a person may have changed it on the card
        try:
            match card.seal.tool:
                case "notes__write":
                    return self._write(card, task)
                case "notes__change":
                    return self._change(card)
                case "remember":
                    return self._remember(card, task)
                case "forget":
                    return self._forget(card)
                case scheduling.TOOL:
                    return self._schedule(card, task)
                case scheduling.REMOVE:
                    return self._unschedule(card)
                case "notes__unwrite":
                    return self._unwrite(card)
                case "notes__bring_back":
                    return self._bring_back(card)
        except OSError as refused:
            if disk.failing(refused):
                raise
            return FailedClean(f"{_named(card)} {disk.said(refused)}")
        return FailedClean(f"{card.seal.tool} is nothing that I can do to notes")

    # -- new notes

    def _write(self, card: Card, task: str) -> Outcome:
        target, data = self._new_note(card, task)
        self._drop(card, target, data)
        return Succeeded({"note": f"[[{target.stem}]]"})

    def _new_note(self, card: Card, task: str) -> tuple[Path, bytes]:
        args = card.seal.args
        title, text = str(args["title"]), str(args["text"]).rstrip()
        if card.seal.trust is not Trust.OWNER:
            text = led_nowhere(text)
        name = names.note_name(title, id=card.id, fallback="note")
        props = {"type": "note", "task": f"[[{task}]]", MADE_BY: card.id, "aliases": [title]}
        return self.vault.root / str(args["folder"]) / name, render(props, f"{text}\n")

    def _remember(self, card: Card, task: str) -> Outcome:
        now = local(self.clock())
        target, data = self._memory(card, task, now.isoformat(timespec="seconds"))
        receipt = {"note": f"[[{target.stem}]]"}
        there = self._drop(card, target, data)
        return Succeeded(receipt if there else {**receipt, "known": "it was remembered already"})

    def _memory(self, card: Card, task: str, created: str) -> tuple[Path, bytes]:
        args = card.seal.args
        about, text = one_line(str(args["about"]), 120), str(args["text"]).strip()
        id = names.id_of("a", "memory", fold(about), " ".join(text.split()))
        name = names.note_name(about, id=id, fallback="memory")
        props: dict[str, Any] = {
            "type": "memory",
            "about": about,
            "created": created,
            "said_by": SAID_BY[card.seal.trust],
            "sources": [f"[[{link}]]" for link in map(_link, args.get("sources") or ()) if link],
            "task": f"[[{task}]]",
            MADE_BY: card.id,
        }
        body = text if card.seal.trust is Trust.OWNER else fence(visible(text))
        return self.vault.root / MEMORY / name, render(props, f"{body}\n")

    def _schedule(self, card: Card, task: str) -> Outcome:
        path, data = scheduling.note_of(card, task)
        target, first = self.vault.root / path, scheduling.first(card, self.clock())
        if not first and not target.exists():
            return FailedClean("its moment is past by now; nothing was set up")
        self._drop(card, target, data)
        return Succeeded({"note": f"[[{path.removesuffix('.md')}]]", "first": first})

    def as_written(self, card: Card, task: str, page: Page) -> bytes:
        """What the note at `page` held when this card wrote it."""
        if card.seal.tool == "notes__write":
            return self._new_note(card, task)[1]
        if card.seal.tool == scheduling.TOOL:
            return scheduling.as_made(card, task, page)
        return self._memory(card, task, str(page.note.props.get("created") or ""))[1]

    def _drop(self, card: Card, target: Path, data: bytes) -> bool:
        """Puts a new note there; False when one is there: written before a crash, and perhaps
        edited since. The label is on record first: no note of ours is ever without one."""
        if target.exists():
            return False
        self.labels.made(target.name, card.id, card.seal.trust, self.clock())
        try:
            self.vault.drop(target, data)
        except FileExistsError:
            if not os.path.lexists(target):
                raise  # the folder itself is no folder
            return False
        return True

    # -- a changed note

    def _change(self, card: Card) -> Outcome:
        about, find = card.seal.about, str(card.seal.args["find"])
        path, put = str(about["note_path"]), str(about["put"])
        receipt = Succeeded({"note": f"[[{path.removesuffix('.md')}]]"})
        page = self.pages.page(path)
        if page is None:
            return FailedClean(f"{path} is not there any more; nothing was changed")
        if sha256_of(page.raw) == about["after"]:
            return receipt  # done before a crash
        if sha256_of(page.raw) != about["sha256"]:
            return receipt if stands_there(page.raw, find, put) else _edited(path)
        try:
            new = changed(page.raw, find, put)
        except Unfit as unfit:
            return FailedClean(f"{path} was not changed: {unfit}")
        if sha256_of(new) != about["after"]:
            return FailedClean(f"{path} would not become what was shown; nothing was changed")
        if page.trust.lowest(card.seal.trust) is not page.trust:
            self.labels.changed(path, new, card.id, card.seal.trust, self.clock())
        try:
            self.vault.rewrite(page.file, page.raw, new)
        except Changed:
            return _edited(path)
        return receipt

    # -- forgetting

    def _forget(self, card: Card) -> Outcome:
        about = card.seal.about
        path = str(about["note_path"])
        if not path.startswith(f"{MEMORY}/"):
            return FailedClean(f"only notes in {MEMORY} are forgotten")
        return self._put_away(path, str(about["sha256"]), card, {"forgotten": Path(path).stem})

    def _unschedule(self, card: Card) -> Outcome:
        about = card.seal.about
        path, shown = str(about["note_path"]), str(about["sha256"])
        page = self.pages.page(path)
        if page and scheduling.core_of(page.raw) == about["core"]:
            shown = sha256_of(page.raw)  # it may have run since
        return self._put_away(path, shown, card, {"schedule": Path(path).stem, "sha256": shown})

    def _unwrite(self, card: Card) -> Outcome:
        path = str(card.seal.args["note"])
        if fold(path).startswith(NOT_OURS):
            return FailedClean(f"{path} is the record of work and stays")
        return self._put_away(path, str(card.seal.args["sha256"]), card, {"taken": Path(path).stem})

    def _put_away(self, path: str, sha256: str, card: Card, told: dict[str, str]) -> Outcome:
        """Puts a note that is as it should be into the trash."""
        file, trash = self.vault.root / path, self.vault.root / TRASH
        if not file.exists():  # before a crash, or by the person
            return Succeeded({**told, "where": f"{TRASH}/{file.name}"})
        page = self.pages.page(path)
        if page is None or sha256_of(page.raw) != sha256:
            return _edited(path)
        there = self.vault.move_beside(file, trash / file.name, card.id[2:8])
        if sha256_of(disk.read_regular(there, NOTE_MOST_BYTES)) != sha256:
            self.vault.move(there, file)  # somebody edited it in that instant
            return _edited(path)
        return Succeeded({**told, "where": f"{TRASH}/{there.name}"})

    def _bring_back(self, card: Card) -> Outcome:
        args = card.seal.args
        path, where = str(args["note"]), str(args["where"])
        file, lies = self.vault.root / path, self.vault.root / where
        if lies.parent != self.vault.root / TRASH:
            return FailedClean(f"{where} does not lie in {TRASH}")
        receipt = Succeeded({"note": f"[[{file.stem}]]"})
        if not os.path.lexists(lies):
            gone = FailedClean(f"{where} is not there any more; nothing was brought back")
            return receipt if file.exists() else gone  # done before a crash, or by the person
        if sha256_of(disk.read_regular(lies, NOTE_MOST_BYTES)) != args["sha256"]:
            return FailedClean(f"{where} was edited since; it stays there. Move it back by hand")
        try:
            self.vault.move(lies, file)
        except FileExistsError:
            return FailedClean(f"another note lies at {path} now; this one stays in {where}")
        return receipt


def _unfit(card: Card) -> list[str]:
    tool, args = TOOLS.get(card.seal.tool), card.seal.args
    return misfits(tool, args) or scheduling.problems(Call(card.seal.tool, args)) if tool else []


def _edited(path: str) -> FailedClean:
    return FailedClean(
        f"{path} was edited since this was shown, and stays as it is now. Read it again and ask "
        f"anew if it is still wanted"
    )


def _named(card: Card) -> str:
    args = card.seal.args
    return str(card.seal.about.get("note_path") or args.get("title") or args.get("about") or "it")


def _link(source: object) -> str:
    """A source as a link: the name of a note, with nothing in it that could be more."""
    name = str(source).strip().removeprefix("[[").removesuffix("]]").partition("|")[0]
    return "".join(c for c in one_line(name, 200) if c not in "[]|#^").removesuffix(".md").strip()
