"""The route through litellm itself, where it is installed: run this file by its name.

It is no part of the suite, whose environment is without litellm. It needs one that holds
requirements.lock and requirements-dev.lock: python -m pytest tests/models/with_litellm.py
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from factotum.agent.talk import Reply, Request
from factotum.models import Busy, ModelError, Refusing, TooLong
from factotum.models.litellm_route import LitellmRoute
from factotum.models.price import OURS, facts_of, price_list
from factotum.models.providers import PROVIDERS
from factotum.models.way import Way
from tests.models.talking import CANARY, FREE, HELLO, settings_of, way
from tests.patience import PATIENCE_S
from tests.servers.model import ScriptedModelServer, call, raw, slow, status

TOOL = {
    "type": "function",
    "function": {
        "name": "notes__read",
        "description": "Read a note.",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
    },
}


def chat(way: Way, request: Request = HELLO, timeout_s: float = PATIENCE_S) -> Reply:
    return asyncio.run(LitellmRoute(way, lambda: FREE, timeout_s).chat(request))


def at(server: ScriptedModelServer) -> Way:
    """As litellm reaches a provider that speaks chat completions."""
    there = way("openai/gpt-test", {"OPENAI_API_KEY": CANARY})
    return replace(there, model="openai/gpt-test", base_url=server.base_url)


def test_a_call_goes_through_it() -> None:
    asked = replace(HELLO, tools=[TOOL])
    with ScriptedModelServer([call("notes__read", path="a.md"), "Hello."]) as server:
        reply = chat(at(server), asked)
        assert (reply.calls[0].tool, dict(reply.calls[0].args)) == ("notes__read", {"path": "a.md"})
        assert (reply.usage.sent, reply.usage.answered) == (100, 20)
        assert chat(at(server)).text == "Hello."
        assert server.refused == []
        assert server.headers[0]["authorization"] == f"Bearer {CANARY}"
        assert not server.requests[0].get("stream")


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (status(429, headers={"Retry-After": "7"}), Busy),
        (status(500), Busy),
        (status(401, f"Incorrect API key provided: {CANARY}"), Refusing),
        (status(404, "no such model"), Refusing),
        (status(400, "maximum context length is 10", code="context_length_exceeded"), TooLong),
        (raw(b"<html>"), ModelError),
        (slow(30), Busy),
    ],
)
def test_its_errors_become_ours(item: Any, kind: type[ModelError]) -> None:
    with ScriptedModelServer([item] * 5) as server:
        with pytest.raises(kind) as wrong:
            chat(at(server), timeout_s=0.5 if item == slow(30) else PATIENCE_S)
        assert len(server.requests) == 1  # asking again is the chain's business
    assert CANARY not in str(wrong.value)


class Anthropic(BaseHTTPRequestHandler):
    """One answer in the format of Anthropic's own service."""

    asked: ClassVar[list[tuple[str | None, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.headers["x-api-key"], body))
        answer = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "notes__read",
                 "input": {"path": "a.md"}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 50, "output_tokens": 9},
        }  # fmt: skip
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def anthropic() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Anthropic)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_anthropic_is_spoken_to_in_its_own_words() -> None:
    there = way("anthropic/claude-haiku-4-5", {"ANTHROPIC_API_KEY": CANARY})
    with anthropic() as url:
        reply = chat(replace(there, base_url=url), replace(HELLO, tools=[TOOL]))
    ((key, body),) = Anthropic.asked
    assert (key, body["model"], body["max_tokens"]) == (CANARY, "claude-haiku-4-5", 4096)
    assert body["tools"][0]["name"] == "notes__read"
    assert reply.text == "I look."
    assert (reply.calls[0].id, dict(reply.calls[0].args)) == ("toolu_1", {"path": "a.md"})
    assert (reply.finish, reply.usage.sent, reply.usage.answered) == ("tool_calls", 50, 9)


def test_it_reads_no_file_of_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-the-file\n")
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from factotum.models.litellm_route import quiet_litellm\n"
        "quiet_litellm('xai/grok')\n"
        "print(os.environ.get('OPENAI_API_KEY'))"
    )
    root = str(Path(__file__).parents[2])
    bare = {name: text for name, text in os.environ.items() if not name.endswith("_API_KEY")}
    said = subprocess.run(
        [sys.executable, "-c", code, root], cwd=tmp_path, env=bare, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "None"


def test_the_price_list_has_what_we_propose() -> None:
    """And our own list, for who has no litellm, says the same."""
    listed = price_list()
    assert listed is not None
    keys = {variable: "k" for row in PROVIDERS for variable in row.keys}
    for row in PROVIDERS:
        found = facts_of(way(row.proposed, keys), settings_of(), keys, first=True, listed=listed)
        assert found.price.source == "litellm's list", row.name
        if ours := OURS.get(row.proposed):
            same = replace(found.price, source="our own list")
            assert replace(found, price=same) == ours, row.name
