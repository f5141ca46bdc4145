"""Reading web pages: from the public Internet alone, at the address that was checked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from factotum.gate.form import form_text
from factotum.gate.rows import row_of
from factotum.toolbox import Toolbox
from factotum.tooling.tools import ToolboxError
from tests.patience import SOON_S
from tests.servers.certificate import self_signed

MCP = Path(__file__).parents[2] / "mcp"
if str(MCP) not in sys.path:
    sys.path.append(str(MCP))

from web_fetch import PAGE_MOST_BYTES, Fetcher, Refused, Unanswered, _same_site, is_public  # noqa: E402
from web_text import decoded, words_of  # noqa: E402

PAGE = b"""<html><head><title>Opening &amp; hours</title><style>p{}</style></head><body>
<h1>Hours</h1><script>alert("x")</script><p>Monday <b>9</b> to 5</p>
<ul><li>Closed on <a href="/sundays">Sundays</a></ul></body></html>"""


class Site(BaseHTTPRequestHandler):
    """A small site; `asked` are the paths and hosts that somebody asked for."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        name = self.path.partition("?")[0].strip("/")
        port = int(self.headers["Host"].rpartition(":")[2])
        to = {
            "here": "/page",
            "away": f"http://elsewhere.test:{port}/page",
            "file": "file:///etc/passwd",
            "loop": "/loop",
            "odd": "http://[",
        }.get(name)
        if name == "drip":
            return self._drip()
        self.send_response(302 if to else 404 if name == "gone" else 200)
        if to:
            self.send_header("Location", to)
        kind = {"pdf": "application/pdf", "json": "application/json"}.get(name, "text/html")
        self.send_header("Content-Type", kind)
        if name == "packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if name == "large":
            self.wfile.write(b"a" * (PAGE_MOST_BYTES + 1000))
        elif name == "slow":
            for _ in range(40):
                self.wfile.write(b"a" * 20_000)
                time.sleep(0.05)
        elif not to:
            self.wfile.write(b'{"a": 1}' if name == "json" else PAGE)

    def _drip(self) -> None:
        """Heads without end, each in good time."""
        try:
            for n in range(1200):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\nX-N: %d\r\n\r\n" % n)
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


class Web:
    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        self.server.asked = []  # type: ignore[attr-defined]
        self.asked: list[tuple[str, str]] = self.server.asked  # type: ignore[attr-defined]
        self.port = self.server.server_address[1]
        self.here = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, args=(0.02,))
    thread.start()
    yield web
    web.server.shutdown()
    thread.join()
    web.server.server_close()


def inside(web: Web, **more: Any) -> Fetcher:
    return Fetcher([f"127.0.0.1:{web.port}"], **more)


def test_a_page_is_read_as_words(web: Web) -> None:
    page = inside(web).page(f"{web.here}/page?a=1#part")
    title, text = words_of(decoded(page.data, page.charset))
    assert title == "Opening & hours"
    assert text == "# Hours\nMonday 9 to 5\n- Closed on Sundays </sundays>"
    assert web.asked == [("/page?a=1", f"127.0.0.1:{web.port}")]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds keep keys
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",  # NAT64 of loopback
        "2002:7f00:1::",  # 6to4 of loopback
        "2001:0:7f00:1::",  # Teredo
        "not an address",
    ],
)
def test_what_is_not_of_the_public_internet_is_refused(web: Web, address: str) -> None:
    assert not is_public(address)
    fetch = Fetcher(resolve=lambda host, port: [address])
    with pytest.raises(Refused, match="lies in your own network"):
        fetch.page(f"http://innocent.test:{web.port}/page")
    assert web.asked == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_of_the_public_internet_is_not(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_gets_through(web: Web, host: str) -> None:
    with pytest.raises((Refused, Unanswered)):
        Fetcher().page(f"http://{host}:{web.port}/page")
    assert web.asked == []


def test_one_bad_address_among_good_ones_is_enough(web: Web) -> None:
    fetch = Fetcher(resolve=lambda host, port: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(Refused):
        fetch.page(f"http://two.test:{web.port}/page")


def test_it_asks_the_address_that_was_checked_and_looks_up_once(web: Web) -> None:
    """A name that answers differently the second time leads nowhere."""
    lookups: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["10.0.0.1"]

    fetch = Fetcher([f"rebinding.test:{web.port}"], resolve)
    assert fetch.page(f"http://rebinding.test:{web.port}/page").status == 200
    assert lookups == ["rebinding.test"]
    assert web.asked == [("/page", f"rebinding.test:{web.port}")]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///etc/passwd", "only addresses that begin with"),
        ("ftp://example.org/", "only addresses that begin with"),
        ("javascript:alert(1)", "only addresses that begin with"),
        ("http://", "only addresses that begin with"),
        ("http://user:word@example.org/", "a name or password"),
        ("http://example.org/" + "a" * 900, "up to 900 characters"),
        ("http://example.org/\n", "no blanks"),
        ("http://exa mple.org/", "no blanks"),
        ("http://[", "no name of a host"),
        ("http://good.example;evil.example/", "no name of a host"),
        ("http://good.example%2eevil.example/", "no name of a host"),
        ("http://[fe80::1%25eth0]/", "no name of a host"),
        ("http://example.org:0/", "no name of a host"),
        (f"http://{'a' * 300}.org/", "no name of a host"),
        ("http://example.org:port/", "no address of a page"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        Fetcher(resolve=lambda host, port: []).page(address)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("pdf", "it is no text but 'application/pdf'"),
        ("packed", "it came packed"),
        ("loop", "more than 5 times"),
    ],
)
def test_what_is_no_page_is_said(web: Web, path: str, said: str) -> None:
    with pytest.raises(Unanswered, match=said):
        inside(web).page(f"{web.here}/{path}")


def test_it_goes_on_within_a_site_and_never_to_another(web: Web) -> None:
    assert inside(web).page(f"{web.here}/here").data == PAGE
    away = inside(web).page(f"{web.here}/away")
    assert (away.data, away.elsewhere) == (b"", f"http://elsewhere.test:{web.port}/page")
    for path in ("file", "odd"):
        try:
            assert inside(web).page(f"{web.here}/{path}").data == b""
        except (Refused, Unanswered):
            pass


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://example.org/", "http://www.example.org/a", True),
        ("http://example.org/", "https://example.org/", True),
        ("https://example.org/", "http://example.org/", False),
        ("https://example.org/", "https://example.org:8443/", False),
        ("http://example.org/", "http://example.org:8080/", False),
        ("http://example.org:8080/", "https://example.org/", False),
        ("https://example.org/", "https://example.org.evil.example/", False),
        ("https://fass.example/", "https://faß.example/", False),  # two hosts since IDNA 2008
        ("https://faß.example/", "https://xn--fa-hia.example/", True),
    ],
)
def test_a_site_is_one_host_at_one_door(one: str, other: str, same: bool) -> None:
    assert _same_site(httpx.URL(one), httpx.URL(other)) is same


def test_the_host_that_is_looked_up_is_the_one_that_is_asked() -> None:
    lookups = []

    def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return []

    with pytest.raises(Refused, match=r"there is no host xn--fa-hia\.example"):
        Fetcher(["xn--fa-hia.example"], resolve).page("http://faß.example/")
    assert lookups == ["xn--fa-hia.example"]


def test_an_answer_that_drips_is_given_up(web: Web) -> None:
    began = time.monotonic()
    with pytest.raises(Unanswered, match="took longer than"):
        inside(web, limit_s=0.3).page(f"{web.here}/drip")
    assert time.monotonic() - began < SOON_S


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    pair = self_signed(tmp_path, "site.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    asked = []
    context.sni_callback = lambda _, name, __: asked.append(name)

    def serve(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with contextlib.suppress(OSError):
            context.wrap_socket(line, server_side=True).close()
        line.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        fetch = Fetcher([f"site.test:{port}"], lambda host, port: ["127.0.0.1"])
        with pytest.raises(Unanswered, match="certificate verify failed"):
            fetch.page(f"https://site.test:{port}/")
        thread.join()
    assert asked == ["site.test"]


def test_a_server_that_is_silent_is_given_up_before_it_has_proved_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(Unanswered, match="took longer than"):
            Fetcher([f"127.0.0.1:{port}"], limit_s=0.2).page(f"https://127.0.0.1:{port}/")
        assert time.monotonic() - began < 8.0  # one step alone may take ten


def test_a_large_page_is_cut_and_a_slow_one_given_up(web: Web) -> None:
    page = inside(web).page(f"{web.here}/large")
    assert (len(page.data), page.cut) == (PAGE_MOST_BYTES, True)
    with pytest.raises(Unanswered, match=r"took longer than 0\.3 s"):
        inside(web, limit_s=0.3).page(f"{web.here}/slow")


def test_words_are_found_in_any_ruins() -> None:
    deep = "<div>" * 20_000 + "words" + "</div>" * 10
    assert words_of(deep) == ("", "words")
    assert words_of("<script>x") == ("", "")
    assert words_of("<p>a<script>b</script>c<br")[1].startswith("ac")
    assert decoded(b"\xe4", "latin-1") == "ä"
    assert decoded(b"\xff\xfe", "no-such-charset") == "\ufffd\ufffd"


@pytest.mark.parametrize("charset", ["punycode", "undefined", "idna", "zlib", "x" * 5000])
def test_no_encoding_makes_a_page_cost_minutes(charset: str) -> None:
    page = b"a-" + b"b" * 500_000
    assert decoded(page, charset) == page.decode()
    assert decoded(b"<meta charset=%s>" % charset[:40].encode() + page, "").endswith("b")


def test_the_tool_reads_in_parts_and_tells_what_failed(web: Web) -> None:
    settings = {"FACTOTUM_WEB": "yes", "FACTOTUM_WEB_INSIDE": f"127.0.0.1:{web.port}"}

    async def work() -> Any:
        toolbox = Toolbox(MCP, lambda names: {n: settings[n] for n in names if n in settings})
        try:
            await toolbox.catalogue()
            assert "shell__run" in toolbox.missing()
            read = (await toolbox.call("web__read", {"url": f"{web.here}/page"})).text
            large = (await toolbox.call("web__read", {"url": f"{web.here}/large"})).text
            with pytest.raises(ToolboxError, match="lies in your own network"):
                await toolbox.call("web__read", {"url": "http://127.0.0.1:1/"})
            return read, large
        finally:
            await toolbox.close()

    read, large = asyncio.run(work())
    assert read.startswith(f"Address: {web.here}/page\nStatus: 200\nTitle: Opening & hours\n\n")
    assert "read on with start=20000" in large


def test_the_card_shows_the_whole_address() -> None:
    row = row_of("web__read")
    url = "https://example.org/?secret=" + "x" * 800
    assert row.form is not None
    assert url in form_text(row.form, {"url": url})
    assert row.egress
    assert row.reads_untrusted


def test_there_is_no_such_tool_unless_it_is_wanted() -> None:
    toolbox = Toolbox(MCP, lambda names: {})
    assert toolbox.missing()["web__read"] == "FACTOTUM_WEB: needed by web__read"
    assert asyncio.run(toolbox.catalogue()) == {}
