"""A sign outside the vault that something waits: on the desktop, and in the terminal.

The sign says that there is a question and its one-line title, never what a letter says.
Nothing waits for it, and nothing depends on its being seen.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from factotum import log
from factotum.gate.records import Card
from factotum.views.saying import plain

logger = log.get("factotum.views.notify")

PROGRAM = "notify-send"

#: How long the desktop may take to show it, in seconds.
PATIENCE_S = 10.0

#: The least time between two signs on the desktop, in seconds; what comes meanwhile is
#: told together.
PAUSE_S = 10.0

#: A card that began to wait longer ago than this has been told of by an earlier process:
#: a restart does not ring again. In seconds.
FRESH_S = 300.0

#: All that the program is told of our surroundings: where the desktop is, and no key.
ENVIRONMENT = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
)

#: A desktop may read the text as markup.
_UNMARKED = str.maketrans({"<": "(", ">": ")", "&": "+"})


class Bell:
    def __init__(self, out: IO[str], environ: Mapping[str, str]) -> None:
        self.out = out
        self.environ = {name: environ[name] for name in ENVIRONMENT if name in environ}
        self._rung: set[tuple[str, bool]] = set()
        self._held: list[Card] = []
        self._last: float | None = None

    def ring(self, cards: Sequence[Card], now: float, mono: float) -> None:
        """Tells once of each card that waits for a person, and once more if what came of it
        is lost. Returns at once. `now` is the wall clock, `mono` a monotonic one."""
        new = [card for card in cards if self._is_news(card)]
        terminal_bell(self.out, new)
        self._held += [card for card in new if now - _began(card) < FRESH_S]
        if not self._held or (self._last is not None and mono - self._last < PAUSE_S):
            return
        waiting = {card.id for card in cards if card.status in {"pending", "unknown"}}
        still = [card for card in self._held if card.id in waiting]
        self._held = []
        if still and desktop(message(still), self.environ):
            self._last = mono

    def _is_news(self, card: Card) -> bool:
        key = (card.id, card.status == "unknown")
        if card.status not in {"pending", "unknown"} or key in self._rung:
            return False
        self._rung.add(key)
        return True


def _began(card: Card) -> float:
    return card.ended.at if card.ended else card.seal.shown or card.seal.created


def message(cards: Sequence[Card]) -> str:
    """One line for all of them, without anything that a desktop would take for markup."""
    first = plain(cards[0].title).translate(_UNMARKED)
    if cards[0].status == "unknown":
        first = f"Unknown whether it happened: {first}"
    return first if len(cards) == 1 else f"{len(cards)} things wait: {first} …"


def desktop(text: str, environ: Mapping[str, str]) -> bool:
    """Shows `text` as a notification, in the background; False where there is no desktop."""
    program = shutil.which(PROGRAM, path=environ.get("PATH", ""))
    if program is None or not environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    command = [program, "--app-name=Factotum", "--", "Something waits for you", text]
    thread = threading.Thread(target=_show, args=(command, dict(environ)), daemon=True)
    thread.start()
    return True


def _show(command: Sequence[str], environ: Mapping[str, str]) -> None:
    try:
        subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        logger.info("the desktop did not show a sign", extra={"reason": str(failed)})


def terminal_bell(stream: IO[str], cards: Sequence[Card]) -> bool:
    """Rings in the terminal and names what waits, one line each; False where there is none."""
    try:
        if not cards or not stream.isatty():
            return False
        lines = [f"Waiting for you: {plain(card.title)} ({_command(card)})" for card in cards]
        stream.write("\a" + "\n".join(lines) + "\n")
        stream.flush()
    except (OSError, ValueError):
        return False  # the terminal has gone
    return True


def _command(card: Card) -> str:
    if card.status == "unknown":
        return f"factotum resolve {card.id}"
    return f"factotum {'answer' if card.kind == 'question' else 'approve'} {card.id}"
