"""Which of several pieces of work a message is of, on a channel that cannot show what it answers.

It looks at what was given in the same chat meanwhile, and says nothing where that was alone.
"""

from __future__ import annotations

from factotum.channels.window import CHAT, MESSAGE, Window
from factotum.ledger import TaskRow
from factotum.progress import LATEST
from factotum.views.saying import plain

#: How much of a title tells one piece of work from others.
TITLE_CHARS = 60

#: What was given longer before is not looked at, in seconds.
BEFORE_S = 7 * 86_400.0

#: What was given on this channel, in this chat, before a moment, and had not ended at another.
_BESIDE = (
    "SELECT 1 FROM talk k JOIN task t ON t.id = k.task"
    f" {LATEST}"
    " WHERE k.at > ? AND t.id <> ? AND t.source = ? AND t.missing IS NULL AND t.created < ?"
    " AND json_extract(t.facts, '$.chat') = ? AND (r.ended IS NULL OR r.ended > ?) LIMIT 1"
)


def which(window: Window, row: TaskRow, till: float) -> str:
    """Its title in quotation marks, where other work of its chat was open between the moment in
    which it was given and `till` (epoch seconds); else, and where an answer shows what it is the
    answer to, an empty string."""
    if window.limits.replies or MESSAGE not in row.facts:
        return ""
    chat = str(row.facts.get(CHAT) or "")
    asked = (row.created - BEFORE_S, row.id, window.name, till, chat, row.created)
    if window.ledger.db.execute(_BESIDE, asked).fetchone() is None:
        return ""
    return f"“{plain(row.title, TITLE_CHARS)}”"
