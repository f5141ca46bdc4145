"""The token stands in `.env` alone: whatever goes wrong, no file and no word of ours holds it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from factotum import log
from tests.channels.live import OWNER, at_work, with_mail
from tests.cli.terminal import terminal_of
from tests.servers.smtp import Relay
from tests.servers.telegram import server_running

TOKEN = "4242424242:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
SECRET = TOKEN.partition(":")[2]

#: What Telegram, or whoever stands in for it, answers.
FAILS = {
    "getUpdates": (401, "Unauthorized"),
    "sendMessage": (400, f"Bad Request: chat not found in /bot{TOKEN}/sendMessage"),
    "getMe": (404, f"Not Found: {TOKEN}"),
}


def holding(folder: Path) -> list[str]:
    found = [one for one in folder.rglob("*") if one.is_file() and not one.is_socket()]
    return [str(one) for one in found if SECRET.encode() in one.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("method", FAILS)
def test_no_file_of_ours_and_no_answer_holds_it(tmp_path: Path, relay: Relay, method: str) -> None:
    lines = io.StringIO()
    log.start("debug", lines)
    with server_running(TOKEN) as server:
        office = with_mail(tmp_path, relay, server, REGRET_S="0")
        person = server.person(OWNER, "Marco")
        person.starts()
        status, text = FAILS[method]
        server.fails(method, status, text, times=3)
        with at_work(office) as live:
            office.type("please mail it\n\ngo", "mail.md")
            live.waits(lambda: [one for one in server.called(method) if one.outcome == status])
            person.says("/status")
        terminal = terminal_of(office)
        said = [terminal(*words.split()) for words in (
            "channels list", "channels list --json", "channels test telegram", "status",
            "status --json", "doctor", "doctor --json", "audit",
        )]  # fmt: skip
    assert all(SECRET not in one.out + one.err for one in said)
    assert SECRET not in lines.getvalue()
    assert holding(tmp_path) == []
    assert SECRET not in " ".join(person.chat.texts)
