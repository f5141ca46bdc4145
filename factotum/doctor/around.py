"""What stands around the office: settings, tool servers, who runs, Obsidian's plugins."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factotum.doctor.findings import Found, Level, Patient
from factotum.tooling.tools import load_server, survey

#: Plugins of Obsidian that run code which stands in notes.
RUN_CODE = {
    "customjs": "CustomJS",
    "dataview": "Dataview with DataviewJS switched on",
    "execute-code": "Execute Code",
    "js-engine": "JS Engine",
    "obsidian-shellcommands": "Shell commands",
    "templater-obsidian": "Templater",
}


#: Tool servers of ours that nobody misses who has not asked for them.
UNASKED = frozenset({"shell", "web"})


def settings(patient: Patient) -> Found:
    for line in patient.why_not.splitlines():
        yield Level.PROBLEM, line
    file = patient.env_file
    if file is None:
        yield Level.OK, "no .env: they come from the environment and the defaults"
    elif patient.settings is not None:
        yield Level.OK, f"{file} (mode {stat.S_IMODE(file.stat().st_mode):04o})"


def tools(patient: Patient) -> Found:
    if patient.settings is None:
        return
    for path in sorted(patient.servers.glob("*_server.py")):
        server = survey(path)
        if server.broken:
            yield Level.PROBLEM, server.broken
            continue
        lacking = server.lacks(patient.settings.env_for(server.env))
        by_reason: dict[str, list[str]] = {}
        for tool, reason in lacking.items():
            by_reason.setdefault(reason.partition(":")[0], []).append(tool)
        if server.name in UNASKED and by_reason:
            continue  # it is there for whoever asks for it
        for needed, tools in by_reason.items():
            yield Level.WARNING, f"{needed}: needed by {', '.join(tools)}"
        if not lacking or set(lacking) != {f"{server.name}__{tool}" for tool in server.needs or ()}:
            yield _built(path, patient.settings.env_for(server.env))


def _built(path: Path, env: dict[str, str]) -> tuple[Level, str]:
    """Whether the server takes its settings; nobody is connected to."""
    try:
        load_server(path).build(env)
    except Exception as broken:  # noqa: BLE001 (a server's file may raise anything at all)
        return Level.PROBLEM, f"{path.name} cannot be used: {broken}"
    return Level.OK, f"{path.name} takes its settings"


def running(patient: Patient) -> Found:
    if patient.running:
        yield Level.OK, f"an orchestrator runs (pid {patient.running})"
    else:
        yield Level.OK, "no orchestrator runs. Start it: factotum up"


def obsidian(patient: Patient) -> Found:
    for folder in (patient.root, patient.root.parent):
        config = folder / ".obsidian"
        if config.is_dir():
            dangerous = sorted(_that_run_code(config))
            for plugin in dangerous:
                yield (
                    Level.WARNING,
                    (
                        f"{RUN_CODE[plugin]} runs code that stands in notes. What outsiders wrote "
                        f"is kept in fences, but do without it in this vault if you can"
                    ),
                )
            if not dangerous:
                yield Level.OK, "no plugin that is known to run code from notes"
            return


def _that_run_code(config: Path) -> Iterator[str]:
    plugins = _json(config / "community-plugins.json")
    for plugin in plugins if isinstance(plugins, list) else ():
        if plugin == "dataview":
            options = _json(config / "plugins" / "dataview" / "data.json")
            if isinstance(options, dict) and options.get("enableDataviewJs"):
                yield plugin
        elif isinstance(plugin, str) and plugin in RUN_CODE:
            yield plugin


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
