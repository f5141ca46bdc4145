"""What becomes private while a task is under way, and tasks that are private themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.office import TestOffice
from tests.servers.model import ScriptedModelServer, call

FINISH = call("finish", summary="done")
NEVER = "---\nfactotum: never\n---\nThe secret.\n"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


@contextmanager
def thinking(office: TestOffice, *said: Any) -> Iterator[ScriptedModelServer]:
    lines = iter(said)
    with ScriptedModelServer(lambda body: next(lines, FINISH)) as server:
        office.env |= {"FACTOTUM_MODEL": "test/x", "FACTOTUM_MODEL_BASE_URL": server.base_url}
        yield server


def told(server: ScriptedModelServer) -> str:
    return json.dumps(server.requests)


@pytest.mark.parametrize("hidden", [NEVER, "---\nx: [\n---\nThe secret.\n"])
def test_what_was_read_of_a_note_that_is_private_now_is_not_told_again(
    office: TestOffice, hidden: str
) -> None:
    note = office.root / "Diary.md"
    note.write_text("The secret.\n")
    (office.root / "Other.md").write_text("The weather.\n")
    office.type("Look.\ngo")
    reads = [call("notes__read", note=name) for name in ("Diary.md", "Other.md")]
    with thinking(office, *reads, call("ask_owner", question="Shall I?")) as server:
        office.run()
    assert "The secret." in told(server)
    note.write_text(hidden)
    card = office.one("Pending_Approval")
    card.write_text(card.read_text().replace("## Your answer", "## Your answer\n\nyes\n"))
    office.tick(card, "answered")
    with thinking(office) as server:
        office.run()
    assert len(server.requests) == 1
    assert "The secret." not in told(server) and "private now" in told(server)
    assert "The weather." in told(server)
