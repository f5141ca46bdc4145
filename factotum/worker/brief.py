"""From a claimed note and its ledger row to the task that the agent sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from factotum.ledger import TaskRow
from factotum.model import Attachment, Task, Trust
from factotum.note import Note, fenced_under

#: The heading under which a dropped note holds what came from outside, in a fence.
CONTENT = "What came"


def brief(row: TaskRow, note: Note, answers: Mapping[str, str]) -> Task:
    """Facts that matter (who wrote, how trusted) come from the ledger, the text from the
    note: a person may have corrected it."""
    facts = row.facts
    text = fenced_under(note.body, CONTENT)
    return Task(
        row.id,
        row.kind,
        str(facts.get("subject") or row.title),
        note.body.strip() if text is None else text,
        row.trust,
        row.source,
        str(facts.get("sender") or ""),
        str(facts.get("sender_name") or ""),
        received(facts),
        tuple(Attachment(**one) for one in facts.get("attachments", ())),
        {**facts.get("properties", {}), **_own(row, note)},
        answers,
    )


def _own(row: TaskRow, note: Note) -> dict[str, Any]:
    """Properties that a person typed; an outsider's note has none that count."""
    return dict(note.props) if row.trust is Trust.OWNER else {}


def received(facts: Mapping[str, Any]) -> datetime | None:
    value = facts.get("received")
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None
