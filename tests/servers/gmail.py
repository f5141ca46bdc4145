"""Plays Gmail's REST API and Google's token endpoint on loopback, as their public pages tell.

Sources: developers.google.com/workspace/gmail/api/reference/rest/v1/users.{messages,history}
(list, get, getProfile; a history id that is too old is answered by 404; pages by nextPageToken),
.../gmail/api/guides/handle-errors, developers.google.com/identity/protocols/oauth2/native-app.
What it was asked is remembered in `asked`; anything but reading is answered by 403.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

CLIENT = {"client_id": "me.apps.googleusercontent.com", "client_secret": "s-secret"}
REFRESH = "1//refresh"
ME = "marco@gmail.example"
#: The longest page, as the API has it; tests make it shorter.
PAGE_MOST = 500


@dataclass
class Letter:
    id: str
    raw: bytes
    labels: set[str]
    at: float
    history: int


@dataclass
class Refusal:
    """What the next requests get whose path contains `path`."""

    path: str
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    left: int = 1


class GmailServer:
    """`deliver` puts a letter into the account. `forget` makes history ids before now too old."""

    def __init__(self, *, page: int = PAGE_MOST) -> None:
        self.page = page
        self.letters: dict[str, Letter] = {}
        self.events: list[tuple[int, str, str, frozenset[str]]] = []
        self.history = 1000
        self.oldest = 0
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.refusals: list[Refusal] = []
        self.refresh_tokens = {REFRESH}
        self.codes: dict[str, str] = {}  # code: challenge
        self.access: set[str] = set()
        self.expires_in: float = 3599
        self.refresh_expires_in: float | None = None
        self._lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gmail = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, tb: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- what happens in the account

    def deliver(self, raw: bytes, *labels: str, at: float = 1_795_000_000.0, id: str = "") -> str:
        with self._lock:
            self.history += 7
            name = id or f"{0x19A0000000000000 + len(self.letters):x}"
            wanted = set(labels or ("INBOX", "UNREAD"))
            self.letters[name] = Letter(name, raw, wanted, at, self.history)
            self.events.append((self.history, "messagesAdded", name, frozenset(wanted)))
            return name

    def label(self, id: str, *labels: str) -> None:
        with self._lock:
            self.history += 3
            self.letters[id].labels |= set(labels)
            self.events.append((self.history, "labelsAdded", id, frozenset(labels)))

    def delete(self, id: str) -> None:
        with self._lock:
            self.history += 3
            del self.letters[id]
            self.events.append((self.history, "messagesDeleted", id, frozenset()))

    def forget(self) -> None:
        self.oldest = self.history

    def refuse(
        self, path: str, status: int, reason: str = "", *, times: int = 1, **headers: str
    ) -> None:
        """As Google words it, with `reason` in errors[]."""
        error = {
            "code": status,
            "message": f"Said no: {reason}",
            "errors": [{"reason": reason, "domain": "usageLimits"}],
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.refusals.append(Refusal(path, status, {"error": error}, named, times))

    # -- answers

    def answer(
        self, method: str, target: str, bearer: str, form: Mapping[str, str]
    ) -> tuple[int, Any, Mapping[str, str]]:
        with self._lock:
            told = urlsplit(target)
            self.asked.append(f"{method} {target}")
            for one in self.refusals:
                if one.left and one.path in target:
                    one.left -= 1
                    return one.status, one.body, one.headers
            if told.path == "/token" and method == "POST":
                return (*self._token(form), {})
            if bearer not in self.access:
                return 401, _error(401, "authError", "Invalid Credentials"), {}
            if method != "GET":
                return 403, _error(403, "insufficientPermissions", "only readonly"), {}
            query = parse_qs(told.query)
            status, body = self._read(told.path, query)
            return status, body, {}

    def _token(self, form: Mapping[str, str]) -> tuple[int, Any]:
        self.forms.append(dict(form))
        if any(form.get(key) != value for key, value in CLIENT.items()):
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        body: dict[str, Any] = {"expires_in": self.expires_in, "token_type": "Bearer"}
        if form.get("grant_type") == "authorization_code":
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if self.codes.pop(form.get("code", ""), None) != challenge:
                return 400, {"error": "invalid_grant", "error_description": "Bad Request"}
            body["refresh_token"] = REFRESH
        elif form.get("refresh_token") not in self.refresh_tokens:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired"}
        if self.refresh_expires_in is not None:
            body["refresh_token_expires_in"] = self.refresh_expires_in
        access = f"ya29.{len(self.forms)}"
        self.access.add(access)
        return 200, {**body, "access_token": access}

    def _read(self, path: str, query: Mapping[str, list[str]]) -> tuple[int, Any]:
        parts = path.removeprefix("/gmail/v1/users/me/").split("/")
        match parts:
            case ["profile"]:
                return 200, {"emailAddress": ME, "historyId": str(self.history)}
            case ["history"]:
                return self._history(query)
            case ["messages"]:
                return self._messages(query)
            case ["messages", id]:
                return self._message(id, query.get("format", ["full"])[0])
            case _:
                return 404, _error(404, "notFound", "Not Found")

    def _history(self, query: Mapping[str, list[str]]) -> tuple[int, Any]:
        since, label = int(query["startHistoryId"][0]), query.get("labelId", [""])[0]
        kinds = {{"messageAdded": "messagesAdded", "labelAdded": "labelsAdded"}[one]
                 for one in query.get("historyTypes", [])}  # fmt: skip
        if since < self.oldest:
            return 404, _error(404, "notFound", "Requested entity was not found.")
        records = []
        for history, kind, id, labels in self.events:
            mine = self.letters[id].labels if id in self.letters else labels
            if history > since and kind in kinds and (not label or label in mine):
                message = {"id": id, "threadId": id, "labelIds": sorted(mine)}
                records.append({"id": str(history), kind: [{"message": message}]})
        page, token = self._page(records, query)
        body: dict[str, Any] = {"historyId": str(self.history), **token}
        return 200, {**body, "history": page} if page else body  # empty ones are left out

    def _messages(self, query: Mapping[str, list[str]]) -> tuple[int, Any]:
        words = query.get("q", [""])[0].split()
        label = query.get("labelIds", [""])[0]
        fit = [
            one
            for one in self.letters.values()
            if (not label or label in one.labels)
            and not one.labels & {"SPAM", "TRASH"}
            and all(_fits(word, one) for word in words)
        ]
        found = [{"id": one.id, "threadId": one.id} for one in reversed(fit)]
        page, token = self._page(found, query)
        body = {"resultSizeEstimate": len(found), **token}
        return 200, {**body, "messages": page} if page else body

    def _page(
        self, found: list[Any], query: Mapping[str, list[str]]
    ) -> tuple[list[Any], dict[str, str]]:
        start = int(query.get("pageToken", ["0"])[0])
        end = start + min(self.page, int(query.get("maxResults", ["100"])[0]))
        return found[start:end], {"nextPageToken": str(end)} if end < len(found) else {}

    def _message(self, id: str, form: str) -> tuple[int, Any]:
        one = self.letters.get(id)
        if one is None:
            return 404, _error(404, "notFound", "Requested entity was not found.")
        body: dict[str, Any] = {
            "id": id,
            "threadId": id,
            "labelIds": sorted(one.labels),
            "snippet": "How it begins",
            "historyId": str(one.history),
            "internalDate": str(int(one.at * 1000)),
            "sizeEstimate": len(one.raw),
        }
        if form == "raw":
            return 200, {**body, "raw": base64.urlsafe_b64encode(one.raw).decode()}
        head = one.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        pairs = [line.partition(": ") for line in head]
        headers = [{"name": name, "value": value} for name, _, value in pairs]
        return 200, {**body, "payload": {"mimeType": "text/plain", "headers": headers}}


def _fits(word: str, one: Letter) -> bool:
    name, _, value = word.partition(":")
    match name:
        case "after":
            return one.at >= int(value)
        case "is":
            return value.upper() in one.labels
        case "in":
            return value.upper() in one.labels
        case _:
            return word.encode() in one.raw


def _error(status: int, reason: str, message: str) -> dict[str, Any]:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return {"error": {"code": status, "message": message, "errors": errors}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one go: else each answer waits for an acknowledgement
    server: _Server

    def do_GET(self) -> None:
        self._play({})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        self._play({key: values[0] for key, values in parse_qs(body).items()})

    def _play(self, form: Mapping[str, str]) -> None:
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        gmail = self.server.gmail
        status, body, headers = gmail.answer(self.command, self.path, bearer, form)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    gmail: GmailServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of our business."""
