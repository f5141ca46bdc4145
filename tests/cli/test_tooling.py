"""`factotum tools`: what is on offer, what is not and why, and accepting what has changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factotum.tooling.accepted import Accepted
from factotum.tooling.pinned import Memory, Pinned
from factotum.tooling.tools import Tool, ToolboxError, pin_of
from tests.cli.terminal import Terminal
from tests.office import TestOffice


def tool(name: str, description: str) -> Tool:
    schema = {"type": "object", "properties": {}}
    return Tool(name, description, schema, pin_of(name, description, schema))


def with_clock(office: TestOffice, terminal: Terminal) -> Terminal:
    """A third-party server `clock` that was listed once."""
    office.state.mkdir(mode=0o700)
    path = office.folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": {"clock": {"command": "true"}}}))
    path.chmod(0o600)
    now = tool("clock__now", "The time.")
    Memory(office.state / "catalogue.json").learn("clock", Pinned("mark", (now,)))
    Accepted(office.state / "servers").check("clock", [now])
    return Terminal(terminal.folder, {**terminal.env, "FACTOTUM_TOOL_SERVERS": str(path)})


def test_our_own_tools_and_what_is_missing_are_named(
    office: TestOffice, terminal: Terminal
) -> None:
    found = terminal("tools", "--json").json
    kinds = {one["name"]: one["kind"] for one in found["tools"]}
    assert kinds["notes__read"] == "reads"
    assert kinds["notes__change"] == "changes"
    assert kinds["finish"] == "own work"
    assert found["missing"]["shell__run"] == "FACTOTUM_SHELL_FOLDER: needed by shell__run"
    text = terminal("tools").out
    assert "notes__write" in text
    assert "not on offer" in text


def test_tools_of_others_are_called_not_reviewed(office: TestOffice, terminal: Terminal) -> None:
    (line,) = [
        one for one in with_clock(office, terminal)("tools").out.splitlines() if "clock" in one
    ]
    assert line.split() == ["clock__now", "not", "reviewed", "The", "time."]


def test_changed_tools_are_off_till_they_are_accepted(
    office: TestOffice, terminal: Terminal
) -> None:
    terminal = with_clock(office, terminal)
    nothing = terminal("tools", "accept", "clock")
    assert (nothing.code, nothing.out) == (3, "Nothing of clock waits to be accepted.\n")
    changed = tool("clock__now", "The time!")
    with pytest.raises(ToolboxError, match="factotum tools accept clock"):
        Accepted(office.state / "servers").check("clock", [changed])
    found = terminal("tools", "--json").json
    assert "clock__now" not in {one["name"] for one in found["tools"]}
    assert "changed: clock__now" in found["missing"]["clock"]
    said = terminal("tools", "accept", "clock")
    assert said.code == 0
    assert said.out.startswith("Accepted what clock offers now (changed: clock__now).")
    Accepted(office.state / "servers").check("clock", [changed])
    assert "clock" not in terminal("tools", "--json").json["missing"]


def test_only_a_server_that_is_there_can_be_accepted(
    office: TestOffice, terminal: Terminal
) -> None:
    said = terminal("tools", "accept", "nobody")
    assert said.code == 1
    assert "no tool server of others is called 'nobody'" in said.err


def test_a_wrong_file_is_named(office: TestOffice, terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text("{}")
    path.chmod(0o600)
    env = {**terminal.env, "FACTOTUM_TOOL_SERVERS": str(path)}
    missing = Terminal(terminal.folder, env)("tools", "--json").json["missing"]
    assert "it has neither" in missing["wrong.json"]
    assert "it has neither" in Terminal(terminal.folder, env)("status").out


def test_a_server_that_was_never_asked_is_named(office: TestOffice, terminal: Terminal) -> None:
    asked = Terminal(terminal.folder, {**terminal.env, "FACTOTUM_WEB": "yes"})
    assert "web" in asked("tools", "--json").json["unasked"]
    assert "not asked yet" in asked("tools").out
