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
from factotum.gate.rules import Quiet
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
from factotum.worker.echo import Echo
from factotum.worker.fit import Fit
from factotum.worker.found_key import FoundKey
from factotum.worker.habits import Habits
from factotum.worker.handbook import Handbook
from factotum.worker.house import Household
from factotum.worker.lookups import Lookups
from factotum.worker.mark import Mark
from factotum.worker.messaging import Messenger, Telling
from factotum.worker.mind import AgentMind
from factotum.worker.notebook import Notebook
from factotum.worker.perform import Performer
from factotum.worker.plans import Plans
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.redrafting import Redrafting
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
    telling: Telling


def _limits(rooms: Rooms) -> Limits:
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
    echo: Echo

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


@dataclass(frozen=True)
class _Shared:
    """What several parts of the worker look into."""

    handbook: Handbook
    budget: Budget
    turns: Turns
    children: Children
    notebook: Notebook
    messenger: Messenger
    plans: Plans
    fit: Fit
    contacts: Contacts


def hire(
    rooms: Rooms, tools: Tools, *, done: Callable[[], None], stopped: Callable[[], str]
) -> Staff:
    """`done` is called when a task came to rest; `stopped` says why nothing may leave."""
    clock, shared = rooms.clock, _shared(rooms, tools)
    budget, notebook = shared.budget, shared.notebook
    tools.playbooks.ask(rooms.vault.root, rooms.reader, notebook.labels)
    mind = _mind(rooms, tools, shared)
    household = _household(rooms, tools, shared)
    lookups = Lookups(
        tools.desk, rooms.ledger, rooms.runs, tools.toolbox, notebook, mind.skills, clock.wall
    )
    office = _office(rooms, tools, shared, mind, household)
    thinker = Thinker(tools.desk, budget, mind, tools.models, clock.wall)
    worker = Worker(
        desk=tools.desk,
        office=office,
        vault=rooms.vault,
        closer=Closer(rooms.vault, rooms.runs, shared.turns),
        toolbox=tools.toolbox,
        performer=_performer(rooms, tools, shared, lookups, household, stopped),
        thinker=thinker,
        lookups=lookups,
        redrafting=Redrafting(office, thinker, stopped, mind.max_tokens, mind.temperature),
        clock=clock.wall,
        monotonic=clock.monotonic,
        slots=rooms.settings.count("WORKERS"),
        done=done,
        stopped=stopped,
    )
    return Staff(
        worker=worker,
        mind=mind,
        budget=budget,
        children=shared.children,
        found_key=FoundKey(rooms.vault, rooms.ledger, lambda: budget.caps),
        handbook=shared.handbook,
        contacts=shared.contacts,
        habits=_habits(rooms, shared),
        echo=_echo(rooms, shared),
    )


def _habits(rooms: Rooms, shared: _Shared) -> Habits:
    rules, after = shared.handbook.current, rooms.settings.count("PROPOSE_AFTER")
    return Habits(rooms.vault, rooms.ledger, rooms.reader, rules, after)


def _echo(rooms: Rooms, shared: _Shared) -> Echo:
    stable_s = rooms.settings.seconds("STABLE_S")
    parts = (rooms.vault, rooms.ledger, rooms.runs, rooms.reader, shared.fit)
    return Echo(*parts, rooms.clock.zone, stable_s)


def _shared(rooms: Rooms, tools: Tools) -> _Shared:
    settings, vault, ledger, reader = rooms.settings, rooms.vault, rooms.ledger, rooms.reader
    handbook = Handbook(vault.root, reader, ledger, FRESH_S)
    budget = Budget(ledger, caps_of(settings, handbook.current), rooms.clock.zone)
    notebook = Notebook(vault, ledger, reader, rooms.state, settings, rooms.clock.wall)
    fit = Fit(vault.root, reader, notebook.labels, notebook.private.current)
    return _Shared(
        handbook=handbook,
        budget=budget,
        turns=Turns(ledger, rooms.runs, budget),
        children=Children(vault, ledger, rooms.runs),
        notebook=notebook,
        messenger=Messenger(ledger, tools.telling, _quiet(handbook), rooms.clock.wall),
        plans=Plans(vault, reader, notebook.labels),
        fit=fit,
        contacts=Contacts(vault.root, reader, fit, SentBook(ledger)),
    )


def _quiet(handbook: Handbook) -> Callable[[], Quiet | None]:
    return lambda: handbook.current().quiet


def _mind(rooms: Rooms, tools: Tools, shared: _Shared) -> AgentMind:
    settings, root, reader, fit = rooms.settings, rooms.vault.root, rooms.reader, shared.fit
    return AgentMind(
        root=root,
        instance=rooms.vault.instance,
        reader=reader,
        ledger=rooms.ledger,
        runs=rooms.runs,
        turns=shared.turns,
        plans=shared.plans,
        talks=Talks(rooms.ledger),
        notebook=shared.notebook,
        messenger=shared.messenger,
        models=tools.models,
        agents=agent_shelf(root, reader, FRESH_S, fit),
        skills=skill_shelf(root, reader, outside_folders(settings), FRESH_S, fit),
        persona=persona_shelf(root, reader, FRESH_S, fit),
        tools=lambda: _usable(tools.toolbox),
        zone=rooms.clock.zone,
        max_tokens=settings.count("MODEL_MAX_TOKENS"),
        temperature=settings.number("MODEL_TEMPERATURE"),
        calls_most=_limits(rooms).calls,
    )


def _household(rooms: Rooms, tools: Tools, shared: _Shared) -> Household:
    return Household(
        rooms.ledger,
        rooms.clock.zone,
        policy=shared.handbook.current,
        contact=shared.contacts.of,
        secret=Secrets({**tools.models.keys(), **rooms.secrets()}).within,
        namesake=shared.contacts.namesake,
        money=rooms.money(),
    )


def _office(
    rooms: Rooms, tools: Tools, shared: _Shared, mind: AgentMind, household: Household
) -> Office:
    private = shared.notebook.private.current
    return Office(
        ledger=rooms.ledger,
        register=rooms.register,
        runs=rooms.runs,
        cupboard=Cupboard(rooms.vault.root, tools.blobs, rooms.reader, private),
        playbooks=tools.playbooks.current,
        me=rooms.settings.text("MAIL_FROM"),
        expiry_s=rooms.settings.seconds("EXPIRY_S"),
        zone=rooms.clock.zone,
        mind=mind,
        turns=shared.turns,
        budget=shared.budget,
        children=shared.children,
        plans=shared.plans,
        house=household.at,
        limits=_limits(rooms),
        known_tools=mind.known,
        check=_checker(tools.toolbox),
        pin=tools.toolbox.pin,
    )


def _performer(
    rooms: Rooms,
    tools: Tools,
    shared: _Shared,
    lookups: Lookups,
    household: Household,
    stopped: Callable[[], str],
) -> Performer:
    settings = rooms.settings
    domain = settings.text("MAIL_FROM").rpartition("@")[2].rstrip(">")
    return Performer(
        desk=tools.desk,
        register=rooms.register,
        notebook=shared.notebook,
        blobs=tools.blobs,
        toolbox=tools.toolbox,
        phases=tools.phases,
        domain=domain or f"{settings.text('INSTANCE')}.invalid",
        mark=tools.mark,
        clock=rooms.clock.wall,
        stopped=stopped,
        lookups=lookups,
        house=household.at,
        me=settings.text("MAIL_FROM"),
        messenger=shared.messenger,
    )


def _usable(toolbox: Toolbox) -> dict[str, Tool]:
    """The tools that have all the settings that they need: no other is worth a mention."""
    absent = toolbox.missing()
    return {name: tool for name, tool in toolbox.listed().items() if name not in absent}


def _checker(toolbox: Toolbox) -> Callable[..., list[str]]:
    """One check for local tools and for those of a server."""
    return lambda call: local.check(call) if local.is_local(call.tool) else toolbox.check(call)
