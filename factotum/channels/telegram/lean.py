"""Loads httpx, by which the library speaks, without the command line that it brings along.

That would load rich and pygments: 4 MB, on a Raspberry Pi for months, that nothing here uses.
httpx does without it by itself where what it needs is not installed, so it is told just that,
for as long as it takes to load; whoever asks for it later gets it.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_COMMAND_LINE = "httpx._main"


def httpx() -> ModuleType:
    """The module, loaded now unless it was already."""
    if "httpx" in sys.modules:
        return importlib.import_module("httpx")
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # Python's way to say: not there
    try:
        return importlib.import_module("httpx")
    except ImportError:  # one that cannot do without it
        sys.modules.pop(_COMMAND_LINE, None)
        return importlib.import_module("httpx")
    finally:
        if sys.modules.get(_COMMAND_LINE, ...) is None:
            del sys.modules[_COMMAND_LINE]
