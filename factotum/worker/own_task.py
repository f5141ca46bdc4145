"""A task of the owner's whose note we write: what they asked for elsewhere, or have to be asked.

Telling the ledger and mending what a crash cut short is left to whoever wants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factotum import names
from factotum.ledger import TaskRow
from factotum.model import FOLDERS, State, Trust
from factotum.note import render
from factotum.vault import Vault


def row_of(
    id: str,
    title: str,
    now: float,
    *,
    fallback: str,
    facts: Mapping[str, Any] | None = None,
    source_id: str = "",
) -> TaskRow:
    """Such a task as the ledger knows it. `fallback` names the note where the title has no
    Latin letters, `source_id` is what it is of, by itself its own id."""
    name = names.note_name(title, id=id, fallback=fallback)
    origin, of = f"{FOLDERS[State.NEEDS_ACTION]}/{name}", source_id or id
    return TaskRow(
        id, name, "note", title, Trust.OWNER, "", of, origin, b"", facts or {}, now, None
    )


def drop(vault: Vault, row: TaskRow, text: str) -> None:
    """Writes its note. Raises FileExistsError; then nothing changed."""
    props = {"id": row.id, "type": "note", "title": row.title, "status": "pending"}
    vault.drop(vault.folder(State.NEEDS_ACTION) / row.name, render(props, text))
