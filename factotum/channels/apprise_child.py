"""Tells one service by the library apprise, in a process of its own: run by its path.

One object of JSON comes in, {url, title, text}; one line of JSON goes out, {became, why}. The
library takes 36 MB and writes addresses with their keys into its own log: neither outlives this
process. It only says whether all went well, so what is known besides is read from that log.
"""

from __future__ import annotations

import importlib
import json
import logging
import re
import sys
from typing import Any

TOLD, NOT_SENT, REFUSED, LOST = "told", "not_sent", "refused", "lost"

#: What the log says where not even a connection came about.
_UNREACHED = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError")
#: How a service that took something is logged.
_TOOK = "Sent "
_STATUS = re.compile(r"error=(\d{3})\b")


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


def tell(url: str, title: str, text: str) -> tuple[str, str]:
    """What became of it, and why. No secret stands in the answer."""
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        return REFUSED, "the library apprise is not installed; docs/notices.md says how"
    ear, log = _Ear(), logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(ear)
    service = apprise.Apprise.instantiate(url)
    if service is None:
        return REFUSED, "apprise does not understand the address"
    book = apprise.Apprise()
    book.add(service)
    good = book.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    return (TOLD, "") if good else judged(ear.heard)


def judged(heard: list[str]) -> tuple[str, str]:
    """What is known of one that did not go well, by what the library logged."""
    took = any(line.startswith(_TOOK) for line in heard)
    status = next((found[1] for line in heard if (found := _STATUS.search(line))), "")
    if not took and any(sign in line for line in heard for sign in _UNREACHED):
        return NOT_SENT, "the service is not reached"
    if not took and status == "429":
        return NOT_SENT, "the service wants a pause"
    if not took and status.startswith("4"):
        return REFUSED, f"the service does not take it ({status}): look at its address and key"
    return LOST, f"the service may have taken it or not{f' ({status})' if status else ''}"


def main() -> None:
    asked = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # whatever a plugin prints is no answer
    became, why = tell(asked["url"], asked["title"], asked["text"])
    print(json.dumps({"became": became, "why": why}), file=out)


if __name__ == "__main__":
    main()
