"""The passwords that stand in files which settings name, by where: they never leave the house.

Read for the gate and the log alone; what is wrong with a file is said by whoever needs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from factotum.settings import Settings

#: A larger file is no list of accounts, in bytes.
MOST_BYTES = 1024 * 1024
#: The properties of the files of Google's tools that are keys.
KEYS = ("refresh_token", "client_secret", "access_token", "token")


def of_files(settings: Settings, state: Path) -> dict[str, str]:
    """Each password by a name for it that may be shown."""
    found = {}
    if settings.given("MAIL_ACCOUNTS"):
        for name, account in _toml(settings.path("MAIL_ACCOUNTS")).items():
            if isinstance(account, dict) and isinstance(account.get("password"), str):
                found[f"[{name}] in FACTOTUM_MAIL_ACCOUNTS"] = account["password"]
    if settings.given("GMAIL_CREDENTIALS"):
        path = settings.path("GMAIL_CREDENTIALS")
        for file in (path, path.with_name("token.json"), state / "gmail-token.json"):
            found |= {f"{key} in {file.name}": value for key, value in _keys(_json(file))}
    return {name: text for name, text in found.items() if text}


def _keys(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        if isinstance(value, dict):
            yield from _keys(value)
        elif key in KEYS and isinstance(value, str):
            yield key, value


def _toml(path: Path) -> Mapping[str, Any]:
    import tomllib  # every command asks for the passwords; few houses have such a file

    try:
        return tomllib.loads(_text(path))
    except (OSError, ValueError, RecursionError):
        return {}


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    with open(path, "rb") as file:
        return file.read(MOST_BYTES).decode()
