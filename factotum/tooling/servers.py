"""Tool servers of other people, as the owner wrote them down in one JSON file.

The file has the usual form, `{"mcpServers": {"name": {"command": …, "args": […], "env": {…}}}}`,
or a list under `servers` whose entries have a `name`. What we add: `read` and `write`, folders
that the server may use, `network: true`, and `disabled: true`. Nothing is started here.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from factotum import disk
from factotum.gate.rows import REVIEWED

#: A list of servers that is larger than this is none, in bytes.
MOST_BYTES = 256 * 1024
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
KNOWN = frozenset(
    {"name", "command", "args", "env", "read", "write", "network", "disabled", "type"}
)


@dataclass(frozen=True)
class ThirdParty:
    """One server that is not ours. `broken` says why it cannot be used, or is empty."""

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: bool = False
    broken: str = ""

    @property
    def digest(self) -> str:
        """Changes with anything that was written about it."""
        exact = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(exact.encode()).hexdigest()


def third_party(
    path: Path | None, ours: Collection[str], vault: Path | None = None
) -> list[ThirdParty]:
    """The servers in the file, without those that are switched off. A file or an entry that is
    wrong is a server that is `broken`. `ours` are the names that are taken. In the `vault` no
    file is believed: whoever syncs it could have programs started here."""
    if path is None:
        return []
    if vault is not None and path.resolve().is_relative_to(vault.resolve()):
        told = f"{path} cannot be used: it lies in the vault. Put it elsewhere"
        return [ThirdParty(path.name, broken=told)]
    try:
        found = _entries(path)
    except (OSError, ValueError, RecursionError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        return [ThirdParty(path.name, broken=f"{path} cannot be used: {why}")]
    taken = {*ours, *(tool.split("__")[0] for tool in REVIEWED)}
    servers = []
    for name, entry in found:
        if isinstance(entry, dict) and entry.get("disabled") is True:
            continue
        servers.append(_server(name, entry, taken, path.parent))
        taken.add(name)
    return servers


def _entries(path: Path) -> list[tuple[str, Any]]:
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError("others can read it, and it may hold keys. Run: chmod 600 on it")
    raw = disk.read_regular(path, MOST_BYTES)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES} bytes")
    try:
        content = json.loads(raw)
    except ValueError as wrong:
        raise ValueError(f"it is no JSON ({wrong})") from None
    match content:
        case {"mcpServers": dict(named)}:
            return list(named.items())
        case {"servers": list(listed)}:
            return [
                (str(one.get("name", "")) if isinstance(one, dict) else "", one) for one in listed
            ]
        case _:
            raise ValueError('it has neither "mcpServers": {…} nor "servers": […]')


def _server(name: str, entry: Any, taken: Collection[str], folder: Path) -> ThirdParty:
    shown = name if NAME.fullmatch(name) else repr(name)[:40]
    if problem := next(_problems(name, entry, taken), ""):
        return ThirdParty(shown, broken=f"the tool server {shown} cannot be used: {problem}")
    command = entry["command"]
    if "/" not in command:
        command = shutil.which(command) or command
    return ThirdParty(
        name,
        command,
        tuple(entry.get("args", ())),
        tuple(sorted(entry.get("env", {}).items())),
        tuple(folder / Path(one).expanduser() for one in entry.get("read", ())),
        tuple(folder / Path(one).expanduser() for one in entry.get("write", ())),
        entry.get("network", False),
    )


def _problems(name: str, entry: Any, taken: Collection[str]) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield "a name has up to 31 of a-z, 0-9 and hyphens and begins with a letter"
    if name in taken:
        yield "the name is taken, and its tools would hide ours; give it another name"
    if not isinstance(entry, Mapping):
        yield "its entry is no object"
        return
    if "url" in entry or entry.get("type", "stdio") != "stdio":
        yield "only servers that are started here by a command are supported, none by address"
    if not isinstance(entry.get("command"), str) or not entry["command"]:
        yield '"command" is missing'
    if unknown := sorted(set(entry) - KNOWN):
        yield f"{unknown[0]!r} is no word of such an entry"
    for word in ("args", "read", "write"):
        value = entry.get(word, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            yield f'"{word}" must be a list of texts'
    env = entry.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(one, str) for one in env.values()):
        yield '"env" must hold texts alone'
    if not isinstance(entry.get("network", False), bool):
        yield '"network" must be true or false'
