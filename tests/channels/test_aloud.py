"""What was asked aloud is answered aloud, once, after its text stands there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factotum.blobs import Blobs
from factotum.channels.aloud import ENDED_S, Aloud
from factotum.channels.contract import Heard, Limits, Message
from factotum.channels.house import window_of
from factotum.channels.service import Service
from factotum.channels.window import Window
from factotum.outbox import Row
from factotum.rooms import open_rooms
from tests.channels.live import OWNER, telegram
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.telegram import TelegramServer, server_running
from tests.servers.transcriber import Transcriber
from tests.voice.recordings import NOTE

ME = str(OWNER)
DONE = """when: {title: "stamps"}
do:
  - notes__write:
      folder: Drafts
      title: "Stamps {date}"
      text: "Stamps are to be bought."
"""


@dataclass
class Voice:
    """Reads out by saying back; None where it has lost its voice."""

    lost: bool = False
    read: list[str] = field(default_factory=list)

    async def speak(self, text: str, language: str = "") -> bytes | None:
        self.read.append(text)
        return None if self.lost else b"ID3" + text.encode()


class Shown:
    """A channel that takes everything."""

    name = "telegram"
    limits = Limits(chat_s=0.0)

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, chat: str, message: Message) -> str:
        self.sent.append(message)
        return str(len(self.sent))

    async def edit(self, chat: str, id: str, message: Message) -> None:
        self.sent[int(id) - 1] = message

    async def check(self) -> None:
        """It is always reached."""

    async def busy(self, chat: str) -> None:
        """Nobody looks."""


@dataclass
class Desk:
    office: TestOffice
    window: Window
    service: Service
    shown: Shown
    voice: Voice

    def says(self, text: str, *, spoken: bool = True) -> None:
        at = datetime.fromtimestamp(self.office.hands.wall, UTC)
        self.service.hear(Heard(ME, "7", ME, "Marco", text, at, spoken=spoken))

    def shows(self) -> None:
        async def all_of_it() -> None:
            while not await self.service.pass_once():
                pass

        asyncio.run(all_of_it())

    def reads_out(self) -> bool:
        """One look, by a process that begins now."""
        blobs = Blobs(self.window.state / "blobs")
        clock = lambda: self.office.hands.wall  # noqa: E731
        aloud = Aloud(self.window, self.voice.speak, blobs, clock, lambda: None)
        waits = asyncio.run(aloud.pass_once())
        self.shows()
        return waits

    @property
    def recordings(self) -> list[Message]:
        return [one for one in self.shown.sent if one.file is not None]

    def row(self) -> Row | None:
        found = self.window.ledger.db.execute("SELECT seq FROM said WHERE kind = 'aloud'")
        rows = found.fetchall()
        assert len(rows) < 2
        return self.window.outbox.of(rows[0]["seq"]) if rows else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    office = TestOffice(
        tmp_path,
        env={
            "FACTOTUM_TELEGRAM_TOKEN": "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr",
            "FACTOTUM_TELEGRAM_CHAT_ID": ME,
            "FACTOTUM_CHANNELS": "none",
        },
    )
    office.playbook(DONE)
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)
    shown = Shown()
    window = window_of(rooms, "telegram", shown.limits)
    service = Service(window, shown, lambda: office.hands.wall)
    service.begin()
    yield Desk(office, window, service, shown, Voice())
    rooms.close()


def test_the_result_of_what_was_asked_aloud_is_read_out_once(desk: Desk) -> None:
    desk.says("Remember the stamps.")
    assert desk.reads_out()  # it is still to be done
    assert desk.voice.read == []
    desk.office.run()
    desk.shows()
    assert not desk.reads_out()
    (recording,) = desk.recordings
    assert recording.file is not None
    assert (recording.file.kind, recording.reply_to) == ("voice", "7")
    data = Blobs(desk.window.state / "blobs").path(recording.file.sha256).read_bytes()
    assert data == b"ID3" + desk.voice.read[0].encode()
    assert desk.shown.sent.index(recording) > 0  # the text came first
    assert not desk.reads_out()
    assert len(desk.voice.read) == len(desk.recordings) == 1


def test_what_was_typed_is_not_read_out(desk: Desk) -> None:
    desk.says("Remember the stamps.", spoken=False)
    desk.office.run()
    desk.shows()
    assert not desk.reads_out()
    assert (desk.voice.read, desk.recordings) == ([], [])


def test_without_a_voice_there_is_the_text_and_it_is_not_tried_again(desk: Desk) -> None:
    desk.voice.lost = True
    desk.says("Remember the stamps.")
    desk.office.run()
    desk.shows()
    assert not desk.reads_out()
    row = desk.row()
    assert row is not None and (row.state, row.why) == ("dropped", "it could not be read out")
    desk.voice.lost = False
    assert not desk.reads_out()
    assert len(desk.voice.read) == 1
    assert desk.recordings == []


def test_one_that_was_being_read_out_when_the_machine_stopped_is_read_out_after(
    desk: Desk,
) -> None:
    class Stopped(Voice):
        async def speak(self, text: str, language: str = "") -> bytes | None:
            raise KeyboardInterrupt

    desk.says("Remember the stamps.")
    desk.office.run()
    desk.shows()
    voice, desk.voice = desk.voice, Stopped()
    with pytest.raises(KeyboardInterrupt):
        desk.reads_out()
    desk.voice = voice
    assert not desk.reads_out()
    assert len(desk.recordings) == 1


def test_what_ended_long_ago_has_been_read_by_then(desk: Desk) -> None:
    desk.says("Remember the stamps.")
    desk.office.run()
    desk.shows()
    desk.office.hands.go(ENDED_S + 1)
    assert not desk.reads_out()
    assert desk.voice.read == []


LIBRARY = """
class Communicate:
    def __init__(self, text, voice):
        self.text = text

    async def stream(self):
        yield {"type": "audio", "data": b"ID3 " + self.text.encode()}
"""


@pytest.fixture
def played() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.mark.slow
def test_a_question_by_voice_is_answered_by_voice_in_a_whole_office(
    tmp_path: Path, played: TelegramServer
) -> None:
    owner = played.person(OWNER, "Marco")
    owner.starts()
    library = tmp_path / "library"
    library.mkdir()
    (library / "edge_tts.py").write_text(LIBRARY)
    with Transcriber() as server:
        server.knows(NOTE, "Remember the stamps.")
        office = TestOffice(
            tmp_path, env=telegram(played) | {"FACTOTUM_TRANSCRIBE_URL": server.base_url}
        )
        office.playbook(DONE)
        env = {
            **os.environ,
            "PYTHONPATH": str(library),
            "FACTOTUM_VAULT": str(office.root),
            "FACTOTUM_STATE_DIR": str(office.state),
            "FACTOTUM_INSTANCE": office.instance,
            "FACTOTUM_MODEL": "none",
            **office.env,
        }
        child = subprocess.Popen(
            [sys.executable, "-m", "factotum.cli", "up"], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=tmp_path,
        )  # fmt: skip
        try:
            owner.sends_voice(NOTE, 3)
            owner.waits_for(
                lambda chat: any(
                    one.file is not None and one.file.data.startswith(b"ID3 ")
                    for one in chat.messages
                )
            )
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(PATIENCE_S)
