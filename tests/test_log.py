"""The log: one line an event, only known fields, nothing secret, nothing that acts."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum import log

ROOT = Path(__file__).parents[1]


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    log.start("info", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


logger = log.get("factotum.test")


def test_an_event_is_one_line(stream: io.StringIO) -> None:
    logger.info("approved", extra={"task": "t-7f3k", "attempt": 2})
    (line,) = lines(stream)
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert line == {
        "level": "info",
        "room": "factotum.test",
        "event": "approved",
        "task": "t-7f3k",
        "attempt": 2,
    }


def test_a_field_that_nobody_allowed_is_left_out_and_said_so(stream: io.StringIO) -> None:
    logger.info("read", extra={"body": "Dear Ann", "task": "t-1"})
    (line,) = lines(stream)
    assert line["left_out"] == ["body"]
    assert "Dear Ann" not in stream.getvalue()


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    logger.debug("a step")
    log.get("some.library").info("chatter")
    log.get("some.library").warning("something is wrong")
    assert [line["event"] for line in lines(stream)] == ["something is wrong"]


@pytest.mark.parametrize(
    "text",
    [
        'x\n{"event": "approved"}',
        "x\r\nforged",
        "\x1b[2J\x1b]0;title\x07",
        "\x9b31m",
        "invoice\u202efdp.exe",
        "a\u2028b\u2029c",
        "\u200bzero\ufeff",
        "caf\udce9.md",  # a file name that is no UTF-8
    ],
    ids=range(8),  # a test's name must be text that can be written
)
def test_nothing_in_a_line_acts(stream: io.StringIO, text: str) -> None:
    logger.info(text, extra={"reason": text})
    (line,) = lines(stream)
    assert line["event"] == line["reason"] == text
    raw = stream.getvalue().removesuffix("\n")
    assert raw.isprintable()
    assert raw.encode()


@given(st.text())
def test_any_text_comes_back_from_one_printable_line(text: str) -> None:
    line = log.Lines().format(logging.makeLogRecord({"msg": "%s", "args": (text[:200],)}))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"] == text[:200]


def test_people_read_letters_as_letters(stream: io.StringIO) -> None:
    logger.info("dropped", extra={"file": "Rechnung_für_Zoë.md"})
    assert "Rechnung_für_Zoë.md" in stream.getvalue()


def test_a_secret_is_blacked_out_wherever_it_stands(stream: io.StringIO) -> None:
    log.hide(['hun"ter/2', "abc", ""])
    logger.info('login with hun"ter/2 failed', extra={"reason": "imap://ann:hun%22ter%2F2@host"})
    try:
        raise ValueError('bad password: hun"ter/2')
    except ValueError:
        logger.exception("broke", extra={"reason": 'hun"ter/2', "file": "abc"})
    assert "hun" not in stream.getvalue()
    assert stream.getvalue().count(log.BLACKED_OUT) == 4
    assert lines(stream)[1]["file"] == "abc"  # too short to be a secret worth a blind log


def test_a_failure_is_told_without_the_source_lines(stream: io.StringIO) -> None:
    try:
        raise ValueError("the text of a note " * 100)
    except ValueError:
        logger.exception("a task broke", extra={"task": "t-1"})
    (line,) = lines(stream)
    assert line["error"].startswith("ValueError: the text")
    assert len(line["error"]) == log.FIELD_CHARS_MOST
    (frame,) = line["trace"]
    assert frame.startswith("test_log.py:")
    assert frame.endswith(" test_a_failure_is_told_without_the_source_lines")


def test_a_long_reason_is_cut(stream: io.StringIO) -> None:
    logger.warning("not begun", extra={"reason": "x" * 10_000})
    assert len(stream.getvalue()) < 500


def test_starting_twice_writes_once(stream: io.StringIO) -> None:
    second = io.StringIO()
    log.start("debug", second)
    logger.debug("a step")
    assert stream.getvalue() == ""
    assert len(lines(second)) == 1


def test_it_works_in_a_process_of_its_own() -> None:
    code = (
        "import sys, warnings; from factotum import log; log.start('info', sys.stderr)\n"
        "log.get('factotum.x').info('begun'); warnings.warn('old')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    begun, warned = (json.loads(line) for line in done.stderr.splitlines())
    assert begun["event"] == "begun"
    assert warned["level"] == "warning"
    assert "old" in warned["event"]
