"""Passwords in files that settings name are secrets like those in `.env`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factotum import passwords
from factotum.settings import Settings, load
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay

WORK = "not-a-real-password-1"
REFRESH = "1//not-a-real-refresh-token"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(f'[work]\nhost = "imap.example.org"\npassword = "{WORK}"\n')
    google = tmp_path / "google.json"
    google.write_text(json.dumps({"installed": {"client_secret": "not-a-real-secret"}}))
    (tmp_path / "gmail-token.json").write_text(json.dumps({"refresh_token": REFRESH}))
    named = {"MAIL_ACCOUNTS": accounts, "GMAIL_CREDENTIALS": google}
    return load({f"FACTOTUM_{name}": str(path) for name, path in named.items()}, [])


def test_they_are_known_by_where_they_stand(settings: Settings, tmp_path: Path) -> None:
    assert passwords.of_files(settings, tmp_path) == {
        "[work] in FACTOTUM_MAIL_ACCOUNTS": WORK,
        "client_secret in google.json": "not-a-real-secret",
        "refresh_token in gmail-token.json": REFRESH,
    }
    assert passwords.of_files(load({}, []), tmp_path) == {}


@pytest.mark.parametrize("text", ["", "[work", "[]", "\0", "[" * 100_000])
def test_a_file_that_cannot_be_read_holds_none(
    settings: Settings, tmp_path: Path, text: str
) -> None:
    for name in ("accounts.toml", "google.json", "gmail-token.json"):
        (tmp_path / name).write_text(text)
    assert passwords.of_files(settings, tmp_path) == {}


def test_none_of_them_is_sent(tmp_path: Path, relay: Relay) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(f'[work]\nhost = "imap.example.org"\npassword = "{WORK}"\n')
    accounts.chmod(0o600)
    office = TestOffice(tmp_path, {**smtp(relay), "FACTOTUM_MAIL_ACCOUNTS": str(accounts)})
    office.playbook(
        "when: {words: [invoice]}\ndo:\n"
        f"  - mail__send: {{to: [ada@rossi.example], subject: S, body: 'It is {WORK}.'}}"
    )
    office.type("Send the invoice.\n\ngo")
    office.run()
    assert office.files("Pending_Approval") == [] and relay.messages == []
    assert "secrets go nowhere" in office.one("Failed").read_text()
