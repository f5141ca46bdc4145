"""The route through litellm, as far as it goes without litellm. `with_litellm.py` has the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factotum.models import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.litellm_route import LitellmRoute
from tests.models.talking import CANARY, FREE, way

ROOT = Path(__file__).parents[2]


def error(name: str, status: int | None = None, message: str = "", **headers: str) -> Exception:
    """An error as litellm raises it: told by its name, a status and a message."""
    made: Any = type(name, (Exception,), {})(message)
    made.message = message
    if status is not None:
        made.status_code = status
    if headers:
        made.response = type("Response", (), {"headers": headers})()
    found: Exception = made
    return found


@pytest.mark.parametrize(
    ("broken", "kind", "free"),
    [
        (error("RateLimitError", 429), Busy, True),
        (error("InternalServerError", 500), Busy, False),
        (error("ServiceUnavailableError", 503), Busy, False),
        (error("Timeout", 408), Busy, False),
        (error("APIConnectionError", 500), Busy, False),
        (error("AuthenticationError", 401, CANARY), Refusing, True),
        (error("NotFoundError", 404), Refusing, True),
        (error("BadRequestError", 400), Refusing, True),
        (error("ContextWindowExceededError", 400), TooLong, True),
        (error("BadRequestError", 400, "prompt is too long: 210000 tokens"), TooLong, True),
        (error("KeyError"), Garbled, False),
        (error("Odd", 200), Garbled, False),
    ],
)
def test_its_errors_become_ours(broken: Exception, kind: type[ModelError], free: bool) -> None:
    anthropic = way("anthropic/claude-haiku-4-5", {"ANTHROPIC_API_KEY": CANARY})
    found = LitellmRoute(anthropic, lambda: FREE, 1.0).in_words(broken)
    assert (type(found), found.free) == (kind, free)
    assert str(found).startswith("anthropic/claude-haiku-4-5: ")
    assert CANARY not in str(found)


def test_who_cannot_be_reached_has_no_trouble_of_its_own() -> None:
    route = LitellmRoute(way("xai/grok"), lambda: FREE, 1.0)
    for broken in (error("APIConnectionError", 500), error("Timeout", 408)):
        assert "no answer" in str(route.in_words(broken))


def test_a_time_to_wait_is_passed_on() -> None:
    route = LitellmRoute(way("xai/grok"), lambda: FREE, 1.0)
    busy = route.in_words(error("RateLimitError", 429, **{"Retry-After": "9"}))
    assert busy.retry_after_s == 9.0


def test_who_has_no_litellm_is_told_what_to_do() -> None:
    code = (
        "import asyncio, sys\n"
        "sys.modules['litellm'] = None\n"
        "from factotum.models import Refusing\n"
        "from factotum.models.litellm_route import LitellmRoute\n"
        "from tests.models.talking import FREE, HELLO, way\n"
        "route = LitellmRoute(way('xai/grok'), lambda: FREE, 1.0)\n"
        "try:\n"
        "    asyncio.run(route.chat(HELLO))\n"
        "except Refusing as refused:\n"
        "    print(refused)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("xai/grok: litellm is needed for it and cannot be imported")
    assert "scripts/install full" in said
