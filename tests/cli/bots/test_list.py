"""`factotum channels list` and `logout`: what is set up, with whom, and how that ends."""

from __future__ import annotations

import time

import pytest

from factotum.channels import owners
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ledger import Ledger
from tests.cli.bots.names import CHAT, FULL
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.servers.telegram import TOKEN


def test_nothing_is_set_up_at_first(terminal: Terminal) -> None:
    said = terminal("channels", "list")
    assert said.code == 0, said.err
    assert "not set up: factotum channels login telegram\n" in said.out
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
    office.env["FACTOTUM_CHANNELS"] = "none"
    said = terminal_of(office)("channels", "list")
    assert "does not run. Start it: factotum channels run telegram" in said.out
    owners.pair(ledger, "telegram", "4711", "Ann \x1b[31m", "42", time.time())
    beats.write(office.state, Beat("telegram", 1, 0.0, answered=time.time(), trouble="two pollers"))
    request.getfixturevalue("heard")
    said = terminal("channels", "status")
    assert said.code == 3
    assert "runs (process " in said.out
    assert "orders are taken from Ann \\u001b[31m (4711)" in said.out
    assert "! two pollers" in said.out
    (row, discord, _) = terminal("channels", "list", "--json").json["channels"]
    assert row["name"] == "telegram" and row["set_up"] and row["wanted"] and row["runs"]
    assert row["pid"] and row["owners"][0]["id"] == "4711"
    assert (discord["set_up"], discord["hears"], discord["missing"]) == (
        False, False, ["FACTOTUM_DISCORD_WEBHOOK_URL"],
    )  # fmt: skip
    assert TOKEN not in said.out


def test_what_only_tells_runs_where_nothing_else_does(office: TestOffice) -> None:
    office.env["FACTOTUM_DISCORD_WEBHOOK_URL"] = "http://127.0.0.1:1/x"
    office.env["FACTOTUM_NOTIFY_URLS"] = "ntfy://127.0.0.1/x"
    terminal = terminal_of(office)
    assert "does not run. Start it" in terminal("channels", "list").out
    rows = {one["name"]: one for one in terminal("channels", "list", "--json").json["channels"]}
    assert [name for name, row in rows.items() if row["runs"]] == ["discord"]
    office.env[FULL] = TOKEN
    said = terminal_of(office)("channels", "list").out
    assert said.count("is told what cannot be said above, by the process of that") == 2


def test_a_channel_that_is_not_there_is_said(office: TestOffice) -> None:
    office.env["FACTOTUM_CHANNELS"] = "telegramm"
    said = terminal_of(office)("channels", "list")
    assert said.code == 1 and "Did you mean telegram?" in said.err
    office.env["FACTOTUM_CHANNELS"] = "whatsapp"
    assert "is not built yet" in terminal_of(office)("channels", "list").err


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
    said = terminal("channels", "logout", "telegram", "--who", "9")
    assert said.code == 1
    assert said.out == "9 was not paired.\nOrders are still taken from N2 (2).\n"
    assert ledger.meta("strong_channels") == "telegram"
    assert terminal("channels", "logout", "telegram").out == "N2 (2) is paired no more.\n"
    assert ledger.meta("strong_channels") == ""
    office.env[CHAT] = "3"
    said = terminal_of(office)("channels", "logout", "telegram")
    still = "Orders are still taken from 3: FACTOTUM_TELEGRAM_CHAT_ID names them.\n"
    assert said.out == f"Nobody was paired.\n{still}"
