"""Hears what is said on Telegram. An update counts as heard when what it says is durable.

Telegram gives an update again until a later one is asked for, so a kill at any line loses none.
One bot is heard by one program: a second one is told to stop, and says so.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from factotum import log
from factotum.channels.contract import ChannelError, NotSent, Taken
from factotum.channels.telegram.errors import OWNERS_S, translated
from factotum.channels.telegram.updates import KINDS

if TYPE_CHECKING:
    from telegram import Bot, Update

logger = log.get("factotum.channels.telegram")

#: How long Telegram holds a question that it has no news for, in seconds.
POLL_S = 50
#: How long is waited after a failure, at first and at most, in seconds.
AGAIN_S, AGAIN_MOST_S = 0.5, 30.0
#: So often another program may have the bot's updates in a row before this one stops; and after
#: how many seconds without that a poller counts as the one that is at it.
CONFLICTS_MOST, OURS_S = 4, 5.0
#: A poller that was at it goes on for so long while another tries, in seconds.
STUBBORN_S = 120.0

#: So often another program may ask now and then, within so many seconds, before that is told: a
#: start of ours beside one that is still ending looks the same.
VISITS_MOST, VISITS_S = 3, 3600.0
#: An answer that comes sooner than this, in seconds, and has no news, was none of Telegram's
#: making: it holds a question.
HASTY_S = 0.2

TAKEN = (
    "another program hears this bot already (Telegram says: Conflict), so this one stops. One "
    "bot serves one vault: stop the other one, or give this one a bot of its own. Where there is "
    "no other, somebody has its token: /revoke at @BotFather"
)
HANDED_ON = (
    "Telegram hands what is said to this bot to a web address that a program set (a webhook), "
    "so nothing is heard here. Where you know of none, somebody has its token: /revoke it at "
    "@BotFather, then factotum channels login telegram --new-token. Or take a bot of its own"
)


class Poller:
    """`take` makes what an update says durable, and may raise what passes: OSError and
    sqlite3.OperationalError. `well` is told each time Telegram answered, `ill` why it did not,
    `visited` that another program asks for the same, be it only now and then; `passed_over` gets
    an update of which nothing can be made, as it came."""

    def __init__(
        self,
        bot: Bot,
        take: Callable[[Update], None],
        well: Callable[[], None],
        ill: Callable[[str], None],
        poll_s: int = POLL_S,
        visited: Callable[[], None] = lambda: None,
        passed_over: Callable[[Any], None] = lambda raw: None,
    ) -> None:
        self.bot = bot
        self.take = take
        self.well = well
        self.ill = ill
        self.poll_s = poll_s
        self.visited = visited
        self.passed_over = passed_over
        self._visits: list[float] = []
        self._offset: int | None = None
        self._fails = 0
        self._reached = False
        self._conflicts = 0
        self._since = 0.0
        self._at_it = False

    async def run(self) -> None:
        """Polls till it is cancelled. Raises Taken when another program has the bot."""
        while True:
            began, held = time.monotonic(), self._reached
            try:
                updates = await self._ask()
            except ChannelError as failed:
                await self._wait(failed)
                continue
            took_s = time.monotonic() - began
            self._at_it |= took_s >= OURS_S
            if updates is None:
                await self._conflict()
                continue
            self._fails = self._conflicts = 0
            self._reached = True
            self.well()
            await self._take_all(updates)
            if held and not updates and took_s < min(HASTY_S, self.poll_s):
                await asyncio.sleep(AGAIN_S)

    async def _ask(self) -> Sequence[Update] | None:
        """The next updates; None where another program has them. Raises ChannelError."""
        from telegram.error import Conflict, TelegramError

        options: dict[str, Any] = {
            "offset": self._offset,
            "timeout": self._hold_s(),
            "allowed_updates": list(KINDS),
        }
        with translated("getUpdates"):
            try:
                return await self.bot.get_updates(**options)
            except Conflict as other:
                if "webhook" not in other.message.casefold():
                    return None
                self.visited()
                raise NotSent(HANDED_ON, OWNERS_S) from None
            except TelegramError:
                raise
            except Exception as odd:  # one of them is of a form that the library knows not
                logger.warning("an update could not be read", exc_info=odd)
        return await self._one_by_one(options)

    def _hold_s(self) -> int:
        """How long Telegram is to hold the question: not at all where it is to be seen whether
        it answers again, and not for long where another program asks too."""
        if not self._reached:
            return 0
        return min(int(OURS_S), self.poll_s) if self._conflicts else self.poll_s

    async def _one_by_one(self, options: dict[str, Any]) -> Sequence[Update]:
        """Those before the one that cannot be read; that one alone is passed over."""
        from telegram import Update

        with translated("getUpdates"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library would rather have its own method
            raw: Any = await self.bot.do_api_request(
                "getUpdates", {**options, "timeout": 0, "allowed_updates": list(KINDS)}
            )
            found: list[Update] = []
            for one in raw:
                try:
                    update = Update.de_json(one, self.bot)
                except Exception as odd:
                    logger.error("an update is passed over", exc_info=odd)
                    if not found:
                        self.passed_over(one)
                        self._offset = int(one["update_id"]) + 1
                        continue
                    break
                found.append(update)
            return found

    async def _take_all(self, updates: Sequence[Update]) -> None:
        for update in updates:
            try:
                self.take(update)
            except (OSError, sqlite3.OperationalError) as refused:
                self.ill(f"what came cannot be kept ({refused}); it is tried again")
                await asyncio.sleep(AGAIN_MOST_S / 10)
                return  # it, and those behind it, are given again
            except Exception as broken:  # one that breaks us must not do so for ever
                logger.error("an update broke", exc_info=broken)
                self.passed_over(update.to_dict())
            self._offset = update.update_id + 1

    async def _wait(self, failed: ChannelError) -> None:
        self._fails += 1
        self._reached = False
        again_s = failed.again_s if isinstance(failed, NotSent) else 0.0
        if self._fails >= 2 or again_s >= OWNERS_S:  # one line that broke is nothing yet
            self.ill(str(failed))
        back_off_s = min(AGAIN_MOST_S, AGAIN_S * 2.0 ** min(self._fails - 1, 10))
        await asyncio.sleep(max(again_s, back_off_s))

    async def _conflict(self) -> None:
        now = time.monotonic()
        if not self._conflicts:
            self._since = now
            self._visit(now)
        self._conflicts += 1
        logger.warning("another program asks for updates too", extra={"count": self._conflicts})
        over = now - self._since > STUBBORN_S if self._at_it else False
        if over or (not self._at_it and self._conflicts >= CONFLICTS_MOST):
            self.visited()
            self.ill(TAKEN)
            raise Taken(TAKEN)
        if self._conflicts > 1:
            self.ill("another program asks Telegram for what is said to this bot, too")
        await asyncio.sleep(AGAIN_S if self._at_it else 2 * AGAIN_S)

    def _visit(self, now: float) -> None:
        """Whoever asks between two questions of ours is met once, and is away again."""
        self._visits = [at for at in self._visits if now - at < VISITS_S] + [now]
        if len(self._visits) >= VISITS_MOST:
            self._visits = []
            self.visited()
