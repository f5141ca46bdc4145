"""The heartbeat asks a model only when something is to be done and something has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.settings import SettingsError
from factotum.views import digest
from factotum.watcher import Premises, Source
from tests.office import TestOffice
from tests.servers.model import Item, ScriptedModelServer, call
from tests.watchers.listening import listening
from watchers.heartbeat_watcher import MODEL_S, Heartbeat, sources, till_begin_s

OK = call("finish", summary="HEARTBEAT_OK")
LIST = "# Heartbeat\n\n## Active Tasks\n\n- [ ] Look at the offers.\n\n## Completed\n"
HALF_HOUR_S = 1800.0


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path)


@contextmanager
def thinking(office: TestOffice, *script: Item) -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer(script) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        office.run()  # from now on it is known that a model thinks
        yield server


def write(office: TestOffice, text: str = LIST) -> Path:
    path = office.root / "HEARTBEAT.md"
    path.write_text(text)
    return path


def beat(office: TestOffice, *, run: bool = True) -> list[str]:
    """Half an hour later; which tasks were made."""
    office.hands.go(HALF_HOUR_S)
    with listening(office, Heartbeat, once=True) as heard:
        before = len(heard.tasks)
        heard.look()
        made = [task.id for task in heard.tasks[before:]]
    if run:
        office.run()
    return made


def test_it_is_asked_once_and_not_again_before_something_changes(office: TestOffice) -> None:
    write(office)
    with thinking(office, *[OK] * 9) as server:
        assert len(beat(office)) == 1
        told = str(server.requests[0]["messages"])
        assert "HEARTBEAT_OK and not a word more" in told and "Look at the offers." in told
        assert [beat(office) for _ in range(3)] == [[], [], []]
        (office.root / "Office/Memory/New.md").write_text("News.")
        assert len(beat(office)) == 1 and beat(office) == []
        write(office, LIST.replace("offers", "letters"))
        assert len(beat(office)) == 1 and beat(office) == []
        office.hands.go(86_400)
        assert len(beat(office)) == 1
        assert len(server.requests) == 4


def test_a_task_that_came_or_ended_is_a_change(office: TestOffice) -> None:
    write(office)
    with thinking(office, *[OK] * 9):
        beat(office)
        assert beat(office) == []
        office.type("Something else.\ngo")
        office.run()
        assert len(beat(office)) == 1


def test_of_those_that_had_nothing_to_say_the_last_is_kept_and_none_is_spoken_of(
    office: TestOffice,
) -> None:
    path = write(office)
    with thinking(office, *[OK] * 3, call("finish", summary="Bianchi has not paid."), *[OK] * 3):
        for n in range(3):
            path.write_text(f"{LIST}\n{n}\n")
            beat(office)
        assert len(office.files("Done")) == 1
        edited = office.one("Done")
        edited.write_text(edited.read_text() + "\nMy own words.\n")
        for n in range(3, 6):
            path.write_text(f"{LIST}\n{n}\n")
            beat(office)
    kept = [note.read_text() for note in office.files("Done")]
    assert len(kept) == 3 and edited.read_text() in kept
    assert sum("Bianchi has not paid." in text for text in kept) == 1
    log = "".join(note.read_text() for note in (office.root / "Logs").glob("*.md"))
    assert "Bianchi has not paid" in log and "HEARTBEAT" not in log and "New task" not in log
    with sqlite3.connect(office.state / "ledger.db") as db:
        assert db.execute("SELECT count(*) FROM notice").fetchone() == (0,)
    ledger = Ledger(office.state / "ledger.db")
    told = digest.text(
        ledger, [], 0.0, office.hands.wall, lambda at: datetime.fromtimestamp(at, UTC)
    )
    ledger.close()
    assert "; 1 done" in told or ": 1 done" in told


def test_an_answer_other_than_ok_is_asked_again_and_one_at_work_is_waited_for(
    office: TestOffice,
) -> None:
    write(office)
    with thinking(office, call("finish", summary="Look at Bianchi."), OK):
        assert len(beat(office)) == 1
        assert len(beat(office, run=False)) == 1
        assert beat(office, run=False) == []
        office.run()
        assert beat(office) == []


def test_one_that_failed_is_not_tried_again_before_something_changes(office: TestOffice) -> None:
    office.playbook("when: {kind: heartbeat}\ndo:\n  - nobody__knows: {}")
    path = write(office)
    with thinking(office):
        assert len(beat(office)) == 1 and len(office.files("Failed")) == 1
        assert beat(office) == []
        path.write_text(LIST.replace("offers", "letters"))
        assert len(beat(office)) == 1


def test_one_whose_note_was_thrown_away_is_not_waited_for_for_ever(office: TestOffice) -> None:
    write(office)
    with thinking(office, OK):
        beat(office, run=False)
        office.one("Needs_Action").unlink()
        assert beat(office, run=False) == []
        office.hands.go(86_400)
        assert len(beat(office, run=False)) == 1


@pytest.mark.parametrize("text", ["", "# Heartbeat\n<!--\n- [ ] a\n-->\n- [ ]\n", None])
def test_without_anything_to_do_nothing_is_asked(office: TestOffice, text: str | None) -> None:
    if text is not None:
        write(office, text)
    with thinking(office) as server:
        assert beat(office) == [] and server.requests == []


def test_without_a_model_nothing_is_asked(office: TestOffice) -> None:
    write(office)
    office.run()
    assert beat(office) == [] and office.files("Needs_Action") == []


def remarks(office: TestOffice) -> dict[str, str]:
    with listening(office, Heartbeat, once=True) as heard:
        heard.look()
        return heard.remarks


def test_a_list_that_waits_for_a_model_is_told_till_there_is_one(office: TestOffice) -> None:
    write(office)
    office.run()
    assert "Set FACTOTUM_MODEL" in remarks(office)["HEARTBEAT.md"]
    with listening(office, Heartbeat) as heard:
        assert heard.look() == MODEL_S
        with thinking(office, OK):
            heard.look()
            assert heard.remarks == {} and [task.kind for task in heard.tasks] == ["heartbeat"]


def test_a_list_that_holds_words_of_others_is_not_gone_through(office: TestOffice) -> None:
    write(office, f"---\nsource: https://evil.example\n---\n{LIST}")
    with thinking(office):
        assert beat(office) == []
        assert "holds words of others" in remarks(office)["HEARTBEAT.md"]
        write(office, f"---\nfactotum: never\n---\n{LIST}")
        assert beat(office) == [] and "private" in remarks(office)["HEARTBEAT.md"]


def test_a_long_list_is_told_to_be_long_and_a_very_long_one_is_not_read(
    office: TestOffice,
) -> None:
    with thinking(office, OK, OK):
        write(office, LIST + "word " * 1000)
        assert len(beat(office)) == 1
        assert remarks(office)["HEARTBEAT.md"].startswith("is 5 KB long")
        write(office, LIST + "word " * 20_000)
        assert beat(office) == []
        assert "larger than 64 KB" in remarks(office)["HEARTBEAT.md"]
        write(office)
        assert len(beat(office)) == 1
        assert remarks(office) == {}


def test_a_list_that_cannot_be_read_is_left_and_the_next_beat_comes(office: TestOffice) -> None:
    (office.root / "HEARTBEAT.md").mkdir()
    with thinking(office, OK):
        assert beat(office) == []
        assert "cannot be read" in remarks(office)["HEARTBEAT.md"]
        (office.root / "HEARTBEAT.md").rmdir()
        write(office)
        assert len(beat(office)) == 1


def test_between_two_beats_it_rests_also_over_a_restart(office: TestOffice) -> None:
    write(office)
    with thinking(office, OK):
        with listening(office, Heartbeat) as heard:
            assert heard.look() == HALF_HOUR_S and len(heard.tasks) == 1
            task = heard.tasks[0]
            assert (task.trust, task.kind) == (Trust.OWNER, "heartbeat")
            office.hands.go(600)
            assert heard.look() == 1200
        with listening(office, Heartbeat) as heard:
            assert heard.look() == 1200
            office.hands.go(-86_400)  # the clock was set back
            assert heard.look() == HALF_HOUR_S


@pytest.mark.parametrize(
    ("active", "now", "till_s"),
    [
        (None, "03:00", 0),
        (("08:00", "22:00"), "07:59", 60),
        (("08:00", "22:00"), "08:00", 0),
        (("08:00", "22:00"), "22:00", 36_000),
        (("22:00", "06:00"), "23:00", 0),
        (("22:00", "06:00"), "05:59", 0),
        (("22:00", "06:00"), "06:00", 57_600),
        (("08:00", "08:00"), "03:00", 0),
    ],
)
def test_it_beats_within_its_hours(active: tuple[str, str] | None, now: str, till_s: float) -> None:
    at = datetime.combine(datetime(2026, 11, 30, tzinfo=UTC), time.fromisoformat(now), UTC)
    hours = (time.fromisoformat(active[0]), time.fromisoformat(active[1])) if active else None
    assert till_begin_s(hours, at) == till_s


def test_its_hours_and_its_pace_are_settings(office: TestOffice) -> None:
    office.env |= {"FACTOTUM_HEARTBEAT_HOURS": "00:00-00:01", "FACTOTUM_HEARTBEAT_S": "60"}
    write(office)
    with thinking(office, OK), listening(office, Heartbeat) as heard:
        again_s = heard.look()
        assert again_s is not None and again_s > 0 and heard.tasks == []
        assert heard.source.every_s == 60
    office.env["FACTOTUM_HEARTBEAT_S"] = "0"
    assert _sources(office) == []
    office.env["FACTOTUM_HEARTBEAT_HOURS"] = "8-22"
    with pytest.raises(SettingsError, match="two times of day"):
        office.settings()


def _sources(office: TestOffice) -> Sequence[Source]:
    found: list[Source] = []

    def ask(premises: Premises) -> Source:
        found.extend(sources(premises))
        return Heartbeat(premises)

    with listening(office, ask):
        return found
