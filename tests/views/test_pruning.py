"""Old days go out of the audit log, and it can still be checked."""

from __future__ import annotations

from pathlib import Path

from factotum.keybox import Keybox
from factotum.views import audit, links
from factotum.views.journal import PRUNED, Journal
from factotum.views.pruning import Pruning
from tests.views.house import House, utc
from tests.views.test_chain import KEY, journal, take

DAY_S = 86_400.0


def old(house: House, days: int = 3) -> None:
    """So many days of events, a hundred days ago and more."""
    take(house)
    for _ in range(days):
        house.card()
        journal(house).write()
        house.go(DAY_S)
    house.go(100 * DAY_S)
    house.card("Now?")
    journal(house).write()


def names(house: House) -> list[str]:
    return sorted(path.name for path in house.logs.glob("*.jsonl"))


def verified(house: House) -> audit.Findings:
    box = Keybox(house.folder).open()
    return audit.verify(house.logs, house.ledger, box=box, keys=(KEY,))


def test_old_days_go_and_the_chain_still_holds(house: House) -> None:
    old(house)
    assert len(names(house)) == 4
    pruning = Pruning(house.vault, house.ledger, 90, utc)
    pruning.look(house.now)
    pruning.look(house.now + 60)
    journal(house).write()
    assert names(house) == ["2027-03-10.jsonl"]
    found = verified(house)
    assert (found, found.checked, found.keyed) == ([], 5, 5)
    assert len(list(house.logs.glob("*.md"))) == 4
    assert journal(house).write() == 0
    assert audit.tail(house.logs, house.ledger, Keybox(house.folder).open()) == []


def test_without_a_word_of_the_owner_nothing_goes(house: House) -> None:
    old(house)
    Pruning(house.vault, house.ledger, 0, utc).look(house.now)
    Pruning(house.vault, house.ledger, 110, utc).look(house.now)
    assert len(names(house)) == 4


def test_less_than_ninety_days_are_never_pruned(house: House) -> None:
    old(house)
    house.go(-20 * DAY_S)
    Pruning(house.vault, house.ledger, 1, utc).look(house.now)
    assert len(names(house)) == 4
    house.ledger.event(PRUNED, house.now, before="2026-11-29", lines=3)
    journal(house).write()
    assert any("says that days were pruned that must be kept" in one for one in verified(house))


def test_what_goes_missing_beside_is_told(house: House) -> None:
    old(house)
    Pruning(house.vault, house.ledger, 102, utc).look(house.now)
    journal(house).write()
    left = names(house)
    assert len(left) == 3
    (house.logs / left[0]).unlink()
    assert any("is missing, and with it" in one for one in verified(house))


def test_a_forged_word_about_pruning_is_told(house: House) -> None:
    old(house)
    Pruning(house.vault, house.ledger, 90, utc).look(house.now)
    house.ledger.db.execute(
        "UPDATE event SET data = replace(data, '\"line\":', '\"line\":1') WHERE kind = ?", (PRUNED,)
    )
    journal(house).write()
    assert any("pruned up to another line" in one for one in verified(house))


def test_a_crash_between_the_word_and_the_deed_is_made_good(house: House) -> None:
    old(house)
    copies = {path: path.read_bytes() for path in house.logs.glob("*.jsonl")}
    Pruning(house.vault, house.ledger, 90, utc).look(house.now)
    for path, data in copies.items():
        path.write_bytes(data)
    journal(house).write()
    assert verified(house) == []
    house.go(DAY_S)
    Pruning(house.vault, house.ledger, 90, utc).look(house.now)
    journal(house).write()
    assert names(house) == ["2027-03-10.jsonl", "2027-03-11.jsonl"]
    assert verified(house) == []


def test_lines_of_another_machine_stay(house: House, tmp_path: Path) -> None:
    other = House(house.folder, instance="laptop")
    other.card()
    Journal(other.vault, other.ledger, utc).write()
    old(house)
    Pruning(house.vault, house.ledger, 90, utc).look(house.now)
    journal(house).write()
    assert names(house) == ["2026-11-27.jsonl", "2027-03-10.jsonl"]
    found = audit.verify(house.logs, other.ledger)
    assert (found, found.checked) == ([], 4)
    assert verified(house) == []
    other.close()


def test_a_log_of_before_the_chain_is_pruned_too(house: House) -> None:
    house.card()
    Journal(house.vault, house.ledger, utc).write()
    house.go(100 * DAY_S)
    Pruning(house.vault, house.ledger, 90, utc).look(house.now)
    Journal(house.vault, house.ledger, utc).write()
    assert links.head(house.ledger).n == 0
    assert names(house) == ["2027-03-07.jsonl"]
    assert audit.verify(house.logs, house.ledger) == []
