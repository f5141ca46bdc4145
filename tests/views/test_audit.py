"""The logs checked against the ledger: every way to change them is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.model import Succeeded
from factotum.views import audit
from factotum.views.journal import Journal
from tests.tries import tries
from tests.views.house import House, utc

DAY = "2026-11-27.jsonl"

Lines = list[bytes]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two days of events, written; the tests change copies of the logs."""
    house = House(tmp_path_factory.mktemp("house"))
    house.end(house.card(), Succeeded({"to": ["ada@rossi.example"]}))
    house.go(86_400)
    house.end(house.card("Send the next?"), Succeeded({}))
    Journal(house.vault, house.ledger, utc).write()
    yield house
    house.close()


def copy(office: House, target: Path) -> Path:
    target.mkdir(exist_ok=True)
    for path in office.logs.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def edit(line: int, old: bytes, new: bytes) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        assert old in lines[line]
        return [*lines[:line], lines[line].replace(old, new), *lines[line + 1 :]]

    return change


def test_untouched_logs_agree(office: House) -> None:
    found = audit.verify(office.logs, office.ledger)
    assert (found, found.checked, found.foreign, found.pending) == ([], 14, 0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit(6, b'"result": "succeeded"', b'"result": "failed"'), "line 7: was changed (result)"),
        (edit(4, b"Marco", b"Ada"), "line 5: was changed (actor, parameters, approved_by)"),
        (
            edit(1, b":00.000", b":01.000"),
            "line 2: the ledger has another event 2 (was it put back?)",
        ),
        (edit(0, b", ", b","), "line 1: was changed (only its form)"),
        (edit(2, b"{", b""), "line 3: cannot be read as a line of mine"),
        (edit(3, b'"ledger"', b'"lodger"'), "line 4: cannot be read as a line of mine"),
        (lambda lines: lines[:2] + lines[3:], f"{DAY} lacks event 3"),
        (lambda lines: lines[:1] + lines[3:6], f"{DAY} lacks events 2 to 3, 7"),
        (lambda lines: lines[:-2], f"{DAY} lacks events 6 to 7"),
        (lambda lines: [], f"{DAY} lacks events 1 to 7"),
        (
            lambda lines: [lines[1], lines[0], *lines[2:]],
            "line 2: event 1 is not in its place, it stands after 2",
        ),
        (
            lambda lines: [*lines, lines[2]],
            f"line 8: event 3 stands also in {DAY}, line 3",
        ),
        (
            lambda lines: [*lines, lines[6].replace(b'"seq": 7', b'"seq": 9007')],
            "line 8: the ledger knows no event 9007",
        ),
        (lambda lines: [*lines, b""], "line 8: cannot be read as a line of mine"),
        (lambda lines: [*lines, b"[" * 100_000], "line 8: cannot be read as a line of mine"),
    ],
)
def test_a_change_is_told(
    office: House, tmp_path: Path, change: Callable[[Lines], Lines], said: str
) -> None:
    logs = copy(office, tmp_path)
    lines = (logs / DAY).read_bytes().split(b"\n")[:-1]
    (logs / DAY).write_bytes(b"".join(line + b"\n" for line in change(lines)))
    found = audit.verify(logs, office.ledger, pending_ok=True)
    assert any(one.endswith(said) for one in found), found


def test_a_missing_file_is_told(office: House, tmp_path: Path) -> None:
    logs = copy(office, tmp_path)
    (logs / DAY).unlink()
    assert audit.verify(logs, office.ledger) == [f"{DAY} is missing, and with it events 1 to 7"]
    assert len(audit.verify(logs / "gone", office.ledger)) == 2


def test_a_torn_end_is_told(office: House, tmp_path: Path) -> None:
    logs = copy(office, tmp_path)
    (logs / DAY).write_bytes((logs / DAY).read_bytes()[:-10])
    assert audit.verify(logs, office.ledger) == [
        f"{DAY} ends in the middle of a line",
        f"{DAY} lacks event 7",
    ]


def test_lines_of_another_day_are_told(office: House, tmp_path: Path) -> None:
    logs = copy(office, tmp_path)
    (logs / DAY).rename(logs / "2026-12-24.jsonl")
    found = audit.verify(logs, office.ledger)
    assert len(found) == 7 and all("belongs into the log of another day" in one for one in found)


def test_a_copy_of_a_log_is_told(office: House, tmp_path: Path) -> None:
    logs = copy(office, tmp_path)
    (logs / "2026-11-27 (conflicted copy).jsonl").write_bytes((logs / DAY).read_bytes())
    (found,) = audit.verify(logs, office.ledger)
    assert found.startswith("2026-11-27 (conflicted copy).jsonl is none of my logs")


def test_a_log_that_is_a_link_is_told(office: House, tmp_path: Path) -> None:
    logs = copy(office, tmp_path)
    (logs / DAY).rename(tmp_path / "elsewhere")
    (logs / DAY).symlink_to(tmp_path / "elsewhere")
    assert f"{DAY} cannot be read" in audit.verify(logs, office.ledger)[0]


def test_the_newest_may_be_unwritten_while_it_runs(house: House) -> None:
    Journal(house.vault, house.ledger, utc).write()
    house.card()
    found = audit.verify(house.logs, house.ledger, pending_ok=True)
    assert (found, found.pending) == ([], 4)
    assert audit.verify(house.logs, house.ledger) == [
        f"{DAY} is missing, and with it events 1 to 4"
    ]


@settings(max_examples=tries(80), deadline=None)
@given(st.data())
def test_no_byte_can_be_changed_unseen(
    office: House, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    logs = copy(office, tmp_path_factory.mktemp("logs"))
    raw = (logs / DAY).read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != raw[at]))
    (logs / DAY).write_bytes(raw[:at] + bytes([byte]) + raw[at + 1 :])
    assert audit.verify(logs, office.ledger) != []
