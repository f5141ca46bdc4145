"""For which task of ours a mail went out, by its Message-ID. Reads the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from factotum.drop import Drop
from factotum.ledger import Ledger
from factotum.watcher import Post

_SENT = """
SELECT t.id, t.title FROM attempt a JOIN card c ON c.id = a.card JOIN task t ON t.id = c.task
 WHERE a.key = ? ORDER BY t.created DESC LIMIT 1
"""


def traced(post: Post, drops: Sequence[Drop]) -> list[Drop]:
    """Each failure notice with the task for which that mail was sent, where it was."""
    return [_traced(post, one) if "bounce" in one.ours else one for one in drops]


def _traced(post: Post, drop: Drop) -> Drop:
    message_id = str(drop.properties.get("bounce_of") or "")
    found = post.look_up(lambda ledger: _task(ledger, message_id)) if message_id else None
    if found is None:
        return drop
    id, title = found
    remark = f"that mail was sent for the task “{title}”"
    return replace(drop, ours={**drop.ours, "bounced": id}, remarks=(*drop.remarks, remark))


def _task(ledger: Ledger, message_id: str) -> tuple[str, str] | None:
    row = ledger.db.execute(_SENT, (message_id,)).fetchone()
    return None if row is None else (str(row["id"]), str(row["title"]))
