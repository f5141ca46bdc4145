"""What a recording is: its kind, by its first bytes, and how long it can be at most.

Nothing is decoded. Its own name is only looked at where the bytes say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What transcription servers take: the ending that they know it by, its type, and how many bytes
#: a second of speech has at least in it.
_KINDS: dict[str, tuple[str, int]] = {
    "ogg": ("audio/ogg", 2_000),
    "mp3": ("audio/mpeg", 4_000),
    "m4a": ("audio/mp4", 4_000),
    "mp4": ("audio/mp4", 4_000),
    "wav": ("audio/wav", 16_000),
    "flac": ("audio/flac", 8_000),
    "webm": ("audio/webm", 2_000),
}

#: Other endings of the same kinds. A voice note of Telegram is an `oga`, a name by which some
#: servers refuse it.
_SAME = {"oga": "ogg", "opus": "ogg", "mpga": "mp3", "mpeg": "mp3", "m4b": "m4a"}

KINDS = ", ".join(_KINDS)

#: How else whoever sends a file calls a recording by its type, where it begins not with `audio/`.
_TYPES = ("application/ogg", "application/x-ogg")


@dataclass(frozen=True)
class Sound:
    """`seconds` is how long it lasts, as it was `told`, else the longest that its size allows."""

    ending: str
    seconds: float
    told: bool

    @property
    def type(self) -> str:
        return _KINDS[self.ending][0]


def is_called_sound(name: str, type: str) -> bool:
    """Whether a file is a recording by its name and type, as whoever sent it says; films are
    none. Of a file without a type the name tells."""
    kind = type.casefold()
    if kind and kind != "application/octet-stream":
        return kind.startswith("audio/") or kind in _TYPES
    ending = _by_name(name)
    return ending in _KINDS and ending not in ("mp4", "webm")


def sound_of(data: bytes, name: str, told_s: float = 0.0) -> Sound | None:
    """None: no recording that a server takes. `told_s` is how long it is said to be, in
    seconds; 0: nobody says."""
    ending = _by_bytes(data[:16]) or _by_name(name)
    if not data or ending not in _KINDS:
        return None
    told = told_s > 0
    return Sound(ending, told_s if told else len(data) / _KINDS[ending][1], told)


def _by_bytes(head: bytes) -> str:
    """The kind that the first bytes betray, or ""."""
    if head[:4] == b"RIFF":
        return "wav" if head[8:12] == b"WAVE" else "riff"
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:11] == b"M4A" else "mp4"
    starts = {
        b"OggS": "ogg",
        b"fLaC": "flac",
        b"ID3": "mp3",
        b"\x1a\x45\xdf\xa3": "webm",
        b"#!AMR": "amr",
    }
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # An MPEG frame; the layer's bits are 0 in bare AAC, which no server takes.
        return "mp3" if head[1] & 0x06 else "aac"
    return ""


def _by_name(name: str) -> str:
    ending = name.rpartition(".")[2].casefold()
    return _SAME.get(ending, ending)
