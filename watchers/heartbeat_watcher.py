"""The heartbeat: every half hour the owner's list HEARTBEAT.md is gone through by the agent.

Nothing is asked of a model while nothing stands on the list, none is set up, the last heartbeat
is still at work, or nothing has changed since it had nothing to say or failed. The list is the
owner's word, so it must be the owner's own note.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from factotum import log, names
from factotum.drop import Drop
from factotum.index.places import Places, sweep, top_of
from factotum.ledger import Ledger, dumps
from factotum.model import Trust
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.settings import Settings
from factotum.watcher import Polled, Post, Premises, Source
from factotum.worker.fit import Fit, Unfit
from factotum.worker.heartbeat import FACT, THINKS, actionable, is_quiet
from factotum.worker.labels import Labels

ABOUT = "goes through the list HEARTBEAT.md every half hour, if anything stands on it"
SETTINGS = ("HEARTBEAT_S",)

logger = log.get("watchers.heartbeat")

NOTE = "HEARTBEAT.md"
#: A longer list is told to be too long, and a much longer one is not read, in bytes.
LONG_BYTES, MOST_BYTES = 4 * 1024, 64 * 1024
#: After how long a task that no run began of is given up, in seconds: its note was thrown away.
LOST_S = 86_400.0
#: How soon it is looked again whether a model is set up, in seconds.
MODEL_S = 300.0
#: What changes there is told by the tasks that end, or is written anew all the time.
NOT_NEWS = ("Done/", "Failed/", "Plans/", "Briefings/", "Drafts/", "Office/Updates/")

#: Why nothing comes of a list that has something on it.
NO_MODEL = "something is to be done, but no model is set up that could. Set FACTOTUM_MODEL"

INSTRUCTION = """\
This is the heartbeat. Every {minutes:g} minutes you look at the owner's list, HEARTBEAT.md, which
stands below, and do what is due of it now. What is settled you tick in the list, or move below
Completed, with notes__change. If nothing is to be done and nothing to be told, finish with the
summary HEARTBEAT_OK and not a word more.
"""


def sources(premises: Premises) -> Sequence[Source]:
    return [Heartbeat(premises)] if premises.settings.seconds("HEARTBEAT_S") else []


@dataclass(frozen=True)
class Last:
    """The last heartbeat: when it was, its task, and what it went by; `n` counts them."""

    at: float = 0.0
    n: int = 0
    task: str = ""
    stamp: str = ""


class Heartbeat(Polled):
    name = "heartbeat"

    def __init__(self, premises: Premises) -> None:
        self._settings = premises.settings
        self.every_s = premises.settings.seconds("HEARTBEAT_S") or 1800.0
        self._hours = hours(premises.settings)
        self._path = premises.root / NOTE
        self._reader = Reader()
        root = premises.root.absolute()
        whole = premises.settings.text("READ") == "vault"
        self._places = Places(root, top_of(root), whole)
        self._private = PrivateShelf(premises.root, self._reader, premises.state).current
        self._looked = 0.0

    def look(self, post: Post) -> float | None:
        now = post.now()
        since = now - max(self._looked, _last(post).at)
        if not post.once and 0 <= since < self.every_s:
            return self.every_s - since
        if (pause_s := till_begin_s(self._hours, post.zone(now))) and not post.once:
            return pause_s
        self._looked = now
        if reason := self.beat(post):
            logger.debug("no heartbeat", extra={"reason": reason})
        if reason == NO_MODEL:  # the office says so when it has begun, perhaps a moment later
            self._looked = 0.0
            return min(self.every_s, MODEL_S)
        return self.every_s

    def beat(self, post: Post, *, anyway: bool = False) -> str:
        """Hands in a heartbeat; or says why not. `anyway`: also if nothing has changed."""
        text, why = self._list(post)
        if why:
            return why
        last = _last(post)
        if not post.look_up(lambda ledger: ledger.meta(THINKS)):
            post.remark(NOTE, NO_MODEL)
            return NO_MODEL
        how = post.look_up(lambda ledger: how_it_went(ledger, last.task, post.now()))
        if how == "open":
            return "the last heartbeat is still at work"
        stamp = self._stamp(post, text)
        if how in ("quiet", "failed") and stamp == last.stamp and not anyway:
            what = "there was nothing to do" if how == "quiet" else "it failed"
            return f"nothing has changed since {what}"
        drop = self._drop(post, text, last.n + 1)
        task = _task_id(drop)
        state = {"at": post.now(), "n": last.n + 1, "task": task, "stamp": stamp}
        post.hand_in(drop, cursor=dumps(state))
        return ""

    def _list(self, post: Post) -> tuple[str, str]:
        """What stands on the list, or why it is not gone through."""
        try:
            data = self._reader.read(self._path, MOST_BYTES + 1)
        except FileNotFoundError:
            post.remark(NOTE, "")
            return "", f"there is no {NOTE}"
        except OSError as refused:
            logger.warning("unreadable", extra={"file": NOTE, "reason": str(refused.strerror)})
            return "", self._wrong(post, f"cannot be read ({refused.strerror or refused})")
        if len(data) > MOST_BYTES:
            return "", self._wrong(post, f"is larger than {MOST_BYTES // 1024} KB: shorten it")
        text = data.decode("utf-8-sig", "replace")
        if not actionable(text):
            post.remark(NOTE, "")
            return "", f"nothing is to be done in {NOTE}"
        try:
            self._fits(post, data)
        except Unfit as unfit:
            return "", self._wrong(post, str(unfit))
        long = f"is {len(data) / 1024:.0f} KB long, and all of it is read each time: shorten it"
        post.remark(NOTE, long if len(data) > LONG_BYTES else "")
        return text, ""

    def _wrong(self, post: Post, why: str) -> str:
        post.remark(NOTE, why)
        return f"{NOTE} {why}"

    def _fits(self, post: Post, data: bytes) -> None:
        """Raises Unfit for a list that is not the owner's own, or private."""

        def ask(ledger: Ledger) -> bool:
            fit = Fit(self._places.root, self._reader, Labels(ledger), self._private)
            fit.may_open(self._path)
            return fit.may_use(self._path, data)

        if not post.look_up(ask):
            raise Unfit("is private, so it is not read")

    def _stamp(self, post: Post, text: str) -> str:
        """What a heartbeat goes by: the list, the day, the notes, what tasks came and ended."""
        notes = sweep(self._places, self._private()).found
        lie = sorted(one for one in notes.items() if not one[0].startswith(NOT_NEWS))
        seq = post.look_up(_last_deed)
        whole = repr((text, f"{post.zone(post.now()):%Y-%m-%d}", seq, lie))
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _drop(self, post: Post, text: str, n: int) -> Drop:
        body = INSTRUCTION.format(minutes=self.every_s / 60).replace("\n", " ").strip()
        return Drop(
            self.name,
            str(n),
            "heartbeat",
            "Heartbeat",
            f"{body}\n\n{text.strip()}",
            Trust.OWNER,
            received=post.zone(post.now()),
            ours={FACT: {"note": NOTE}},
        )


def _task_id(drop: Drop) -> str:
    return names.id_of("t", drop.source, drop.source_id)


def _last(post: Post) -> Last:
    try:
        known: dict[str, Any] = json.loads(post.cursor() or "{}")
        return Last(**known)
    except (ValueError, TypeError):
        return Last()  # of a newer or an older Factotum


def how_it_went(ledger: Ledger, task: str, now: float) -> str:
    """How a heartbeat went: `open`, `quiet` when it had nothing to say, `failed`, else `over`."""
    row = ledger.db.execute(
        "SELECT task.created, run.n, run.projected, run.result, run.reason,"
        " EXISTS (SELECT 1 FROM card WHERE card.task = task.id AND card.run = run.n) AS asked"
        " FROM task LEFT JOIN run ON run.task = task.id WHERE task.id = ?"
        " ORDER BY run.n DESC LIMIT 1",
        (task,),
    ).fetchone()
    if row is None or (row["n"] is None and now - row["created"] > LOST_S):
        return "over"
    if not row["projected"]:
        return "open"
    if row["result"] == "failed":
        return "failed"
    quiet = row["result"] == "done" and is_quiet(row["reason"] or "") and not row["asked"]
    return "quiet" if quiet else "over"


def _last_deed(ledger: Ledger) -> int:
    """The last that happened to a task that is no heartbeat."""
    row = ledger.db.execute(
        "SELECT seq FROM event WHERE task <> '' AND NOT EXISTS (SELECT 1 FROM task"
        " WHERE task.id = event.task AND task.kind = 'heartbeat') ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return int(row["seq"]) if row else 0


def hours(settings: Settings) -> tuple[time, time] | None:
    """From when to when it beats; None for at any hour."""
    begin, dash, end = settings.text("HEARTBEAT_HOURS").partition("-")
    if not dash:
        return None
    return _time(begin), _time(end)


def _time(text: str) -> time:
    hour, _, minute = text.strip().partition(":")
    return time(int(hour), int(minute))


def till_begin_s(active: tuple[time, time] | None, at: datetime) -> float:
    """In how many seconds the active hours begin; 0 within them. They may go over midnight."""
    if active is None or active[0] == active[1]:
        return 0.0
    begin, end = active
    here = at.time()
    within = begin <= here < end if begin < end else here >= begin or here < end
    if within:
        return 0.0
    there = at.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
    return ((there if here < begin else there + timedelta(days=1)) - at).total_seconds() or 1.0
