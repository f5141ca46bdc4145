"""What a tool is: the file that offers it, its schema, its pin, and whether a call fits.

A server is one file, `mcp/<name>_server.py`, with three names: `ENV`, the settings that it
may see; `NEEDS`, which of them each tool cannot do without; and `build(env)`, which returns
the MCP server. The first two are read without running the file.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

#: Before each key of the run data that travels in `_meta`, so that it meets nobody else's.
META_PREFIX = "factotum/"


#: Where a loaded server keeps what its folder held.
_MADE_OF = "_factotum_made_of"


class ToolboxError(Exception):
    """A tool cannot be used or a reading tool failed: which, why, and what to do."""


@dataclass(frozen=True)
class Tool:
    """One tool on offer. `pin` is a sha256 over all that the model is told about it.

    `offered` is false for a tool that our own code asks and the agent never sees.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    pin: str
    offered: bool = True


@dataclass(frozen=True)
class ServerFile:
    """What one file in mcp/ says of itself. `broken` is why it cannot be used, or empty."""

    name: str
    path: Path
    env: tuple[str, ...] = ()
    needs: Mapping[str, tuple[str, ...]] | None = None
    broken: str = ""

    def lacks(self, given: Mapping[str, str]) -> dict[str, str]:
        """The tools that cannot work with the settings `given`, each with the reason."""
        reasons = {}
        for tool, needed in (self.needs or {}).items():
            name = f"{self.name}__{tool}"
            if lacking := [key for key in needed if not given.get(key)]:
                reasons[name] = f"{', '.join(lacking)}: needed by {name}"
        return reasons


def survey(path: Path) -> ServerFile:
    """Reads `ENV` and `NEEDS` of a server's file without running it."""
    return _said(path, path.read_bytes())


@functools.lru_cache(maxsize=64)
def _said(path: Path, source: bytes) -> ServerFile:
    name = path.stem.removesuffix("_server")
    found: dict[str, Any] = {}
    try:
        for node in ast.parse(source).body:
            for target in _targets(node):
                if target in ("ENV", "NEEDS"):
                    found[target] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    except (SyntaxError, ValueError) as unclear:
        broken = f"{path.name} cannot be used: {unclear}; write ENV and NEEDS as plain values"
        return ServerFile(name, path, broken=broken)
    return ServerFile(name, path, tuple(found.get("ENV", ())), found.get("NEEDS"))


def _targets(node: ast.stmt) -> list[str]:
    """The names that a statement gives a value, if it is an assignment to plain names."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def load_server(path: Path) -> ModuleType:
    """Runs a server's file under a private name, once, and again when a file in its folder
    has changed. It may import files beside it: its folder goes to the end of the path, where
    it cannot hide a module.
    """
    name = f"_factotum_{path.stem}"
    made_of = _digests(path.parent)
    if (loaded := sys.modules.get(name)) and vars(loaded).get(_MADE_OF) == made_of:
        return loaded
    if loaded:
        _forget(path.parent)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path, loader=_AsItStands(name, str(path)))
    if spec is None or spec.loader is None:
        raise ToolboxError(f"{path} is no Python file that can be loaded")
    module = importlib.util.module_from_spec(spec)
    setattr(module, _MADE_OF, made_of)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _AsItStands(SourceFileLoader):
    """Runs a file from its text, never from bytecode that was kept of it: Python takes that for
    current after a change within the same second that leaves the size as it was.
    """

    def path_stats(self, path: object) -> Mapping[str, Any]:
        raise OSError("no bytecode is used")


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.py")
    }


def _forget(folder: Path) -> None:
    """Lets the files of a folder be run again; whoever holds their objects keeps them."""
    for name, module in list(sys.modules.items()):
        if (file := getattr(module, "__file__", None)) and Path(file).parent == folder:
            del sys.modules[name]


def described(server: str, listed: Any) -> Tool:
    """The tool that a server listed (an `mcp_types.Tool`), closed to unknown arguments."""
    name = f"{server}__{listed.name}"
    description = listed.description or ""
    schema = {**listed.input_schema, "additionalProperties": False}
    return Tool(
        name=name,
        description=description,
        schema=schema,
        pin=pin_of(name, description, schema),
        offered=bool((listed.meta or {}).get(META_PREFIX + "offered", True)),
    )


def pin_of(name: str, description: str, schema: Mapping[str, Any]) -> str:
    """A sha256 over all that a model is told about a tool."""
    told = {"name": name, "description": description, "schema": schema}
    exact = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(exact.encode()).hexdigest()


def misfits(tool: Tool, args: Mapping[str, Any]) -> list[str]:
    """What is wrong with the arguments by the tool's own schema; empty if nothing is."""
    known = tool.schema.get("properties", {})
    problems = []
    for error in _validator(json.dumps(dict(tool.schema))).iter_errors(dict(args)):
        where = ".".join(str(part) for part in error.absolute_path)
        if error.validator == "additionalProperties" and not where:
            extra = ", ".join(sorted(set(args) - set(known)))
            problems.append(
                f"{tool.name}: no argument is called {extra}; it takes {', '.join(known)}"
            )
        else:
            problems.append(f"{tool.name}: {where}{': ' if where else ''}{error.message[:200]}")
    return problems


@functools.lru_cache(maxsize=64)
def _validator(schema: str) -> Validator:
    """What checks by a schema, kept because to make one costs more than to check a call."""
    from jsonschema import Draft202012Validator

    made: Validator = Draft202012Validator(json.loads(schema))
    return made
