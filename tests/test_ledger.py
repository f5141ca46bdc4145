"""One file of deeds: whole transactions, synced, told apart from any other file."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from factotum.ledger import ORIGINAL_BYTES, Ledger, LedgerError, TaskRow
from factotum.ledger_file import APPLICATION_ID
from factotum.model import Trust
from factotum.schema import FIRST, SCHEMA_VERSION
from tests.patience import PATIENCE_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def row(id: str = "t-one", **more: object) -> TaskRow:
    plain: dict[str, object] = {
        "id": id, "name": "a.md", "kind": "note", "title": "A", "trust": Trust.OWNER,
        "source": "", "source_id": "", "origin": "Needs_Action/a.md", "original": b"A\n",
        "facts": {"sender": "Ädä"}, "created": 1.0, "missing": None,
    }  # fmt: skip
    return TaskRow(**{**plain, **more})  # type: ignore[arg-type]


def test_it_is_private_and_keeps_what_it_was_told(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add_task(row())
    epoch = ledger.epoch
    ledger.close()
    again = Ledger(path)
    assert again.task("t-one") == row()
    assert again.epoch == epoch and len(epoch) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again.close()


def test_every_ledger_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one.db", "two.db"):
        ledger = Ledger(tmp_path / name)
        epochs.add(ledger.epoch)
        ledger.close()
    assert len(epochs) == 2


def test_a_transaction_is_whole_or_not_at_all(path: Path) -> None:
    ledger = Ledger(path)
    with pytest.raises(ZeroDivisionError), ledger.tx():
        ledger.event("one", 1.0)
        with ledger.tx():
            ledger.event("two", 1.0)
        raise ZeroDivisionError
    assert ledger.events() == []
    with ledger.tx():
        ledger.event("three", 1.0, task="t-one", card="a-one", n=3)
    (event,) = ledger.events()
    assert (event.kind, event.task, event.card, event.data) == ("three", "t-one", "a-one", {"n": 3})
    ledger.close()


def test_a_commit_that_fails_is_rolled_back_and_the_next_one_works(path: Path) -> None:
    ledger = Ledger(path)
    (pages,) = ledger.db.execute("PRAGMA page_count").fetchone()
    ledger.db.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(sqlite3.OperationalError, match="full"), ledger.tx():
        for n in range(2000):
            ledger.event("much", 1.0, n=n, text="x" * 100)
    ledger.db.execute("PRAGMA max_page_count = 100000")
    with ledger.tx():
        ledger.event("after", 2.0)
    assert [event.kind for event in ledger.events()] == ["after"]
    ledger.close()


def test_a_second_registration_changes_nothing(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add_task(row(title="First"))
    ledger.add_task(row(title="Second"))
    found = ledger.task("t-one")
    assert found is not None and found.title == "First"
    assert [event.kind for event in ledger.events()] == ["task"]
    ledger.close()


def test_of_a_long_note_the_beginning_is_kept(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add_task(row(original=b"x" * (ORIGINAL_BYTES + 1)))
    found = ledger.task("t-one")
    assert found is not None and len(found.original) == ORIGINAL_BYTES
    ledger.close()


def test_tasks_are_found_by_name_and_origin_the_newest_first(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add_task(row("t-one", created=1.0))
    ledger.add_task(row("t-two", created=2.0))
    for found in (ledger.task_named("a.md"), ledger.task_from("Needs_Action/a.md")):
        assert found is not None and found.id == "t-two"
    assert ledger.task_named("b.md") is None
    ledger.rename_task("t-two", "b.md")
    found = ledger.task_named("b.md")
    assert found is not None and found.id == "t-two"
    ledger.close()


def test_what_was_seen_stays_seen(path: Path) -> None:
    ledger = Ledger(path)
    assert ledger.seen("inbox", "x") is None
    ledger.mark_seen("inbox", "x", "t-one", 1.0)
    ledger.mark_seen("inbox", "x", "t-two", 2.0)
    assert ledger.seen("inbox", "x") == "t-one"
    ledger.close()


def test_one_from_a_newer_program_is_refused_and_not_touched(path: Path) -> None:
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"newer Factotum.*Install"):
        Ledger(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (x)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(LedgerError, match="not a ledger of Factotum"):
        Ledger(path)


@pytest.mark.parametrize(
    "junk", [b"SQLite format 3\0" + b"\xff" * 5000, b"no database at all" * 99]
)
def test_what_is_no_database_is_refused(path: Path, junk: bytes) -> None:
    path.write_bytes(junk)
    with pytest.raises(LedgerError, match="Nothing will be sent"):
        Ledger(path)
    assert path.read_bytes() == junk


def test_damage_is_found_at_the_start(path: Path) -> None:
    ledger = Ledger(path)
    for n in range(400):
        ledger.event("much", 1.0, n=n, text="x" * 50)
    ledger.close()
    whole = bytearray(path.read_bytes())
    found = 0
    for page in range(1, len(whole) // 4096):
        broken = bytearray(whole)
        broken[page * 4096 : page * 4096 + 12] = b"\xff" * 12
        path.write_bytes(broken)
        try:
            Ledger(path).close()
        except LedgerError:
            found += 1
    assert found == len(whole) // 4096 - 1


def test_an_empty_file_that_a_crash_left_becomes_a_ledger(path: Path) -> None:
    path.touch(0o600)
    ledger = Ledger(path)
    assert ledger.epoch
    ledger.close()


def count_up(path: str, start: Barrier, times: int) -> None:
    ledger = Ledger(Path(path))
    start.wait()
    for _ in range(times):
        with ledger.tx():
            ledger.set_meta("n", str(int(ledger.meta("n", "0")) + 1))
    ledger.close()


def test_two_processes_take_turns(path: Path) -> None:
    Ledger(path).close()
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    both = [spawn.Process(target=count_up, args=(str(path), start, 50)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(PATIENCE_S)
    assert [one.exitcode for one in both] == [0, 0]
    ledger = Ledger(path)
    assert ledger.meta("n") == "100"
    ledger.close()


def test_one_that_cannot_be_opened_now_is_not_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="Leave it where it is") as refused:
        Ledger(tmp_path / "ledger.db")
    assert "backup" not in str(refused.value)


def test_a_ledger_of_an_older_version_keeps_what_it_holds(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    for statement in FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('epoch', 'an old one')")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")
    db.close()
    ledger = Ledger(path)
    ledger.add_task(row())
    assert ledger.epoch == "an old one"
    assert ledger.db.execute("SELECT count(*) FROM spend").fetchone()[0] == 0
    assert ledger.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    ledger.close()


def test_a_label_only_falls(path: Path) -> None:
    ledger = Ledger(path)
    ledger.add_task(row())
    for told, then in [
        (Trust.KNOWN, Trust.KNOWN),
        (Trust.OWNER, Trust.KNOWN),
        (Trust.STRANGER, Trust.STRANGER),
        (Trust.KNOWN, Trust.STRANGER),
    ]:
        ledger.lower_trust("t-one", told, 2.0)
        found = ledger.task("t-one")
        assert found is not None and found.trust is then
    assert [event.kind for event in ledger.events(task="t-one")] == ["task", "label", "label"]
    ledger.close()
