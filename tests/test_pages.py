"""A yes to one page, given for more of that host, in the whole office."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from factotum.note import set_props
from tests.office import Hands, TestOffice
from tests.servers.model import ScriptedModelServer, call


class Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<p>This is {self.path}.</p>".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads a log."""


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("_Site", (Site,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_so_many_pages_are_read_and_the_next_one_asks(
    tmp_path: Path, site: tuple[str, list[str]]
) -> None:
    host, asked = site
    office = TestOffice(tmp_path, hands=Hands(wall=time.time()))
    office.env |= {"FACTOTUM_WEB": "yes", "FACTOTUM_WEB_INSIDE": host.removeprefix("http://")}
    office.type("Find out what stands there.\ngo")
    names = ("start", "hours", "prices", "people")
    script = [call("web__read", url=f"{host}/{name}") for name in names]
    with ScriptedModelServer([*script, call("finish", summary="Done.")]) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        office.run()
        assert asked == []
        note = office.one("Pending_Approval")
        assert "`also: 10`" in note.read_text()
        note.write_bytes(set_props(note.read_bytes(), {"also": 2}))
        office.tick(note, "approve")
        office.run()
        assert asked == ["/start", "/hours", "/prices"]
        note = office.one("Pending_Approval")
        assert f"{host}/people" in note.read_text()
        office.tick(note, "reject")
        office.run()
        assert asked == ["/start", "/hours", "/prices"]
        assert len(server.requests) == 5 and server.refused == []
