"""Recordings for a test: their beginnings are real, what follows is not."""

from __future__ import annotations

import asyncio
import io
import logging
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from factotum import log
from factotum.settings import load
from factotum.voice import Heard, Hearing, NotHeard, hearing_by
from tests.reading.samples import flac, mp3, wav

#: No key, but it looks like one, so that a leak would be seen.
CANARY = "gsk_canary0000notakey0000canary0000"

#: A voice note as Telegram sends it; every byte from 0 to 255 is in it.
NOTE = b"OggS\x00\x02" + bytes(range(256)) * 8 + b"\r\n--\r\n"
NAME = "voice/file_17.oga"

EACH = {
    "ogg": NOTE,
    "mp3": mp3(1, "A title"),
    "wav": wav(1),
    "flac": flac(1),
    "m4a": b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(64),
    "mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x00\x00" + bytes(64),
    "webm": b"\x1a\x45\xdf\xa3" + bytes(64),
}


def m4a(seconds: int) -> bytes:
    """A recording that says in its own boxes how long it lasts, as the apps of phones write it."""
    mvhd = bytes(4) + struct.pack(">4I", 0, 0, 1000, seconds * 1000) + bytes(80)
    mdhd = bytes(4) + struct.pack(">4I2H", 0, 0, 1000, seconds * 1000, 0, 0)
    track = _box(b"trak", _box(b"mdia", _box(b"mdhd", mdhd)))
    head = _box(b"ftyp", b"M4A " + bytes(4) + b"M4A ")
    return head + _box(b"moov", _box(b"mvhd", mvhd) + track) + _box(b"mdat", bytes(64))


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def hearing_of(
    environ: Mapping[str, str] | None = None, env_file: Path | None = None, **named: str
) -> Hearing | None:
    """`hearing_of(TRANSCRIBE_URL=…)` has FACTOTUM_TRANSCRIBE_URL and nothing else set."""
    ours = {f"FACTOTUM_{name}": text for name, text in named.items()}
    return hearing_by(load(ours, [env_file] if env_file else []), environ or {})


def at(url: str, **named: str) -> Hearing:
    found = hearing_of(None, None, TRANSCRIBE_URL=url, **named)
    assert found is not None
    return found


def hear(
    hearing: Hearing, data: bytes = NOTE, name: str = NAME, seconds: float = 3.0
) -> Heard | NotHeard:
    return asyncio.run(hearing.hear(data, name, seconds))


def why(hearing: Hearing, data: bytes = NOTE, name: str = NAME, seconds: float = 3.0) -> NotHeard:
    """What became of it, where it was not heard."""
    outcome = hear(hearing, data, name, seconds)
    assert isinstance(outcome, NotHeard)
    return outcome


@contextmanager
def lines() -> Iterator[io.StringIO]:
    """What is logged meanwhile, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.Lines())
    logger = log.get("factotum.voice")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
