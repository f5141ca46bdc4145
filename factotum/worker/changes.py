"""What a change of notes or memory would be: what its card shows, and what must still hold.

Changes nothing. The rule that judges such a call goes by the path that it names, so the note
must be named by exactly that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factotum.inert import inert, one_line
from factotum.model import Call, Trust
from factotum.privacy import fold
from factotum.worker.memory import MEMORY, NOT_OURS, said_in
from factotum.worker.outside import led_nowhere
from factotum.worker.pages import NotebookError, Page, Pages, shown
from factotum.worker.passage import Unfit, changed, difference, sha256_of

#: The longest name in the title of a card, in characters.
NAME_CHARS = 60

#: How much of the note before and after a change is kept, in characters.
BESIDE_CHARS = 120


def before(call: Call, trust: Trust, pages: Pages) -> Mapping[str, Any]:
    """The card's `title`, `who` and `difference`, and for a note that exists its `note_path`
    and the `sha256` of it as it is; nothing for a tool that changes none.

    `trust` is the label of the task: what others would put in is made to lead nowhere.
    Raises NotebookError for what cannot be done.
    """
    try:
        match call.tool:
            case "notes__change":
                return _changed(_exact(call, pages), call.args, trust)
            case "forget":
                return _forgotten(_exact(call, pages), str(call.args["why"]))
            case "remember":
                return _remembered(str(call.args["about"]), str(call.args["text"]))
            case "notes__unwrite" | "notes__bring_back":
                return _moved(call)
            case _:
                return {}
    except Unfit as unfit:
        raise NotebookError(f"{call.tool}: {unfit}") from unfit


def _exact(call: Call, pages: Pages) -> Page:
    path = str(call.args["note"])
    page = pages.find(path)
    if fold(page.path) != fold(path):
        mine = page.trust is Trust.OWNER
        where = f": “{page.path}”" if mine else ", as notes__search gives it"
        raise NotebookError(f"“{shown(path)}”: give the whole path{where}")
    if call.tool == "forget" and not page.path.startswith(f"{MEMORY}/"):
        raise NotebookError(f"only notes in {MEMORY} are forgotten; notes__change changes one")
    if fold(page.path).startswith(NOT_OURS):
        top = page.path.partition("/")[0]
        raise NotebookError(f"notes in {top} are not changed: they are the record of work")
    if page.path.startswith("../"):
        raise NotebookError("notes outside of my own folder are read, not changed")
    return page


def _changed(page: Page, args: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
    put = str(args["replace"])
    put = put if trust is Trust.OWNER else led_nowhere(put)
    new = changed(page.raw, str(args["find"]), put)
    return {
        "title": f"Change {_name(page.file.stem)}?",
        "who": inert(page.path),
        "note_path": page.path,
        "sha256": sha256_of(page.raw),
        "after": sha256_of(new),
        "put": put,
        "beside": _beside(page.raw, new),
        "difference": difference(page.raw, new),
    }


def _beside(old: bytes, new: bytes) -> list[str]:
    """The lines that were changed, as they were and as they are, between the text before and
    after them: by that a passage is found again which was taken out, or stands twice."""
    start = old.rfind(b"\n", 0, _alike(old, new)) + 1
    same = _alike(old[start:][::-1], new[start:][::-1])
    line_end = old.find(b"\n", len(old) - same)
    same = 0 if line_end < 0 else len(old) - line_end
    left, right = _text(old[:start])[-BESIDE_CHARS:], _text(old[len(old) - same :])[:BESIDE_CHARS]
    was, now = (_text(raw[start : len(raw) - same]) for raw in (old, new))
    return [left, was, now, right]


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes at their beginnings are the same."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        same = one[:middle] == other[:middle]
        least, most = (middle, most) if same else (least, middle - 1)
    return least


def _text(raw: bytes) -> str:
    return raw.decode(errors="ignore").replace("\r\n", "\n")


def _moved(call: Call) -> dict[str, Any]:
    name = _name(str(call.args["note"]).rpartition("/")[2].removesuffix(".md"))
    what = f"Take {name} away again?" if call.tool == "notes__unwrite" else f"Bring {name} back?"
    return {"title": what, "who": inert(str(call.args["note"]))}


def _forgotten(page: Page, why: str) -> dict[str, Any]:
    return {
        "title": f"Forget this about {_name(about_of(page))}?",
        "who": f"{inert(page.path)}: {inert(one_line(why, 200))}",
        "note_path": page.path,
        "sha256": sha256_of(page.raw),
        "difference": difference(said_in(page.note).encode(), b""),
    }


def _remembered(about: str, text: str) -> dict[str, Any]:
    return {
        "title": f"Remember this about {_name(about)}?",
        "who": inert(_name(about)),
        "difference": difference(b"", text.strip().encode(errors="replace")),
    }


def about_of(page: Page) -> str:
    """What a note of the memory is about, in one line."""
    return one_line(str(page.note.props.get("about") or page.file.stem), 120)


def _name(text: str) -> str:
    return one_line(text, NAME_CHARS)
