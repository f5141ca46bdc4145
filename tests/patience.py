"""How long a test waits for what must come: till it is there, and long where a machine is busy.

A test asks for the thing itself, never for a time in which it should have come. Only what never
comes takes this long, and then the test has failed anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How long anything may take on a machine that stalls or has much else to do, in seconds; less
#: than a test as a whole may take (`timeout` in pyproject.toml).
PATIENCE_S = 60.0
#: Less than what a test waits for in vain where something is not done at once, in seconds: that
#: takes PATIENCE_S or more.
SOON_S = 30.0


def until(true: Callable[[], T], what: str = "it did not come", look_s: float = 0.01) -> T:
    """What `true` gives once that is something, for what another thread or process does.
    Raises AssertionError."""
    end = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(look_s)
    return found
