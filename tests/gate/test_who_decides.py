"""Only a person's ways lead to a decision: no tool of a model, no server, no view."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PRODUCT = Path(__file__).parents[2] / "factotum"

#: Who hands a person's word on, and whose word that is.
DECIDERS = {
    "channels/prompts.py": "what a person typed where they were asked to",
    "channels/reception.py": "a tap on a button",
    "channels/talk.py": "a reply to a question",
    "cli/deciding.py": "a command",
    "cli/reviewing.py": "the walk through all that waits, by way of cli/deciding.py",
    "gate/heed.py": "a note that was moved or ticked",
    "worker/undoing.py": "the undo that a person has just asked for",
}


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(PRODUCT.rglob("*.py")):
        yield path.relative_to(PRODUCT).as_posix(), path.read_text()


def called(text: str) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_only_these_hand_on_a_persons_word() -> None:
    found = {name for name, text in sources() if called(text) & {"decide", "say_yes"}}
    assert found == set(DECIDERS)


def test_the_row_of_a_decision_is_written_in_one_place() -> None:
    writers = [name for name, text in sources() if "INTO decision" in text]
    assert writers == ["gate/sealing.py"]
    recording = {name for name, text in sources() if "._record(" in text and "gate/" in name}
    assert recording == {"gate/register.py", "gate/sealing.py"}


def test_no_server_of_ours_knows_the_ledger() -> None:
    servers = PRODUCT.parent / "mcp"
    told = [path.name for path in servers.glob("*.py") if "sqlite3" in path.read_text()]
    assert told == []
