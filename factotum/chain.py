"""The arithmetic of the audit log: each line carries a code that only its own key can make.

    mac(n)    = HMAC(key(n), mac(n-1) + entry(n))        what the line carries
    key(n+1)  = HMAC(key(n), "next")                     and key(n) is forgotten
    digest(n) = SHA-256(digest(n-1) + entry(n) + mac(n)) what is anchored elsewhere

Whoever breaks in today has today's key, and no way back to yesterday's: lines that were
written before cannot be made anew. Whoever kept the first key makes all the others and can
check every line. Whoever has only a digest from elsewhere can check what came before it.

Nothing is read, written or remembered here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

#: How long a key, a code and a digest are, in bytes.
KEY_BYTES = 32

ZERO = bytes(KEY_BYTES)

#: How a line ends that has its place in the chain.
_END = re.compile(rb', "line": (\d{1,15}), "mac": "([0-9a-f]{64})"\}')
_END_BYTES = 120


@dataclass(frozen=True)
class Link:
    """A place in the chain: the number of its line, its code, and the digest up to it."""

    n: int
    mac: bytes
    digest: bytes


#: Where every chain begins.
NOTHING = Link(0, ZERO, ZERO)


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def next_key(key: bytes) -> bytes:
    return hmac.digest(key, b"next", "sha256")


def commitment(key: bytes) -> str:
    """By what a first key is named: it tells which key it is, and nothing of the key."""
    return hashlib.sha256(b"factotum audit key\0" + key).hexdigest()[:32]


def entry(text: str, n: int) -> bytes:
    """What the code of line `n` is made over: the line up to its code."""
    return f'{text.removesuffix("}")}, "line": {n}'.encode()


def mac_of(entry: bytes, before: bytes, key: bytes) -> bytes:
    return hmac.digest(key, before + entry, "sha256")


def digest_of(entry: bytes, mac: bytes, before: bytes) -> bytes:
    return hashlib.sha256(before + entry + mac).digest()


def add(text: str, last: Link, key: bytes) -> Link:
    """The link of a line that comes after `last`. `text` is a JSON object."""
    n = last.n + 1
    said = entry(text, n)
    mac = mac_of(said, last.mac, key)
    return Link(n, mac, digest_of(said, mac, last.digest))


def chained(text: str, n: int, mac: bytes) -> str:
    """The line as it is written: with its number and its code."""
    return f'{text.removesuffix("}")}, "line": {n}, "mac": "{mac.hex()}"}}'


def split(line: bytes) -> tuple[int, bytes, bytes] | None:
    """(number, entry, code) of a line of the log, or None where it has no place in a chain."""
    found = _END.fullmatch(line, max(0, line.rfind(b', "line": ', len(line) - _END_BYTES)))
    if found is None:
        return None
    return int(found[1]), line[: found.end(1)], bytes.fromhex(found[2].decode())
