"""Getting the owner's leave to read a Gmail account: they say yes in their browser, once.

The browser brings Google's answer to a port of this machine that is open for just that, or the
owner brings it: the address at which the browser ended. Without the secret that was made up for
this one time nobody can use it.
Source: RFC 8252 (apps on a machine), RFC 7636 (the secret, S256).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import select
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from factotum import disk
from factotum.settings import Settings
from factotum.watcher import SourceError
from watchers.mail.gmail_api import ANSWER_S, refused_login
from watchers.mail.gmail_keys import (
    AUTH_URL,
    OURS,
    SCOPE,
    Client,
    checked_url,
    client_of,
    private_json,
)

#: How long the owner has to say yes, in seconds.
YES_S = 600.0
#: How much a browser may say, in bytes, and how long it may take over it, in seconds.
ASKED_MOST_BYTES = 8192
BROWSER_S = 5.0


class Login:
    """One attempt. `port` 0 is any that is free. Close it."""

    def __init__(self, settings: Settings, state: Path, port: int = 0) -> None:
        path = settings.path("GMAIL_CREDENTIALS")
        self.client: Client = client_of(private_json(path, settings), path, settings)
        base = settings.text("GMAIL_URL")
        self._auth_url = f"{checked_url(base)}/auth" if base else AUTH_URL
        self._state_dir = state
        self._secret = secrets.token_urlsafe(64)
        self._once = secrets.token_urlsafe(32)
        try:
            self._door = _Door(port)
        except OSError as refused:
            raise SourceError(f"port {port} cannot be opened ({refused.strerror})") from None

    @property
    def port(self) -> int:
        return self._door.server_port

    @property
    def redirect(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What the owner opens in a browser."""
        digest = hashlib.sha256(self._secret.encode()).digest()
        asked = {
            "client_id": self.client.id,
            "redirect_uri": self.redirect,
            "response_type": "code",
            "scope": SCOPE,
            "state": self._once,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
        }
        return f"{self._auth_url}?{urlencode(asked)}"

    def close(self) -> None:
        self._door.server_close()

    def wait(self, typed: IO[str] | None, wait_s: float = YES_S) -> str:
        """The code that Google gives for the yes; `typed` is where the owner may bring it.
        Raises SourceError."""
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            open_: list[Any] = [self._door, *([typed] if typed else [])]
            ready, _, _ = select.select(open_, [], [], left)
            if typed in ready and typed is not None:
                line = typed.readline()
                if not line:
                    typed = None  # nobody types there
                elif line.strip():
                    return self._code(line.strip())
            if self._door in ready:
                self._door.handle_request()
                if self._door.heard:
                    return self._code(self._door.heard.pop())
        raise SourceError("nobody said yes in time. Run the command again")

    def _code(self, address: str) -> str:
        told = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        if not hmac.compare_digest(told.get("state", "").encode(), self._once.encode()):
            raise SourceError(
                "that answer does not belong to this login. Run the command again, and open the "
                "address that it prints"
            )
        if told.get("error"):
            raise SourceError(f"Google says no: {' '.join(told['error'].split())[:100]}")
        if not told.get("code"):
            raise SourceError("Google's answer holds no code. Run the command again")
        return told["code"]

    def redeem(self, code: str, now: Callable[[], float] = time.time) -> Path:
        """Asks for lasting access with the code, and writes it down for the watcher; where.
        Raises SourceError."""
        import httpx

        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client.id,
            "client_secret": self.client.secret,
            "code_verifier": self._secret,
            "redirect_uri": self.redirect,
        }
        try:
            answer = httpx.post(self.client.token_url, data=form, timeout=ANSWER_S)
        except httpx.HTTPError as broken:
            raise SourceError(
                f"Google cannot be reached ({type(broken).__name__}). Is this machine online?"
            ) from None
        if answer.status_code != 200:
            told = {name.lower(): value for name, value in answer.headers.items()}
            raise refused_login(answer.status_code, told, answer.content, now())
        return self._written(_object(answer.content), now())

    def _written(self, given: Mapping[str, Any], now: float) -> Path:
        token = given.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise SourceError(
                "Google gave no lasting access. Take this program's access away at "
                "myaccount.google.com/permissions, then run the command again"
            )
        kept = {"client_id": self.client.id, "refresh_token": token, "issued": now}
        left_s = given.get("refresh_token_expires_in")
        if isinstance(left_s, int | float) and left_s > 0:
            kept["refresh_token_ends"] = now + left_s
        path = self._state_dir / OURS
        scratch = path.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        disk.replace(path, json.dumps(kept).encode(), scratch)
        return path


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


class _Door(HTTPServer):
    """Takes one browser at a time, on loopback alone."""

    def __init__(self, port: int) -> None:
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", port), _Browser)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever came and hung up is of no interest."""


class _Browser(BaseHTTPRequestHandler):
    timeout = BROWSER_S
    server: _Door

    def do_GET(self) -> None:
        brings = "state=" in self.path and len(self.path) <= ASKED_MOST_BYTES
        words = b"Thank you. You can close this window and go back to the terminal.\n"
        self.send_response(200 if brings else 404)  # a browser also asks for an icon
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(words) if brings else 0))
        self.send_header("Connection", "close")
        self.end_headers()
        if brings:
            self.wfile.write(words)
            self.server.heard.append(self.path)

    def log_message(self, format: str, *args: Any) -> None:
        """The address holds the code: it stands in no log."""
