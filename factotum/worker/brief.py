"""From a claimed note and its ledger row to the task that the agent sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from factotum.ledger import TaskRow
from factotum.model import Attachment, Task, Trust
from factotum.note import Note, after_fence, fenced_under
from factotum.sections import without_fenced

#: The heading under which a dropped note holds what came from outside, in a fence.
CONTENT = "What came"
#: The heading under which it holds what stands in files that came beside those words, and the
#: line above it. Obsidian hides it; text of others cannot hold it unescaped.
ENCLOSED, ENCLOSED_MARK = "What stands in what was sent along", "%% enclosed %%"

#: Stands below what we write at the end of a run, so that what the owner adds there for a
#: next run is told from it. Obsidian hides it; text of others cannot hold it unescaped.
RUN_END = "%% end of run {n} %%"

#: What a run left in the note: the next run is told of it from the ledger instead.
RUN_BLOCK = re.compile(
    r"^## Receipts\n(?:(?!^## Receipts$).)*?^%% end of run \d+ %%\n?", re.M | re.S
)


#: The line above each mail that joined the task. Obsidian hides it; text of others cannot hold
#: it unescaped.
JOINED = "%% joined {mark} %%"
_BEGINS = re.compile(r"%% joined t-[a-z0-9]+ %%|" + re.escape(ENCLOSED_MARK))


def brief(row: TaskRow, note: Note, answers: Mapping[str, str]) -> Task:
    """Facts that matter (who wrote, how trusted) come from the ledger, the text from the
    note: a person may have corrected it."""
    facts = row.facts
    body = RUN_BLOCK.sub("\n", without_joined(note.body))
    text = None if typed(row) else fenced_under(body, CONTENT)
    return replace(
        row.task(),
        title=str(facts.get("subject") or row.title),
        text=body.strip() if text is None else text,
        received=received(facts),
        attachments=tuple(Attachment(**one) for one in facts.get("attachments", ())),
        properties={**facts.get("properties", {}), **_own(row, note)},
        answers=answers,
        added="" if text is None else after_fence(body, CONTENT).strip(),
        enclosed="" if typed(row) else fenced_under(note.body, ENCLOSED) or "",
    )


def without_joined(body: str) -> str:
    """The note without what joined it, of which a run is told from the ledger, and without what
    stands in files that came along."""
    return without_fenced(body, _BEGINS)


def typed(row: TaskRow) -> bool:
    """Whether the note was claimed as it lay there, and not dropped by us: then no heading in
    it is ours."""
    return bool(row.original)


def _own(row: TaskRow, note: Note) -> dict[str, Any]:
    """Properties that a person typed; an outsider's note has none that count."""
    return dict(note.props) if row.words is Trust.OWNER else {}


def received(facts: Mapping[str, Any]) -> datetime | None:
    value = facts.get("received")
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None
