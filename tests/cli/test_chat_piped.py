"""`factotum chat` without a person at a terminal: lines by a pipe, in order, to their end."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import pytest

from tests.cli.terminal import Terminal
from tests.cli.thinking import at_length, last_said, thinking
from tests.patience import PATIENCE_S, until
from tests.servers.model import Item, slow


@pytest.mark.slow
def test_piped_lines_are_done_in_order_and_the_end_waits_for_what_runs(terminal: Terminal) -> None:
    def reply(body: Any) -> Item:
        return slow(0.7, f"You said: {last_said(body)[-5:]}")

    with thinking(terminal, reply) as (terminal, _):
        said = terminal.really("chat", given="the first\n/status\nthe other")
    assert said.code == 0, said.err
    places = [
        said.out.index(text)
        for text in ("You said: first", "At work on nothing", "You said: other")
    ]
    assert places == sorted(places)
    assert "you>" not in said.out and "\x1b" not in said.out


@pytest.mark.slow
def test_a_pipe_that_is_halted_keeps_nobody_waiting(terminal: Terminal) -> None:
    with thinking(terminal, at_length) as (terminal, _):
        said = terminal.really("chat", given="/stop\nOnly a word\n/resume\n/status\n")
    assert said.code == 0, said.err
    assert "Stopped." in said.out and "It goes on." in said.out


@pytest.mark.slow
def test_a_signal_ends_a_pipe_as_failed(terminal: Terminal) -> None:
    with thinking(terminal, at_length) as (terminal, server):
        chat = terminal.start("chat", stdin=subprocess.PIPE)
        assert chat.stdin is not None
        chat.stdin.write("Think long\n")
        chat.stdin.flush()
        until(lambda: bool(server.requests))
        chat.send_signal(signal.SIGTERM)
        out, err = chat.communicate(timeout=PATIENCE_S)
    assert chat.returncode == 1, err
    assert "goes on when the office runs" in out
    assert "Traceback" not in err


@pytest.mark.slow
def test_whoever_read_it_has_gone(terminal: Terminal) -> None:
    with thinking(terminal, at_length) as (terminal, _):
        chat = terminal.start("chat", "Only a word")
        assert chat.stdout is not None and chat.stderr is not None
        chat.stdout.close()
        assert chat.wait(PATIENCE_S) == 1
        assert chat.stderr.read() == ""
        chat.stderr.close()
