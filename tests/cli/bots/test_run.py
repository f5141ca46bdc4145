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
from tests.patience import PATIENCE_S, SOON_S, until
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.webhook import Fails, Webhooks


def test_one_line_is_said_once(paired: Terminal, server: TelegramServer) -> None:
    ann = server.person(4711, "Ann")
    ann.starts()
    said = paired("channels", "test", "telegram")
    assert (said.code, said.out) == (0, "4711 was told so. Look at your phone.\n")
    assert len([one for one in ann.chat.texts if "It works" in one]) == 1


@pytest.mark.slow
def test_what_was_not_said_is_not_said_some_day(paired: Terminal, server: TelegramServer) -> None:
    said = paired("channels", "test", "telegram")
    assert said.code == 1
    assert "It was not said: Telegram lets the bot write nothing to you" in said.out
    assert "tap Start" in said.out
    ann = server.person(4711, "Ann")
    ann.starts()
    assert paired("channels", "test", "telegram").code == 0
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
    assert (
        said.code == 1 and "telegram is not set up: factotum channels login telegram (" in said.err
    )


def test_one_line_is_said_where_nothing_is_heard(office: TestOffice) -> None:
    assert "docs/notices.md" in terminal_of(office)("channels", "test", "discord").err
    with Webhooks() as there:
        office.env["FACTOTUM_DISCORD_WEBHOOK_URL"] = there.url
        terminal = terminal_of(office)
        said = terminal("channels", "test", "discord")
        assert (said.code, said.out) == (0, "webhook was told so.\n")
        assert len(there.messages) == 1
        there.fails.append(Fails(404, {"message": "Unknown Webhook", "code": 10015}))
        said = terminal("channels", "test", "discord")
        assert said.code == 1 and "it was not said" in said.out
        assert there.url not in said.out + said.err


def test_what_is_told_by_another_channel_is_not_run(office: TestOffice) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_DISCORD_WEBHOOK_URL": "http://127.0.0.1:1/x"}
    said = terminal_of(office)("channels", "run", "discord")
    assert said.code == 1 and "factotum channels run telegram" in said.err


@pytest.mark.slow
def test_where_nothing_is_heard_it_runs_by_itself_too(office: TestOffice) -> None:
    with Webhooks() as there:
        office.env["FACTOTUM_DISCORD_WEBHOOK_URL"] = there.url
        process = terminal_of(office).start("channels", "run", "discord")
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("factotum tells you by Discord.")
            until(lambda: "last answered" in terminal_of(office)("channels", "list").out)
        finally:
            process.terminate()
            out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        assert out.startswith("factotum has left Discord")


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
    ann.waits_to_see("/status")
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - begun < SOON_S  # a question is held for 50 s
    assert process.returncode == 0, err
    assert out.startswith("factotum listens on Telegram. Stop it with Ctrl-C.\nfactotum has left")
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
            httpx.get(f"{server.base_url}{TOKEN}/getUpdates", timeout=PATIENCE_S)

    other = threading.Thread(target=greedy)
    other.start()
    try:
        end = time.monotonic() + 2 * PATIENCE_S
        own = "factotum: another program hears this bot already"  # the log says it too
        while not (said := process.stderr.readline()).startswith(own):
            assert time.monotonic() < end
        assert "It looks again in 10 minutes." in said
        asked = sum(one.outcome == 409 for one in server.called("getUpdates"))
        time.sleep(1.5)
        assert sum(one.outcome == 409 for one in server.called("getUpdates")) == asked
        assert process.poll() is None
        assert "another program hears this bot" in paired("channels", "list").out
    finally:
        over.set()
        other.join()
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
