"""A sign outside the vault that something waits: on the desktop, and in the terminal.

The sign says that there is a question and its one-line title, never what a letter says.
Nothing waits for it, and nothing depends on its being seen. When one may be given is for
`notices.py` to say.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from factotum import log
from factotum.gate.apart import apart, titled
from factotum.gate.records import Card
from factotum.views import notices
from factotum.views.notices import Notice
from factotum.views.saying import TITLE_CHARS, plain

logger = log.get("factotum.views.notify")

PROGRAM = "notify-send"

#: How long the desktop may take to show it, in seconds.
PATIENCE_S = 10.0

#: The longest line on the desktop, in characters.
TEXT_CHARS = 300

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


#: What stands above the line, by what it is about.
HEADINGS = {
    notices.SCHEDULE: "You wanted to be reminded",
    notices.REMINDER: "It still waits for you",
    notices.EXPIRED: "Nobody decided it",
    notices.UNKNOWN: "Look at this, please",
    notices.FAILED: "Something failed",
    notices.BUDGET: "Work waits for money",
    notices.LOGIN: "A login ends",
    notices.MACHINE: "Something is wrong",
    notices.LISTENING: "Something is not heard",
    notices.SYNC: "Is the vault still synced?",
    notices.STRANGER: "Somebody you do not know",
    notices.OUTAGE: "I am back",
    notices.DIGEST: "Good morning",
}
HEADING = "Something waits for you"


class Bell:
    """The terminal is told of each card at once, without a sound; sound and desktop sign are
    for what `ring` is given."""

    def __init__(self, out: IO[str], environ: Mapping[str, str]) -> None:
        self.out = out
        self.environ = {name: environ[name] for name in ENVIRONMENT if name in environ}
        self._written: set[tuple[str, bool]] = set()

    def write(self, cards: Sequence[Card]) -> None:
        """Names in the terminal each card that waits, once, and once more if what came of it is
        lost."""
        new = [card for card in cards if self._is_news(card)]
        details = apart(cards) if new else {}
        terminal(self.out, "".join(f"{_line(card, details[card.id])}\n" for card in new))

    def ring(self, told: Sequence[Notice]) -> None:
        """One sign for all of these; what the owner wanted to be reminded of is written out.
        Returns at once."""
        if told:
            said = [plain(one.text, TEXT_CHARS) for one in told if one.kind == notices.SCHEDULE]
            terminal(self.out, "\a" + "".join(f"Reminder: {text}\n" for text in said))
            desktop(HEADINGS.get(told[0].kind, HEADING), message(told), self.environ)

    def _is_news(self, card: Card) -> bool:
        key = (card.id, card.status == "unknown")
        if card.status not in {"pending", "unknown"} or key in self._written:
            return False
        self._written.add(key)
        return True


def message(told: Sequence[Notice]) -> str:
    """One line for all of them, without anything that a desktop would take for markup."""
    first = plain(told[0].text, TEXT_CHARS).translate(_UNMARKED)
    return first if len(told) == 1 else f"{len(told)} things: {first} …"


def desktop(heading: str, text: str, environ: Mapping[str, str]) -> bool:
    """Shows `text` as a notification, in the background; False where there is no desktop."""
    program = shutil.which(PROGRAM, path=environ.get("PATH", ""))
    if program is None or not environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    command = [program, "--app-name=Factotum", "--", heading, text]
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


def terminal(stream: IO[str], text: str) -> bool:
    """Writes to the terminal; False where there is none."""
    try:
        if not text or not stream.isatty():
            return False
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return False  # the terminal has gone
    return True


def _line(card: Card, detail: str) -> str:
    title = titled(plain(card.title), detail, TITLE_CHARS)
    return f"Waiting for you: {title} ({_command(card)})"


def _command(card: Card) -> str:
    if card.status == "unknown":
        return f"factotum resolve {card.id}"
    return f"factotum {'answer' if card.kind == 'question' else 'approve'} {card.id}"
