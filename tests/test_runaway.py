"""A model that gets nowhere is stopped by a question, which says what was done and its cost."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.office import TestOffice
from tests.servers.model import Item, ScriptedModelServer, call

FINISH = call("finish", summary="Done.")
PRICES = {"FACTOTUM_MODEL_PRICE_IN": "1", "FACTOTUM_MODEL_PRICE_OUT": "1"}


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, dict(PRICES))


def to_and_fro() -> Callable[[dict[str, Any]], Item]:
    """It looks into one note, then the other, for ever."""
    turns = itertools.cycle([call("notes__read", note="One"), call("notes__read", note="Two")])
    return lambda body: next(turns)


def nothing_new() -> Callable[[dict[str, Any]], Item]:
    words = itertools.cycle("ada bert carla dora emil fritz gerda hans ida jens".split())
    return lambda body: call("recall", query=f"{next(words)} phone")


def small_calls() -> Callable[[dict[str, Any]], Item]:
    """A hundred looks that differ in a figure."""
    n = itertools.count()
    return lambda body: [call("notes__read", note=f"Part {next(n)}") for _ in range(10)]


@pytest.mark.parametrize(
    ("script", "odd", "most"),
    [
        (to_and_fro, "to and fro", 5),
        (nothing_new, "told it nothing", 10),
        (small_calls, "almost the same", 3),
    ],
)
def test_it_ends_in_a_question_that_says_what_was_done(
    office: TestOffice,
    script: Callable[[], Callable[[dict[str, Any]], Item]],
    odd: str,
    most: int,
) -> None:
    for name in ("One", "Two"):
        (office.root / f"{name}.md").write_text(f"This is {name}.\n")
    for n in range(30):
        (office.root / f"Drafts/Part {n}.md").write_text(f"This is part {n}.\n")
    office.type("Find out [[One]] and [[Two]].\ngo")
    with ScriptedModelServer(script()) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        office.run()
        asked = len(server.requests)
        assert asked <= most
        note = office.one("Pending_Approval")
        text = note.read_text()
        assert odd in text
        assert re.search(
            rf"So far: the model was asked {asked} times, which cost 0\.\d*[1-9]", text
        )
        office.run()
        assert len(server.requests) == asked  # it waits, and thinks of nothing meanwhile
        note.write_text(text.replace("## Your answer\n", "## Your answer\n\nstop\n"))
        office.tick(note, "answered")
        office.run()
        assert len(server.requests) == asked
    (failed,) = (p for p in office.files("Failed") if "action:" not in p.read_text())
    assert "You said to stop." in failed.read_text()


def test_after_a_go_on_it_gets_there(office: TestOffice) -> None:
    office.env["FACTOTUM_MAX_TURNS"] = "3"
    office.type("Do something.\ngo")
    script = [call("recall", query=word) for word in "ada bert carla dora emil".split()]
    with ScriptedModelServer([*script, FINISH]) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        office.run()
        assert len(server.requests) == 3
        note = office.one("Pending_Approval")
        answered = note.read_text().replace(
            "## Your answer\n", "## Your answer\n\nlook for Fritz\n"
        )
        note.write_text(answered)
        office.tick(note, "answered")
        office.run()
        assert len(server.requests) == 6 and server.refused == []
        told = server.requests[3]["messages"]
        assert any("The owner says: look for Fritz" in str(one["content"]) for one in told)
    assert any("Done." in path.read_text() for path in office.files("Done"))
