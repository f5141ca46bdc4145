"""Which watchers there are: a file `watchers/<name>_watcher.py` is one, whoever wrote it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import watchers
from factotum.rooms import DoorError
from factotum.watcher import Premises, Source, SourceError

ENDING = "_watcher.py"

#: Those with a name of their own in PM2, which the guides of the originals use.
APP_NAMES = {"mail": "gmail-watcher"}


@dataclass(frozen=True)
class Watcher:
    """`settings` are the names of those that it needs, without FACTOTUM_; `doc` is one line."""

    name: str
    module: ModuleType

    @property
    def about(self) -> str:
        return str(self.module.ABOUT)

    @property
    def settings(self) -> tuple[str, ...]:
        return tuple(getattr(self.module, "SETTINGS", ()))

    @property
    def app(self) -> str:
        """What PM2 calls it."""
        return APP_NAMES.get(self.name, f"{self.name}-watcher")

    def sources(self, premises: Premises) -> Sequence[Source]:
        """What it listens to in this house; empty when it is not set up. Raises SourceError
        when it is set up wrongly."""
        build: Callable[[Premises], Sequence[Source]] = self.module.sources
        return build(premises)


def names() -> list[str]:
    """The names of all watchers, without importing one."""
    folders = [Path(folder) for folder in watchers.__path__]
    found = {path.name.removesuffix(ENDING) for f in folders for path in f.glob(f"*{ENDING}")}
    return sorted(found)


def watcher(name: str) -> Watcher:
    """Raises DoorError when there is none of that name."""
    check(name)
    return Watcher(name, importlib.import_module(f"watchers.{name}_watcher"))


def check(named: str) -> None:
    """Raises DoorError for a FACTOTUM_WATCHERS that names a watcher that is not there."""
    there = names()
    for name in (part.strip() for part in named.split(",")):
        if name not in {"", "all", "none", *there}:
            raise DoorError(
                f"FACTOTUM_WATCHERS names {name!r}, but there is no watchers/{name}{ENDING} "
                f"({', '.join(there) or 'none is installed'}). Write all, none, or the names of "
                f"watchers"
            )


def chosen(named: str) -> list[str]:
    """The names that FACTOTUM_WATCHERS means."""
    parts = [part.strip() for part in named.split(",") if part.strip()]
    if "none" in parts:
        return []
    return names() if "all" in parts else parts


def sources_of(names: Sequence[str], premises: Premises) -> tuple[list[Source], dict[str, str]]:
    """What these watchers listen to, and of those that are set up wrongly, why."""
    sources: list[Source] = []
    wrong: dict[str, str] = {}
    for name in names:
        try:
            sources += watcher(name).sources(premises)
        except SourceError as refused:
            wrong[name] = str(refused)
    return sources, wrong
