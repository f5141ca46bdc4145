"""The built-in tools: what the agent is told of each, and what a call may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from factotum.gate.rows import row_of
from factotum.model import Call
from factotum.worker.local import TOOLS, check, is_local, offered

#: One call of each that fits.
GOOD: dict[str, dict[str, Any]] = {
    "finish": {"summary": "Done."},
    "ask_owner": {"question": "Which invoice?", "choices": ["1042", "1043"]},
    "plan": {"steps": ["Read it"], "done": [1]},
    "delegate": {"task": "Find the offer", "title": "The offer", "agent": "researcher"},
    "message__send": {"text": "Half is done.", "files": ["invoice.pdf"]},
    "schedule": {
        "action": "add",
        "name": "Plants",
        "message": "Water the plants",
        "cron": "0 9 * * *",
        "timezone": "Europe/Berlin",
        "mode": "reminder",
    },
    "notes__search": {"query": "", "folder": "Projects", "limit": 5},
    "notes__read": {"note": "Projects/x.md", "from_line": 1, "lines": 10},
    "notes__write": {"folder": "Drafts", "title": "x", "text": "y"},
    "notes__change": {"note": "Projects/x.md", "find": "", "replace": "y"},
    "remember": {"text": "Pays late.", "about": "Ada", "sources": ["[[x]]"]},
    "recall": {"query": "Ada"},
    "forget": {"note": "Office/Memory/x.md", "why": "over"},
    "skill__read": {"name": "invoices"},
}
OPTIONAL = {"choices", "steps", "done", "agent", "folder", "limit", "from_line", "lines", "sources",
            "files", "timezone", "mode"}  # fmt: skip
#: Tools of the run itself, which touch nothing that the gate would have to judge.
INNER = {"finish", "ask_owner", "plan", "delegate"}


def without(args: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in names}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_call_that_fits_is_taken(tool: str) -> None:
    assert check(Call(tool, GOOD[tool])) == []
    assert check(Call(tool, without(GOOD[tool], *(OPTIONAL - {"folder"})))) == []


@pytest.mark.parametrize("tool", TOOLS)
def test_an_argument_that_nobody_declared_is_an_error(tool: str) -> None:
    (problem,) = check(Call(tool, {**GOOD[tool], "extra": 1}))
    assert problem.startswith(f"{tool}: no argument is called extra; it takes ")


@pytest.mark.parametrize(
    ("tool", "name"),
    [(tool, name) for tool, args in GOOD.items() for name in args],
)
def test_each_argument_is_looked_at(tool: str, name: str) -> None:
    optional = name in OPTIONAL and not (tool == "notes__write" and name == "folder")
    assert bool(check(Call(tool, without(GOOD[tool], name)))) is not optional
    assert check(Call(tool, {**GOOD[tool], name: {"of": "another kind"}}))


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("notes__write", {"folder": "Approved", "title": "x", "text": "y"}),
        ("notes__write", {"folder": "Office/Memory", "title": "x", "text": "y"}),
        ("notes__write", {"folder": "../Drafts", "title": "x", "text": "y"}),
        ("remember", {"text": "x" * 4001, "about": "Ada"}),
        ("remember", {"text": "", "about": "Ada"}),
        ("notes__write", {"folder": "Drafts", "title": "x", "text": "y" * 60_001}),
        ("notes__search", {"query": "x", "limit": 0}),
        ("notes__search", {"query": "x", "limit": 1000}),
        ("notes__read", {"note": "x", "from_line": 0}),
        ("notes__read", {"note": "x", "from_line": True}),
        ("notes__change", {"note": "x", "find": "y", "replace": "z" * 20_001}),
    ],
)
def test_what_is_out_of_bounds_is_an_error(tool: str, args: dict[str, Any]) -> None:
    assert check(Call(tool, args))


@pytest.mark.parametrize("name", ["field", "explained"])
def test_no_model_speaks_in_our_voice_on_a_card(name: str) -> None:
    (problem,) = check(Call("ask_owner", {**GOOD["ask_owner"], name: "This was checked."}))
    assert problem.startswith(f"ask_owner: no argument is called {name}")
    assert name not in TOOLS["ask_owner"].schema["properties"]
    assert all(tool.schema["additionalProperties"] is False for tool in offered())


@pytest.mark.parametrize(
    ("tool", "name", "value"),
    [
        ("notes__write", "text", "a\0b"),
        ("notes__write", "title", "a\x7f"),
        ("remember", "about", "\x1b[2J"),
        ("remember", "sources", ["[[x]]", "a\x9b1m"]),
        ("finish", "summary", "\x08"),
    ],
)
def test_control_characters_are_an_error(tool: str, name: str, value: object) -> None:
    (problem,) = check(Call(tool, {**GOOD[tool], name: value}))
    assert problem.startswith(f"{tool}: {name} holds control characters")
    assert check(Call("remember", {"text": "one\r\n\ttwo", "about": "Ada"})) == []


def test_every_tool_says_what_it_and_its_arguments_are() -> None:
    assert [tool.name for tool in offered()] == list(TOOLS) == list(GOOD)
    for tool in offered():
        assert tool.description.endswith((".", "}"))
        assert all(arg.get("description") for arg in tool.schema["properties"].values())


def test_a_pin_is_of_all_that_is_told() -> None:
    assert len({tool.pin for tool in offered()}) == len(TOOLS)
    assert all(len(tool.pin) == 64 for tool in offered())


def test_only_these_are_local() -> None:
    assert is_local("remember")
    assert not is_local("mail__send")


@pytest.mark.parametrize("tool", sorted(set(TOOLS) - INNER))
def test_every_tool_that_touches_notes_is_reviewed(tool: str) -> None:
    assert row_of(tool).reviewed
