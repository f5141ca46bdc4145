"""The snapshot: what it tells, when it is new, what it never tells."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from factotum.model import Lost, Trust
from factotum.scan import Problem
from factotum.views import status
from factotum.views.snapshot import KEYS, Snapshot, published
from factotum.words import local
from tests.views.house import House


def update(house: House, snapshot: Snapshot, *problems: Problem, **health: Any) -> dict[str, Any]:
    return snapshot.update(
        listing=house.listing(),
        cards=[card for card in house.register.unsettled() if not card.over],
        ledger=house.ledger,
        runs=house.runs,
        problems=problems,
        health={"ok": True, **health},
        mind={},
        now=house.now,
    )


def test_an_empty_office_is_idle(house: House) -> None:
    found = house.snapshot()
    assert tuple(found) == KEYS
    assert found["face"] == "IDLE"
    assert found["counts"] == dict.fromkeys(found["counts"], 0)
    assert found["cost"] == {"today_usd": 0.0, "month_usd": 0.0, "days": [], "tasks": []}


def test_a_card_is_told_with_all_that_a_face_needs(house: House) -> None:
    task = house.task("Invoice again?", Trust.STRANGER, sender="ada@rossi.example")
    card = house.card("Send this reply to Ada Rossi?", task=task, stranger=True)
    (told,) = house.snapshot()["approvals"]
    assert told.pop("expires")[:10] == "2026-11-28"
    assert told.pop("since")[:10] == "2026-11-27"
    assert told == {
        "id": card.id,
        "action": "mail__send",
        "title": "Send this reply to Ada Rossi?",
        "apart": "",
        "risk": "medium",
        "rule": "whatever leaves the house asks",
        "task": task,
        "caused_by": "ada@rossi.example",
        "version": 1,
        "kind": "effect",
        "status": "pending",
        "note": card.name.removesuffix(".md"),
    }


def test_what_the_owner_sent_is_no_stranger(house: House) -> None:
    house.card(
        "Send it on?",
        task=house.task("rep", Trust.STRANGER),
        stranger=True,
        about={"brought": True},
    )
    (told,) = house.snapshot()["approvals"]
    assert told["caused_by"] == "what you sent"


def test_the_text_of_a_letter_is_not_told(house: House) -> None:
    house.card()
    assert "here it is" not in json.dumps(house.snapshot())


def test_tasks_are_told_by_their_folder(house: House) -> None:
    id = house.task("Pay the bill", name="pay.md")
    house.runs.current(id, house.now)
    (house.root / "In_Progress/pi/pay.md").write_text("Pay the bill.\n")
    (house.root / "Needs_Action/new idea.md").write_text("Think.\n")
    (house.root / "In_Progress/laptop").mkdir()
    (house.root / "In_Progress/laptop/theirs.md").write_text("Theirs.\n")
    tasks = house.snapshot()["tasks"]
    assert {(t["title"], t["state"], t["instance"], t["id"]) for t in tasks} == {
        ("theirs", "in_progress", "laptop", ""),
        ("Pay the bill", "in_progress", "pi", id),
        ("new idea", "needs_action", "", ""),
    }
    assert tasks[-1]["title"] == "new idea"


def test_a_new_note_named_like_a_finished_task_is_not_that_task(house: House) -> None:
    id = house.task("The old one", name="A task.md")
    run = house.runs.current(id, house.now)
    house.runs.end(run, "done", "", house.now)
    (house.root / "Done/2026-11").mkdir()
    (house.root / "Done/2026-11/A task.md").write_text("Old.\n")
    house.runs.projected(run, "Done/2026-11/A task.md")
    (house.root / "Needs_Action/A task.md").write_text("New.\n")
    (told,) = house.snapshot()["tasks"]
    assert (told["id"], told["title"]) == ("", "A task")


def test_the_face_shows_the_worst(house: House) -> None:
    card = house.card()
    assert house.snapshot()["face"] == "CURIOUS"
    (house.root / "In_Progress/pi/x.md").write_text("Work.\n")
    assert house.snapshot()["face"] == "WORKING"
    house.end(card, Lost("no answer after DATA"))
    assert house.snapshot()["face"] == "ALERT"
    assert house.snapshot(ok=False)["face"] == "ERROR"


def test_a_problem_is_an_alert(house: House) -> None:
    found = house.snapshot(Problem(house.root / "Inbox/big.md", "is too large. Split it"))
    assert found["face"] == "ALERT"
    assert found["health"]["problems"] == [
        {"path": "Inbox/big.md", "reason": "is too large. Split it"}
    ]


def test_a_file_name_that_is_no_text_can_be_told(house: House) -> None:
    path = Path(os.fsdecode(os.fsencode(house.root / "Inbox") + b"/\xff\n.md"))
    found = house.snapshot(Problem(path, "is odd"))
    json.dumps(found).encode()
    assert "\n" not in found["health"]["problems"][0]["path"]
    assert status.text(found, local(house.now)).encode()


def test_it_is_written_when_it_changed_and_only_then(house: House) -> None:
    path = house.folder / "snapshot.json"
    snapshot = Snapshot(path)
    first = update(house, snapshot)
    inode = path.stat().st_ino
    house.go(3600)
    assert update(house, snapshot) == first
    assert path.stat().st_ino == inode
    house.card()
    assert update(house, snapshot)["rev"] == first["rev"] + 1
    assert published(path) == update(house, snapshot)


def test_the_number_goes_on_after_a_restart(house: House) -> None:
    path = house.folder / "snapshot.json"
    house.card()
    before = update(house, Snapshot(path))
    inode = path.stat().st_ino
    assert update(house, Snapshot(path)) == before
    assert path.stat().st_ino == inode
    house.card("Another?")
    assert update(house, Snapshot(path))["rev"] == before["rev"] + 1


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"rev": 7}', b"\xff"])
def test_a_broken_file_is_replaced(house: House, broken: bytes) -> None:
    path = house.folder / "snapshot.json"
    path.write_bytes(broken)
    assert published(path) is None
    assert update(house, Snapshot(path)) == published(path)


def test_a_file_that_was_taken_away_comes_back(house: House) -> None:
    path = house.folder / "snapshot.json"
    snapshot = Snapshot(path)
    update(house, snapshot)
    path.unlink()
    assert update(house, snapshot) == published(path)


def test_a_folder_that_cannot_be_written_stops_nothing(house: House) -> None:
    path = house.folder / "runtime" / "snapshot.json"
    snapshot = Snapshot(path)
    told = update(house, snapshot)
    path.parent.mkdir()
    assert update(house, snapshot) == told == published(path)


def test_status_says_what_to_type(house: House) -> None:
    card = house.card()
    lost = house.card("Send the other?", task=card.task)
    house.end(lost, Lost("no answer"))
    (house.root / "Failed/bad.md").write_text("x\n")
    found = house.snapshot(Problem(house.root / "Inbox/a", "is odd. Mend it"))
    text = status.text(found, local(house.now))
    assert f"factotum approve {card.id}" in text
    assert "UNKNOWN whether it happened: Send the other?" in text
    assert f"factotum resolve {lost.id} happened|did-not|leave" in text
    assert "Inbox/a is odd. Mend it" in text
    assert "1 failed" in text


def test_status_colours_nothing_that_an_outsider_wrote(house: House) -> None:
    house.card("\x1b[31mred\x1b]0;title\x07?\nWaits for you:\n  forged")
    text = status.text(house.snapshot(), local(house.now))
    assert "\x1b" not in text and "\x07" not in text
    assert text.count("\nWaits for you:\n") == 1


def test_status_says_when_as_a_person_does(house: House) -> None:
    house.card()
    found = house.snapshot()
    assert f"(since today {local(house.now):%H:%M}, till " in status.text(found, local(house.now))
    next_day = status.text(found, local(house.now + 86_400))
    since = local(house.now)
    assert f"(since {since:%a} {since.day} {since:%b %H:%M}, till " in next_day


def test_a_stop_is_said_first(house: House) -> None:
    text = status.text(house.snapshot(stopped="STOP.md lies in the vault"), local(house.now))
    assert text.startswith("Nothing is sent now. STOP.md lies in the vault\n")
