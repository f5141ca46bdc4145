"""`factotum channels login`: a token that is checked and kept, a code that pairs."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import time
from dataclasses import replace

import pytest

from factotum.channels import owners, pairing
from factotum.channels.telegram import me
from factotum.channels.telegram.me import NoBot
from factotum.ears import beats
from factotum.ledger import Ledger
from factotum.settings import load
from factotum.worker import messaging
from tests.channels.live import at_work
from tests.cli.bots.names import CHAT, FULL
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.socks import Socks
from tests.servers.telegram import TOKEN, TelegramServer


def env_of(office: TestOffice) -> str:
    return (office.folder / ".env").read_text()


def link_of(process: subprocess.Popen[str]) -> str:
    """The link that it shows, which ends with the code."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.fullmatch(r" {4}(https://t\.me/.*)\n", line):
            return found[1]
    raise AssertionError(process.stderr.read() if process.stderr else "")


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
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "Paired with Ann (4711)." in out
    ann.waits_to_see("I know you now")
    assert eve.chat.from_bot == []
    assert env_of(office) == f"# mine\nOPENAI_API_KEY=sk-of-somebody\n{FULL}={TOKEN}\n"
    assert stat.S_IMODE((office.folder / ".env").stat().st_mode) == 0o600
    assert TOKEN not in out + err
    assert ledger.meta("strong_channels") == "telegram"
    assert json.loads(ledger.meta(messaging.META))["telegram"]["home"] == "4711"
    assert beats.holder(office.state, "telegram") == 0


@pytest.mark.slow
def test_whoever_listens_already_hears_the_code(
    office: TestOffice, server: TelegramServer, ledger: Ledger, heard: None
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    owners.pair(ledger, "telegram", "4710", "Bob", "42", time.time())
    process = terminal_of(office).start("channels", "login", "telegram")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Bob (4710) is paired already.")
    code, now = link_of(process).rpartition("=")[2], time.time()
    pairing.try_code(ledger, "telegram", f"/start {code}", "4711", "Ann", "42", now, alone=True)
    out, err = process.communicate(timeout=PATIENCE_S)
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
    _, err = process.communicate(timeout=PATIENCE_S)
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


def test_without_a_vault_nothing_is_asked_for(office: TestOffice, terminal: Terminal) -> None:
    env = {**terminal.env, "FACTOTUM_VAULT": str(office.folder / "none")}
    said = replace(terminal, env=env)("channels", "login", "telegram", given=f"{TOKEN}\n")
    assert said.code == 1 and "there is no vault at" in said.err
    assert said.out == ""


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
    assert process.stdout is not None
    for n in range(5):
        pairing.try_code(
            ledger, "telegram", "AAAA-AAAA", str(n), "Eve", "42", time.time(), alone=True
        )
        if n == 0:  # its owner may have mistyped it, and sees nothing on the phone
            told = process.stdout.readline() + process.stdout.readline()
            assert told == "\nA wrong code came (1 of 5, then this one ends).\n"
    _, err = process.communicate(timeout=PATIENCE_S)
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


def test_a_socks_proxy_leads_there_as_well(server: TelegramServer) -> None:
    with Socks() as proxy:
        way = {"FACTOTUM_TELEGRAM_API_URL": server.url, "FACTOTUM_TELEGRAM_PROXY": proxy.url}
        assert me.ask(load(way), TOKEN).username == "factotum_test_bot"
        assert proxy.led_to == [("127.0.0.1", server.port)]


@pytest.mark.slow
def test_an_office_that_runs_hears_the_code_and_asks_there_from_then_on(
    office: TestOffice, server: TelegramServer, ledger: Ledger
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    office.env["FACTOTUM_WATCHERS"] = "none"
    eve, ann = server.person(666, "Eve"), server.person(4711, "Ann")
    with at_work(office):
        office.type("What shall I do?\ngo\n", "Advice.md")
        eve.says("Hello, who is there?")
        process = terminal_of(office).start("channels", "login", "telegram")
        code = link_of(process).rpartition("=")[2]
        ann.says(code.lower())
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        assert "Paired with Ann (4711)." in out
        ann.waits_to_see("I know you now")
        question = ann.waits_to_see("Advice")
        assert question.labels
        ann.says("done", reply_to=question.id)
        ann.waits_for(lambda chat: chat.find("Answered"))
    assert eve.chat.from_bot == []
    told = [row["text"] for row in ledger.db.execute("SELECT text FROM notice")]
    assert any("A stranger wrote to your bot on Telegram: Eve (id 666)" in one for one in told)
    assert ledger.meta("strong_channels") == "telegram"


@pytest.mark.slow
def test_whoever_takes_over_sees_what_waits_and_who_went_is_a_stranger(
    office: TestOffice, server: TelegramServer, ledger: Ledger
) -> None:
    office.env |= {FULL: TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
    office.env["FACTOTUM_WATCHERS"] = "none"
    ann, bob = server.person(4711, "Ann"), server.person(4712, "Bob")
    owners.pair(ledger, "telegram", "4711", "Ann", "42", time.time())
    ann.starts()
    with at_work(office):
        office.type("What shall I do?\ngo\n", "Advice.md")
        card = ann.waits_to_see("Advice")
        assert terminal_of(office)("channels", "logout", "telegram").code == 0
        process = terminal_of(office).start("channels", "login", "telegram")
        bob.says(f"/start {link_of(process).rpartition('=')[2]}")
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        assert bob.waits_to_see("Advice").labels
        heard = len(ann.chat.from_bot)
        ann.says("done", reply_to=card.id)
        ann.says("/stop")
        bob.says("/status")
        bob.waits_to_see("Advice")
        assert len(ann.chat.from_bot) == heard
    assert ledger.meta("paused") == ""
    assert ledger.db.execute("SELECT count(*) FROM decision").fetchone()[0] == 0


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
