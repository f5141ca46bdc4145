"""What thinking may cost: reserved before a call of a model, settled after it.

A reservation is a row in the ledger before the request leaves, so a call that a crash
interrupted counts as if it had cost all that it could. Money is kept in millionths of a
dollar.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from factotum import log
from factotum.agent.talk import Usage
from factotum.ledger import Ledger
from factotum.worker.caps import Caps
from factotum.worker.costs import MICRO, Costs

_log = log.get("factotum.budget")


class Capped(Exception):
    """The call would cost more than is left; the message says of what.

    `which` is call, day, month, outside, task, or busy: money is only held by calls that are
    under way, so it is worth asking again in a moment. `key` names this cap of this day or
    month: of one key a person is told once.
    """

    def __init__(self, message: str, which: str, key: str = "") -> None:
        super().__init__(message)
        self.which = which
        self.key = key


class Budget:
    def __init__(
        self,
        ledger: Ledger,
        caps: Caps | Callable[[], Caps],
        zone: Callable[[float], datetime],
    ) -> None:
        self.ledger = ledger
        self._caps = caps
        self.zone = zone
        self._told: dict[str, tuple[float, int, int]] = {}
        self._costs = Costs(ledger, zone)
        self._changes = 0

    @property
    def caps(self) -> Caps:
        """The caps as they stand now."""
        return self._caps if isinstance(self._caps, Caps) else self._caps()

    def recover(self) -> None:
        """Calls of a process that is gone count as if they had cost all that was reserved.
        Only the executor may say so, before it begins."""
        self._changes += 1
        with self.ledger.tx() as db:
            db.execute("UPDATE spend SET cost = reserved WHERE cost IS NULL")

    def reserve(
        self,
        root: str,
        task: str,
        run: int,
        model: str,
        most_usd: float,
        now: float,
        *,
        outside: bool,
        allowance_usd: float,
    ) -> int:
        """Sets money aside and returns the reservation's number. Raises Capped.

        `root` is the task at the top of a chain of delegated ones; `outside` whether a
        stranger caused it; `allowance_usd` what the task and all it delegates may cost.
        """
        most = _micros(most_usd)
        self._changes += 1
        with self.ledger.tx() as db:
            self._check(root, most, now, outside=outside, allowance=_micros(allowance_usd))
            row = db.execute(
                "INSERT INTO spend (root, task, run, outside, model, reserved, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq",
                (root, task, run, int(outside), model, most, now),
            ).fetchone()
            return int(row["seq"])

    def settle(self, seq: int, cost_usd: float | None, usage: Usage | None = None) -> float:
        """Books what the call came to in the end, and returns it, in USD. None: nobody knows,
        so all that was reserved.

        Never more than was reserved, which is the most that the request can cost: one false
        count of a provider's would else stop all work for a month.
        """
        used = usage or Usage()
        self._changes += 1
        with self.ledger.tx() as db:
            row = db.execute("SELECT model, reserved FROM spend WHERE seq = ?", (seq,)).fetchone()
            told = row["reserved"] if cost_usd is None else _micros(cost_usd)
            booked = int(max(0, min(told, row["reserved"])))
            db.execute(
                "UPDATE spend SET cost = ?, sent = ?, answered = ? WHERE seq = ?",
                (booked, used.sent, used.answered, seq),
            )
        if told > booked:
            _log.warning(
                "a call was said to cost more than it can",
                extra={"model": row["model"], "told_usd": cost_usd, "booked_usd": booked / MICRO},
            )
        return booked / MICRO

    def _check(self, root: str, most: int, now: float, *, outside: bool, allowance: int) -> None:
        if not most:
            return  # a model in the house costs nothing
        caps, today = self.caps, self._day(now)
        if caps.call_usd is not None and most > (cap := _micros(caps.call_usd)):
            raise self._capped("call", cap, "for one call of a model", 0, most, now)
        limits = [
            ("task", "root = ?", root, allowance, "for this task"),
            ("day", "at >= ?", today, _micros(caps.day_usd), "for today"),
            ("month", "at >= ?", self._month(now), _micros(caps.month_usd), "for this month"),
        ]
        if outside:
            share = _micros(caps.day_usd * caps.outside_share)
            what = "for today's work of people from outside"
            limits.append(("outside", "outside = 1 AND at >= ?", today, share, what))
        for which, where, value, cap, what in limits:
            spent, held = self._sums(where, value)
            if spent + held + most > cap:
                full = self._capped(which, cap, what, spent, most, now)
                raise full if spent + most > cap else Capped(str(full), "busy")

    def _capped(self, which: str, cap: int, what: str, spent: int, most: int, now: float) -> Capped:
        so_far = "" if which == "call" else f"{_usd(spent)} spent, "
        told = (
            f"{_usd(cap)} {what} ({self.caps.whose(which)}): {so_far}"
            f"the next call may cost {_usd(most)}"
        )
        when = self.zone(now).strftime("%Y-%m" if which == "month" else "%Y-%m-%d")
        return Capped(told, which, f"budget-{which}-{when}-{cap / MICRO:g}")

    def tell(self, full: Capped, now: float) -> bool:
        """Leaves word for the owner that work waits for money; False where that was told."""
        text = f"Work waits for money: {full}. It goes on by itself as soon as there is some"
        with self.ledger.tx() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO notice (key, kind, text, urgent, at)"
                " VALUES (?, 'budget', ?, 0, ?)",
                (full.key, text, now),
            )
            if done.rowcount:
                self.ledger.event("no_money", now, which=full.which, reason=str(full))
            return bool(done.rowcount)

    def _sums(self, where: str, value: object) -> tuple[int, int]:
        """(what was spent, what calls under way may cost), in millionths of a dollar."""
        row = self.ledger.db.execute(
            "SELECT coalesce(sum(cost), 0) AS spent,"
            " coalesce(sum(CASE WHEN cost IS NULL THEN reserved END), 0) AS held"
            f" FROM spend WHERE {where}",
            (value,),
        ).fetchone()
        return int(row["spent"]), int(row["held"])

    def today_usd(self, now: float) -> float:
        return self._since("today", self._day(now)) / MICRO

    def month_usd(self, now: float) -> float:
        return self._since("month", self._month(now)) / MICRO

    def task_usd(self, task: str, run: int) -> float:
        """What one run of a task has cost, without what it delegated."""
        row = self.ledger.db.execute(
            "SELECT coalesce(sum(coalesce(cost, reserved)), 0) AS spent FROM spend"
            " WHERE task = ? AND run = ?",
            (task, run),
        ).fetchone()
        return int(row["spent"]) / MICRO

    def spent(self, now: float) -> dict[str, Any]:
        """What models have cost and may cost, in USD, as views show it."""
        caps = self.caps
        return {
            "today_usd": round(self.today_usd(now), 4),
            "month_usd": round(self.month_usd(now), 4),
            "caps": {"day_usd": caps.day_usd, "month_usd": caps.month_usd},
            **self._costs.told(now, self._changes),
        }

    def _since(self, name: str, start: float) -> int:
        """What was spent or set aside since `start`, for the views, which ask at every look:
        what was settled up to some call is added up once."""
        known = self._told.get(name, (start, 0, 0))
        _, seq, spent = known if known[0] == start else (start, 0, 0)
        row = self.ledger.db.execute(
            "SELECT coalesce(max(seq), ?) AS seq, coalesce(sum(cost), 0) AS spent,"
            " coalesce(sum(CASE WHEN cost IS NULL THEN reserved END), 0) AS held,"
            " count(*) - count(cost) AS open FROM spend WHERE seq > ? AND +at >= ?",
            (seq, seq, start),
        ).fetchone()
        if not row["open"]:
            self._told[name] = (start, int(row["seq"]), spent + int(row["spent"]))
        return spent + int(row["spent"]) + int(row["held"])

    def _day(self, now: float) -> float:
        return self.zone(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def _month(self, now: float) -> float:
        here = self.zone(now)
        return here.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _micros(usd: float) -> int:
    """Rounded up: what is reserved is never less than what it may cost."""
    return -int(-usd * MICRO // 1)


def _usd(micros: int) -> str:
    return f"{micros / MICRO:.2f} USD"
