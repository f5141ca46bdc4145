"""`factotum channels run` and `test`: a process of its own, and one line that is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import httpx
import pytest

from tests.cli.bots.names import FULL
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.servers.telegram import TOKEN, TelegramServer


def test_one_line_is_said_and_what_came_of_it(paired: Terminal, server: TelegramServer) -> None:
    said = paired("channels", "test", "telegram")
    assert said.code == 1
    assert "It was not said: Telegram does not take it (Chat not found)" in said.out
    assert "open its chat and tap Start" in said.out
    ann = server.person(4711, "Ann")
    ann.starts()
    said = paired("channels", "test", "telegram")
    assert (said.code, said.out) == (0, "4711 was told so. Look at your phone.\n")
    assert len([one for one in ann.chat.texts if "It works" in one]) == 1


def test_without_an_owner_there_is_nobody_to_tell(office: TestOffice) -> None:
    office.env[FULL] = TOKEN
    said = terminal_of(office)("channels", "test", "telegram")
    assert said.code == 1 and "factotum channels login telegram" in said.err


def test_a_channel_runs_once_and_only_when_it_is_set_up(
    office: TestOffice, paired: Terminal, heard: None
) -> None:
    said = paired("channels", "run", "telegram")
    assert said.code == 1 and f"is run by process {os.getpid()} already" in said.err
    said = replace(paired, env={**paired.env, FULL: ""})("channels", "run", "telegram")
    assert said.code == 1 and "give FACTOTUM_TELEGRAM_TOKEN" in said.err


@pytest.mark.slow
def test_it_runs_by_itself_and_stops_soon(
    office: TestOffice, paired: Terminal, server: TelegramServer
) -> None:
    ann = server.person(4711, "Ann")
    process = subprocess.Popen(
        [sys.executable, "-m", "factotum.views.telegram"], cwd=office.folder, env=paired.environ(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    ann.says("/help")
    ann.waits_to_see("/status", 30)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert process.returncode == 0, err
    assert out.startswith("factotum listens on Telegram. Stop it with Ctrl-C.\nfactotum stopped")
    assert TOKEN not in out + err


@pytest.mark.slow
def test_beside_another_program_it_keeps_still_and_says_so(
    office: TestOffice, paired: Terminal, server: TelegramServer
) -> None:
    process = paired.start("channels", "run", "telegram")
    assert process.stderr is not None
    over = threading.Event()

    def greedy() -> None:
        while not over.wait(0.05):
            httpx.get(f"{server.base_url}{TOKEN}/getUpdates")

    other = threading.Thread(target=greedy)
    other.start()
    try:
        until = time.monotonic() + 60
        while "another program hears this bot already" not in (said := process.stderr.readline()):
            assert time.monotonic() < until
        assert "It looks again in 10 minutes." in said
        asked = sum(one.outcome != 200 for one in server.called("getUpdates"))
        time.sleep(1.5)
        assert sum(one.outcome != 200 for one in server.called("getUpdates")) == asked
        assert process.poll() is None
        assert "another program hears this bot" in paired("channels", "list").out
    finally:
        over.set()
        other.join()
        process.terminate()
    assert process.wait(10) == 0
    process.communicate()
