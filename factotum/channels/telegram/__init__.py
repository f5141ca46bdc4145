"""Telegram, by its Bot API. The library is imported with the first use."""

import os
import sys
from types import ModuleType

#: The library gives times as timedeltas then, as its next version will.
os.environ.setdefault("PTB_TIMEDELTA", "true")


def main() -> None:
    raise SystemExit("httpx's own command line is not loaded in this program")


# httpx, by which the library speaks, would load that command line, and rich and pygments for it:
# 4 MB for nothing
_stub = ModuleType("httpx._main")
vars(_stub)["main"] = main
sys.modules.setdefault(_stub.__name__, _stub)
