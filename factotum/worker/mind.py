"""What an agent knows when it is asked: who it is, the task, what was said, what it may use.

Built anew for each turn from what is on disk and in the ledger, so that a task that waited
for days goes on with today's date, today's tools and today's rules. How long a request is
does not depend on how much there is in the vault.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from factotum import log
from factotum.agent import agents, context, images, skills, standing, transcript
from factotum.agent.agents import Agent
from factotum.agent.persona import Persona
from factotum.agent.shorten import shorten
from factotum.agent.skills import Skill
from factotum.agent.standing import Background
from factotum.agent.talk import Request
from factotum.gate.register import Card
from factotum.joined import JoinedBook
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, Task, Trust
from factotum.models import Chain, Models
from factotum.note import fence
from factotum.reader import Reader
from factotum.scan import Problem
from factotum.threads import FOLLOWS
from factotum.tooling.tools import Tool
from factotum.worker import local, messaging, scheduling
from factotum.worker.joins import said as joined_words
from factotum.worker.messaging import Messenger
from factotum.worker.notebook import Notebook
from factotum.worker.plans import Plans
from factotum.worker.receipts import headline
from factotum.worker.runs import Run, Runs
from factotum.worker.shelves import NotesShelf
from factotum.worker.steps import Briefed
from factotum.worker.talks import Talks
from factotum.worker.told import heard
from factotum.worker.turns import Turns

logger = log.get("factotum.mind")

#: How much of the memory is put before a task unasked, in characters.
RECALL_CHARS = 2000
#: Characters of a request that count as one token, taken low to be safe.
CHARS_A_TOKEN = 3
#: The shortest answer that is still of use, in tokens.
ANSWER_LEAST = 256
#: The shortest transcript that is still worth sending, in characters.
TRANSCRIPT_LEAST = 4000

#: What a model is told that cannot look at the pictures that came with a task.
UNSEEN = (
    "The pictures that came with it cannot be shown to you. Say so where it matters, and never "
    "guess what they show."
)

IMAGE_ENDINGS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
                 ".gif": "image/gif", ".webp": "image/webp"}  # fmt: skip


@dataclass
class AgentMind:
    root: Path
    instance: str
    reader: Reader
    ledger: Ledger
    runs: Runs
    turns: Turns
    plans: Plans
    talks: Talks
    notebook: Notebook
    messenger: Messenger
    models: Models
    agents: NotesShelf[Sequence[Agent]]
    skills: NotesShelf[Sequence[Skill]]
    persona: NotesShelf[Persona]
    tools: Callable[[], Mapping[str, Tool]]
    zone: Callable[[float], datetime]
    max_tokens: int
    temperature: float
    calls_most: int
    _told: tuple[list[Tool], list[dict[str, Any]], int] = field(default=([], [], 2), init=False)

    @property
    def configured(self) -> bool:
        return self.models.configured

    # -- who

    def agent(self, task: Task, row: TaskRow) -> Agent:
        if not task.is_owners and "parent" not in row.facts:
            task = replace(task, properties={})  # whom an outsider names counts for nothing
        choice = agents.choose(task, self.agents.current())
        if choice.why:
            logger.info("routed", extra={"task": task.id, "reason": choice.why})
        return choice.agent

    def named(self, name: str) -> Agent:
        there = {agent.name: agent for agent in self.agents.current() if agent.enabled}
        return there.get(name) or there.get(agents.DEFAULT) or agents.BUILT_IN

    def names(self) -> list[str]:
        there = [agent.name for agent in self.agents.current() if agent.enabled]
        return there or [agents.DEFAULT]

    def problems(self) -> list[Problem]:
        """The agents, skills and persona notes that cannot be used, and why."""
        shelves = (self.agents, self.skills, self.persona)
        found = [problem for shelf in shelves for problem in shelf.problems()]
        return [*found, *self.notebook.problems()]

    def before(self, call: Call, task: Task) -> Mapping[str, Any]:
        if call.tool == messaging.TOOL:
            return self.messenger.before(call, task)
        shown = self.notebook.before(call, task.trust)
        if call.tool == scheduling.TOOL and (to := scheduling.reply_to(task)):
            return {**shown, "reply_to": to}
        return shown

    def as_written(self, card: Card, path: str) -> bytes:
        return self.notebook.as_written(card, path)

    # -- the request

    def request(self, briefed: Briefed, chain: Chain) -> Request:
        task = briefed.task
        history = self.talks.before(briefed.row)
        recalled = self.notebook.recall_for(
            f"{task.title}\n{task.text[:2000]}", RECALL_CHARS, lowest=task.trust
        )
        images = self._images(task) if sees(chain) else []
        trust = recalled.trust.lowest(history.trust)
        if task.enclosed or images:  # in a file or a picture stand words of anybody
            trust = Trust.STRANGER
        self.ledger.lower_trust(task.id, trust, briefed.now)
        own = recalled.trust is Trust.OWNER or not recalled.text
        remembered = recalled.text if own else fence(recalled.text, "outsider")
        system = standing.system(
            self._background(briefed.agent, remembered), instance=self.instance
        )
        told = [
            {"role": "system", "content": system},
            *history.messages,
            {"role": "user", "content": self._opening(briefed, images, blind=not sees(chain))},
        ]
        turns = self.turns.of(briefed.run, self.calls_most)
        private = functools.cache(self.notebook.pages.is_private)
        words = heard(turns, briefed.run, self.runs, private)
        told += transcript.messages(words, self.calls_most)
        told.append({"role": "user", "content": self._now(briefed)})
        tools, tools_chars = self._offered(briefed.agent)
        answer = min(self.max_tokens, max(ANSWER_LEAST, chain.context_tokens // 4))
        room = self._room(chain, answer, briefed.shorter, tools_chars)
        return Request(shorten(told, room), tools, answer, self.temperature)

    def _background(self, agent: Agent, recalled: str) -> Background:
        persona = self.persona.current()
        index = skills.index(self.skills.current())
        return Background(
            persona.soul, persona.user, persona.handbook, agent, index, recalled, persona.guide
        )

    def _opening(
        self, briefed: Briefed, images: list[dict[str, Any]], *, blind: bool
    ) -> str | list[dict[str, Any]]:
        text = context.opening(
            briefed.task,
            earlier=[*self._before(briefed.row), *self._earlier(briefed.run)],
            added=briefed.task.added,
            note=briefed.row.name.removesuffix(".md"),
        )
        if blind and any(_media(one.name) for one in briefed.task.attachments):
            text += f"\n\n{UNSEEN}"
        return [{"type": "text", "text": text}, *images] if images else text

    def _before(self, row: TaskRow) -> list[str]:
        """What was really done in the task that this one goes on from, if any."""
        before = self.ledger.task(str(row.facts.get(FOLLOWS) or ""))
        run = self.runs.latest(before.id) if before else None
        if before is None or run is None:
            return []
        done = [headline(card) for _, card in sorted(self.runs.cards(run).items())]
        return [
            f"It answers a mail of an earlier task, see {before.name}. What was really done there:",
            *(done or ["Nothing was sent or changed."]),
        ]

    def _earlier(self, run: Run) -> list[str]:
        """What earlier runs of the same task came to, and what they really did."""
        lines = []
        for n in range(1, run.n):
            before = self.runs.run(run.task, n)
            if before is None:
                continue
            lines.append(f"Run {n} ended ({before.result}). What was really done in it:")
            done = [headline(card) for _, card in sorted(self.runs.cards(before).items())]
            lines += done or ["Nothing was sent or changed."]
            lines.append(f"What was said at its end: “{before.reason}”")
        return lines

    def _images(self, task: Task) -> list[dict[str, Any]]:
        files = [(one, _media(one.name)) for one in task.attachments if _media(one.name)]
        found = []
        for file, media in files[: images.IMAGES_MOST]:
            path = self.root / file.path  # an absolute one stays what it is
            try:
                data = self.reader.read(path, images.IMAGE_MOST_BYTES)
            except OSError as failed:
                logger.warning("a picture is not shown", extra={"reason": str(failed.strerror)})
                continue
            found.append((file.name, media, data))
        return images.image_parts(found) if found else []

    def _now(self, briefed: Briefed) -> str:
        parts = [transcript.REPROMPT] if briefed.reprompt else []
        if plan := self.plans.current(briefed.row, briefed.run):
            own = briefed.task.trust is Trust.OWNER
            told = plan if own else fence(plan, "outsider")
            parts.append(f"The plan as it stands now (the owner may have changed it):\n{told}")
        joined = JoinedBook(self.ledger).tell(briefed.row.id, briefed.now)
        if words := joined_words(joined, self.zone):
            parts.append(words)
        parts.append(context.when_line(self.zone(briefed.now)))
        return "\n\n".join(parts)

    def _offered(self, agent: Agent) -> tuple[list[dict[str, Any]], int]:
        """The tools that the agent may use, and how many characters they are. Put into words
        again only when they are others than for the last request."""
        offered = [*self._own(), *(tool for tool in self.tools().values() if tool.offered)]
        usable = [tool for tool in offered if agent.may_use(tool.name)]
        if usable != self._told[0]:
            told = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": dict(tool.schema),
                    },
                }
                for tool in sorted(usable, key=lambda one: one.name)
            ]
            self._told = (usable, told, len(str(told)))
        return self._told[1], self._told[2]

    def _own(self) -> list[Tool]:
        """The tools that need no server, as far as there is what they are for."""
        told = self.messenger.set_up
        return [tool for tool in local.offered() if told or tool.name != messaging.TOOL]

    def _room(self, chain: Chain, answer: int, shorter: int, tools_chars: int) -> int:
        """How many characters of messages fit into the model's window beside its answer."""
        room = (chain.context_tokens - answer) * CHARS_A_TOKEN - tools_chars
        return max(TRANSCRIPT_LEAST, room >> shorter)

    def known(self) -> list[str]:
        """The names of all tools that a model may call."""
        return [
            *(tool.name for tool in self._own()),
            *(name for name, tool in self.tools().items() if tool.offered),
        ]


def sees(chain: Chain) -> bool:
    """Whether each model that may have to answer can look at pictures."""
    return bool(chain.routes) and all(route.sees for route in chain.routes)


def _media(name: str) -> str:
    return IMAGE_ENDINGS.get(Path(name).suffix.lower(), "")
