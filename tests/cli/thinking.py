"""A model that takes time, for a conversation that goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.cli.terminal import Terminal
from tests.servers.model import Item, ScriptedModelServer, slow

LONG_S = 40.0


def last_said(body: Any) -> str:
    told = [one["content"] for one in body["messages"] if one["role"] == "user"]
    return str(told[-2]).partition("The owner wrote:\n\n")[2].strip()  # below: what time it is


@contextmanager
def thinking(
    terminal: Terminal, reply: Callable[[Any], Item]
) -> Iterator[tuple[Terminal, ScriptedModelServer]]:
    with ScriptedModelServer(reply) as server:
        more = {"FACTOTUM_MODEL": "test/scripted", "FACTOTUM_MODEL_BASE_URL": server.base_url}
        yield replace(terminal, env={**terminal.env, **more}), server


def at_length(body: Any) -> Item:
    """Takes long, unless it is asked for a word."""
    said = last_said(body)
    return slow(0.2, f"Quick: {said[-40:]}") if "word" in said else slow(LONG_S, "At last.")
