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


@pytest.mark.parametrize("said", ["factotum: never", "Factotum: off", "tags: [diary]"])
def test_a_task_that_is_kept_out_stays_where_it_lies_and_is_told(
    office: TestOffice, said: str
) -> None:
    (office.root / "Company_Handbook.md").write_text("---\nprivate: ['#diary']\n---\nRules.\n")
    task = office.type(f"---\n{said}\n---\nThe secret.\n\ngo", "Mine.md")
    with thinking(office) as server:
        office.run()
        assert server.requests == [] and task.exists()
        assert "leave it alone" in (office.root / "Dashboard.md").read_text()
        task.write_text("The secret.\n\ngo")
        office.run()
    assert "The secret." in told(server)


@pytest.mark.parametrize("text", [NEVER, "---\nfactotum: never\nx: [\n---\nThe secret.\n"])
def test_a_note_in_the_inbox_that_is_kept_out_is_told_to_no_model(
    office: TestOffice, text: str
) -> None:
    office.drop("d.md", text.encode())
    with thinking(office) as server:
        office.run()
    assert server.requests == []
    assert len(office.files("Needs_Action")) == 1
    assert "factotum: never" in (office.root / "Dashboard.md").read_text()


def test_a_tag_in_somebody_s_mail_keeps_it_from_nobody(office: TestOffice) -> None:
    (office.root / "Company_Handbook.md").write_text("---\nprivate: ['#diary']\n---\nRules.\n")
    office.drop("e.eml", b"From: Eve <eve@a.example>\nSubject: Hi\n\n#diary please read\n")
    with thinking(office) as server:
        office.run()
    assert "please read" in told(server)


def test_a_waiting_task_that_is_kept_out_now_rests_till_it_is_not(office: TestOffice) -> None:
    office.type("The secret.\n\ngo", "Mine.md")
    with thinking(office, call("ask_owner", question="Shall I?")):
        office.run()
    (task,) = office.files("In_Progress")
    plain = task.read_text()
    task.write_text(plain.replace("---\n", "---\nfactotum: never\n", 1))
    card = office.one("Pending_Approval")
    card.write_text(card.read_text().replace("## Your answer", "## Your answer\n\nyes\n"))
    office.tick(card, "answered")
    with thinking(office) as server:
        office.run()
        assert server.requests == []
        task.write_text(plain)
        office.run()
    assert len(server.requests) == 1
