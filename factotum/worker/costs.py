"""What models have cost, as views show it: day by day, and which tasks it went to today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from factotum.ledger import Ledger

MICRO = 1_000_000

#: How many days are shown, the last of them the last on which anything was spent: so nothing
#: that is shown changes while nothing is spent.
DAYS = 14
#: How many of today's tasks are shown, the dearest first.
TASKS = 5

_PAID = "coalesce(cost, reserved)"


class Costs:
    def __init__(self, ledger: Ledger, zone: Callable[[float], datetime]) -> None:
        self.ledger = ledger
        self.zone = zone
        self._known: tuple[object, dict[str, Any]] | None = None

    def told(self, now: float, changes: int) -> dict[str, Any]:
        """`days` and `tasks`. `changes` counts how often money was set aside or settled: while
        it stands still, nothing is added up again."""
        today = _midnight(self.zone(now))
        key = (changes, today)
        if self._known is None or self._known[0] != key:
            self._known = (key, {"days": self._days(), "tasks": self._tasks(today.timestamp())})
        return self._known[1]

    def _days(self) -> list[dict[str, Any]]:
        row = self.ledger.db.execute(
            f"SELECT at FROM spend WHERE {_PAID} > 0 ORDER BY at DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return []
        last = self.zone(row["at"]).date()
        days = [last - timedelta(days=back) for back in range(DAYS)]
        spent = dict.fromkeys(days, 0)
        first = _midnight(self.zone(row["at"])) - timedelta(days=DAYS)  # a day more, for DST
        paid = f"SELECT at, {_PAID} AS paid FROM spend WHERE at >= ?"
        for one in self.ledger.db.execute(paid, (first.timestamp(),)):
            if (day := self.zone(one["at"]).date()) in spent:
                spent[day] += one["paid"]
        return [{"day": day.isoformat(), "usd": _usd(spent[day])} for day in reversed(days)]

    def _tasks(self, since: float) -> list[dict[str, Any]]:
        """The dearest tasks, each with all that it handed on."""
        rows = self.ledger.db.execute(
            f"SELECT root, title, name, sum({_PAID}) AS paid FROM spend"
            " LEFT JOIN task ON task.id = root WHERE at >= ? GROUP BY root"
            " HAVING paid > 0 ORDER BY paid DESC, root LIMIT ?",
            (since, TASKS),
        )
        return [
            {
                "id": row["root"],
                "title": row["title"] or row["root"],
                "note": (row["name"] or "").removesuffix(".md"),
                "usd": _usd(row["paid"]),
            }
            for row in rows
        ]


def _midnight(here: datetime) -> datetime:
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _usd(micros: int) -> float:
    return round(micros / MICRO, 4)
