"""Which model thinks, by which way, at what price. Nobody is asked who wants money for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from factotum.doctor.findings import Found, Level, Patient
from factotum.models import Models, Route, choose, surroundings
from factotum.models.route import Known
from factotum.models.wire import listens
from factotum.reader import Reader
from factotum.worker.shelves import agent_shelf

#: Who is in the own network takes a connection in this time, in seconds.
ANSWER_S = 2.0


def model(patient: Patient) -> Found:
    if patient.settings is None:
        return
    files: tuple[Path, ...] = (patient.env_file,) if patient.env_file else ()
    around = surroundings(os.environ, files)
    models = Models(patient.settings, around, asyncio.run(choose(patient.settings, around)))
    for problem in models.problems:
        yield Level.PROBLEM, problem
    if not models.configured and not models.problems:
        unfinished = "is needed too" in models.why
        yield Level.WARNING if unfinished else Level.OK, models.why
    who = agent_shelf(patient.root, Reader()).current()
    for agent in who:
        if said := agent.model and models.for_agent(agent.model).said:
            yield Level.WARNING, f"the agent {agent.name} thinks with the usual model: {said}"
    for index, route in enumerate(models.routes):
        yield _one(route, models.why if index == 0 else f"{route.name}: a fallback")


def _one(route: Route, why: str) -> tuple[Level, str]:
    price = route.price
    cost = f"{price.sent:g} USD a million tokens sent and {price.answered:g} answered"
    text = (
        f"{why}. {'Stays in your network' if route.local else 'Leaves your network'}; {cost} "
        f"({price.source}); takes {route.context_tokens} tokens; "
        f"{'sees pictures' if route.sees else 'does not see pictures'}"
    )
    if not price.known:
        return Level.WARNING, (
            f"{text}. Its price is not known, so it counts as that much: write "
            f"FACTOTUM_MODEL_PRICE_IN and FACTOTUM_MODEL_PRICE_OUT"
        )
    if isinstance(route, Known) and route.local:
        address = route.way.base_url
        if not asyncio.run(listens(address, ANSWER_S)):
            return Level.WARNING, f"{text}. Nobody answers at {address}: start it"
    return Level.OK, text
