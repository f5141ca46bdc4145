"""How often a test tries examples that are made at random."""

from __future__ import annotations

import os

STRICT = os.environ.get("STRICT") == "1"


def tries(most: int) -> int:
    """`most` in the run that others depend on; at a desk a quarter, and other ones each time."""
    return most if STRICT else max(most // 4, min(most, 3))
