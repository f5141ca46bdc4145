"""A person taps at random for minutes while the channel is killed every few seconds and Telegram
loses answers: one mail for each yes, none without, and no message twice.

SOAK_S says for how many seconds; SOAK_SEED which person it is.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.channels.live import OWNER, telegram
from tests.office import smtp
from tests.patience import PATIENCE_S
from tests.prove.figures import add
from tests.prove.life import Life
from tests.servers.smtp import Relay
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.telegram.chats import Message

pytestmark = [pytest.mark.prove, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
#: How long requests come, one every so many seconds; and how long the channel lives each time.
SOAK_S = float(os.environ.get("SOAK_S", "40"))
EVERY_S, LIVES_S = 3.0, 10.0
#: How often Telegram does what it is asked and its answer is lost, in seconds.
LOST_EVERY_S = 23.0
#: How long all may take to come to rest afterwards, in seconds.
REST_S = 240.0
PLAYBOOK = """when: {title: "mail"}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""
SUBJECT = re.compile(r"Subject: (mail \d+)")


class Process:
    """A command of ours that is begun again whenever it was killed."""

    def __init__(self, office: Life, *command: str, **more: str) -> None:
        self._env = {"PATH": os.environ["PATH"], **office.env_of(), **more}
        self._command = [sys.executable, *command]
        self._out = open(office.state.parent / f"{command[-1]}.txt", "ab")  # noqa: SIM115
        self.kills = 0
        self._begin()

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._env, stdout=self._out, stderr=self._out
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self._begin()

    def stop(self) -> None:
        self._process.terminate()
        code = self._process.wait(PATIENCE_S)
        self._out.close()
        assert code == 0, f"{self._command} ended by {code}"


@contextmanager
def running(office: Life, *command: str, **more: str) -> Iterator[Process]:
    process = Process(office, *command, **more)
    try:
        yield process
    finally:
        process.stop()


@dataclass
class Tapper:
    """The owner, who taps whatever they see, sometimes twice, and sometimes a tap comes twice."""

    server: TelegramServer
    chance: random.Random
    tapped: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        for message, found in self.sees():
            if self.chance.random() > 0.2:
                continue
            weights = [8 if one.startswith(("Send", "Yes")) else 2 for one in found]
            self._tap(message, self.chance.choices(found, weights)[0])

    def sees(self) -> list[tuple[Message, list[str]]]:
        """The messages that can be tapped, each with its labels: what is on its way is left to
        go, and the next ones shall be asked too."""
        seen = []
        for message in list(self.server.person(OWNER).chat.messages):
            labels = [label for row in message.labels for label in row]
            found = [one for one in labels if one not in {"Undo", "Now"} and "Yes, " not in one]
            if found:
                seen.append((message, found))
        return seen

    def _tap(self, message: Message, label: str) -> None:
        owner = self.server.person(OWNER)
        try:
            for _ in range(self.chance.choice((1, 1, 1, 2))):
                owner.taps(message.id, label)
        except LookupError:
            return  # it has just been changed
        self.tapped[label.split(maxsplit=1)[0]] += 1
        if self.chance.random() < 0.1:
            self.server.updates.again(self.server.updates.told[-1])


@pytest.mark.timeout(SOAK_S + REST_S + 60)
def test_one_mail_for_each_yes_however_often_the_channel_dies(tmp_path: Path, relay: Relay) -> None:
    with server_running() as server:
        server.limits()
        server.person(OWNER, "Marco").starts()
        office = Life(tmp_path, {**smtp(relay), **telegram(server)})
        office.playbook(PLAYBOOK)
        tapper = Tapper(server, random.Random(int(os.environ.get("SOAK_SEED", "4"))))
        channel = ("-m", "factotum.cli", "channels", "run", "telegram")
        with (
            running(office, "orchestrator.py", FACTOTUM_CHANNELS="none"),
            running(office, *channel) as process,
        ):
            asked = soak(office, server, process, tapper)
            rest(office, relay, tapper)
            kills = process.kills
        judge(office, server, relay)
        said = states(office)
        add("telegram_soak", kills=kills, asked=asked, mails=len(relay.messages), **said)
        print(f"{asked} asked, {kills} kills, taps {dict(tapper.tapped)},"
              f" {len(relay.messages)} mails, messages {dict(said)},"
              f" refused by the limits {refused(server)}")  # fmt: skip


def soak(office: Life, server: TelegramServer, channel: Process, tapper: Tapper) -> int:
    begun = time.monotonic()
    asks, dies, loses = begun, begun + LIVES_S, begun + LOST_EVERY_S / 2
    asked = 0
    while (now := time.monotonic()) < begun + SOAK_S:
        if now >= asks:
            office.type("Send it.\n\ngo", f"mail {asked}.md")
            asked, asks = asked + 1, asks + EVERY_S
        if now >= dies:
            channel.kill()
            dies = now + LIVES_S * tapper.chance.uniform(0.3, 1.2)
        if now >= loses:
            server.drops(tapper.chance.choice(("sendMessage", "*")), done=True)
            loses = now + LOST_EVERY_S
        tapper.look()
        time.sleep(0.2)
    return asked


def rest(office: Life, relay: Relay, tapper: Tapper) -> None:
    """The person goes on till nothing waits for them that they can see, and nothing for us."""
    until = time.monotonic() + REST_S
    before: object = None
    still = 0
    while still < 8:
        tapper.look()
        time.sleep(0.5)
        now = (decided(office), len(relay.messages), states(office), sum(tapper.tapped.values()))
        still = still + 1 if now == before and not tapper.sees() else 0
        before = now
        assert time.monotonic() < until, f"it comes to no rest: {now}"


def judge(office: Life, server: TelegramServer, relay: Relay) -> None:
    mails, yes = Counter(str(one.message["Subject"]) for one in relay.messages), decided(office)
    assert mails
    assert mails == yes, f"mails without a yes {mails - yes}, without a mail {yes - mails}"
    chat = server.person(OWNER).chat
    first = [
        (one, one.edits[0].text if one.edits else one.text) for one in chat.messages if one.by_bot
    ]
    alone = [text for _, text in first if text.startswith("✉️")]
    shown = Counter(subject for text in alone for subject in SUBJECT.findall(text))
    assert shown.total() == len(alone)
    assert {subject: times for subject, times in shown.items() if times > 1} == {}
    known = {str(row[0]) for row in read(office, "SELECT message FROM said WHERE state = 'sent'")}
    unknown = [text for one, text in first if str(one.id) not in known]
    assert len(unknown) <= states(office)["lost"], f"of these nobody knows: {unknown}"
    assert [one.text for one in chat.messages if any("Send" in row for row in one.labels)] == []


def decided(office: Life) -> Counter[str]:
    """The subjects that somebody said yes to."""
    rows = read(
        office,
        "SELECT json_extract(s.args, '$.subject') FROM decision d"
        " JOIN seal s ON s.card = d.card AND s.version = d.version WHERE d.verdict = 'approve'",
    )
    return Counter(str(row[0]) for row in rows)


def states(office: Life) -> Counter[str]:
    """How many messages there are of each state."""
    return Counter(str(row[0]) for row in read(office, "SELECT state FROM said"))


def refused(server: TelegramServer) -> int:
    return sum(call.outcome == 429 for call in server.calls)


def read(office: Life, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(office.state / "ledger.db") as db:
        return db.execute(query).fetchall()
