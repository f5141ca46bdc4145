"""The day's logs: once each, whole after a crash, never forged, never a letter's text."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.ledger import Ledger
from factotum.model import FailedClean, Lost, Succeeded
from factotum.views import audit
from factotum.views.journal import Journal
from tests.tries import tries
from tests.views.house import NOON, House, utc, written

DAY = "2026-11-27.jsonl"
ROOT = Path(__file__).parents[2]


def journal(house: House) -> Journal:
    return Journal(house.vault, house.ledger, utc)


def lines(house: House, day: str = "2026-11-27") -> list[dict[str, Any]]:
    whole = (house.logs / f"{day}.jsonl").read_bytes()
    assert whole.endswith(b"\n")
    return [json.loads(line) for line in whole.split(b"\n")[:-1]]


def readable(house: House, day: str = "2026-11-27") -> str:
    return (house.logs / f"{day}.md").read_text()


def files(house: House) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(house.logs.iterdir())}


def test_an_effect_is_told_who_how_what_and_when(house: House) -> None:
    card = house.end(house.card(), Succeeded({"to": ["ada@rossi.example"], "message_id": "<1@x>"}))
    journal(house).write()
    told = {line["event"]: line for line in lines(house)}
    assert list(told) == ["task", "started", "sealed", "shown", "decided", "attempt", "outcome"]
    outcome = told["outcome"]
    assert outcome.pop("seq") == 7
    assert len(outcome.pop("ledger")) == 8
    assert outcome == {
        "timestamp": "2026-11-27T14:02:00.000+00:00",
        "action_type": "mail__send",
        "actor": "factotum",
        "target": "ada@rossi.example",
        "parameters": {
            "evidence": {"message_id": "<1@x>", "to": ["ada@rossi.example"]},
            "status": "SUCCEEDED",
            "tool": "mail__send",
        },
        "approval_status": "approved",
        "approved_by": "Marco (cli)",
        "result": "succeeded",
        "event": "outcome",
        "task": card.task,
        "card": card.id,
        "digest": card.seal.digest,
        "version": 1,
    }
    assert told["sealed"]["approval_status"] == "pending"
    assert told["sealed"]["rule"] == "whatever leaves the house asks"
    assert told["decided"]["actor"] == "Marco (cli)"


def test_people_read_a_line_with_a_link(house: House) -> None:
    card = house.end(house.card("Send this mail to Ada?"), Lost("no answer"))
    stem = card.name.removesuffix(".md")
    journal(house).write()
    assert readable(house).splitlines()[1:] == [
        f"- 14:02 Asks you: Send this mail to Ada? · [[{stem}]]",
        f"- 14:02 Approved by Marco (cli): Send this mail to Ada? · [[{stem}]]",
        f"- 14:02 Unknown whether it happened: Send this mail to Ada? · [[{stem}]]",
    ]


def test_what_a_rule_allowed_has_no_card_to_link_to(house: House) -> None:
    card = house.card("Write a note?", tool="notes__write", args={}, allowed_by="own notes")
    house.end(card, Succeeded({}))
    journal(house).write()
    told = readable(house).splitlines()[1:]
    assert told == ["- 14:02 Done: Write a note? · allowed by: own notes"]
    outcome = lines(house)[-1]
    assert (outcome["approval_status"], outcome["approved_by"]) == (
        "allowed by rule",
        "rule: own notes",
    )


def test_texts_are_told_by_length_and_checksum(house: House) -> None:
    secret = "The body of the letter, which is nobody's business. "
    args = {"to": ["ada@rossi.example"], "subject": secret + "S", "body": secret + "B"}
    house.card(args=args)
    house.ledger.event("added", house.now, task="t", text=secret + "added")
    house.ledger.event("ended", house.now, task="t", result="done", reason=secret * 10)
    journal(house).write()
    assert not any(
        b"nobody's business" in data for name, data in files(house).items() if "json" in name
    )
    sealed = next(line for line in lines(house) if line["event"] == "sealed")
    arguments = sealed["parameters"]["arguments"]
    assert arguments["to"] == ["ada@rossi.example"]
    assert arguments["body"]["chars"] == len(secret) + 1
    assert len(arguments["body"]["sha256"]) == 64


def test_keys_of_known_services_are_blacked_out(house: House) -> None:
    key = "sk-" + "a1B2" * 8
    house.end(house.card(), FailedClean(f"the server said: bad key {key}"))
    journal(house).write()
    assert key not in (house.logs / "2026-11-27.jsonl").read_text()
    assert "[secret]" in (house.logs / "2026-11-27.jsonl").read_text()


def test_nothing_new_writes_nothing(house: House) -> None:
    one = journal(house)
    assert one.write() == 0
    assert files(house) == {}
    house.card()
    assert one.write() == 4
    before = [written(path) for path in house.logs.iterdir()]
    assert one.write() == 0
    assert journal(house).write() == 0
    assert [written(path) for path in house.logs.iterdir()] == before


def test_an_event_belongs_to_its_own_local_day(house: House) -> None:
    for hour in (0, 9, 24):
        house.ledger.event("made_up", NOON + hour * 3600)
    east = timezone(timedelta(hours=3))
    Journal(house.vault, house.ledger, lambda at: datetime.fromtimestamp(at, east)).write()
    assert [len(lines(house, f"2026-11-2{day}")) for day in (7, 8)] == [1, 2]


def test_a_clock_that_was_set_back_repeats_nothing(house: House) -> None:
    house.ledger.event("made_up", NOON + 400 * 86_400)
    journal(house).write()
    for n in range(3):
        house.ledger.event("made_up", NOON + n * 86_400)
        assert journal(house).write() == 1
    assert journal(house).write() == 0
    assert audit.verify(house.logs, house.ledger) == []


def test_two_machines_share_the_folder(house: House) -> None:
    other = House(house.folder, instance="laptop")
    try:
        first, second = journal(house), journal(other)
        for one, its in ((house, first), (other, second), (house, first)):
            one.card()
            assert its.write() == 4
        assert journal(house).write() == journal(other).write() == 0
        found = audit.verify(house.logs, other.ledger)
        assert (found, found.checked, found.foreign) == ([], 4, 8)
    finally:
        other.close()


def test_a_lost_ledger_starts_anew(house: House) -> None:
    house.card()
    journal(house).write()
    fresh = Ledger(house.folder / "fresh.db")
    fresh.event("made_up", NOON)
    assert Journal(house.vault, fresh, utc).write() == 1
    fresh.close()


def test_an_older_copy_of_the_ledger_is_written_on_from_where_it_is(house: House) -> None:
    house.card()
    copy = house.folder / "copy.db"
    house.ledger.db.execute("VACUUM INTO ?", (str(copy),))
    house.card("Another?")
    journal(house).write()
    before = files(house)
    older = Ledger(copy)
    older.set_meta("epoch", "a new one")
    for n in range(2):  # the numbers 5 and 6, which the log has of what was lost
        older.event("restored", NOON + 1 + n)
    assert Journal(house.vault, older, utc).write() == 2
    assert Journal(house.vault, older, utc).write() == 0
    assert [line["seq"] for line in lines(house)] == [*range(1, 9), 5, 6]
    assert all(data.startswith(before[name]) for name, data in files(house).items())
    found = audit.verify(house.logs, older)
    assert found == [
        f"{DAY}, line 5: the ledger has another event 5 (was it put back?)",
        f"{DAY}, line 6: the ledger has another event 6 (was it put back?)",
        f"{DAY}, line 7: the ledger knows no event 7",
        f"{DAY}, line 8: the ledger knows no event 8",
    ]
    older.close()


def whole(tmp_path: Path) -> House:
    """A house with one event written, and some more that are not."""
    house = House(tmp_path)
    house.task("An older one")
    journal(house).write()
    house.end(house.card("Grüße an Łukasz senden?"), Succeeded({"to": ["ada@rossi.example"]}))
    house.ledger.event("forged", house.now, name="x.md", found="approved")
    return house


def cuts(old: bytes, new: bytes) -> list[int]:
    """Where a crash may have stopped between `old` and `new`: all line ends, and much else."""
    ends = {at for at in range(len(old), len(new) + 1) if new[at - 1 : at] == b"\n"}
    near = {at + by for at in ends for by in (-1, 0, 1)} | set(range(len(old), len(new), 37))
    return sorted(at for at in near if len(old) <= at <= len(new))


def test_whatever_a_crash_tears_is_made_whole(tmp_path: Path) -> None:
    house = whole(tmp_path)
    before = files(house)
    journal(house).write()
    after = files(house)
    md, audit_log = house.logs / "2026-11-27.md", house.logs / "2026-11-27.jsonl"
    torn = 0
    for cut in cuts(before[md.name], after[md.name]):
        part = after[md.name][:cut]
        try:
            part.decode()
        except UnicodeDecodeError:
            continue  # half a letter: seen below
        md.write_bytes(part)
        audit_log.write_bytes(before[audit_log.name])
        journal(house).write()
        assert files(house) == after
        torn += 1
    for cut in cuts(before[audit_log.name], after[audit_log.name]):
        md.write_bytes(after[md.name])
        audit_log.write_bytes(after[audit_log.name][:cut])
        journal(house).write()
        assert files(house) == after
        torn += 1
    assert torn > 100
    house.close()


def test_half_a_letter_costs_no_line(tmp_path: Path) -> None:
    house = whole(tmp_path)
    before = files(house)
    journal(house).write()
    after = files(house)
    md = house.logs / "2026-11-27.md"
    cut = after[md.name].index("ü".encode()) + 1
    md.write_bytes(after[md.name][:cut])
    (house.logs / "2026-11-27.jsonl").write_bytes(before["2026-11-27.jsonl"])
    journal(house).write()
    wanted = after[md.name].decode().splitlines()
    assert [line for line in wanted if line not in md.read_text(errors="replace").split("\n")] == []
    house.close()


def test_what_a_person_writes_into_the_log_stays(house: House) -> None:
    one = journal(house)
    house.card()
    one.write()
    path = house.logs / "2026-11-27.md"
    mine = path.read_bytes() + b"- a remark of mine"
    path.write_bytes(mine)
    house.card("Another?")
    one.write()
    house.card("A third?")
    journal(house).write()
    assert path.read_bytes().startswith(mine + b"\n- 14:02 ")


KILLED = """
import sys
from pathlib import Path
from tests.views.house import House, utc, written
from factotum.views.journal import Journal
house = House(Path(sys.argv[1]))
for n in range(3):
    house.card(f"Send {n}?")
    Journal(house.vault, house.ledger, utc).write()
"""


@pytest.mark.parametrize("time", [1, 2, 3])
def test_killed_after_the_append_nothing_stands_twice(tmp_path: Path, time: int) -> None:
    env = {**os.environ, "FACTOTUM_FAILPOINT": f"log.appended:{time}"}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, env=env, check=False
    )
    assert done.returncode == -signal.SIGKILL
    house = House(tmp_path)
    journal(house).write()
    assert len(lines(house)) == house.ledger.last_event() == 4 * time
    assert readable(house).count("Asks you") == time
    assert audit.verify(house.logs, house.ledger) == []
    house.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
DATA = st.dictionaries(
    st.sampled_from(["why", "reason", "name", "evidence", "text", "who", "channel", "version"])
    | st.text(max_size=12).filter(lambda key: key not in {"kind", "now", "task", "card", "self"}),
    VALUES,
    max_size=4,
)
KINDS = st.sampled_from(["task", "sealed", "decided", "outcome", "ended", "resolved", "try_failed"])


@settings(max_examples=tries(40), deadline=None)
@given(st.lists(st.tuples(KINDS | st.text(max_size=20), st.text(max_size=40), DATA), max_size=4))
def test_no_event_forges_a_line(
    tmp_path_factory: Any, events: list[tuple[str, str, dict[str, Any]]]
) -> None:
    house = House(tmp_path_factory.mktemp("house"))
    try:
        for kind, who, data in events:
            house.ledger.event(kind, NOON, who, who, **data)
        assert journal(house).write() == len(events)
        if events:
            raw = (house.logs / "2026-11-27.jsonl").read_bytes()
            assert all(32 <= byte < 127 or byte == 10 for byte in raw)
            assert [line["seq"] for line in lines(house)] == list(range(1, len(events) + 1))
        if (house.logs / "2026-11-27.md").exists():
            told = readable(house)
            assert all(line.startswith("- 14:02 ") for line in told.splitlines())
            assert len(told.splitlines()) <= len(events)
        found = audit.verify(house.logs, house.ledger)
        assert (found, found.checked) == ([], len(events))
        assert journal(house).write() == 0
    finally:
        house.close()


def test_the_zone_of_a_timestamp_is_written(house: House) -> None:
    house.task()
    journal(house).write()
    assert datetime.fromisoformat(lines(house)[0]["timestamp"]) == datetime.fromtimestamp(NOON, UTC)
