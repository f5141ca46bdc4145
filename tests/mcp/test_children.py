"""Tool servers as children, and sessions that end: nothing of it shows to whoever calls."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum.model import Lost, Succeeded
from factotum.phase import read_phase
from factotum.toolbox import Toolbox, Ways
from tests.mcp.desk import SHARE, WAYS, comes, desk_in, gone, run
from tests.patience import PATIENCE_S
from tests.servers.mail import LETTER, MCP, RUN, over
from tests.servers.smtp import Relay


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Path]:
    with desk_in(tmp_path / "mcp") as folder:
        yield folder


async def until_closed(toolbox: Toolbox) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while toolbox.is_open("desk"):
            await asyncio.sleep(0.01)


def test_a_child_has_its_settings_as_its_whole_environment(servers: Path) -> None:
    read = run(servers, lambda toolbox: toolbox.call("desk__process", {}), way="stdio")
    env = {name: text for name, text in read.data["env"].items() if name not in ("TZ", "LC_CTYPE")}
    assert env == SHARE  # Python itself may add LC_CTYPE
    assert read.data["pid"] != os.getpid()
    assert read.data["cwd"] == "/"


def test_a_child_that_died_is_started_again_at_the_next_use(servers: Path, tmp_path: Path) -> None:
    meta = {"phase_file": str(tmp_path / "phase")}

    async def work(toolbox: Toolbox) -> Any:
        first = (await toolbox.call("desk__process", {})).data["pid"]
        outcome = await toolbox.call("desk__ring", {"how": "phase:begun,data"}, meta)
        return first, outcome, (await toolbox.call("desk__process", {})).data["pid"]

    first, outcome, second = run(servers, work, way="stdio")
    assert first != second
    assert isinstance(outcome, Lost)
    assert "it last said: the bell is heavy, its key is …" in outcome.last_known
    assert not any(value in outcome.last_known for value in SHARE.values())


@pytest.mark.slow
def test_a_child_killed_between_two_calls_is_not_noticed(servers: Path) -> None:
    async def work(toolbox: Toolbox) -> Any:
        os.kill((await toolbox.call("desk__process", {})).data["pid"], signal.SIGKILL)
        await until_closed(toolbox)
        return (await toolbox.call("desk__look", {"name": "Ada"})).data["said"]

    assert run(servers, work, way="stdio") == "hello Ada"


def test_a_child_that_never_answers_is_left_and_named(servers: Path) -> None:
    (servers / "desk_server.py").write_text(
        "import os, time\nENV = ()\nopen('%s', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
        % (servers / "pid")
    )

    async def work(toolbox: Toolbox) -> Any:
        return await toolbox.catalogue(), toolbox.missing()

    for limit_s in (1, 10, 60):  # it has to come so far that it can be known
        tools, missing = run(servers, work, way="stdio", open_limit_s=float(limit_s))
        assert tools == {}
        assert missing == {"desk": f"desk_server.py cannot be used: no answer within {limit_s} s"}
        if (servers / "pid").exists():
            break
    assert gone(int((servers / "pid").read_text()))


def test_a_child_that_cannot_start_is_named_with_its_last_words(servers: Path) -> None:
    (servers / "desk_server.py").write_text("ENV = ()\nraise SystemExit('no such desk')\n")

    async def work(toolbox: Toolbox) -> Any:
        return await toolbox.catalogue(), toolbox.missing()

    missing = {"desk": "desk_server.py cannot be used: no such desk"}
    assert run(servers, work, way="stdio") == ({}, missing)


def test_a_child_ends_with_all_that_it_started(servers: Path) -> None:
    async def work(toolbox: Toolbox) -> Any:
        child = (await toolbox.call("desk__process", {})).data["pid"]
        return child, (await toolbox.call("desk__hire", {})).data["pid"]

    for pid in run(servers, work, way="stdio"):
        assert gone(pid)


@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_uses_is_closed_and_opens_again(servers: Path, way: Ways) -> None:
    async def work(toolbox: Toolbox) -> Any:
        first = (await toolbox.call("desk__process", {})).data["pid"]
        await until_closed(toolbox)
        pins = {tool.pin for tool in (await toolbox.catalogue()).values()}
        again = (await toolbox.call("desk__look", {"name": "Ada"})).data["said"]
        assert pins == {tool.pin for tool in toolbox.listed().values()}
        return first, again

    first, again = run(servers, work, way=way, idle_s=0.02)
    assert again == "hello Ada"
    assert (way == "in-process") == (first == os.getpid())
    assert way == "in-process" or gone(first)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_in_use_is_not_idle(servers: Path, tmp_path: Path, way: Ways) -> None:
    meta = {"phase_file": str(tmp_path / "phase")}

    async def work(toolbox: Toolbox) -> Any:
        await toolbox.call("desk__look", {"name": "Ada"})
        ringing = asyncio.create_task(toolbox.call("desk__ring", {"how": "slow"}, meta))
        await comes(tmp_path / "phase.begun")
        await asyncio.sleep(0.3)
        (tmp_path / "phase.go").touch()
        return await ringing

    assert run(servers, work, way=way, idle_s=0.02) == Succeeded({"how": "slow"})


def test_the_mail_server_sends_as_a_child(tmp_path: Path) -> None:
    """The run data reaches it in `_meta`, and its phase file is where we look for it."""
    meta = {**RUN, "phase_file": str(tmp_path / "phase")}
    hits: list[str] = []

    async def work(toolbox: Toolbox) -> Any:
        return await toolbox.call("mail__send", LETTER, meta)

    with Relay() as relay:
        outcome = run(MCP, work, over(relay.port), way="stdio", hit=hits.append)
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.receipt["message_id"] == RUN["message_id"]
    assert len(relay.messages) == 1
    assert read_phase(tmp_path / "phase").state == "accepted"
    assert hits == []  # its places are in another process
