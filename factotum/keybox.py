"""The one file that holds the audit log's present key, and forgets each that has served.

`audit.key` (mode 0600) in the state directory has two places. A new state is written into
the one that is not in use and fsynced before the old one is overwritten, so that at every
moment one of the two is whole: a crash loses no key. What an overwritten block leaves
behind on the disk itself is the disk's affair; docs/audit.md says so.

The executor alone writes it. It is no second truth: which lines were sealed says the ledger.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from factotum import chain, disk

NAME = "audit.key"
#: What `factotum audit key` leaves for the executor: a new key, to be used from now on.
NEXT = "audit.next"

#: The two places begin so far apart, in bytes: no write to one touches a block of the other.
PLACE_BYTES = 4096


@dataclass(frozen=True)
class State:
    """Where the chain stands. `key` is that of the next line, `key_name` names the first key
    that it descends from."""

    last: chain.Link
    key: bytes
    key_name: str


@dataclass(frozen=True)
class Offer:
    """A new key of the owner's: its name, the key of its first line, when it was offered."""

    name: str
    key: bytes
    at: float


def _place(state: State, turn: int) -> bytes:
    last = state.last
    held = [turn, last.n, last.mac.hex(), last.digest.hex(), state.key.hex(), state.key_name]
    text = json.dumps(held).encode()
    return (hashlib.sha256(text).hexdigest().encode() + b" " + text).ljust(PLACE_BYTES, b"\0")


def _state(place: bytes) -> tuple[int, State] | None:
    """(how often the box was written, what it held) at one place of the file, or None where
    nothing whole stands."""
    checksum, _, text = place.rstrip(b"\0").partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != checksum:
        return None
    turn, n, mac, digest, key, name = json.loads(text)
    link = chain.Link(n, bytes.fromhex(mac), bytes.fromhex(digest))
    return turn, State(link, bytes.fromhex(key), name)


class Keybox:
    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.next_path = folder / NEXT
        self._turn = 0

    def open(self) -> State | None:
        """What it holds, or None where there is no key. Raises OSError."""
        try:
            whole = disk.read_regular(self.path, 2 * PLACE_BYTES)
        except FileNotFoundError:
            return None
        held = [_state(whole[at : at + PLACE_BYTES]) for at in (0, PLACE_BYTES)]
        newest = max((one for one in held if one), key=lambda one: one[0], default=None)
        if newest is None:
            return None
        self._turn, state = newest
        return state

    def put(self, state: State) -> None:
        """Holds this and forgets what was. Raises OSError; then the old state may still hold."""
        fresh = not self.path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self.path, flags, 0o600)
        try:
            old, new = self._turn % 2, (self._turn + 1) % 2
            os.pwrite(fd, _place(state, self._turn + 1), new * PLACE_BYTES)
            os.fsync(fd)
            self._turn += 1
            # Not fsynced: should the power fail, the key of one batch of lines outlives it.
            os.pwrite(fd, bytes(PLACE_BYTES), old * PLACE_BYTES)
        finally:
            os.close(fd)
        if fresh:
            disk.fsync_folder(self.path.parent)

    # -- a new key of the owner's

    def offer(self, key: bytes, now: float) -> str:
        """Leaves what the executor needs to go on under the owner's `key`, which itself is
        not written anywhere. Returns by what the key is named. Raises OSError."""
        name = chain.commitment(key)
        text = json.dumps([name, chain.next_key(key).hex(), now])
        self.forget_offer()
        disk.write_new(self.next_path, text.encode(), mode=0o600)
        disk.fsync_folder(self.next_path.parent)
        return name

    def offered(self) -> Offer | None:
        """The new key that was offered, or None. Raises OSError."""
        try:
            name, key, at = json.loads(disk.read_regular(self.next_path, PLACE_BYTES))
            return Offer(str(name), bytes.fromhex(key), float(at))
        except (FileNotFoundError, ValueError, TypeError):  # none, or half of one
            return None

    def forget_offer(self) -> None:
        """The offered key is in use, or another takes its place: its bytes are overwritten."""
        try:
            fd = os.open(self.next_path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with open(fd, "wb") as file:
            file.write(bytes(os.fstat(fd).st_size))
            file.flush()
            os.fsync(fd)
        self.next_path.unlink(missing_ok=True)
