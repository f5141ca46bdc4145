"""The snapshot in plain lines, for a terminal or a mail to oneself: `factotum status`.

Text only, without colours: every control character of a title is written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from factotum.gate.apart import titled
from factotum.model import State
from factotum.views import costs
from factotum.views.saying import TITLE_CHARS, plain
from factotum.words import when

ROWS_MOST = 20

HEADLINES = {
    "unknown": "UNKNOWN whether it happened: ",
    "expired": "Expired, not sent: ",
    "approved": "Approved, goes out soon: ",
}

COUNTED = {
    State.INBOX: "in Inbox",
    State.NEEDS_ACTION: "to do",
    State.IN_PROGRESS: "being worked on",
    State.WAITING: "waiting for you",
    State.DONE: "done",
    State.FAILED: "failed",
}


def text(snapshot: Mapping[str, Any], now: datetime) -> str:
    """The whole state in words, ending with a line end; `now` carries the reader's zone."""
    health = snapshot["health"]
    parts = [
        *_banner(health),
        _counts(snapshot["counts"]),
        *_section("Waits for you", [_card(one, now) for one in snapshot["approvals"]]),
        *_section("Being worked on", list(_tasks(snapshot["tasks"], State.IN_PROGRESS, now))),
        *_section("Failed", list(_tasks(snapshot["tasks"], State.FAILED, now))),
        *_section("Needs attention", [_problem(one) for one in health["problems"]]),
        *_section("Costs", [f"  {one}" for one in costs.text(snapshot["cost"])]),
    ]
    return "\n\n".join(parts) + "\n"


def _banner(health: Mapping[str, Any]) -> Iterator[str]:
    if health.get("stopped"):
        yield f"Nothing is sent now. {plain(health['stopped'], 300)}"
    elif not health.get("ok", True):
        yield "Something is wrong. Look for more with: factotum doctor"
    if without := health.get("isolation"):
        yield f"Note: {plain(without, 300)}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts.get(state.value, 0)} {name}" for state, name in COUNTED.items())


def _section(heading: str, rows: Sequence[str]) -> list[str]:
    if not rows:
        return []
    more = len(rows) - ROWS_MOST
    lines = [*rows[:ROWS_MOST], *([f"  … and {more} more"] if more > 0 else [])]
    return ["\n".join([f"{heading}:", *lines])]


def _card(card: Mapping[str, Any], now: datetime) -> str:
    till = f", till {moment(card['expires'], now)}" if card["expires"] else ""
    named = titled(plain(card["title"]), plain(card.get("apart", "")), TITLE_CHARS)
    title = HEADLINES.get(card["status"], "") + named
    commands = {
        "pending": f"factotum {'answer' if card['kind'] == 'question' else 'approve'} {card['id']}",
        "unknown": f"factotum resolve {card['id']} happened|did-not|leave",
        "expired": f"factotum wake {card['id']}",
        "approved": f"factotum cancel {card['id']}",
    }
    command = commands.get(card["status"], f"factotum show {card['id']}")
    return f"  {title} (since {moment(card['since'], now)}{till})\n    {command}"


def _tasks(tasks: Sequence[Mapping[str, Any]], state: State, now: datetime) -> Iterator[str]:
    for task in tasks:
        if task["state"] == state:
            id = f" {task['id']}" if task["id"] else ""
            yield f"  {plain(task['title'])} (since {moment(task['since'], now)}){id}"


def _problem(problem: Mapping[str, Any]) -> str:
    return f"  {plain(problem['path'], 200)} {plain(problem['reason'], 500)}"


def moment(iso: str, now: datetime) -> str:
    """A moment of the snapshot as a person says it."""
    return when(datetime.fromisoformat(iso), now)
