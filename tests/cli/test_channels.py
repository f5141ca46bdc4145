"""`factotum channels`: what is set up, a token that is checked and kept, a code that pairs."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from factotum.channels import owners, pairing
from factotum.channels.telegram import me
from factotum.channels.telegram.me import NoBot
from factotum.cli import envfile
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ledger import Ledger
from factotum.rooms import DoorError
from factotum.settings import SettingsError, load
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.servers.telegram import TOKEN, TelegramServer, server_running

FULL = "FACTOTUM_TELEGRAM_TOKEN"
CHAT = "FACTOTUM_TELEGRAM_CHAT_ID"


@dataclass
class Bare(Terminal):
    """Of Telegram its environment says nothing, so that `.env` counts."""

    def environ(self) -> dict[str, str]:
        return {n: t for n, t in super().environ().items() if n not in {FULL, CHAT} or t}


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with server_running() as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = TestOffice(tmp_path)
    made.state.mkdir(mode=0o700)
    return made


@pytest.fixture
def terminal(office: TestOffice, server: TelegramServer) -> Terminal:
    """In a folder with a `.env` of its own."""
    office.env["FACTOTUM_TELEGRAM_API_URL"] = server.url
    there = office.folder / ".env"
    there.write_text("# mine\nOPENAI_API_KEY=sk-of-somebody\n")
    there.chmod(0o600)
    made = terminal_of(office)
    return Bare(made.folder, made.env)


@pytest.fixture
def ledger(office: TestOffice) -> Iterator[Ledger]:
    ledger = Ledger(office.state / "ledger.db")
    yield ledger
    ledger.close()


def env_of(office: TestOffice) -> str:
    return (office.folder / ".env").read_text()


@pytest.fixture
def heard(office: TestOffice) -> Iterator[None]:
    """Somebody listens on Telegram already."""
    lock = beats.lock(office.state, "telegram")
    assert lock is not None
    yield
    lock.close()


def link_of(process: subprocess.Popen[str]) -> str:
    """The link that it shows, which ends with the code."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.fullmatch(r" {4}(https://t\.me/.*)\n", line):
            return found[1]
    raise AssertionError(process.stderr.read() if process.stderr else "")


# -- list


def test_nothing_is_set_up_at_first(terminal: Terminal) -> None:
    said = terminal("channels", "list")
    assert said.code == 0, said.err
    assert "not set up: give FACTOTUM_TELEGRAM_TOKEN" in said.out
    assert "not set up: give FACTOTUM_DISCORD_WEBHOOK_URL" in said.out
    assert "Not built yet: WhatsApp, Feishu." in said.out


def test_the_list_says_who_is_paired_who_runs_it_and_what_is_wrong(
    office: TestOffice, ledger: Ledger, request: pytest.FixtureRequest
) -> None:
    office.env[FULL] = TOKEN
    terminal = terminal_of(office)
    said = terminal("channels", "list")
    assert "does not run. Start it: factotum up" in said.out
    assert "nobody is paired: factotum channels login telegram" in said.out
    owners.pair(ledger, "telegram", "4711", "Ann \x1b[31m", "42", time.time())
    beats.write(office.state, Beat("telegram", 1, 0.0, answered=time.time(), trouble="two pollers"))
    request.getfixturevalue("heard")
    said = terminal("channels", "status")
    assert said.code == 3
    assert "runs (process " in said.out
    assert "orders are taken from Ann \\u001b[31m (4711)" in said.out
    assert "! two pollers" in said.out
    (row, discord) = terminal("channels", "list", "--json").json["channels"]
    assert (row["name"], row["set_up"], row["wanted"], row["hears"]) == (
        "telegram",
        True,
        True,
        True,
    )
    assert row["pid"] and row["owners"][0]["id"] == "4711"
    assert (discord["set_up"], discord["hears"], discord["missing"]) == (
        False, False, ["FACTOTUM_DISCORD_WEBHOOK_URL"],
    )  # fmt: skip
    assert TOKEN not in said.out


def test_a_channel_that_is_not_there_is_said(office: TestOffice) -> None:
    office.env["FACTOTUM_CHANNELS"] = "telegramm"
    said = terminal_of(office)("channels", "list")
    assert said.code == 1 and "Did you mean telegram?" in said.err
    office.env["FACTOTUM_CHANNELS"] = "whatsapp"
    assert "is not built yet" in terminal_of(office)("channels", "list").err


# -- the token


def test_a_token_is_checked_kept_and_never_shown_and_a_code_pairs(
    office: TestOffice, terminal: Terminal, server: TelegramServer, ledger: Ledger
) -> None:
    eve, ann = server.person(666, "Eve"), server.person(4711, "Ann")
    process = terminal.start("channels", "login", "telegram", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{TOKEN}\n")
    process.stdin.close()
    link = link_of(process)
    assert link.startswith("https://t.me/factotum_test_bot?start=")
    eve.says("/start AAAA-AAAA")
    ann.says(f"/start {link.rpartition('=')[2]}")
    process.stdin = None
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Paired with Ann (4711)." in out
    ann.waits_to_see("I know you now")
    assert eve.chat.from_bot == []
    assert env_of(office) == f"# mine\nOPENAI_API_KEY=sk-of-somebody\n{FULL}={TOKEN}\n"
    assert stat.S_IMODE((office.folder / ".env").stat().st_mode) == 0o600
    assert TOKEN not in out + err
    assert ledger.meta("strong_channels") == "telegram"
    assert json.loads(ledger.meta(owners.META))["telegram"]["home"] == "4711"
    assert beats.holder(office.state, "telegram") == 0


@pytest.mark.slow
def test_whoever_listens_already_hears_the_code(
    office: TestOffice, server: TelegramServer, ledger: Ledger, heard: None
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    process = terminal_of(office).start("channels", "login", "telegram")
    code, now = link_of(process).rpartition("=")[2], time.time()
    pairing.try_code(ledger, "telegram", f"/start {code}", "4711", "Ann", "42", now, alone=True)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Paired with Ann (4711)." in out
    assert server.called("getUpdates") == []


@pytest.mark.slow
def test_whoever_listens_with_another_token_must_be_started_again(
    office: TestOffice, terminal: Terminal, heard: None
) -> None:
    said = terminal.really("channels", "login", "telegram", given=f"{TOKEN}\n")
    assert said.code == 1
    assert "still listens with the token of before. Start that process again" in said.err
    assert f"{FULL}={TOKEN}\n" in env_of(office)


@pytest.mark.slow
def test_who_gives_up_leaves_nothing_behind(
    office: TestOffice, server: TelegramServer, ledger: Ledger
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    process = terminal_of(office).start("channels", "login", "telegram")
    link_of(process)
    assert pairing.waits(ledger, "telegram", time.time())
    server.waits_for_call("getUpdates")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "\nfactotum: stopped\n")
    assert not pairing.waits(ledger, "telegram", time.time())
    assert beats.holder(office.state, "telegram") == 0


def test_a_token_that_telegram_does_not_know_is_not_kept(
    office: TestOffice, terminal: Terminal
) -> None:
    before = env_of(office)
    wrong = f"43:{TOKEN.partition(':')[2]}"
    said = terminal.really("channels", "login", "telegram", given=f"{wrong}\n")
    assert said.code == 1
    assert "Telegram knows no bot with this token" in said.err
    assert wrong not in said.out + said.err
    assert env_of(office) == before


def test_who_does_not_reach_telegram_is_told_so(server: TelegramServer) -> None:
    server.cut()
    with pytest.raises(NoBot, match="was not reached directly") as refused:
        me.ask(load({"FACTOTUM_TELEGRAM_API_URL": server.url}), TOKEN)
    assert TOKEN not in str(refused.value)


def test_what_is_no_token_is_refused_at_once(office: TestOffice, terminal: Terminal) -> None:
    before = env_of(office)
    said = terminal("channels", "login", "telegram", given="hunter2\n")
    assert said.code == 1
    assert "that is no token: it must be the token alone" in said.err
    assert "hunter2" not in said.out + said.err
    assert env_of(office) == before


@pytest.mark.slow
def test_a_code_that_is_voided_pairs_nobody(
    office: TestOffice, server: TelegramServer, ledger: Ledger, heard: None
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    process = terminal_of(office).start("channels", "login", "telegram")
    link_of(process)
    for n in range(5):
        pairing.try_code(
            ledger, "telegram", "AAAA-AAAA", str(n), "Eve", "42", time.time(), alone=True
        )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "nobody was paired: 5 wrong codes were sent to the bot" in err
    assert ledger.meta("strong_channels") == ""


def test_a_proxy_is_gone_through_and_named_where_it_fails(server: TelegramServer) -> None:
    far = {"FACTOTUM_TELEGRAM_API_URL": "http://127.0.0.1:1"}  # where nobody listens
    way = {**far, "FACTOTUM_TELEGRAM_PROXY": server.url}
    assert me.ask(load(way), TOKEN).username == "factotum_test_bot"
    server.cut()
    with pytest.raises(NoBot, match="by the proxy of FACTOTUM_TELEGRAM_PROXY"):
        me.ask(load(way), TOKEN)


def test_a_socks_proxy_that_cannot_be_used_says_what_is_missing() -> None:
    socks = load({"FACTOTUM_TELEGRAM_PROXY": "socks5://127.0.0.1:1"})
    with pytest.raises(NoBot, match="pip install socksio"):
        me.ask(socks, TOKEN)


# -- telegram.json


def test_a_file_of_another_program_is_taken_over(
    office: TestOffice, terminal: Terminal, ledger: Ledger
) -> None:
    file = office.folder / "telegram.json"
    file.write_text(json.dumps({"token": TOKEN, "chat_id": 4711}))
    said = terminal("channels", "login", "telegram", "--from", str(file))
    assert said.code == 1 and "so others on this machine can get at" in said.err
    file.chmod(0o600)
    said = terminal.really("channels", "login", "telegram", "--from", "telegram.json")
    assert said.code == 0, said.err
    assert env_of(office).endswith(f"{FULL}={TOKEN}\n{CHAT}=4711\n")
    assert "Orders are taken from 4711." in said.out
    assert TOKEN not in said.out + said.err
    assert ledger.meta("strong_channels") == "telegram"
    assert file.exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not of the form"),
        ("[]", "is not of the form"),
        ('{"chat_id": 4711}', "is not of the form"),
        ('{"token": "hunter2"}', "must be the token alone"),
        (json.dumps({"token": TOKEN, "chat_id": -100}), "a group (a negative number) is no owner"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    office: TestOffice, terminal: Terminal, text: str, why: str
) -> None:
    file = office.folder / "telegram.json"
    file.write_text(text)
    file.chmod(0o600)
    before = env_of(office)
    said = terminal("channels", "login", "telegram", "--from", str(file))
    assert said.code == 1 and why in said.err
    assert "hunter2" not in said.err
    assert env_of(office) == before


# -- one line said, and a process of its own


@pytest.fixture
def paired(office: TestOffice, server: TelegramServer) -> Terminal:
    office.env |= {FULL: TOKEN, CHAT: "4711", "FACTOTUM_TELEGRAM_API_URL": server.url}
    return terminal_of(office)


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


# -- logout


def test_a_pairing_ends(office: TestOffice, ledger: Ledger) -> None:
    office.env[FULL] = TOKEN
    terminal = terminal_of(office)
    assert terminal("channels", "logout", "telegram").out == "Nobody was paired.\n"
    for who in ("1", "2"):
        owners.pair(ledger, "telegram", who, f"N{who}", "42", time.time())
    owners.strong(ledger, office.settings(), time.time())
    said = terminal("channels", "logout", "telegram", "--who", "1")
    assert said.out == "N1 (1) is paired no more.\nOrders are still taken from N2 (2).\n"
    assert terminal("channels", "logout", "telegram", "--who", "9").code == 1
    assert ledger.meta("strong_channels") == "telegram"
    assert terminal("channels", "logout", "telegram").out == "N2 (2) is paired no more.\n"
    assert ledger.meta("strong_channels") == ""
    office.env[CHAT] = "3"
    said = terminal_of(office)("channels", "logout", "telegram")
    assert said.out == "Orders are still taken from 3: FACTOTUM_TELEGRAM_CHAT_ID names them.\n"


# -- the .env


def written(folder: Path, before: str | None, **values: str) -> str:
    path = folder / ".env"
    if before is not None:
        path.write_text(before)
        path.chmod(0o600)
    envfile.write(path, values)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == [".env"]
    return path.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "A=1\nB=2\n"),
        ("", "A=1\nB=2\n"),
        ("C=3", "C=3\nA=1\nB=2\n"),
        ("C=3\n\n\n", "C=3\nA=1\nB=2\n"),
        ("A=0\n# A=7\nC='x y'\n", "A=1\n# A=7\nC='x y'\nB=2\n"),
        ("export A = old\nB=", "A=1\nB=2\n"),
        ("#A=\n#B=\n", "#A=\n#B=\nA=1\nB=2\n"),
    ],
)
def test_a_setting_is_written_and_the_rest_stays(
    tmp_path: Path, before: str | None, after: str
) -> None:
    assert written(tmp_path, before, A="1", B="2") == after


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("C=3\n")
    real.chmod(0o600)
    link.symlink_to(real)
    envfile.write(link, {"A": "1"})
    assert link.is_symlink() and real.read_text() == "C=3\nA=1\n"


def test_a_file_that_others_can_read_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("C=3\n")
    path.chmod(0o644)
    with pytest.raises(DoorError, match="chmod 600"):
        envfile.write(path, {"A": "1"})
    assert path.read_text() == "C=3\n"


def test_the_first_file_that_is_there_counts(tmp_path: Path) -> None:
    here, root = tmp_path / "here.env", tmp_path / "root.env"
    assert envfile.counts((here, root)) == root
    here.touch()
    assert envfile.counts((here, root)) == here


def test_a_group_is_no_owner() -> None:
    with pytest.raises(SettingsError, match="is no owner"):
        load({CHAT: "-1001234"})
