"""Telegram, from a tap on a button till the deed is begun."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, Measured
from bench.helpers import child
from bench.messenger import Postman, answered, at_telegram, channel, owner_of
from bench.office import Office, Open, until
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.chats import Chat, Message

#: How many taps are taken, and how long before each nothing is done, in seconds.
TAPS, CALM_S = 12, 0.4
MAIL = """```yaml playbook
when: {title: "mail"}
do:
  - mail__send:
      to: ["ada@rossi.example"]
      subject: "Invoice 1042"
      body: "Hi Ada, here is invoice 1042 again. Best, Marco"
```
"""


def tap(folder: Path) -> Iterator[Measured]:
    """Ours: from the tap till the connection to the mail's relay is there, with no time to
    regret; of an office that is at Telegram itself, and of one beside which the channel is a
    process of its own. Plain: from the tap till a bot of the standard library has answered it
    and done nothing else. Told is the difference."""
    for n, how in enumerate(("within the office", "by itself")):
        with server_running() as server, server_running() as bare:
            ours = list(_deeds(folder / str(n), server, alone=how == "by itself"))
            plain = list(_answers(bare))
        more_ms = statistics.median(ours) - statistics.median(plain)
        yield Measured(f"a tap, till its mail is begun, {how}", more_ms, 50, "ms")


def _deeds(folder: Path, server: TelegramServer, *, alone: bool) -> Iterator[float]:
    postman = Postman()
    env = {**at_telegram(server), **postman.settings()}
    office = Office(folder, {**env, "CHANNELS": "none"} if alone else env)
    office.init()
    (office.root / "Office" / "Playbooks" / "mail.md").write_text(MAIL)
    owner_of(server)
    with office.open() as open_:
        if alone:
            with channel(Office(folder, env)):
                yield from _taps(open_, server, postman)
        else:
            yield from _taps(open_, server, postman)
    postman.close()


def _taps(open_: Open, server: TelegramServer, postman: Postman) -> Iterator[float]:
    """How long each took, in milliseconds; all that was asked is shown before the first."""
    answered(open_.office)
    owner = owner_of(server)
    for n in range(TAPS):
        open_.give(f"mail {n}", "Send it.")
        owner.waits_for(lambda chat, n=n: len(asking(chat)) > n, 60)  # type: ignore[misc]
    time.sleep(2)
    for message in asking(owner.chat):
        time.sleep(CALM_S)
        seen, begun = len(postman.came), time.perf_counter()
        owner.taps(message.id, "Send")
        until(lambda seen=seen: len(postman.came) > seen, "the mail")  # type: ignore[misc]
        yield 1000 * (postman.came[seen] - begun)
    until(lambda: postman.taken == TAPS, "all mails")


def asking(chat: Chat) -> list[Message]:
    return [one for one in chat.messages if any("Send" in row for row in one.labels)]


def _answers(server: TelegramServer) -> Iterator[float]:
    with child("bench/bot.py", str(server.port), server.token):
        owner = owner_of(server)
        server.waits_for_call("getUpdates", 2)
        for _ in range(TAPS):
            time.sleep(CALM_S)
            begun = time.perf_counter()
            owner.waits_for_answer(owner.taps(owner.chat.messages[0].id, data="yes"))
            yield 1000 * (time.perf_counter() - begun)


FIGURES = (Figure("tap", tap),)
