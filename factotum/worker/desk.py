"""The desk: the one thread that owns the ledger's connection and writes into the vault.

Asynchronous code hands it a function and awaits the answer, so no two deeds overlap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Closed(Exception):
    """The desk does nothing any more."""


class Desk:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")

    async def do(self, deed: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs `deed` on the desk's thread and returns what it returns, or raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: deed(*args, **kwargs))

    def wait(self, deed: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for a thread of its own, which waits. Raises Closed, and whatever the deed
        raises."""
        try:
            answer = self._thread.submit(deed, *args, **kwargs)
        except RuntimeError:
            raise Closed from None
        return answer.result()

    def close(self) -> None:
        self._thread.shutdown(wait=True)
