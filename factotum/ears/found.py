"""Which watchers there are: a file `watchers/<name>_watcher.py` is one, whoever wrote it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

import watchers
from factotum.reading import read
from factotum.rooms import DoorError
from factotum.settings import Settings
from factotum.settings.row import PREFIX
from factotum.watcher import Premises, Source, SourceError
from factotum.words import local

ENDING = "_watcher.py"

#: Those with a name of their own in PM2, which the guides of the originals use.
APP_NAMES = {"mail": "gmail-watcher"}


@dataclass(frozen=True)
class Watcher:
    """`settings` are the names of those that it needs, without FACTOTUM_; `about` is
    one line."""

    name: str
    module: ModuleType

    @property
    def about(self) -> str:
        return str(self.module.ABOUT)

    @property
    def settings(self) -> tuple[str, ...]:
        return tuple(getattr(self.module, "SETTINGS", ()))

    @property
    def section(self) -> str:
        """The section of the handbook without whose entries it hears nothing; empty for none."""
        return str(getattr(self.module, "SECTION", ""))

    def missing(self, settings: Settings) -> list[str]:
        """The settings that it needs and that nobody gave, by their full names."""
        return [PREFIX + name for name in self.settings if not settings.given(name)]

    def sources(self, premises: Premises) -> Sequence[Source]:
        """What it listens to in this house; empty when it is not set up. Raises SourceError
        when it is set up wrongly."""
        build: Callable[[Premises], Sequence[Source]] = self.module.sources
        return build(premises)


def premises_of(
    settings: Settings, root: Path, state: Path, zone: Callable[[float], datetime] = local
) -> Premises:
    """What the sources of this house are made from."""
    return Premises(settings, root, state, zone, read)


def app(name: str) -> str:
    """What PM2 calls this watcher."""
    return APP_NAMES.get(name, f"{name}-watcher")


def names() -> list[str]:
    """The names of all watchers, without importing one."""
    folders = [Path(folder) for folder in watchers.__path__]
    found = {path.name.removesuffix(ENDING) for f in folders for path in f.glob(f"*{ENDING}")}
    return sorted(found)


def watcher(name: str) -> Watcher:
    """Raises DoorError when there is none of that name, and whatever is wrong with its file."""
    check(name)
    return Watcher(name, importlib.import_module(f"watchers.{name}_watcher"))


def check(named: str, where: str = "FACTOTUM_WATCHERS") -> None:
    """Raises DoorError when `where` names a watcher that is not there."""
    there = names()
    for name in _parts(named):
        if name not in {"all", "none", *there}:
            near = get_close_matches(name, there, 1)
            raise DoorError(
                f"{where}: there is no watcher {name!r} (no file watchers/{name}{ENDING}). "
                f"{f'Did you mean {near[0]}? ' if near else ''}"
                f"There are: {', '.join(there) or 'none'}. Write all, none, or names of these"
            )


def chosen(named: str) -> list[str]:
    """The names that FACTOTUM_WATCHERS means, each once."""
    parts = list(dict.fromkeys(_parts(named)))
    if "none" in parts:
        return []
    return names() if "all" in parts else parts


def wanted(named: str) -> list[str]:
    """The names of those that somebody is to run, this process or another: where FACTOTUM_WATCHERS
    is none, others run all that are set up."""
    return chosen(named) or names()


def _parts(named: str) -> list[str]:
    return [part.strip() for part in named.split(",") if part.strip()]


def sources_of(names: Sequence[str], premises: Premises) -> tuple[list[Source], dict[str, str]]:
    """What these watchers listen to, and of those that are set up wrongly or broken, why."""
    sources: list[Source] = []
    wrong: dict[str, str] = {}
    for name in names:
        try:
            sources += watcher(name).sources(premises)
        except DoorError:
            raise
        except Exception as broken:  # noqa: BLE001 (a file of somebody else's; the others go on)
            wrong[name] = said(broken)
    return sources, wrong


def said(broken: BaseException) -> str:
    """What went wrong, in a line for a person."""
    text = str(broken)
    if isinstance(broken, SourceError):
        return text
    return f"{type(broken).__name__}: {text}" if text else type(broken).__name__
