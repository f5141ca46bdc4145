"""The settings of this process, each of its type, and what of them must never be shown.

Nothing is read or checked here: `load.py` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from factotum.settings.row import PREFIX, Setting, Value
from factotum.settings.rows import SETTINGS

V = TypeVar("V", bound=Value)

BY_NAME: dict[str, Setting] = {row.name: row for row in SETTINGS}


class SettingsError(Exception):
    """Settings are wrong: one line for each, with its name, where it stands, what to write."""


class Settings:
    """The settings of this process, each of its type. Holds secrets and never shows them."""

    def __init__(
        self,
        values: Mapping[str, Value],
        written: Mapping[str, str],
        others: Mapping[str, str] | None = None,
    ) -> None:
        """`others` are passwords and keys that stand in the same file and are not ours."""
        self._values = dict(values)
        self._written = dict(written)
        self._others = dict(others or {})

    def given(self, name: str) -> bool:
        """Whether a person wrote it; False where it only has a default."""
        return PREFIX + name in self._written

    def seconds(self, name: str) -> float:
        return self._get(name, float)

    def number(self, name: str) -> float:
        return self._get(name, float)

    def count(self, name: str) -> int:
        return self._get(name, int)

    def path(self, name: str) -> Path:
        """An absolute path."""
        return self._get(name, Path)

    def text(self, name: str) -> str:
        """The text, or "" where it is not set."""
        return self._get(name, str) if name in self._values else self._absent(name, str)

    def env_for(self, names: Iterable[str]) -> dict[str, str]:
        """Those of the full `names` that are set, as they were written: a tool server's share."""
        return {name: self._written[name] for name in names if name in self._written}

    def secrets(self) -> tuple[str, ...]:
        """What must appear in no log."""
        written = (self._written.get(row.full) for row in SETTINGS if row.secret)
        return tuple(text for text in written if text)

    def named_secrets(self) -> dict[str, str]:
        """What must never be sent, by the name under which it was written: our secrets, and
        whatever other passwords and keys stand in the same `.env`."""
        ours = {row.full: self._written.get(row.full, "") for row in SETTINGS if row.secret}
        return {name: text for name, text in {**self._others, **ours}.items() if text}

    def __repr__(self) -> str:
        return f"Settings({', '.join(sorted(self._written))})"

    def _get(self, name: str, kind: type[V]) -> V:
        if name not in self._values:
            self._absent(name, kind)
            raise SettingsError(f"{PREFIX}{name} is not set, and it is needed here")
        value = self._values[name]
        if not isinstance(value, kind):
            raise TypeError(f"{name} is a {type(value).__name__}, not a {kind.__name__}")
        return value

    def _absent(self, name: str, kind: type[Any]) -> str:
        if BY_NAME[name].type is not kind:
            raise TypeError(f"{name} is a {BY_NAME[name].type.__name__}, not a {kind.__name__}")
        return ""
