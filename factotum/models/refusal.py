"""From a server's no to the error that says what to do about it.

Providers agree on status codes only half, so their words and codes are looked at too. What
they say is quoted in part; a key never is, not even the half of it that some show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from factotum.models.errors import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.providers import OLLAMA, OWN
from factotum.models.way import Way

#: Nobody is waited for longer than this, in seconds.
LONGEST_WAIT_S = 3600.0

#: So much of what a server said is passed on, in characters.
SAID_CHARS_MOST = 200

#: A shorter key would black out half the words, and protects nothing anyway.
KEY_CHARS_LEAST = 4

#: How providers say that the messages do not fit.
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|context[ _-]?length"
    r"|context window|context size|prompt is too long|input is too long|too many tokens"
    r"|maximum (?:context|prompt|input)|reduce the length|input token count.{0,40}exceed",
    re.I,
)
#: How they say that there is no money left: waiting does not help.
_NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient balance|exceeded your current quota", re.I
)
#: What looks like a key, also half hidden by stars.
_LIKE_A_KEY = re.compile(r"\b(?:sk-|gsk_|xai-|AIza)[-_A-Za-z0-9*.…]{4,}|[A-Za-z0-9_*-]{32,}")


def refusal(
    status: int, headers: Mapping[str, str], data: bytes, way: Way, now: datetime
) -> ModelError:
    """What an answer other than 200 means. `headers` have small names."""
    said = said_in(data, way.key)
    if status == 413 or (400 <= status < 500 and status != 429 and _TOO_LONG.search(said)):
        return TooLong(f"{way.name}: too long for it ({said or status})")
    if status == 402 or (status == 429 and _NO_CREDIT.search(said)):
        return Refusing(f"{way.name}: the account at {way.provider.name} has no credit left")
    if status == 429 or status in (408, 409, 425) or status >= 500:
        wait_s = _asked_wait_s(headers, now)
        free = status == 429
        return Busy(f"{way.name}: {_why_busy(status)} ({status})", retry_after_s=wait_s, free=free)
    if status in (401, 403):
        return Refusing(_key_refused(status, way))
    if 300 <= status < 400:
        return Refusing(f"{way.name}: {_address(way)} leads to another address. Write that one")
    if status == 404:
        return Refusing(f"{way.name}: not found at {_address(way)} ({said or 404}). {_find(way)}")
    return Refusing(f"{way.name}: the request was refused ({status} {said})")


def in_answer(value: Any, way: Way, now: datetime) -> ModelError | None:
    """The error that an answer with status 200 holds in place of a message, if it holds one."""
    holder = value if isinstance(value, dict) else {}
    choices = holder.get("choices")
    if not holder.get("error") and isinstance(choices, list) and choices:
        holder = choices[0] if isinstance(choices[0], dict) else {}
    error = holder.get("error")
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    data = json.dumps({"error": error}).encode()
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
        found = refusal(code, {}, data, way, now)
        found.free = False  # it came with a good status, so it may be on the bill
        return found
    return Garbled(f"{way.name}: an error in place of an answer ({said_in(data, way.key)})")


def wait_s(retry_after: str, now: datetime) -> float:
    """How many seconds to wait, from 0 to LONGEST_WAIT_S.

    `retry_after` is the HTTP header's value: whole seconds, or an HTTP date. `now` must carry a
    timezone. Raises ValueError for anything else. Source: RFC 9110, section 10.2.3.
    """
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):  # some send fractions
        return min(float(text[:20]), LONGEST_WAIT_S)
    at = parsedate_to_datetime(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def _asked_wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """By the server's own clock where it shows it: ours may be wrong."""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        pass
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    try:
        return wait_s(headers.get("retry-after", ""), now)
    except ValueError:
        return None


def _why_busy(status: int) -> str:
    if status == 429:
        return "too many requests"
    return "overloaded" if status in (503, 529) else "trouble at its end"


def _key_refused(status: int, way: Way) -> str:
    if not way.key_name:
        return f"{way.name}: it wants a key ({status}). Write it into FACTOTUM_MODEL_API_KEY"
    if not way.key:
        return f"{way.name}: it wants a key ({status}). Write it into {way.key_name}"
    return f"{way.name}: the key in {way.key_name} was refused ({status}). Correct it"


def _find(way: Way) -> str:
    if way.provider is OLLAMA:
        return f"Run: ollama pull {way.model}"
    if way.provider is OWN:
        return (
            "Correct the name in FACTOTUM_MODEL, or FACTOTUM_MODEL_BASE_URL, which usually ends "
            "with /v1"
        )
    return "Correct the name in FACTOTUM_MODEL or FACTOTUM_FALLBACK_MODELS"


def _address(way: Way) -> str:
    return way.base_url or way.provider.name


def said_in(data: bytes, key: str) -> str:
    """What the server says, in one short printable line without anything like a key."""
    text = data[:20_000].decode(errors="replace")
    try:
        error = json.loads(text).get("error")
        parts = error if isinstance(error, dict) else {"message": error}
        text = " ".join(str(parts[name]) for name in ("code", "message") if parts.get(name))
    except (ValueError, AttributeError, RecursionError):
        text = re.sub(r"<[^>]*>", " ", text)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    text = text.replace(key, "[key]") if len(key) >= KEY_CHARS_LEAST else text
    text = _LIKE_A_KEY.sub("[key]", text)
    return text if len(text) <= SAID_CHARS_MOST else f"{text[: SAID_CHARS_MOST - 1]}…"
