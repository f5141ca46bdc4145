"""Feeds: what is new in them is told together once a day, or each entry as a task.

The addresses stand in the handbook, under `feeds:` of its `yaml watching` block. All that a feed
says is a stranger's words. The first time it is only remembered what is there already.
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum.watcher import Premises, Source
from watchers.later import Later

ABOUT = "the feeds (RSS, Atom) that the handbook names: new entries once a day, or as tasks"
SETTINGS = ()
SECTION = "feeds"


def sources(premises: Premises) -> Sequence[Source]:
    return [Later("feed", SECTION, premises, _made)]


def _made(premises: Premises) -> Source:
    from watchers.web.feeds import source

    return source(premises)
