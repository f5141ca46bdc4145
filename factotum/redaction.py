"""What must stand in no log: the secrets that we were given, and whatever looks like a key.

A secret is blacked out as it is, as part of an address, in hex, and within Base64 wherever
it begins there. What somebody hides on purpose (reversed, split over two fields) is not
found: this keeps accidents out of the logs, it is no gate.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any

BLACKED_OUT = "[secret]"

#: A shorter secret would black out half the log, and protects nothing anyway.
SECRET_CHARS_LEAST = 4
#: Within Base64 a piece that is shorter would be found by chance.
PIECE_CHARS_LEAST = 8

#: Keys of well-known services by their form.
LOOKS_LIKE_A_KEY = re.compile(
    r"\bsk[-_][\w-]{16,}"  # OpenAI, Anthropic, OpenRouter, Stripe
    r"|\bxox[a-z]-[\w-]{10,}"  # Slack
    r"|\b\d{8,10}:[\w-]{35}"  # a bot of Telegram
    r"|\bln(?:bc|tb|bcrt)\w{20,}"  # an invoice of Lightning
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"  # a JSON web token
    r"|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{35}"  # Amazon, Google
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bhf_\w{30,}"
    r"|\b0201[0-9a-fA-F]{80,}|\bAgE[\w+/-]{60,}={0,2}"  # a macaroon, in hex and in Base64
    r"|\bnsec1[0-9a-z]{50,}|\b[xyz]prv[1-9A-HJ-NP-Za-km-z]{90,}"  # Nostr, Bitcoin
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)

#: What is shorter looks like none of them.
KEY_CHARS_LEAST = 15

_lock = threading.Lock()
_forms: set[str] = set()
_registered: re.Pattern[str] | None = None


def hide(secrets: Iterable[str]) -> None:
    """From now on these are blacked out, in every form of theirs."""
    global _registered  # noqa: PLW0603  what is secret is secret in the whole process
    with _lock:  # a channel opens the house on a thread of its own
        found = {form for secret in secrets for form in forms(secret)} - _forms
        if found:
            _forms.update(found)
            longest_first = sorted(_forms, key=len, reverse=True)
            _registered = re.compile("|".join(re.escape(form) for form in longest_first))


def forms(secret: str) -> set[str]:
    """The secret as it is and as it is written elsewhere; none of one that is too short."""
    if len(secret) < SECRET_CHARS_LEAST:
        return set()
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogatepass")
    plain = {secret, quote(data, safe=""), quote_plus(data), quote(data)}
    return plain | {data.hex(), data.hex().upper()} | set(_in_base64(data))


def _in_base64(data: bytes) -> Iterable[str]:
    """What of Base64 stays the same whatever stands before and behind the secret in it."""
    from base64 import b64encode, urlsafe_b64encode

    for before in range(3):
        start = (before * 8 + 5) // 6
        end = (before + len(data)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            piece = encode(bytes(before) + data).decode()[start:end]
            if len(piece) >= PIECE_CHARS_LEAST:
                yield piece


def black_out(text: str) -> str:
    """The text without secrets, those that we were given and those that look like a key."""
    if _registered is not None:
        text = _registered.sub(BLACKED_OUT, text)
    return text if len(text) < KEY_CHARS_LEAST else LOOKS_LIKE_A_KEY.sub(BLACKED_OUT, text)


def without_ours(value: Any) -> Any:
    """A value of JSON without the secrets that we were given, wherever in it they stand."""
    if _registered is None:
        return value
    match value:
        case str():
            return _registered.sub(BLACKED_OUT, value)
        case dict():
            return {without_ours(key): without_ours(one) for key, one in value.items()}
        case list() | tuple():
            return [without_ours(one) for one in value]
        case _:
            return value
