"""Encrypted and logged in, or not at all: nothing secret goes to a server that is not it."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from factotum.tooling.tools import META_PREFIX
from tests.patience import PATIENCE_S
from tests.servers.certificate import Pair, self_signed
from tests.servers.mail import LETTER, MCP, RUN, call, mail_server, over
from tests.servers.ports import Silent
from tests.servers.smtp import Relay

LOGIN = {"FACTOTUM_SMTP_USER": "ann", "FACTOTUM_SMTP_PASSWORD": "annpw-77"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return self_signed(tmp_path_factory.mktemp("pair"))


def send(port: int, trusted: Pair | None, security: str, **settings: str) -> Any:
    """One letter to a server whose certificate is trusted only if it is the one given."""

    def tls() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(trusted.certificate) if trusted else None)

    env = over(port, FACTOTUM_SMTP_SECURITY=security, **settings)
    return call(mail_server(env, tls=tls), "send", LETTER, RUN)


def relay_with(pair: Pair, security: str, login: tuple[str, str] | None = None) -> Relay:
    if security == "tls":
        return Relay(tls=pair, login=login)
    return Relay(starttls=pair, login=login)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_trusted_server_gets_the_letter(pair: Pair, security: str, host: str) -> None:
    with relay_with(pair, security, ("ann", "annpw-77")) as relay:
        answer = send(relay.port, pair, security, FACTOTUM_SMTP_HOST=host, **LOGIN)
    assert answer["outcome"] == "succeeded", answer
    assert len(relay.messages) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_stranger_s_certificate_ends_it_before_the_login(pair: Pair, security: str) -> None:
    with relay_with(pair, security, ("ann", "annpw-77")) as relay:
        answer = send(relay.port, None, security, **LOGIN)
    assert (answer["outcome"], answer["again"]) == ("failed_clean", False)
    assert "certificate" in answer["reason"]
    assert relay.commands == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_host_is_not_taken(tmp_path: Path, security: str) -> None:
    other = self_signed(tmp_path, "mail.example.test")
    with relay_with(other, security) as relay:
        answer = send(relay.port, other, security, FACTOTUM_SMTP_HOST="localhost")
    assert (answer["outcome"], answer["again"]) == ("failed_clean", False)
    assert "certificate" in answer["reason"]
    assert relay.messages == []


def test_a_server_without_starttls_gets_no_password(pair: Pair) -> None:
    with Relay(login=("ann", "annpw-77")) as relay:
        answer = send(relay.port, pair, "starttls", **LOGIN)
    assert (answer["outcome"], answer["again"]) == ("failed_clean", False)
    assert "FACTOTUM_SMTP_SECURITY" in answer["reason"]
    assert relay.commands == []


def test_tls_to_a_plain_port_is_explained(pair: Pair) -> None:
    with Relay() as relay:
        answer = send(relay.port, pair, "tls")
    assert (answer["outcome"], answer["again"]) == ("failed_clean", False)
    assert "FACTOTUM_SMTP_PORT" in answer["reason"]


def test_a_wrong_password_is_named_but_not_told(pair: Pair) -> None:
    wrong = {"FACTOTUM_SMTP_USER": "ann", "FACTOTUM_SMTP_PASSWORD": "not-annpw"}
    with Relay(tls=pair, login=("ann", "annpw-77")) as relay:
        answer = send(relay.port, pair, "tls", **wrong)
    assert (answer["outcome"], answer["again"]) == ("failed_clean", False)
    assert "FACTOTUM_SMTP_PASSWORD" in answer["reason"]
    assert "not-annpw" not in answer["reason"]
    assert relay.messages == []


def test_a_password_that_smtp_cannot_carry_is_explained(pair: Pair) -> None:
    odd = {"FACTOTUM_SMTP_USER": "ann", "FACTOTUM_SMTP_PASSWORD": "schlüssel"}
    with Relay(tls=pair, login=("ann", "annpw-77")) as relay:
        answer = send(relay.port, pair, "tls", **odd)
    assert answer["outcome"] == "failed_clean"
    assert "schlüssel" not in answer["reason"]
    assert relay.commands == []


@pytest.mark.slow
def test_over_stdio_with_nothing_but_its_environment(pair: Pair, tmp_path: Path) -> None:
    """As another client starts it; the certificate is trusted by SSL_CERT_FILE."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    phase_file = tmp_path / "p"
    meta: Any = {META_PREFIX + "message_id": RUN["message_id"]}
    meta[META_PREFIX + "phase_file"] = str(phase_file)

    async def once(port: int) -> Any:
        env = over(port, FACTOTUM_SMTP_SECURITY="tls", FACTOTUM_SMTP_HOST="localhost")
        env |= {"SSL_CERT_FILE": str(pair.certificate), "PATH": os.environ["PATH"]}
        script = str(MCP / "mail_server.py")
        started = StdioServerParameters(command=sys.executable, args=[script], env=env)
        async with Client(started) as client:
            return (await client.call_tool("send", LETTER, meta=meta)).structured_content

    with Relay(tls=pair) as relay:
        answer = anyio.run(once, relay.port)
    assert answer["outcome"] == "succeeded", answer
    assert [one.message["Message-ID"] for one in relay.messages] == [RUN["message_id"]]
    assert '"accepted"' in phase_file.read_text()


def test_a_wrong_setting_ends_the_program_with_one_line() -> None:
    with Silent() as silent:
        env = {**os.environ, **over(silent.port, FACTOTUM_SMTP_HOST="mail.example.org")}
        command = [sys.executable, str(MCP / "mail_server.py")]
        ended = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("mail_server: FACTOTUM_SMTP_SECURITY is none")
    assert len(ended.stderr.splitlines()) == 1
