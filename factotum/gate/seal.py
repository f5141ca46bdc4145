"""The seal: the exact bytes that were shown, approved and will run, under one digest.

Canonical JSON: sorted keys, UTF-8, NFC, no floats, no lone surrogates, so that the same
arguments have the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.model import Attachment, Effect, Risk, Trust


class SealError(ValueError):
    """The arguments cannot be sealed; the message says which and why."""


@dataclass(frozen=True)
class Seal:
    """One version of one proposed effect. `args` is what runs. Times are epoch seconds;
    `deadline` is moved on while nobody could have seen the card, so it is not sealed; the
    time to live `ttl_s` is. `about` is what the card tells besides (who asked, how well you
    know the recipient), fixed when it was sealed."""

    card: str
    version: int
    tool: str
    pin: str
    args: Mapping[str, Any]
    attachments: tuple[Attachment, ...]
    account: str
    trust: Trust
    policy: str
    ttl_s: float
    nonce: str
    epoch: str
    effect: Effect
    risk: Risk
    rule: str
    about: Mapping[str, Any]
    created: float
    digest: str = ""
    shown: float | None = None
    deadline: float | None = None
    closed: str | None = None

    def computed_digest(self) -> str:
        """sha256 over everything that was approved, as hex."""
        sealed = {
            "card": self.card,
            "version": self.version,
            "tool": self.tool,
            "pin": self.pin,
            "args": self.args,
            "attachments": [
                {"name": a.name, "size": a.size_bytes, "sha256": a.sha256} for a in self.attachments
            ],
            "account": self.account,
            "taint": self.trust.value,
            "policy": self.policy,
            "expires": int(self.ttl_s),
            "nonce": self.nonce,
            "epoch": self.epoch,
        }
        return hashlib.sha256(b"factotum-seal-1\0" + canonical(sealed)).hexdigest()


def canonical(value: Any) -> bytes:
    """The one way to write `value` as JSON. Raises SealError for what has no such way."""
    return json.dumps(
        _canonical(value, "arguments"), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def _canonical(value: Any, where: str) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise SealError(f"{where}: half a character (a lone surrogate)") from None
            return unicodedata.normalize("NFC", value)
        case Mapping():
            keys = [_canonical(str(key), where) for key in value]
            if len(set(keys)) != len(keys):
                raise SealError(f"{where}: a name stands twice")
            return {
                key: _canonical(item, f"{where}.{key}")
                for key, item in zip(keys, value.values(), strict=True)
            }
        case list() | tuple():
            return [_canonical(item, f"{where}[{i}]") for i, item in enumerate(value)]
        case _:
            raise SealError(
                f"{where}: {type(value).__name__} {value!r:.40} has no exact form; "
                f"write amounts as whole minor units or as text"
            )


def normalised(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they will be read back from the ledger (NFC, lists, plain dicts)."""
    result: dict[str, Any] = json.loads(canonical(args))
    return result


def nonce() -> str:
    return secrets.token_hex(16)
