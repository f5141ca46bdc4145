"""How long a server wants to be left alone, as it says with a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def wait_s(headers: Mapping[str, str], now: float, most_s: float) -> float:
    """From 0 to `most_s`; 0 also where it does not say. The names of `headers` are lower-case.

    Source: RFC 9110, section 10.2.3: whole seconds, or an HTTP date.
    """
    said = headers.get("retry-after", "").strip()[:60]
    if said.isascii() and said.isdigit():
        return min(float(said), most_s)
    try:
        at = parsedate_to_datetime(said) if said else None
    except (ValueError, TypeError, IndexError, OverflowError):
        at = None
    if not isinstance(at, datetime):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, min(at.timestamp() - now, most_s))
