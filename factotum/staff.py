"""Builds the worker with all that it needs: the agent's mind, its tools, its money.

Wiring alone: nothing is read, started or decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum.agent.loop import Limits
from factotum.blobs import Blobs
from factotum.gate.secrets import Secrets
from factotum.gate.sent import SentBook
from factotum.models import Models
from factotum.rooms import Rooms
from factotum.toolbox import Toolbox
from factotum.tooling.tools import Tool
from factotum.worker import local
from factotum.worker.attach import Cupboard
from factotum.worker.budget import Budget
from factotum.worker.caps import caps_of
from factotum.worker.children import Children
from factotum.worker.close import Closer
from factotum.worker.contacts import Contacts
from factotum.worker.desk import Desk
from factotum.worker.fit import Fit
from factotum.worker.found_key import FoundKey
from factotum.worker.habits import Habits
from factotum.worker.handbook import Handbook
from factotum.worker.house import Household
from factotum.worker.lookups import Lookups
from factotum.worker.mark import Mark
from factotum.worker.mind import AgentMind
from factotum.worker.notebook import Notebook
from factotum.worker.perform import Performer
from factotum.worker.plans import Plans
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.shelves import agent_shelf, outside_folders, persona_shelf, skill_shelf
from factotum.worker.slots import Worker
from factotum.worker.steps import Office
from factotum.worker.talks import Talks
from factotum.worker.thinking import Thinker
from factotum.worker.turns import Turns

#: How long what was seen of agents, skills, playbooks and the persona counts, in seconds.
FRESH_S = 0.05


@dataclass
class Tools:
    """What the worker shares with the door."""

    desk: Desk
    toolbox: Toolbox
    models: Models
    blobs: Blobs
    playbooks: PlaybookShelf
    mark: Mark
    phases: Path


def limits_of(rooms: Rooms) -> Limits:
    count = rooms.settings.count
    return Limits(turns=count("MAX_TURNS"), reprompts=count("MAX_ITERATIONS"))


@dataclass
class Staff:
    """The worker, and the parts of its mind that views and the door look at."""

    worker: Worker
    mind: AgentMind
    budget: Budget
    children: Children
    found_key: FoundKey
    handbook: Handbook
    contacts: Contacts
    habits: Habits

    def close(self) -> None:
        """Lets go of what was opened. Call it on the desk."""
        self.mind.notebook.close()

    def shown(self, now: float) -> dict[str, Any]:
        """Who thinks and what it costs, for the views: names and figures alone."""
        busy = Counter(self.worker.office.runs.thinking())
        agents = [
            {"name": agent.name, "colour": agent.colour, "tasks": busy[agent.name]}
            for agent in self.mind.agents.current()
            if agent.enabled
        ]
        return {"agents": agents if self.mind.configured else [], "cost": self.budget.spent(now)}

    def use(self, models: Models) -> None:
        """From now on these models think."""
        self.mind.models = self.worker.thinker.models = models


def hire(
    rooms: Rooms, tools: Tools, *, done: Callable[[], None], stopped: Callable[[], str]
) -> Staff:
    """`done` is called when a task came to rest; `stopped` says why nothing may leave."""
    settings, vault, clock = rooms.settings, rooms.vault, rooms.clock
    handbook = Handbook(vault.root, rooms.reader, rooms.ledger, FRESH_S)
    budget = Budget(rooms.ledger, caps_of(settings, handbook.current), clock.zone)
    turns = Turns(rooms.ledger, rooms.runs, budget)
    children = Children(vault, rooms.ledger, rooms.runs)
    notebook = Notebook(vault, rooms.ledger, rooms.reader, rooms.state, settings, clock.wall)
    plans = Plans(vault, rooms.reader, notebook.labels)
    limits = limits_of(rooms)
    fit = Fit(vault.root, rooms.reader, notebook.labels, notebook.private.current)
    tools.playbooks.ask(vault.root, rooms.reader, notebook.labels)
    mind = AgentMind(
        vault.root,
        vault.instance,
        rooms.reader,
        rooms.ledger,
        rooms.runs,
        turns,
        plans,
        Talks(rooms.ledger),
        notebook,
        tools.models,
        agent_shelf(vault.root, rooms.reader, FRESH_S, fit),
        skill_shelf(vault.root, rooms.reader, outside_folders(settings), FRESH_S, fit),
        persona_shelf(vault.root, rooms.reader, FRESH_S, fit),
        lambda: _usable(tools.toolbox),
        clock.zone,
        settings.count("MODEL_MAX_TOKENS"),
        settings.number("MODEL_TEMPERATURE"),
        limits.calls,
    )
    me = settings.text("MAIL_FROM")
    household = Household(rooms.ledger, clock.zone, handbook.current)
    contacts = Contacts(vault.root, rooms.reader, fit, SentBook(rooms.ledger))
    household.contact, household.namesake = contacts.of, contacts.namesake
    household.secret = Secrets({**tools.models.keys(), **settings.named_secrets()}).within
    office = Office(
        rooms.ledger,
        rooms.register,
        rooms.runs,
        Cupboard(vault.root, tools.blobs, rooms.reader, notebook.private.current),
        tools.playbooks.current,
        me,
        settings.seconds("EXPIRY_S"),
        clock.zone,
        mind,
        turns,
        budget,
        children,
        plans,
        household.at,
        limits,
        mind.known,
        _checker(tools.toolbox),
        tools.toolbox.pin,
    )
    lookups = Lookups(
        tools.desk, rooms.ledger, rooms.runs, tools.toolbox, notebook, mind.skills, clock.wall
    )
    performer = Performer(
        tools.desk,
        rooms.register,
        notebook,
        tools.blobs,
        tools.toolbox,
        tools.phases,
        me.rpartition("@")[2].rstrip(">") or f"{settings.text('INSTANCE')}.invalid",
        tools.mark,
        clock.wall,
        stopped,
        lookups,
        household.at,
    )
    worker = Worker(
        tools.desk,
        office,
        vault,
        Closer(vault, rooms.runs, turns),
        tools.toolbox,
        performer,
        Thinker(tools.desk, budget, mind, tools.models, clock.wall),
        lookups,
        clock.wall,
        clock.monotonic,
        settings.count("WORKERS"),
        done,
        stopped,
    )
    found_key = FoundKey(vault, rooms.ledger, lambda: budget.caps)
    after = settings.count("PROPOSE_AFTER")
    habits = Habits(vault, rooms.ledger, rooms.reader, handbook.current, after)
    return Staff(worker, mind, budget, children, found_key, handbook, contacts, habits)


def _usable(toolbox: Toolbox) -> dict[str, Tool]:
    """The tools that have all the settings that they need: no other is worth a mention."""
    absent = toolbox.missing()
    return {name: tool for name, tool in toolbox.listed().items() if name not in absent}


def _checker(toolbox: Toolbox) -> Callable[..., list[str]]:
    """One check for local tools and for those of a server."""
    return lambda call: local.check(call) if local.is_local(call.tool) else toolbox.check(call)
