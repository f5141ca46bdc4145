"""Services by the library apprise: a real process, the real library, a real server."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from factotum.channels import apprise_child as child
from factotum.channels.apprise_way import Apprise
from factotum.channels.contract import ChannelError, Lost, Message, NotSent, Refused
from factotum.channels.words import Words
from tests.patience import PATIENCE_S
from tests.servers.webhook import Fails, Webhooks

needs_library = pytest.mark.skipif(
    find_spec("apprise") is None and not os.environ.get("STRICT"),
    reason="the library apprise is not installed",
)


@pytest.fixture
def there() -> Iterator[Webhooks]:
    with Webhooks() as there:
        yield there


def tell(*urls: str, chat: int = 0, python: str = sys.executable, tell_s: float = 60.0) -> str:
    way = Apprise(urls, python, tell_s)
    words = Words.of("It ") + Words.bold("failed") + "."
    return asyncio.run(way.send(way.chats[chat], Message(words)))


@needs_library
def test_a_service_is_told(there: Webhooks) -> None:
    assert tell("nowhere://x", there.json_url, chat=1) == ""
    (told,) = there.told
    assert (told["title"], told["message"]) == ("Factotum", "It failed.")


@pytest.mark.slow
@needs_library
def test_a_service_that_is_not_reached_was_not_told(there: Webhooks) -> None:
    there.cut()
    with pytest.raises(NotSent, match="1 json: the service is not reached"):
        tell(there.json_url)
    there.mend()


@pytest.mark.slow
@needs_library
@pytest.mark.parametrize(
    ("fails", "error"),
    [(Fails(401), Refused), (Fails(500, done=True), Lost), (Fails(drop=True, done=True), Lost)],
)
def test_how_it_failed_says_what_is_known(
    there: Webhooks, fails: Fails, error: type[ChannelError]
) -> None:
    there.fails.append(fails)
    with pytest.raises(error) as found:
        tell(there.json_url.replace("json://", "json://ann:hunter2@"))
    assert "hunter2" not in str(found.value)


@pytest.mark.slow
@needs_library
def test_an_address_that_the_library_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="1 nonsense: apprise does not understand the address"):
        tell("nonsense://hunter2")


def test_where_it_is_not_installed_it_says_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -S -I "$@"\n')  # no libraries
    bare.chmod(0o700)
    with pytest.raises(Refused, match="the library apprise is not installed"):
        tell("json://127.0.0.1:9/", python=str(bare))


def test_a_process_that_hangs_or_dies_may_have_told_it(tmp_path: Path) -> None:
    for text, tell_s, why in (
        ("sleep 99", 0.2, "nothing was heard for 0.2 s"),
        ("exit 3", PATIENCE_S, "ended with 3"),
    ):
        python = tmp_path / "python"
        python.write_text(
            f"#!/bin/sh\nexec {text}\n" if "sleep" in text else f"#!/bin/sh\n{text}\n"
        )
        python.chmod(0o700)
        with pytest.raises(Lost, match=why):
            tell("json://127.0.0.1:9/", python=str(python), tell_s=tell_s)
    with pytest.raises(NotSent, match="no process can be started"):
        tell("json://127.0.0.1:9/", python=str(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("heard", "became"),
    [
        (["Socket Exception: NewConnectionError(…)"], child.NOT_SENT),
        (["Sent JSON notification.", "Socket Exception: NewConnectionError(…)"], child.LOST),
        (["Failed to send: Too Many Requests, error=429."], child.NOT_SENT),
        (["Failed to send: Forbidden, error=403."], child.REFUSED),
        (["Failed to send: Bad Gateway, error=502."], child.LOST),
        ([], child.LOST),
    ],
)
def test_what_is_known_comes_from_what_the_library_logs(heard: list[str], became: str) -> None:
    assert child.judged(heard)[0] == became
