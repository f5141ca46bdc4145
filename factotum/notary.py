"""Tells the anchors where the audit log stands: once a day, and at a stop.

It works beside the desk, for an anchor may take a minute to answer. What an anchor does not
take is told as a problem and tried again; nothing else waits for it. Before it is told
anything, an anchor is asked what it remembers: if that is more than the ledger knows, an
older copy was put back, and that is told too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, cast

from factotum import log
from factotum.anchor import Anchor, AnchorError, Head
from factotum.keybox import Keybox
from factotum.ledger import Ledger
from factotum.scan import Problem
from factotum.views import audit, links, record
from factotum.views.anchored import differences
from factotum.worker.desk import Desk

#: How soon an anchor that failed is tried again, in seconds.
AGAIN_S = 900.0
#: How long a stop waits for the anchors, in seconds.
STOP_S = 3.0

logger = log.get("factotum.notary")

R = TypeVar("R")


def head_of(ledger: Ledger, instance: str, zone: Callable[[float], datetime]) -> Head | None:
    """Where the chain stands, as an anchor is told; None while there is no line."""
    last = links.head(ledger)
    row = ledger.db.execute(
        "SELECT seq, at FROM event WHERE seq = (SELECT seq FROM chain WHERE n = ?)", (last.n,)
    ).fetchone()
    if row is None:
        return None
    mark, day = record.mark(ledger), f"{zone(row['at']):%Y-%m-%d}"
    return Head(mark, instance, row["seq"], last.n, last.mac.hex(), last.digest.hex(), day)


@dataclass(frozen=True)
class Told:
    """What an anchor was told last: when, and how many lines that were, zeros for never.
    `trouble` is why it could not be told since."""

    at: float = 0.0
    count: int = 0
    trouble: str = ""


def told(ledger: Ledger, name: str) -> Told:
    at, count, trouble = json.loads(ledger.meta(f"anchor_{name}", '[0, 0, ""]'))
    return Told(at, count, trouble)


async def beside(deed: Callable[[], R]) -> R:
    """Runs `deed` on a thread that nobody waits for at the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[R] = loop.create_future()

    def finish(value: R | None, failed: Exception | None) -> None:
        if done.done():
            return
        if failed is not None:
            done.set_exception(failed)
        else:
            done.set_result(cast("R", value))

    def run() -> None:
        value: R | None = None
        failed: Exception | None = None
        try:
            value = deed()
        except Exception as broken:  # noqa: BLE001 (it is raised where it is awaited)
            failed = broken
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(finish, value, failed)

    threading.Thread(target=run, name="notary", daemon=True).start()
    return await done


@dataclass
class _Kept:
    """What is known of one anchor. `tried` is by the monotonic clock."""

    tried: float | None = None
    asked: bool = False
    told: Told = Told()
    against: str = ""


class Saying(Protocol):
    """Tells the owner where the log stands. All of it on the desk."""

    def due(self, now: float) -> bool: ...
    def tell(self, head: Head, now: float) -> None: ...
    def trouble(self) -> str: ...


class Notary:
    def __init__(
        self,
        anchors: Sequence[Anchor],
        desk: Desk,
        ledger: Ledger,
        instance: str,
        zone: Callable[[float], datetime],
        news: Callable[[], None],
        saying: Saying | None = None,
    ) -> None:
        """`news` is called when there may be another problem to show, or one less. `saying`
        has the owner told too, if they want it."""
        self.anchors = anchors
        self.desk = desk
        self.ledger = ledger
        self.instance = instance
        self.zone = zone
        self.news = news
        self.saying = saying
        self._kept = {anchor.name: _Kept() for anchor in anchors}
        self._found: list[str] = []
        self._busy: asyncio.Task[None] | None = None
        self._said: date | None = None

    def begin(self, logs: Path, box: Keybox) -> None:
        """Looks, before anything is written, whether the end of the log is as it was left."""
        try:
            self._found = audit.tail(logs, self.ledger, box.open())
        except OSError as failed:
            self._found = [f"{failed.filename} cannot be read ({failed.strerror})"]
        for finding in self._found:
            logger.error("audit log", extra={"reason": finding})
        for name, kept in self._kept.items():
            kept.told = told(self.ledger, name)

    def problems(self) -> list[Problem]:
        """What anchors did not take, and what they or the logs tell otherwise."""
        said = [
            f"could not be told to the anchor {name}: {kept.told.trouble}. I try again"
            for name, kept in self._kept.items()
            if kept.told.trouble
        ]
        if self.saying is not None and (why := self.saying.trouble()):
            said.append(f"its head {why}")
        against = [*self._found[:1], *(kept.against for kept in self._kept.values())]
        said += [f"{text}. See: factotum audit verify" for text in against if text]
        return [Problem(Path("Logs"), reason) for reason in said]

    def look(self, now: float, mono: float) -> None:
        """Starts to tell the anchors that are due. Call it on the loop; it does not wait."""
        if self._busy is None or self._busy.done():
            due = [anchor for anchor in self.anchors if self._due(anchor, now, mono)]
            if due or self._says(now):
                self._busy = asyncio.create_task(self._tell(due, now, mono))

    def _says(self, now: float) -> bool:
        """Whether it may be time to tell the owner: a day is looked at once."""
        today = self.zone(now).date()
        if self.saying is None or today == self._said:
            return False
        self._said = today
        return True

    def _due(self, anchor: Anchor, now: float, mono: float) -> bool:
        kept = self._kept[anchor.name]
        if kept.tried is None:
            return True  # at the start: what does it remember?
        if mono < kept.tried + AGAIN_S:
            return False
        return bool(kept.told.trouble) or self.zone(kept.told.at).date() != self.zone(now).date()

    async def _tell(self, anchors: Sequence[Anchor], now: float, mono: float) -> None:
        head = await self.desk.do(head_of, self.ledger, self.instance, self.zone)
        if self.saying is not None and head is not None:
            await self.desk.do(self.saying.tell, head, now)
        for anchor in anchors:
            kept = self._kept[anchor.name]
            kept.tried = mono
            try:
                await self._ask(anchor, kept)
                if head is not None and (head.count, "") != (kept.told.count, kept.told.trouble):
                    await beside(partial(anchor.put, head))
                    await self.desk.do(self._note, anchor.name, Told(now, head.count))
                    logger.info("anchored", extra={"count": head.count, "source": anchor.name})
            except AnchorError as failed:
                logger.warning("not anchored", extra={"source": anchor.name, "reason": str(failed)})
                trouble = replace(kept.told, trouble=str(failed))
                await self.desk.do(self._note, anchor.name, trouble)
        self.news()

    async def _ask(self, anchor: Anchor, kept: _Kept) -> None:
        """Asks once what the anchor remembers, before it is told anything more."""
        if not kept.asked:
            heads = await beside(anchor.read)
            kept.against = await self.desk.do(self._differs, anchor.name, heads)
            kept.asked = True

    def _differs(self, name: str, heads: Sequence[Head]) -> str:
        return next(differences(heads, name, self.ledger, self.instance), "")

    def _note(self, name: str, told: Told) -> None:
        if told != self._kept[name].told:
            self.ledger.set_meta(f"anchor_{name}", json.dumps([told.at, told.count, told.trouble]))
            self._kept[name].told = told

    async def close(self, now: float, mono: float) -> None:
        """Tells the anchors how it stands at the end, if they answer within STOP_S."""
        if self.anchors or self._busy is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._last(now, mono), STOP_S)

    async def _last(self, now: float, mono: float) -> None:
        if self._busy is not None:
            await self._busy
        await self._tell(self.anchors, now, mono)
