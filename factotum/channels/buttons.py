"""The buttons below messages: what each means, and that it decides once.

What comes back of a tap is a token alone, drawn by chance. What it means is written here, bound
to the message that it stands below and to the version of the request that was shown there.
"""

from __future__ import annotations

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
    which tap."""

    token: str
    said: int
    card: str
    digest: str
    wish: str
    at: float
    used: float | None
    who: str
    tap: str


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
    ) -> tuple[tuple[Button, ...], ...]:
        """New buttons for the message `said`, about this version of this card."""
        drawn = []
        with self.ledger.tx() as db:
            for row in rows:
                made = [Button(label, secrets.token_urlsafe(TOKEN_BYTES)) for label, _ in row]
                db.executemany(
                    "INSERT INTO button (token, said, card, digest, wish, at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (one.token, said, card, digest, wish, now)
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
