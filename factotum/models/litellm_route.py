"""The route through litellm, for providers that do not speak chat completions themselves.

litellm is imported with the first call, in a thread: it takes seconds and 160 MB. It is told to
look nothing up, to report nothing, and to leave the `.env` file alone.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from factotum.agent.talk import Reply, Request
from factotum.models.body import body_of
from factotum.models.errors import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.parse import reply_of
from factotum.models.price import Facts
from factotum.models.refusal import refusal
from factotum.models.route import Known, utc_now
from factotum.models.way import Way

#: Read by litellm when it is imported: no look-up of prices, no `.env` of ours in its hands.
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}


class LitellmRoute(Known):
    """A model of any provider that litellm knows."""

    def __init__(
        self,
        way: Way,
        facts: Callable[[], Facts],
        timeout_s: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(way, facts)
        self._timeout_s = timeout_s
        self._now = now

    async def chat(self, request: Request) -> Reply:
        litellm = await asyncio.to_thread(quiet_litellm, self.name)
        asked = body_of(request, self.way, sees=self.sees)
        if self.way.key:
            asked["api_key"] = self.way.key
        if self.way.base_url:
            asked["api_base"] = self.way.base_url
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await litellm.acompletion(
                    **asked, timeout=self._timeout_s, num_retries=0, max_retries=0, stream=False
                )
        except TimeoutError:
            raise Busy(f"{self.name}: no answer within {self._timeout_s:g} s") from None
        except Exception as broken:  # noqa: BLE001 (it raises its providers' errors, and its own)
            raise self.in_words(broken) from None
        try:
            return reply_of(answer.model_dump(), request)
        except Garbled as garbled:
            raise Garbled(f"{self.name}: {garbled}") from None

    def in_words(self, broken: Exception) -> ModelError:
        """By the status that litellm gives each of its errors, and by their names."""
        status = getattr(broken, "status_code", None)
        said = str(getattr(broken, "message", "")).encode(errors="replace")
        if type(broken).__name__ == "ContextWindowExceededError":
            return TooLong(f"{self.name}: too long for it")
        if type(broken).__name__ in ("APIConnectionError", "Timeout"):
            return Busy(f"{self.name}: no answer ({type(broken).__name__})")
        if not isinstance(status, int) or not 300 <= status < 600:
            return Garbled(f"{self.name}: litellm broke ({type(broken).__name__})")
        return refusal(status, _headers(broken), said, self.way, self._now())


def _headers(broken: Exception) -> Mapping[str, str]:
    response: Any = getattr(broken, "response", None)
    headers = getattr(response, "headers", None) or {}
    return {str(name).lower(): str(text) for name, text in headers.items()}


def quiet_litellm(name: str) -> Any:
    """litellm, made quiet. Raises Refusing where it is not installed."""
    os.environ.update(QUIET)
    try:
        litellm: Any = importlib.import_module("litellm")
    except ImportError as missing:
        raise Refusing(
            f"{name}: litellm is needed for it and cannot be imported ({missing.name}). Install "
            f"it with scripts/install full, or name a model of OpenRouter"
        ) from None
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = True
    return litellm
