"""The block in Dashboard.md: what waits for you, what is going on, what came of it.

Only what stands between our two markers is ours; every other byte of the note is the
person's. Written seldom, and never while nothing changed: each write travels to every phone
that shares the vault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from factotum import disk, log
from factotum.gate.apart import titled
from factotum.inert import inert
from factotum.ledger import Ledger
from factotum.model import State
from factotum.vault import Changed, Vault
from factotum.views import costs, permits, saying
from factotum.views.saying import day, link, shown
from factotum.words import dated, local

logger = log.get("factotum.views.dashboard")

NAME = "Dashboard.md"
MOST_BYTES = 4 * 1024 * 1024

#: The least time between two writes, in seconds.
EVERY_S = 60.0
#: The least time when there is news that a person would want at once, in seconds: a card
#: that has just begun to wait, something that needs attention, a stop. What went away (a
#: card that was decided, a task that is done) can be a minute late: whoever decided it has
#: seen the card itself move.
NEWS_S = 5.0

ROWS_MOST = 20
RECENT_MOST = 10

HEADLINES = {
    "unknown": "**Unknown whether it happened:** ",
    "expired": "**Expired, not sent:** ",
    "approved": "**Approved, goes out soon:** ",
}

Rows = Sequence[Mapping[str, Any]]


def markers(instance: str) -> tuple[str, str]:
    return f"<!-- factotum:{instance} begin -->", f"<!-- factotum:{instance} end -->"


class Dashboard:
    def __init__(
        self, vault: Vault, ledger: Ledger, zone: Callable[[float], datetime] = local
    ) -> None:
        self.vault = vault
        self.ledger = ledger
        self.zone = zone
        self.path = vault.root / NAME
        self._key: object = None
        self._latest: tuple[Mapping[str, Any], float] | None = None  # not put into words yet
        self._block = ""
        self._news: frozenset[str] = frozenset()
        self._written = ""
        self._told: frozenset[str] = frozenset()
        self._last: float | None = None
        self._failing = ""
        self.due: float | None = None

    def update(self, content: Mapping[str, Any], now: float, mono: float) -> bool:
        """Shows the snapshot `content`, now or when its time has come; True when it wrote.
        What is held back is written at the first call from `due` (monotonic) on.

        `now` is the wall clock in epoch seconds, `mono` a monotonic one.
        """
        key = (content["rev"], self.ledger.last_event(), self.zone(now).year)
        if key != self._key:
            self._key, self._news = key, frozenset(_news(content))
            self._latest = (content, now)
        pause_s = NEWS_S if self._news - self._told else EVERY_S
        self.due = None
        if self._last is None or mono - self._last >= pause_s:
            return self._show(mono)
        if self._latest is not None:
            self.due = self._last + pause_s
        return False

    @property
    def settled(self) -> bool:
        """Whether nothing has to be written before `due`, or at all where that is None."""
        return self.due is not None or (self._latest is None and self._block == self._written)

    def flush(self, mono: float) -> bool:
        """Writes what was held back, before a stop; True when it wrote."""
        return self._key is not None and self._show(mono)

    def _show(self, mono: float) -> bool:
        if self._latest is not None:
            content, now = self._latest
            lately = recent(self.ledger, self.zone)
            permitted = permits.lines(self.ledger, now, self.zone)
            self._block = block(content, lately, self.zone(now).year, permitted)
            self._latest = None
        if self._block == self._written:
            return False
        try:
            wrote = self._write()
        except Changed:
            return False  # a person is at it: the next look tries again
        self._written, self._told = self._block, self._news
        if wrote:
            self._last = mono
        return wrote

    def _write(self) -> bool:
        """Puts the block into the note; False when it stands there already or cannot be put."""
        try:
            raw = disk.read_regular(self.path, MOST_BYTES)
        except FileNotFoundError:
            return self._create()
        except OSError as refused:
            return self._give_up(refused.strerror or str(refused))
        if len(raw) > MOST_BYTES or b"\0" in raw:
            return self._give_up("it is too large, or no text")
        new = with_block(raw, self.vault.instance, self._block)
        if new == raw:
            return False
        self.vault.rewrite(self.path, raw, new)
        self._failing = ""
        return True

    def _create(self) -> bool:
        try:
            self.vault.drop(self.path, with_block(b"", self.vault.instance, self._block))
        except FileExistsError:
            raise Changed(f"{NAME} has just been made by somebody else") from None
        return True

    def _give_up(self, reason: str) -> bool:
        if reason != self._failing:
            logger.warning("the dashboard was not written", extra={"file": NAME, "reason": reason})
        self._failing = reason
        return False


def with_block(raw: bytes, instance: str, text: str) -> bytes:
    """The note with `text` between our markers, all else as it was; at its end if it has none."""
    begin, end = markers(instance)
    found = _find(raw, begin.encode(), end.encode())
    # Where a block stands already, its own line ends decide, so that it does not flip-flop.
    lines = raw[found[0] : found[1]] if found else raw
    newline = "\r\n" if b"\r\n" in lines else "\n"
    ours = f"{begin}\n{text}\n{end}".replace("\n", newline).encode()
    if found:
        return raw[: found[0]] + ours + raw[found[1] :]
    gap = newline * (0 if not raw else 1 if raw.endswith(b"\n") else 2)
    return raw + gap.encode() + ours + newline.encode()


def _find(raw: bytes, begin: bytes, end: bytes) -> tuple[int, int] | None:
    """Where the first whole block lies: an end, and the nearest begin before it. A marker
    that lost its partner is no block, so nothing of the person's lies between the two."""
    start = None
    for mark in re.finditer(rb"(?m)^(?:%s|%s)(?=[ \t]*\r?$)" % (begin, end), raw):
        if mark[0] == begin:
            start = mark.start()
        elif start is not None:
            return start, mark.end()
    return None


def recent(ledger: Ledger, zone: Callable[[float], datetime]) -> list[str]:
    """What came of things lately, the newest first."""
    kinds = ",".join("?" * len(saying.OUTCOMES))
    rows = ledger.db.execute(
        f"SELECT seq FROM event WHERE kind IN ({kinds}) ORDER BY seq DESC LIMIT ?",
        (*sorted(saying.OUTCOMES), RECENT_MOST),
    ).fetchall()
    lines = []
    for row in rows:
        (event,) = ledger.events(row["seq"] - 1, limit=1)
        if text := saying.tell(event, ledger):
            lines.append(f"- [{dated(zone(event.at))}] {text}")
    return lines


def _news(content: Mapping[str, Any]) -> Iterator[str]:
    """What a person would want to see at once when it is new."""
    for card in content["approvals"]:
        if card["status"] in {"pending", "unknown"}:
            yield f"{card['id']} {card['version']} {card['status']}"
    for problem in content["health"]["problems"]:
        yield f"{problem['path']} {problem['reason']}"
    yield from _banner(content["health"])


def block(
    content: Mapping[str, Any], lately: Sequence[str], year: int, permitted: Sequence[str] = ()
) -> str:
    """The text between the markers. Times stand there as dates, so that they stay true."""
    parts = [
        *_banner(content["health"]),
        _section("Waits for you", _waiting(content["approvals"], year), "Nothing."),
        _section("Being worked on", _working(content["tasks"], year), "Nothing."),
        _counts(content["counts"], content["cost"]),
    ]
    if permitted:
        parts.append(_section("Permissions that stand", permitted, ""))
    if troubles := content["health"]["problems"]:
        parts.append(_section("Needs attention", _troubles(troubles), ""))
    if spent := costs.rows(content["cost"]):
        parts.append(_section("Costs", spent, ""))
    parts.append(_section("Recent Activity", lately, "Nothing yet."))
    return "\n\n".join(parts)


def _section(heading: str, rows: Sequence[str], empty: str) -> str:
    more = len(rows) - ROWS_MOST
    lines = [*rows[:ROWS_MOST], *([f"- … and {more} more"] if more > 0 else [])]
    return "\n".join([f"## {heading}", "", *(lines or [empty])])


def _banner(health: Mapping[str, Any]) -> Iterator[str]:
    if stopped := health.get("stopped"):
        yield f"> [!warning] Nothing is sent now. {shown(stopped, 300)}"
    elif not health.get("ok", True):
        yield "> [!warning] Something is wrong: see “Needs attention”, or run `factotum doctor`."
    if without := health.get("isolation"):
        yield f"> [!note] {shown(without, 300)}"


def _waiting(approvals: Rows, year: int) -> list[str]:
    def row(card: Mapping[str, Any]) -> str:
        since = f"since {_day(card['since'], year)}"
        till = [f"till {_day(card['expires'], year)}"] if card["expires"] else []
        title = titled(card["title"], card.get("apart", ""), saying.TITLE_CHARS)
        headline = HEADLINES.get(card["status"], "") + inert(title)
        return "- " + " · ".join([headline, link(card["note"]), since, *till])

    order = ("unknown", "pending", "expired")
    return [row(card) for card in sorted(approvals, key=lambda one: _place(one["status"], order))]


def _place(value: str, order: Sequence[str]) -> int:
    return order.index(value) if value in order else len(order)


def _working(tasks: Rows, year: int) -> list[str]:
    def row(task: Mapping[str, Any]) -> str:
        since = f"since {_day(task['since'], year)}"
        where = [f"on {shown(task['instance'])}"] if task["instance"] else []
        return "- " + " · ".join([inert(task["title"]), link(task["note"]), since, *where])

    return [row(task) for task in tasks if task["state"] == State.IN_PROGRESS]


def _counts(counts: Mapping[str, int], cost: Mapping[str, Any]) -> str:
    names = {
        State.INBOX: "in Inbox",
        State.NEEDS_ACTION: "to do",
        State.WAITING: "waiting for you",
        State.DONE: "done",
        State.FAILED: "failed",
    }
    told = [f"{counts.get(state.value, 0)} {name}" for state, name in names.items()]
    return " · ".join([*told, *filter(None, [costs.line(cost)])])


def _troubles(problems: Rows) -> list[str]:
    return [f"- **{shown(one['path'], 200)}** {shown(one['reason'], 500)}" for one in problems]


def _day(iso: str, year: int) -> str:
    return day(datetime.fromisoformat(iso), year)
