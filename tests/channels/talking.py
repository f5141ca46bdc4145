"""An owner on Telegram and a model that works for them, with a whole office between the two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.ledger import TaskRow
from tests.channels.live import OWNER, at_work, ledger_of, telegram
from tests.channels.test_every_channel import comes_to
from tests.office import TestOffice, smtp
from tests.servers.model import Item, Script, ScriptedModelServer, call
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.chats import Chat, Message
from tests.servers.telegram.people import Person


@dataclass
class Desk:
    """`me` is the owner on Telegram, `model` who works for them."""

    office: TestOffice
    me: Person
    telegram: TelegramServer
    model: ScriptedModelServer
    relay: Relay

    def asked(self, n: int = 0) -> str:
        """What the model was asked first of the n-th message, as JSON."""
        comes_to(lambda: len(self.model.requests) > n)
        return json.dumps(self.model.requests[n]["messages"], ensure_ascii=False)

    def told(self, n: int = 0) -> str:
        """The task, as the model was told of it in its n-th request."""
        comes_to(lambda: len(self.model.requests) > n)
        asked = [
            one["content"]
            for one in self.model.requests[n]["messages"]
            if one["role"] == "user" and "Whose words it carries" in str(one["content"])
        ]
        return str(asked[-1] if isinstance(asked[-1], str) else asked[-1][0]["text"])

    def answered(self, sent: Message) -> Message:
        """What came of this message, once something has."""

        def there(chat: Chat) -> Message | None:
            ours = [one for one in chat.from_bot if one.reply_to == sent.id and one.text]
            found = [one for one in ours if not one.text.startswith(("⏳", "🎙", "✅", "❌ "))]
            return found[-1] if found else None

        return self.me.waits_for(there)

    def tasks(self) -> list[TaskRow]:
        ledger = ledger_of(self.office)
        try:
            rows = ledger.db.execute("SELECT id FROM task ORDER BY created").fetchall()
            return [row for found in rows if (row := ledger.task(found["id"]))]
        finally:
            ledger.close()

    def task(self) -> TaskRow:
        (task,) = self.tasks()
        return task


@contextmanager
def idle(folder: Path, script: Script, **env: str) -> Iterator[Desk]:
    """The same with an office that does not run."""
    with server_running() as server, ScriptedModelServer(script) as model, Relay() as relay:
        office = TestOffice(folder, env={**telegram(server), **smtp(relay)})
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_SEES": "yes",
            "FACTOTUM_MODEL_BASE_URL": model.base_url,
            **{f"FACTOTUM_{name}": value for name, value in env.items()},
        }
        me = server.person(OWNER, "Marco")
        me.starts()
        yield Desk(office, me, server, model, relay)


@contextmanager
def desk(folder: Path, script: Script, **env: str) -> Iterator[Desk]:
    with idle(folder, script, **env) as desk, at_work(desk.office):
        yield desk


def looked(_: Any) -> Item:
    """A model that is done at once."""
    return call("finish", summary="Looked at it.")
