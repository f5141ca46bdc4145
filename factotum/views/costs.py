"""What models have cost, in words and as a small plot of plain characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from factotum.inert import inert
from factotum.views.saying import link, plain

#: A day without costs is the thinnest bar, so that the days can be counted.
BARS = "▁▂▃▄▅▆▇█"


def line(cost: Mapping[str, Any]) -> str:
    """What was spent today and this month, and of how much; empty where nothing was."""
    if not cost.get("month_usd"):
        return ""
    caps = cost.get("caps") or {}
    day, month = caps.get("day_usd"), caps.get("month_usd")
    today = f"models: {cost['today_usd']:.2f}{_of(day)} USD today"
    return f"{today}, {cost['month_usd']:.2f}{_of(month)} this month"


def _of(cap: float | None) -> str:
    return "" if cap is None else f" of {cap:.2f}"


def plot(days: Sequence[Mapping[str, Any]]) -> str:
    """One bar a day, the highest as high as the dearest day; empty without costs."""
    most = max((day["usd"] for day in days), default=0.0)
    if not most:
        return ""
    return "".join(BARS[_step(day["usd"], most)] for day in days)


def _step(usd: float, most: float) -> int:
    """Which bar: what cost anything at all is never as low as nothing."""
    return max(int(usd > 0), round(usd / most * (len(BARS) - 1)))


def span(days: Sequence[Mapping[str, Any]]) -> str:
    """From when to when the plot is, and its dearest day."""
    first, last = _date(days[0]["day"]), _date(days[-1]["day"])
    dearest = max(days, key=lambda day: float(day["usd"]))
    most = f"most on {_day(_date(dearest['day']))}: {usd(dearest['usd'])}"
    return f"{_day(first)} to {_day(last)}, {most}"


def _date(iso: str) -> date:
    return date.fromisoformat(iso)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def usd(cost: float) -> str:
    """Two digits, and more for what is smaller than a cent."""
    return f"{cost:.2f} USD" if cost >= 0.01 or not cost else f"{cost:.4f} USD"


def rows(cost: Mapping[str, Any]) -> list[str]:
    """The block of the Dashboard: the plot, and what was dearest today."""
    days, tasks = cost.get("days") or (), cost.get("tasks") or ()
    if not (bars := plot(days)):
        return []
    told = [
        f"- {usd(task['usd'])} today · {inert(plain(task['title']))}"
        + (f" · {link(task['note'])}" if task["note"] else "")
        for task in tasks
    ]
    return [f"{bars} {span(days)}", *([""] if told else []), *told]


def text(cost: Mapping[str, Any]) -> list[str]:
    """The same for a terminal, line by line."""
    days, tasks = cost.get("days") or (), cost.get("tasks") or ()
    head = [line(cost)] if line(cost) else []
    bars = [f"{plot(days)}  {span(days)}"] if plot(days) else []
    told = [f"{usd(task['usd'])} today: {plain(task['title'])}" for task in tasks]
    return [*head, *bars, *told]
