"""What a case tells the worker to do next, and what a case needs from its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from factotum.agent.agents import Agent
from factotum.agent.loop import Limits
from factotum.agent.playbook import Playbook
from factotum.agent.talk import Request
from factotum.gate.register import Card, Register
from factotum.gate.rules import House
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, Task
from factotum.models import Chain
from factotum.worker.attach import Cupboard
from factotum.worker.budget import Budget
from factotum.worker.children import Children
from factotum.worker.plans import Plans
from factotum.worker.runs import Run, Runs
from factotum.worker.turns import Turns


@dataclass(frozen=True)
class RunTool:
    """Call a reading tool and bring back what it said. `linked` are the notes that the
    owner's own task links to: those may be read wherever they lie."""

    run: Run
    idx: int
    call: Call
    linked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Perform:
    """Carry out an effect that a rule allowed."""

    card: Card


@dataclass(frozen=True)
class Briefed:
    """What a request is built from. `shorter` is how often a model said that it was too
    long: each time half as much of what was said before is told again."""

    task: Task
    row: TaskRow
    run: Run
    agent: Agent
    now: float
    reprompt: bool = False
    shorter: int = 0


@dataclass(frozen=True)
class AskModel:
    """Have the model say its turn `n`. `root` is the task whose money pays for it, at most
    `allowance_usd` in all; `outside` whether somebody else's words caused it."""

    briefed: Briefed
    n: int
    root: str
    outside: bool
    allowance_usd: float


@dataclass(frozen=True)
class Park:
    """A person must decide first: the note belongs into waiting/."""


@dataclass(frozen=True)
class Close:
    """The run has ended: the note gets its receipts and goes to Done or Failed."""

    run: Run


Next = RunTool | Perform | AskModel | Park | Close


class Mind(Protocol):
    """What the model's course needs beside the ledger. None of it acts."""

    @property
    def configured(self) -> bool:
        """Whether there is a model to ask."""
        ...

    def agent(self, task: Task, row: TaskRow) -> Agent:
        """The agent that a new run of this task is given to."""
        ...

    def named(self, name: str) -> Agent:
        """The agent of that name as its note is now; the default one if it is gone."""
        ...

    def names(self) -> Sequence[str]:
        """The names of all agents that can be given work."""
        ...

    def request(self, briefed: Briefed, chain: Chain) -> Request:
        """The whole request for the next turn, built anew from what is known now, for a
        model with this window and these eyes."""
        ...

    def before(self, call: Call, task: Task) -> Mapping[str, Any]:
        """What a card must show of the note that a call would change. Raises NotebookError."""
        ...

    def as_written(self, card: Card, path: str) -> bytes:
        """What the note at this path held when the card wrote it. Raises NotebookError."""
        ...


class HouseOf(Protocol):
    """The house as it is at a moment (epoch seconds), for the calls of a task."""

    def __call__(self, now: float, task: str = "") -> House: ...


@dataclass
class Office:
    """What a case needs from its surroundings, handed in by the door."""

    ledger: Ledger
    register: Register
    runs: Runs
    cupboard: Cupboard
    playbooks: Callable[[], Sequence[Playbook]]
    me: str
    expiry_s: float
    zone: Callable[[float], datetime]
    mind: Mind
    turns: Turns
    budget: Budget
    children: Children
    plans: Plans
    house: HouseOf
    limits: Limits = field(default_factory=Limits)
    known_tools: Callable[[], Sequence[str]] = field(default=lambda: ())
    check: Callable[[Call], list[str]] = field(default=lambda call: [])
    pin: Callable[[str], str] = field(default=lambda tool: "")
