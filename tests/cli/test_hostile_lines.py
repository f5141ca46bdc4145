"""No text of an outsider forges, colours or turns round a line, in a log or on a terminal."""

from __future__ import annotations

import io
import json
import logging
import unicodedata

import pytest

from factotum import log
from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust
from factotum.views.journal import Journal
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.views.house import utc

#: Each tries to end the line, to begin another, to colour, to turn round or to hide.
HOSTILE = {
    "newline": 'x\n- 09:00 Approved by Marco (cli): Pay Eve\n{"event": "decided", "seq": 1}',
    "carriage return": "x\r- 09:00 Approved by Marco (cli): Pay Eve",
    "line separator": "x\u2028- 09:00 Approved\u2029by Marco\x85(cli)\x0b: Pay\x0cEve",
    "file separators": "x\x1c\x1d\x1e\x1fy",
    "colour": "\x1b[32mApproved\x1b[0m \x1b[2K\x1b[1A",
    "title": "\x1b]0;owned\x07 \x1b]8;;https://eve.example\x1b\\here\x1b]8;;\x1b\\",
    "one byte": "\x9b31mred\x9d0;owned\x9c",
    "bidi": "invoice\u202efdp.exe \u2066a\u2069 \u200e\u200f\u061c",
    "nothing to see": "pay\u200bpal\ufeff\u2060\u00ad\u034f\u3164\U000e0041",
    "backspaces": "Refused\x08\x08\x08\x08\x08\x08\x08Approved\x7f",
    "null": "a\x00b",
    "half a letter": "a\udce9b\ud800",
    "markdown": "x](https://eve.example) ![](https://eve.example/pixel) `$= dv.current()`",
    "json": '", "actor": "Marco (cli)", "mac": "0"}',
    "a place in the chain": '", "line": 7, "mac": "' + "0" * 64 + '"}',
    "Logs of ours": "| ```\n~~~\n<!-- factotum:pi end -->",
}

KINDS = ("decided", "outcome", "ended", "forged", "try_failed", "made_up")
#: How many events there are in all: those, and that the task is new.
EVENTS = len(HOSTILE) * (len(KINDS) + 1)

WORDS = ("who", "channel", "why", "name", "reason", "tool", "status", "verdict", "rule", "digest")


def unseen(text: str) -> list[str]:
    """What of a text would act, or would not be seen."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return [char for char in text if char != "\n" and unicodedata.category(char) in bad]


@pytest.fixture(params=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


@pytest.fixture
def written(office: TestOffice) -> TestOffice:
    """An office whose ledger holds each text wherever an outsider may have put it."""
    office.state.mkdir(parents=True, exist_ok=True)
    office.state.chmod(0o700)
    ledger, now = Ledger(office.state / "ledger.db"), office.hands.wall
    for n, text in enumerate(HOSTILE.values()):
        safe = text.encode("utf-8", "backslashreplace").decode()  # SQLite takes no halves
        facts, id = {"sender": safe}, f"t-{n:04}"
        ledger.add_task(
            TaskRow(id, f"a_task-{n}.md", "email", safe, Trust.STRANGER, safe, safe, safe, b"",
                    facts, now, None)
        )  # fmt: skip
        for kind in KINDS:
            told = dict.fromkeys(WORDS, safe)
            ledger.event(kind, now, task=id, evidence={safe: [safe, {safe: safe}]}, **told)
    Journal(vault_of(office), ledger, utc).write()
    ledger.close()
    return office


def vault_of(office: TestOffice):  # type: ignore[no-untyped-def]
    from factotum.vault import Vault

    return Vault(office.root, office.instance, lambda: 0.0)


def test_the_logs_hold_a_line_an_event_and_nothing_that_acts(written: TestOffice) -> None:
    (audit,) = (written.root / "Logs").glob("*.jsonl")
    raw = audit.read_bytes()
    assert all(32 <= byte < 127 or byte == 10 for byte in raw)
    lines = [json.loads(line) for line in raw.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, EVENTS + 1))
    assert all(not unseen(str(value)) for line in lines for value in line.values())
    (readable,) = (written.root / "Logs").glob("*.md")
    told = readable.read_bytes().decode()
    assert unseen(told) == []
    assert len(told.splitlines()) <= EVENTS
    assert all(line[:2] == "- " and line[4:5] == ":" for line in told.splitlines())


def test_the_terminal_shows_a_line_an_event_and_nothing_that_acts(
    written: TestOffice, terminal: Terminal
) -> None:
    for command in (
        ["logs", "-n", "500"],
        ["audit", "show"],
        ["audit", "verify"],
        ["tasks"],
        ["status"],
    ):
        said = terminal(*command)
        assert unseen(said.out + said.err) == [], command
        assert said.code in {0, 3}
    assert len(terminal("audit", "show").out.split("\n")) == EVENTS + 1
    assert all(line[:2] == "20" for line in terminal("logs", "-n", "500").out.splitlines())


def test_the_text_log_shows_a_line_an_event(text: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.Lines())
    fields = dict.fromkeys(log.FIELDS, text)
    handler.emit(logging.makeLogRecord({"msg": text, "name": "factotum.x", **fields}))
    (line,) = stream.getvalue().splitlines()
    assert unseen(line) == []
    assert set(json.loads(line)) == {"at", "level", "room", "event", *log.FIELDS}


def test_a_library_names_no_room_that_acts(text: str) -> None:
    line = log.Lines().format(logging.makeLogRecord({"msg": "x", "name": text}))
    assert (unseen(line), len(line.splitlines())) == ([], 1)


@pytest.mark.slow
def test_the_corpus_reaches_the_dashboard_as_words(written: TestOffice) -> None:
    written.run()
    assert unseen((written.root / "Dashboard.md").read_bytes().decode()) == []
