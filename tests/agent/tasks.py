"""Tasks to try playbooks on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from factotum.agent.playbook import Playbook, load
from factotum.model import Attachment, Task, Trust

TODAY = date(2026, 11, 23)


def mail(**changes: Any) -> Task:
    """A mail of Ada's with a PDF; any field can be changed."""
    fields: dict[str, Any] = {
        "id": "t-7f3k",
        "kind": "email",
        "title": "Re: Invoice 1042",
        "text": "Hello Marco,\ncould you send me invoice 1042 again?\nAda",
        "trust": Trust.STRANGER,
        "source": "inbox",
        "sender": "ada@rossi.example",
        "sender_name": "Ada Rossi",
        "received": datetime(2026, 11, 21, 10, tzinfo=UTC),
        "attachments": (Attachment("order.pdf", 1, "0" * 64), Attachment("b.txt", 1, "1" * 64)),
        "properties": {"message_id": "<m1@rossi.example>", "subject": "Re: Invoice 1042"},
    }
    return Task(**{**fields, **changes})


def note(block: str) -> bytes:
    return f"# A playbook\n\n```yaml playbook\n{block}\n```\n".encode()


def one(block: str, name: str = "10-test.md") -> Playbook:
    """The playbook in this block, which must be sound."""
    playbooks, problems = load([(name, note(block))])
    assert problems == []
    return playbooks[0]
