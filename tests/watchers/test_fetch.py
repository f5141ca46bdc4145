"""The fetcher of the watchers: to the host that is meant, and with bounds on what comes back."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S, SOON_S
from tests.servers.certificate import Pair, self_signed
from tests.servers.feeds import WebServer, zeros
from watchers.web.fetch import Fetcher, Question, Refused, TooMuch, Unanswered
from watchers.web.reach import Reach

GET = Question("GET")
MB = 1024 * 1024


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as web:
        yield web


def fetcher(web: WebServer, **more: Any) -> Fetcher:
    return Fetcher(Reach([web.host]), more.pop("most_bytes", MB), **more)


def test_it_asks_the_address_that_was_checked_and_looks_up_once(web: WebServer) -> None:
    """A name that answers differently the second time leads nowhere."""
    lookups: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["10.0.0.1"]

    port = web.host.rpartition(":")[2]
    web.put("/a", b"hello")
    ask = Fetcher(Reach([f"rebinding.test:{port}"], resolve), MB)
    assert ask.ask(f"http://rebinding.test:{port}/a", GET).data == b"hello"
    assert lookups == ["rebinding.test"]
    assert web.asked[0].headers["Host"] == f"rebinding.test:{port}"


def test_one_bad_address_among_good_ones_is_enough(web: WebServer) -> None:
    ask = Fetcher(Reach([], lambda host, port: ["93.184.215.14", "127.0.0.1"]), MB)
    with pytest.raises(Refused, match="lies in your own network"):
        ask.ask(f"http://two.test:{web.host.rpartition(':')[2]}/", GET)
    assert web.asked == []


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_gets_through(web: WebServer, host: str) -> None:
    with pytest.raises((Refused, Unanswered)):
        Fetcher(Reach(), MB).ask(f"http://{host}:{web.host.rpartition(':')[2]}/", GET)
    assert web.asked == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"write": zeros(5), "packed": True}, "larger than 1 MB"),
        ({"data": b"a" * (MB + 1)}, "larger than 1 MB"),
        ({"data": b"not gzip", "headers": {"Content-Encoding": "gzip"}}, "cannot be unpacked"),
        ({"data": b"x", "headers": {"Content-Encoding": "br"}}, "which was not asked for"),
        ({"data": b"\x1f\x8b\x08\x00", "headers": {"Content-Encoding": "gzip"}}, "in the middle"),
        ({"data": b"x", "headers": {"Content-Length": "10"}}, "without sending complete"),
        ({"status": 302, "headers": {"Location": "http://["}}, "an address that is none|no name"),
    ],
)
def test_what_comes_back_is_bounded(web: WebServer, more: dict[str, Any], said: str) -> None:
    web.put("/a", **more)
    with pytest.raises((Unanswered, Refused), match=said):
        fetcher(web).ask(web.url("/a"), GET)


def test_what_is_packed_and_fits_is_unpacked(web: WebServer) -> None:
    web.put("/a", b"a" * 500_000, packed=True)
    assert fetcher(web).ask(web.url("/a"), GET).data == b"a" * 500_000
    with pytest.raises(TooMuch):
        fetcher(web, most_bytes=499_999).ask(web.url("/a"), GET)


def test_a_login_goes_to_its_own_host_alone(web: WebServer) -> None:
    login = Question("GET", login=("marco", "word"))
    with WebServer() as other:
        web.put("/a", status=302, headers={"Location": other.url("/b")})
        reach = Reach([web.host, other.host])
        with pytest.raises(Unanswered, match="does not get your password"):
            Fetcher(reach, MB).ask(web.url("/a"), login)
        assert other.asked == []
        web.put("/a", status=302, headers={"Location": "/c"})
        web.put("/c", b"here")
        assert Fetcher(reach, MB).ask(web.url("/a"), login).data == b"here"
        assert "Authorization" in web.asked[-1].headers
        web.put("/a", status=302, headers={"Location": other.url("/b")})
        other.put("/b", b"there")
        assert Fetcher(reach, MB).ask(web.url("/a"), GET).data == b"there"
        assert not {"Authorization", "Cookie"} & set(other.asked[-1].headers)


_ASK = """
import sys
from watchers.web.fetch import Fetcher, Question, Unanswered
from watchers.web.reach import Reach
try:
    reach = Reach([sys.argv[1]], lambda host, port: ["127.0.0.1"])
    print(Fetcher(reach, 1000).ask(f"https://{sys.argv[1]}/a", Question("GET")).data.decode())
except Unanswered as why:
    print(why)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "trusted", "said"),
    [
        ("localhost", True, "hello"),
        ("localhost", False, "CERTIFICATE_VERIFY_FAILED"),
        ("evil.test", True, "Hostname mismatch"),
    ],
)
def test_a_server_proves_its_name_to_whom_the_system_trusts(
    tmp_path: Path, host: str, trusted: bool, said: str
) -> None:
    pair = self_signed(tmp_path)
    web = WebServer()
    web.put("/a", b"hello")
    _encrypt(web, pair)
    env = {"PATH": os.environ["PATH"]} | (
        {"SSL_CERT_FILE": str(pair.certificate)} if trusted else {}
    )
    with web:
        where = f"{host}:{web.host.rpartition(':')[2]}"
        done = subprocess.run(
            [sys.executable, "-c", _ASK, where],
            env=env,
            capture_output=True,
            check=False,
            text=True,
            timeout=PATIENCE_S,
            cwd=Path(__file__).parents[2],
        )
    assert said in done.stdout, done.stderr


def _encrypt(web: WebServer, pair: Pair) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = web._server
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )


@pytest.mark.slow
def test_drops_that_keep_coming_are_cut_off_in_time(web: WebServer) -> None:
    web.put("/a", b"a" * 10_000, wait_s=0.05)
    done: list[str] = []

    def ask() -> None:
        try:
            fetcher(web, limit_s=0.5).ask(web.url("/a"), GET)
        except Unanswered as why:
            done.append(str(why))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(SOON_S)
    assert done and "longer than 0.5 s" in done[0]
