"""The audit chain: every change is told, by the ledger, by a key or by an anchor."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum import chain
from factotum.anchor import Head
from factotum.keybox import NAME, PLACE_BYTES, Keybox, State
from factotum.ledger import Ledger
from factotum.model import Succeeded
from factotum.notary import head_of
from factotum.schema import STEPS
from factotum.views import audit, links, record
from factotum.views.anchored import differences
from factotum.views.journal import Journal
from factotum.views.keyed import KeyFormError, Keyring, key_of, key_text, periods
from tests.tries import tries
from tests.views.house import House, utc

DAY = "2026-11-27.jsonl"
KEY = bytes(range(32))

Lines = list[bytes]


def journal(house: House) -> Journal:
    return Journal(house.vault, house.ledger, utc, links.Links(house.ledger, Keybox(house.folder)))


def take(house: House) -> None:
    Keybox(house.folder).offer(KEY, house.now)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two days of chained events under a key of the owner's; tests change copies of it."""
    house = House(tmp_path_factory.mktemp("house"))
    take(house)
    house.ledger.event("made_up", house.now)
    journal(house).write()
    house.end(house.card(), Succeeded({"to": ["ada@rossi.example"]}))
    journal(house).write()
    house.go(86_400)
    house.end(house.card("Send the next?"), Succeeded({}))
    journal(house).write()
    yield house
    house.close()


class Copy:
    """What a thief can write in: the logs, the ledger, the key box."""

    def __init__(self, house: House, folder: Path) -> None:
        self.logs = folder / "Logs"
        shutil.copytree(house.logs, self.logs)
        (folder / NAME).write_bytes((house.folder / NAME).read_bytes())
        house.ledger.db.execute("VACUUM INTO ?", (str(folder / "ledger.db"),))
        self.ledger = Ledger(folder / "ledger.db")
        self.box = Keybox(folder)
        self.heads = [head for head in [head_of(house.ledger, "pi", utc)] if head]

    def lines(self, day: str = DAY) -> Lines:
        return (self.logs / day).read_bytes().split(b"\n")[:-1]

    def put(self, lines: Lines, day: str = DAY) -> None:
        (self.logs / day).write_bytes(b"".join(line + b"\n" for line in lines))

    def verify(self, *keys: bytes) -> list[str]:
        return audit.verify(self.logs, self.ledger, box=self.box.open(), keys=keys)

    def anchored(self) -> list[str]:
        return list(differences(self.heads, "git", self.ledger, "pi"))


@pytest.fixture
def copy(made: House, tmp_path: Path) -> Iterator[Copy]:
    one = Copy(made, tmp_path)
    yield one
    one.ledger.close()


def test_untouched_all_agrees(copy: Copy) -> None:
    found = audit.verify(copy.logs, copy.ledger, box=copy.box.open(), keys=(KEY,))
    assert (list(found), found.checked, found.keyed, found.old) == ([], 17, 14, 0)
    assert copy.anchored() == []
    assert audit.tail(copy.logs, copy.ledger, copy.box.open()) == []


def test_a_line_carries_its_number_and_its_code(copy: Copy) -> None:
    numbers = [chain.split(line) for line in copy.lines() + copy.lines("2026-11-28.jsonl")]
    assert [split and split[0] for split in numbers] == list(range(1, 18))
    assert [period.because for period in periods(copy.ledger)] == ["begun", "taken"]


@settings(max_examples=tries(60), deadline=None)
@given(st.data())
def test_no_byte_of_a_line_can_be_changed_unseen(
    made: House, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    logs = tmp_path_factory.mktemp("logs")
    shutil.copytree(made.logs, logs, dirs_exist_ok=True)
    raw = (logs / DAY).read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != raw[at]))
    (logs / DAY).write_bytes(raw[:at] + bytes([byte]) + raw[at + 1 :])
    found = audit.verify(logs, made.ledger)
    line = raw[:at].count(b"\n") + 1
    assert any(f"line {line}" in one or f"line {line + 1}" in one or DAY in one for one in found)


@settings(max_examples=tries(40), deadline=None)
@given(st.data())
def test_no_line_can_be_taken_moved_doubled_or_cut_unseen(
    made: House, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    logs = tmp_path_factory.mktemp("logs")
    shutil.copytree(made.logs, logs, dirs_exist_ok=True)
    lines = (logs / DAY).read_bytes().split(b"\n")[:-1]
    a = data.draw(st.integers(0, len(lines) - 1))
    b = data.draw(st.integers(0, len(lines) - 1))
    changed = {
        "take": [*lines[:a], *lines[a + 1 :]],
        "cut": lines[:a],
        "double": [*lines[:b], lines[a], *lines[b:]],
        "swap": [
            lines[b] if n == a else lines[a] if n == b else one for n, one in enumerate(lines)
        ],
    }[data.draw(st.sampled_from(["take", "cut", "double", "swap"]))]
    if changed != lines:
        (logs / DAY).write_bytes(b"".join(line + b"\n" for line in changed))
        assert audit.verify(logs, made.ledger) != []


# -- somebody who can write in the ledger too


def forge(copy: Copy, seq: int, old: str, new: str) -> None:
    """Changes an event in the ledger and its line in the log, and leaves the codes."""
    copy.ledger.db.execute(
        "UPDATE event SET data = replace(data, ?, ?) WHERE seq = ?", (old, new, seq)
    )
    for day in (DAY, "2026-11-28.jsonl"):
        lines = copy.lines(day)
        copy.put([line.replace(old.encode(), new.encode()) if f'"seq": {seq},'.encode() in line
                  else line for line in lines], day)  # fmt: skip


def recompute(copy: Copy, key: bytes) -> None:
    """Makes all codes and lines anew, as a thief does who has only the key of now."""
    last = chain.NOTHING
    for row in copy.ledger.db.execute("SELECT n, seq FROM chain ORDER BY n").fetchall():
        (event,) = copy.ledger.events(row["seq"] - 1, limit=1)
        last = chain.add(record.line(event, copy.ledger), last, key)
        copy.ledger.db.execute(
            "UPDATE chain SET mac = ?, digest = ? WHERE n = ?", (last.mac, last.digest, last.n)
        )
    state = copy.box.open()
    assert state is not None
    copy.box.put(State(last, state.key, state.key_name))
    by_day: dict[str, Lines] = {}
    for event in copy.ledger.events():
        text = links.line(event, copy.ledger).encode()
        by_day.setdefault(f"{utc(event.at):%Y-%m-%d}.jsonl", []).append(text)
    for day, lines in by_day.items():
        copy.put(lines, day)


def test_a_change_in_ledger_and_log_breaks_the_chain(copy: Copy) -> None:
    forge(copy, 4, "Invoice 1042", "Invoice 1043")
    (found,) = copy.verify()
    assert found.startswith(f"{DAY}, line 4: the chain is broken here")


def test_who_makes_all_anew_is_told_by_the_key_and_by_the_anchor(copy: Copy) -> None:
    forge(copy, 4, "Invoice 1042", "Invoice 1043")
    state = copy.box.open()
    assert state is not None
    recompute(copy, state.key)
    assert copy.verify() == []  # alone, this machine cannot know
    keyed = copy.verify(KEY)
    assert f"{DAY}, line 4: its code was not made by the key of that time" in keyed
    assert len(keyed) == 14
    (anchored,) = copy.anchored()
    assert "knew another line 17" in anchored
    assert "somewhere in lines 1 to 17" in anchored


def test_the_present_key_does_not_make_an_earlier_line(copy: Copy) -> None:
    state = copy.box.open()
    assert state is not None
    keys = Keyring(copy.ledger, [KEY]).keys
    assert state.key == chain.next_key(keys[17])
    assert state.key not in keys.values()
    held = (copy.box.path).read_bytes()
    assert not any(key.hex().encode() in held or key in held for key in keys.values())


def test_an_older_copy_of_everything_is_told_by_the_anchor(copy: Copy) -> None:
    copy.ledger.db.execute("DELETE FROM chain WHERE n > 10")
    copy.ledger.db.execute("DELETE FROM event WHERE seq > 10")
    copy.put([])
    (copy.logs / "2026-11-28.jsonl").unlink()
    copy.put([links.line(event, copy.ledger).encode() for event in copy.ledger.events()])
    copy.box.path.unlink()
    assert audit.verify(copy.logs, copy.ledger, box=None, keys=(KEY,)) == []
    (found,) = copy.anchored()
    assert "knew 17 lines on 2026-11-28, and the record ends with line 10" in found


def test_an_older_copy_of_ledger_and_logs_is_told_by_the_key_box(copy: Copy) -> None:
    copy.ledger.db.execute("DELETE FROM chain WHERE n > 10")
    copy.ledger.db.execute("DELETE FROM event WHERE seq > 10")
    (copy.logs / "2026-11-28.jsonl").unlink()
    found = copy.verify()
    assert any("audit.key stands at line 17 of another chain" in one for one in found)
    assert any("audit.key" in one for one in audit.tail(copy.logs, copy.ledger, copy.box.open()))


def test_a_ledger_begun_anew_is_told_by_the_anchor(copy: Copy, tmp_path: Path) -> None:
    fresh = Ledger(tmp_path / "fresh.db")
    fresh.event("made_up", 1.0)
    (found,) = differences(copy.heads, "git", fresh, "pi")
    assert "this ledger was begun anew" in found
    assert list(differences(copy.heads, "git", fresh, "laptop")) == []
    fresh.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM chain WHERE n = 5", "the ledger lacks line 5 of the chain"),
        ("UPDATE chain SET mac = x'00' WHERE n = 5", "line 5: was changed"),
        ("UPDATE chain SET digest = x'00' WHERE n = 5", "line 5: the chain is broken here"),
        ("UPDATE chain SET n = 99 WHERE n = 5", "the ledger lacks lines 5, 18 to 98 of the chain"),
        ("UPDATE decision SET who = 'Ada'", "was changed (approved_by)"),
        ("UPDATE seal SET args = '{}'", "was changed (target"),
    ],
)
def test_a_change_in_the_ledger_alone_is_told(copy: Copy, statement: str, said: str) -> None:
    copy.ledger.db.execute("PRAGMA foreign_keys = OFF")
    copy.ledger.db.execute(statement)
    assert any(said in one for one in copy.verify()), copy.verify()


# -- keys


def test_a_key_that_is_not_of_this_log_is_told(copy: Copy) -> None:
    assert "no line was written under the key" in copy.verify(bytes(32))[0]


def test_a_key_that_somebody_else_took_is_told(copy: Copy, made: House) -> None:
    house = House(copy.logs.parent / "other")
    take(house)
    house.ledger.event("made_up", house.now)
    journal(house).write()
    Keybox(house.folder).offer(bytes(32), house.now)
    house.ledger.event("made_up", house.now)
    journal(house).write()
    house.ledger.event("made_up", house.now)
    journal(house).write()
    box = Keybox(house.folder).open()
    (found,) = audit.verify(house.logs, house.ledger, box=box, keys=(KEY,))
    assert found.startswith("line 6 stands under the key")
    assert audit.verify(house.logs, house.ledger, box=box, keys=(KEY, bytes(32))) == []
    house.close()


def test_a_key_is_written_as_it_can_be_copied() -> None:
    assert key_of(key_text(KEY)) == key_of(KEY.hex().upper()) == KEY
    for wrong in ("", "xyz", KEY.hex()[:-1], KEY.hex() + "00"):
        with pytest.raises(KeyFormError, match="64 digits"):
            key_of(wrong)


def test_a_lost_key_box_is_told_and_the_log_goes_on(house: House) -> None:
    house.card()
    journal(house).write()
    Keybox(house.folder).path.unlink()
    house.card("Another?")
    journal(house).write()
    (found,) = audit.verify(house.logs, house.ledger, box=Keybox(house.folder).open())
    assert found.startswith("lines 6 to 10 stand under a key that was made because")


@settings(max_examples=tries(40), deadline=None)
@given(st.binary(max_size=3 * PLACE_BYTES))
def test_a_damaged_key_box_is_an_empty_one(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    box = Keybox(tmp_path_factory.mktemp("box"))
    box.path.write_bytes(data)
    assert box.open() is None


# -- crashes


def test_a_crash_between_ledger_and_key_box_costs_nothing(house: House) -> None:
    house.card()
    journal(house).write()
    before = Keybox(house.folder).path.read_bytes()
    house.card("Another?")
    links.Links(house.ledger, Keybox(house.folder)).extend()
    Keybox(house.folder).path.write_bytes(before)
    house.card("A third?")
    journal(house).write()
    box = Keybox(house.folder).open()
    assert audit.verify(house.logs, house.ledger, box=box) == []
    assert [period.because for period in periods(house.ledger)] == ["begun"]


def test_a_crash_before_the_first_line_costs_nothing(house: House) -> None:
    house.card()
    Keybox(house.folder).put(State(chain.NOTHING, KEY, chain.commitment(bytes(32))))
    journal(house).write()
    assert audit.verify(house.logs, house.ledger, box=Keybox(house.folder).open()) == []
    assert [period.because for period in periods(house.ledger)] == ["begun"]


def test_a_crash_while_a_key_is_taken_costs_nothing(house: House) -> None:
    house.card()
    journal(house).write()
    take(house)
    box = Keybox(house.folder)
    before, offer = box.path.read_bytes(), box.next_path.read_bytes()
    links.Links(house.ledger, box).extend()
    assert not box.next_path.exists()
    after = box.path.read_bytes()
    for held, offered in ((before, True), (after, True), (after, False)):
        box.path.write_bytes(held)
        box.next_path.unlink(missing_ok=True)
        if offered:
            box.next_path.write_bytes(offer)
        house.card("Another?")
        journal(house).write()
        after = box.path.read_bytes()
        found = audit.verify(house.logs, house.ledger, box=box.open(), keys=(KEY,))
        assert found == []
    assert [period.because for period in periods(house.ledger)] == ["begun", "taken"]
    assert found.keyed == 12


KILLED = """
import sys
from pathlib import Path
from factotum.keybox import Keybox
from factotum.views.links import Links
from tests.views.house import House, utc
from factotum.views.journal import Journal
house = House(Path(sys.argv[1]))
for n in range(3):
    house.card(f"Send {n}?")
    if n == 1:
        Keybox(house.folder).offer(bytes(range(32)), house.now)
    Journal(house.vault, house.ledger, utc, Links(house.ledger, Keybox(house.folder))).write()
"""


@pytest.mark.parametrize(
    "place", ["log.sealed:1", "log.sealed:2", "log.sealed:3", "log.appended:2"]
)
def test_killed_at_any_write_the_chain_holds(tmp_path: Path, place: str) -> None:
    env = {**os.environ, "FACTOTUM_FAILPOINT": place}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    done = subprocess.run(command, cwd=root, env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    house = House(tmp_path)
    house.card("One more?")
    journal(house).write()
    box = Keybox(house.folder).open()
    keys = [KEY] if "taken" in [period.because for period in periods(house.ledger)] else []
    assert audit.verify(house.logs, house.ledger, box=box, keys=keys) == []
    assert len({period.because for period in periods(house.ledger)}) == 1 + len(keys)
    house.close()


@pytest.mark.parametrize("place", [0, 1])
def test_half_a_write_to_the_key_box_leaves_the_other_half(house: House, place: int) -> None:
    one = journal(house)
    for n in range(3 + place):
        house.card(f"Send {n}?")
        one.write()
    box = Keybox(house.folder)
    good = box.open()
    assert good is not None
    whole = bytearray(box.path.read_bytes())
    empty = next(at for at in (0, PLACE_BYTES) if not any(whole[at : at + PLACE_BYTES]))
    whole[empty : empty + 40] = b"x" * 40  # torn: the power went while the next was written
    box.path.write_bytes(whole)
    assert Keybox(house.folder).open() == good


def test_a_key_box_that_cannot_be_written_stops_no_deed(house: House) -> None:
    house.card()
    box = Keybox(house.folder / "gone")
    with pytest.raises(FileNotFoundError):
        links.Links(house.ledger, box).extend()
    assert house.ledger.last_event() == 4
    journal(house).write()
    assert audit.verify(house.logs, house.ledger) == []


# -- what was written before


def test_what_was_written_before_the_chain_is_said_to_be_so(house: House) -> None:
    house.card()
    Journal(house.vault, house.ledger, utc).write()
    house.ledger.db.execute("UPDATE meta SET value = '4' WHERE key = 'chain_after'")
    house.card("Another?")
    journal(house).write()
    found = audit.verify(house.logs, house.ledger, box=Keybox(house.folder).open())
    assert (found, found.checked, found.old) == ([], 9, 4)


def test_a_ledger_from_before_the_chain_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    ledger.event("made_up", 1.0)
    ledger.close()
    old = sqlite3.connect(path, isolation_level=None)
    made = re.findall(r"CREATE (TABLE|INDEX) (\w+)", "".join(STEPS[3:]))
    for kind, name in reversed(made):
        old.execute(f"DROP {kind} {name}")
    old.execute("DELETE FROM meta WHERE key = 'chain_after'")
    old.execute("PRAGMA user_version = 3")
    old.close()
    ledger = Ledger(path)
    assert links.before(ledger) == 1
    ledger.close()


def test_heads_of_another_ledger_of_another_machine_are_left_to_it(copy: Copy) -> None:
    other = Head("ffffffff", "laptop", 900, 900, "0" * 64, "0" * 64, "2026-11-27")
    assert list(differences([other], "git", copy.ledger, "pi")) == []
