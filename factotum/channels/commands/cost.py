"""`/cost`: what models have cost, of how much they may, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factotum import glance
from factotum.channels.commands.lines import Line, count, head, listed, name, page, parts
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.views import costs
from factotum.views.costs import usd
from factotum.worker.budget import Budget

#: How many models are named.
MODELS_MOST = 5

_PAID = "coalesce(cost, reserved)"


def cost(text: str, place: Place) -> Said:
    del text
    budget = glance.budget(place, place.zone)
    spent = budget.spent(place.now)
    caps = budget.caps
    lines: list[Line] = [
        head("Today", f": {spent['today_usd']:.2f} of {caps.day_usd:.2f} USD"),
        head("This month", f": {spent['month_usd']:.2f} of {caps.month_usd:.2f} USD"),
        f"At most {caps.task_usd:.2f} USD a task. Set by {_where(budget)}",
    ]
    return Said(parts(page(lines), _plot(spent["days"]), _dearest(spent["tasks"]), _who(place)))


def _where(budget: Budget) -> str:
    places = dict.fromkeys(budget.caps.whose(which) for which in ("day", "month", "task"))
    return ", ".join(places)


def _plot(days: Sequence[Any]) -> Words:
    bars = costs.plot(days)
    return page([Words.code(bars), costs.span(days)]) if bars else Words()


def _dearest(tasks: Sequence[Any]) -> Words:
    """What today's money went to."""
    rows: list[Line] = [f"{usd(one['usd'])} {name(one['title'])}" for one in tasks]
    return page([head("Dearest today:"), *listed(rows, len(rows))]) if rows else Words()


def _who(place: Place) -> Words:
    """Which model it went to since the month began, and how much of it others caused."""
    month = place.zone(place.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = place.ledger.db.execute(
        f"SELECT model, count(*) AS n, sum({_PAID}) AS paid,"
        f" sum(CASE WHEN outside THEN {_PAID} ELSE 0 END) AS outside"
        " FROM spend WHERE at >= ? GROUP BY model ORDER BY paid DESC, model",
        (month.timestamp(),),
    ).fetchall()
    told: list[Line] = [
        f"{usd(row['paid'] / 1_000_000)} {name(row['model'])} ({count(row['n'], 'call')})"
        for row in rows
    ]
    outside = sum(row["outside"] for row in rows) / 1_000_000
    caused = f"Of it, for work that others caused: {usd(outside)}" if outside else ""
    if not told:
        return Words.of("No model was asked this month.")
    return page([head("Who got it this month:"), *listed(told, MODELS_MOST), caused])
