"""The work that was given on a channel: how it goes, in one message, and what came of it.

What was done is told from the ledger; the model's own words stand beside it. A result is a message
of its own, in answer to the one that asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from factotum.agent.loop import AS_SAID
from factotum.channels.contract import Message
from factotum.channels.results import deed, result
from factotum.channels.several import which
from factotum.channels.window import MESSAGE, UNREAD, Window
from factotum.channels.words import Words
from factotum.gate.pause import stopped
from factotum.gate.rows import row_of
from factotum.inert import one_line, visible
from factotum.ledger import TaskRow
from factotum.outbox import ANSWER, NEWS
from factotum.rooms import running
from factotum.schedule.work import REMINDER
from factotum.vault import stop_lies
from factotum.views.saying import plain
from factotum.views.snapshot import published
from factotum.views.views import snapshot_path
from factotum.whereabouts import lies
from factotum.words import span
from factotum.worker.heartbeat import is_quiet
from factotum.worker.runs import Run

#: After how long a task is told of that is still being worked on, in seconds.
PROGRESS_S = 2.5
#: How soon a task is begun that nothing holds up, in seconds; longer nobody waits for an answer.
BEGINS_S = 60.0
#: How many steps are shown of it.
STEPS_MOST = 4
#: Of what has ended longer ago nothing is said any more, in seconds.
OLD_S = 7 * 86_400.0

NOT_RUNNING = "💤 The office does not run now. It is taken up when it does: factotum up"
STOPPED = "⏸ Everything is stopped. It goes on after /resume"
#: How the office says that several tasks wait for the same.
_AND_MORE = re.compile(r" \(and \d+ more\)$")


class Work:
    """`lively`: somebody may wait for what comes next, so that it is to be looked at soon."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._doing: dict[str, str] = {}
        self._all_held = ""
        self._problems: list[tuple[str, str]] = []
        self.lively = False

    def busy_chats(self) -> set[str]:
        """In which chats somebody waits for work that is being done."""
        return set(self._doing.values())

    def look(self, now: float) -> None:
        """Brings the messages of what is being worked on up to date."""
        self._doing = {}
        self.lively = False
        rows = list(self._unfinished())
        if rows:
            self._look_round()
        for row in rows:
            chat = self.window.chat_of_task(row)
            if not chat:
                continue
            run = self.window.runs.latest(row.id)
            if run is not None and run.ended is not None:
                continue
            waits = self._waits_for_person(row, run)
            held = "" if waits else self._held(row, run)
            if not waits and not held and (run or now - row.created < BEGINS_S):
                self._doing[row.id] = chat
            self.lively |= row.id in self._doing or now - row.created < BEGINS_S
            if now - row.created >= PROGRESS_S:
                self._progress(row, run, chat, waits, held, now)

    def _unfinished(self) -> Iterator[TaskRow]:
        rows = self.window.ledger.db.execute(
            "SELECT t.id FROM talk k JOIN task t ON t.id = k.task"
            " LEFT JOIN run r ON r.task = t.id"
            " WHERE k.at > ? GROUP BY t.id HAVING count(r.ended) < max(count(r.n), 1)",
            (self._since(),),
        ).fetchall()
        for found in rows:
            if row := self.window.ledger.task(found["id"]):
                yield row

    def _since(self) -> float:
        """What was said longer ago is not looked at for progress."""
        newest = self.window.ledger.db.execute("SELECT max(at) AS at FROM talk").fetchone()
        return float(newest["at"] or 0.0) - OLD_S

    def _waits_for_person(self, row: TaskRow, run: Run | None) -> int:
        if run is None:
            return 0
        cards = self.window.register.of_run(row.id, run.n)
        return sum(card.status in {"pending", "expired", "unknown"} for card in cards)

    # -- progress

    def _progress(
        self, row: TaskRow, run: Run | None, chat: str, waits: int, held: str, now: float
    ) -> None:
        key = f"progress {row.id} {run.n if run else 1}"
        if waits and self.window.outbox.row(self.window.name, chat, key) is None:
            return  # what is asked says so itself, and is to stay the last thing said
        text = held or self._said(run, waits)
        if of := which(self.window, row, now):
            first, *more = text.split("\n")
            text = "\n".join([f"{first} {of}", *more])
        message = Message(Words.of(text), reply_to=str(row.facts.get(MESSAGE) or ""))
        self.window.outbox.put(
            self.window.name,
            chat,
            key,
            message.to_json(),
            now,
            kind="progress",
            rank=ANSWER,
        )

    def _said(self, run: Run | None, waits: int) -> str:
        if waits:
            return (
                "✋ I go on when you have decided what I ask."
                if waits == 1
                else (f"✋ I go on when you have decided the {waits} things that I ask.")
            )
        if run is None:
            return "⏳ It is next."
        steps = list(self._steps(run))[-STEPS_MOST:]
        return "\n".join(["⏳ I am at it.", *steps])

    def _held(self, row: TaskRow, run: Run | None) -> str:
        """Why it does not go on: its note is gone, nobody works, all is stopped, or the office
        says so, as of a model or of money; empty where it goes on."""
        if run is None and not lies(self.window.root, row.name):
            return "🗑 Its note was taken away, so nothing is done"
        if self._all_held:
            return self._all_held
        for reason, name in self._problems:
            if name == row.name or _AND_MORE.search(reason):
                return f"⏸ It {_AND_MORE.sub('', reason)}"
        return ""

    def _look_round(self) -> None:
        """Sees once for all tasks why none goes on, and what single ones wait for."""
        self._all_held, self._problems = "", []
        if running(self.window.state) is None:
            self._all_held = NOT_RUNNING
        elif stopped(self.window.ledger, stop_lies(self.window.root)):
            self._all_held = STOPPED
        elif shown := published(snapshot_path(self.window.state)):
            for problem in shown["health"]["problems"]:
                reason = one_line(visible(str(problem["reason"])), 300)
                if reason.startswith("waits for"):
                    self._problems.append((reason, PurePath(str(problem["path"])).name))

    def _steps(self, run: Run) -> Iterator[str]:
        """What was looked at and how often it was thought, from the journal."""
        for event in self.window.ledger.events(task=run.task):
            if event.data.get("run") not in (None, run.n):
                continue
            match event.kind:
                case "looked":
                    row = row_of(str(event.data.get("tool", "")))
                    yield f"· {row.verb if row.reviewed and row.verb else event.data.get('tool')}"
                case "thought":
                    yield f"· thought ({event.data.get('model')})"
                case "outcome" if event.data.get("status") == "SUCCEEDED":
                    yield "· done what you approved"

    # -- results

    def ended(self, task: str, now: float) -> None:
        """Says what came of a task, if it was given on this channel, or its schedule wants it
        told here."""
        row = self.window.ledger.task(task)
        asked = self.window.chat_of_task(row)
        chat = asked or self.window.chat_of_schedule(row)
        run = self.window.runs.latest(task) if chat else None
        if row is None or run is None or run.ended is None or now - run.ended > OLD_S:
            return
        if not asked and (is_quiet(run.reason) or REMINDER in row.facts):
            return  # there is nothing to tell, or it was told as a notice
        self._doing.pop(task, None)
        outbox, name = self.window.outbox, self.window.name
        key = f"{row.id} {run.n}"
        with self.window.ledger.tx():
            progress = outbox.row(name, chat, f"progress {key}")
            if progress is not None and progress.state == "waiting":
                outbox.drop(progress.seq, "it ended before it was said")
            elif progress is not None:
                took = span(max(0.0, run.ended - run.started))
                told = f"{_ended(run)} {took} {which(self.window, row, run.ended)}".rstrip()
                outbox.want(progress, Message(Words.italic(told)).to_json())
            for n, part in enumerate(self._parts(row, run)):
                message = Message(
                    part, reply_to=str(row.facts.get(MESSAGE) or "") if n == 0 else ""
                )
                outbox.put(
                    name, chat, f"result {key} {n}", message.to_json(), now,
                    kind="result", rank=ANSWER if asked else NEWS,
                    not_before=self.window.not_before(now, answers=bool(asked)),
                )  # fmt: skip

    def _parts(self, row: TaskRow, run: Run) -> list[Words]:
        of = which(self.window, row, run.ended or run.started)
        head = f"To {of}:" if of else "" if row.facts.get(MESSAGE) else f"🗓 {plain(row.title)}"
        note, units = row.name.removesuffix(".md"), self.window.limits.units
        unread = [str(line) for line in row.facts.get(UNREAD) or ()]
        return result(run, self._receipts(run), units, note, head, unread)

    def _receipts(self, run: Run) -> list[str]:
        cards = self.window.register.of_run(run.task, run.n)
        return [deed(card) for card in cards if card.kind == "effect"]


def _ended(run: Run) -> str:
    if run.result == "done":
        return "✅ Done in"
    return "⏹ Ended after" if run.reason.strip() == AS_SAID else "❌ Failed after"
