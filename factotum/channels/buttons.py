"""The buttons below messages: what each means, and that it decides once.

What comes back of a tap is a token alone, drawn by chance. What it means is written here, bound
to the message that it stands below, to the words that stand there, and to the version of the
request that was shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from factotum.channels.contract import Button
from factotum.ledger import Ledger

#: How many bytes of chance are in a token. Telegram takes 64 characters at most.
TOKEN_BYTES = 18

#: A choice as it is shown: its label, and what is wished by it.
Choice = tuple[str, str]


@dataclass(frozen=True)
class Drawn:
    """What a token means. `used` is when it was tapped (epoch seconds), or None, and `tap` by
    which tap. `label` stands on it, and `stamp` is that of the words above it; empty where that is
    not looked at."""

    token: str
    said: int
    card: str
    digest: str
    wish: str
    at: float
    used: float | None
    who: str
    tap: str
    label: str
    stamp: str

    def stands_below(self, text: str | None, label: str | None) -> bool:
        """Whether it is tapped below the words for which it was drawn, and under its own name; of
        what the other side does not tell that is taken for granted."""
        if not self.stamp or text is None:
            return True
        return stamp(text) == self.stamp and not self.renamed(label)

    def renamed(self, label: str | None) -> bool:
        return label is not None and _bare(label) != _bare(self.label)


class Buttons:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def draw(
        self,
        said: int,
        rows: Sequence[Sequence[Choice]],
        now: float,
        card: str = "",
        digest: str = "",
        text: str = "",
    ) -> tuple[tuple[Button, ...], ...]:
        """New buttons for the message `said`, about this version of this card. With `text`, which
        stands above them, they count below that alone."""
        above = stamp(text) if text else ""
        drawn = []
        with self.ledger.tx() as db:
            for row in rows:
                made = [Button(label, secrets.token_urlsafe(TOKEN_BYTES)) for label, _ in row]
                db.executemany(
                    "INSERT INTO button (token, said, card, digest, wish, at, label, stamp)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (one.token, said, card, digest, wish, now, one.label, above)
                        for one, (_, wish) in zip(made, row, strict=True)
                    ],
                )
                drawn.append(tuple(made))
        return tuple(drawn)

    def find(self, token: str) -> Drawn | None:
        row = self.ledger.db.execute("SELECT * FROM button WHERE token = ?", (token,)).fetchone()
        return Drawn(**dict(row)) if row else None

    def use(self, token: str, who: str, now: float, tap: str) -> None:
        """Uses it up, by this tap. Call it in the transaction of the deed."""
        with self.ledger.tx() as db:
            db.execute(
                "UPDATE button SET used = ?, who = ?, tap = ? WHERE token = ?",
                (now, who, tap, token),
            )


def stamp(text: str) -> str:
    """Of the letters and digits of a text: no server on the way touches those, as it may touch
    blanks and signs."""
    return hashlib.sha256(_bare(text).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text))
