"""The owner's leave to read a Gmail account: said in a browser, kept for the watcher alone."""

from __future__ import annotations

import json
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from factotum.watcher import SourceError
from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.gmail import CLIENT, REFRESH, GmailServer
from watchers.mail.gmail_keys import keys
from watchers.mail.gmail_login import Login


@pytest.fixture
def google() -> Iterator[GmailServer]:
    with GmailServer() as server:
        yield server


@pytest.fixture
def office(tmp_path: Path, google: GmailServer) -> TestOffice:
    path = tmp_path / "client.json"
    path.write_text(json.dumps({"installed": CLIENT}))
    path.chmod(0o600)
    env = {"FACTOTUM_GMAIL_URL": google.url, "FACTOTUM_GMAIL_CREDENTIALS": str(path)}
    made = TestOffice(tmp_path, env)
    made.state.mkdir(mode=0o700)
    return made


@pytest.fixture
def login(office: TestOffice) -> Iterator[Login]:
    made = Login(office.settings(), office.state)
    yield made
    made.close()


def agreed(google: GmailServer, address: str, **other: str) -> str:
    """What Google sends the browser to after a yes; `other` is what somebody else would say."""
    asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    assert asked["scope"].endswith("/gmail.readonly") and asked["access_type"] == "offline"
    assert asked["code_challenge_method"] == "S256"
    google.codes["4/code"] = asked["code_challenge"]
    told = {"state": asked["state"], "code": "4/code", **other}
    return f"{asked['redirect_uri']}/?{urlencode(told)}"


def heard(login: Login, *addresses: str) -> str:
    """The code, while a browser goes to these addresses one after the other."""

    def browse() -> None:
        for one in addresses:
            httpx.get(one, timeout=PATIENCE_S)

    browser = threading.Thread(target=browse)
    browser.start()
    try:
        return login.wait(None, PATIENCE_S)
    finally:
        browser.join()


def test_a_yes_in_the_browser_is_kept_for_the_watcher(
    office: TestOffice, google: GmailServer, login: Login
) -> None:
    google.refresh_expires_in = 604_799
    code = heard(login, f"{login.redirect}/favicon.ico", agreed(google, login.address))
    path = login.redeem(code, lambda: 1000.0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = keys(office.settings(), office.state)
    assert (found.refresh_token, found.ends) == (REFRESH, 605_799.0)
    assert "ya29." not in path.read_text()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"state": "another"}, "does not belong to this login"),
        ({"error": "access_denied"}, "Google says no: access_denied"),
        ({"code": ""}, "no code"),
    ],
)
def test_another_answer_than_a_yes_is_none(
    google: GmailServer, login: Login, other: dict[str, str], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        heard(login, agreed(google, login.address, **other))


def test_a_code_that_somebody_else_got_is_of_no_use(
    office: TestOffice, google: GmailServer, login: Login
) -> None:
    agreed(google, login.address)
    other = Login(office.settings(), office.state)
    try:
        with pytest.raises(SourceError, match="login"):
            other.redeem("4/code")
    finally:
        other.close()


def test_who_waits_too_long_is_told(login: Login) -> None:
    with pytest.raises(SourceError, match="nobody said yes in time"):
        login.wait(None, 0.01)


def test_the_command_says_what_to_open_and_ends_when_it_was_agreed(
    office: TestOffice, google: GmailServer
) -> None:
    terminal: Terminal = terminal_of(office)
    with terminal.start("watchers", "login", "gmail") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        address = next(line.strip() for line in lines if line.startswith(google.url))
        assert httpx.get(agreed(google, address), timeout=PATIENCE_S).text.startswith("Thank you.")
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert f"It is kept in {office.state / 'gmail-token.json'}" in out
    assert isinstance(process, subprocess.Popen)


def test_the_command_says_what_is_missing(office: TestOffice) -> None:
    del office.env["FACTOTUM_GMAIL_CREDENTIALS"]
    said = terminal_of(office)("watchers", "login", "gmail")
    assert said.code == 1 and "GMAIL_CREDENTIALS is not set" in said.err
