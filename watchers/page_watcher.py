"""Web pages: when what stands in a part of one changes, that becomes a task.

The addresses stand in the handbook, under `pages:` of its `yaml watching` block. What a page
says is a stranger's words. The first time it is only remembered what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence

from factotum.watcher import Premises, Source
from watchers.later import Later

ABOUT = "the web pages that the handbook names: a change in one becomes a task"
SETTINGS = ()
SECTION = "pages"


def sources(premises: Premises) -> Sequence[Source]:
    return [Later("page", SECTION, premises, _made)]


def _made(premises: Premises) -> Source:
    from watchers.web.pages import source

    return source(premises)
