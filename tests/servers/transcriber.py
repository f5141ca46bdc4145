"""A server on loopback that speaks OpenAI's transcriptions and knows what some recordings say.

with Transcriber(key="k") as server:
    server.knows(data, "Call Anna.", duration=3.2)    # from now on, for these bytes
    server.next(status(429, headers={"Retry-After": "7"}))   # before that, this once
    ...  # FACTOTUM_TRANSCRIBE_URL=server.base_url
assert server.asked[0].fields["model"] == "whisper-large-v3"

It is as strict as the real services: a wrong key, a missing field, an ending such as `.oga`, an
empty or too large file are refused in their words.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.servers.model_script import Raw, Slow, Status, cut, raw, slow, status

__all__ = ["Asked", "Transcriber", "cut", "raw", "slow", "status"]

PATH = "/v1/audio/transcriptions"
SIZE_BYTES_MOST = 25_000_000
#: Groq's list; `oga` is not on it.
ENDINGS = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm"})
FORMATS = frozenset({"json", "text", "srt", "verbose_json", "vtt"})

#: What may come in place of the text: an error, a late answer, other bytes, half an answer.
Turn = Status | Slow | Raw


@dataclass(frozen=True)
class Asked:
    """One request: its headers with small names, its fields, and the file in it."""

    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, str]
    file_name: str = ""
    file_type: str = ""
    data: bytes = b""


@dataclass
class _Play:
    key: str
    texts: dict[str, dict[str, Any]] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    play: _Play  # set by the server's own subclass

    def do_GET(self) -> None:
        self._send(200, {"status": "ok"}) if self.path == "/health" else self._send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked = self._read(body)
        self.play.asked.append(asked)
        turn = self.play.turns.pop(0) if self.play.turns else None
        if isinstance(turn, Slow):
            self.play.over.wait(turn.seconds)
            turn = turn.then if isinstance(turn.then, Status | Raw) else None
        match turn:
            case Status(code, headers, error):
                self._send(code, {"error": dict(error)}, headers)
            case Raw(data, halved):
                self._send_bytes(200, data, {}, len(data) // 2 if halved else len(data))
            case _:
                self._send(*self._answer(asked))

    def _read(self, body: bytes) -> Asked:
        headers = {name.lower(): text for name, text in self.headers.items()}
        head = f"Content-Type: {headers.get('content-type', '')}\r\n\r\n".encode()
        form = BytesParser(policy=HTTP).parsebytes(head + body)
        fields: dict[str, str] = {}
        name, kind, data = "", "", b""
        for part in form.iter_parts() if form.is_multipart() else ():
            about = part.get_params(header="content-disposition", unquote=True) or []
            told = dict(about)
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if "filename" in told:
                name, kind, data = told["filename"], part.get_content_type(), content
            else:
                fields[told.get("name", "")] = content.decode()
        return Asked(self.path, headers, fields, name, kind, data)

    def _answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """The status and the value of an answer, as the services give them."""
        code, why = _objection(asked, self.play.key)
        if why:
            self.play.refused.append(why)
            return code, {"error": {"message": why, "type": "invalid_request_error"}}
        return 200, self.play.texts.get(hashlib.sha256(asked.data).hexdigest(), {"text": ""})

    def _send(
        self, code: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        data = json.dumps(value).encode()
        self._send_bytes(code, data, headers or {}, len(data))

    def _send_bytes(self, code: int, data: bytes, headers: Mapping[str, str], until: int) -> None:
        self.send_response(code)
        for name, text in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data[:until])
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `asked`; nobody reads a log."""


def _objection(asked: Asked, key: str) -> tuple[int, str]:
    """The status and the reason of a refusal, or (200, "")."""
    if asked.path != PATH:
        return 404, f"Unknown request URL: POST {asked.path}"
    if key and asked.headers.get("authorization") != f"Bearer {key}":
        return 401, f"Invalid API Key: {asked.headers.get('authorization', '')}"
    if not asked.fields.get("model"):
        return 400, "`model` is required"
    if asked.fields.get("response_format", "json") not in FORMATS:
        return 400, "`response_format` must be one of [json text srt verbose_json vtt]"
    if not asked.data:
        return 400, "file is empty"
    if len(asked.data) > SIZE_BYTES_MOST:
        return 413, "Request Entity Too Large"
    if asked.file_name.rpartition(".")[2] not in ENDINGS:
        return 400, f"file must be one of the following types: [{' '.join(sorted(ENDINGS))}]"
    return 200, ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has hung up; a test looks at what it got."""


class Transcriber:
    """Listens while its `with` block runs. A recording that it does not know has no words."""

    def __init__(self, key: str = "") -> None:
        self._play = _Play(key)
        handler = type("_Handler", (_Handler,), {"play": self._play})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="transcriber"
        )
        self.port: int = self._server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    def knows(self, data: bytes, text: str, **more: Any) -> None:
        """These bytes say this; `more` may hold `language`, `duration` or `usage`."""
        self._play.texts[hashlib.sha256(data).hexdigest()] = {"text": text, **more}

    def next(self, *turns: Turn) -> None:
        """What the next requests get instead, in order."""
        self._play.turns.extend(turns)

    @property
    def asked(self) -> list[Asked]:
        return self._play.asked

    @property
    def refused(self) -> list[str]:
        """What the real service would have refused, too."""
        return self._play.refused

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._play.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
