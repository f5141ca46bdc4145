"""An IMAP server that misbehaves as it is told: it refuses letters, hangs up, says no.

with Faulty({1: LETTER, 2: LETTER}, refuses={2}) as server:
    server.settings("ann@example.test")

Only what our watcher asks is answered (RFC 3501). A real one is in tests/servers/dovecot.py.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


class Faulty(socketserver.ThreadingTCPServer):
    """`refuses` are the letters of which it gives no body, nor, without `heads`, their headers;
    `gone` those that it lists and does not have, `empty` those of which it gives nothing. `says`
    is what it answers to a command (LOGIN, EXAMINE, FETCH) in place of the right thing; `hangs_up`
    at which it hangs up; `next` the number of the letter that comes next when the folder is
    opened."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, letters: Mapping[int, bytes], **how: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.letters = dict(letters)
        self.refuses: set[int] = how.get("refuses", set())
        self.gone: set[int] = how.get("gone", set())
        self.empty: set[int] = how.get("empty", set())
        self.heads: bool = how.get("heads", False)
        self.says: dict[str, str] = how.get("says", {})
        self.hangs_up: set[str] = how.get("hangs_up", set())
        self.next: int = how.get("next", 1)
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()

    def settings(self, user: str) -> dict[str, str]:
        return {
            "FACTOTUM_IMAP_HOST": "127.0.0.1",
            "FACTOTUM_IMAP_PORT": str(self.server_address[1]),
            "FACTOTUM_IMAP_USER": user,
            "FACTOTUM_IMAP_PASSWORD": "pw",
            "FACTOTUM_IMAP_SECURITY": "none",
        }


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.server: Faulty
        self.say("* OK hello")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            tag, _, rest = line.partition(" ")
            command = rest.upper().removeprefix("UID ").partition(" ")[0]
            self.server.asked.append(rest)
            if command in self.server.hangs_up:
                return
            answer = self.server.says.get(command) or self.answer(command, rest)
            self.say(f"{tag} {answer}")

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def answer(self, command: str, rest: str) -> str:
        match command:
            case "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            case "EXAMINE":
                self.say("* OK [UIDVALIDITY 7] so")
                self.say(f"* OK [UIDNEXT {self.server.next}] so")
            case "SEARCH":
                self.say("* SEARCH")
            case "FETCH":
                return self.fetch(rest)
        return "OK done"

    def fetch(self, rest: str) -> str:
        uids = self.uids(rest.split()[2])
        whole, heads = "BODY.PEEK[]" in rest, "BODY.PEEK[HEADER]" in rest
        if uids & self.server.refuses and (whole or (heads and not self.server.heads)):
            return "NO [CANNOT] that letter is damaged"
        for uid in sorted(uids):
            raw = self.server.letters[uid]
            said = f"* {uid} FETCH (UID {uid} FLAGS () RFC822.SIZE {len(raw)}"
            if not whole and not heads:
                if ":*" in rest or uid not in self.server.gone:
                    self.say(f"{said})")
            elif whole and uid in self.server.empty:
                self.say(f"{said} BODY[] NIL)")
            elif uid not in self.server.gone:
                body = raw if whole else raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                self.say(f"{said} BODY[{'' if whole else 'HEADER'}] {{{len(body)}}}")
                self.wfile.write(body + b")\r\n")
        return "OK done"

    def uids(self, written: str) -> set[int]:
        """Those of the letters that are meant by `3:5,9` or `3:*`."""
        found: set[int] = set()
        last = max(self.server.letters, default=0)
        for part in written.split(","):
            first, _, end = part.partition(":")
            stop = last if end == "*" else int(end or first)
            found |= {uid for uid in self.server.letters if int(first) <= uid <= stop}
        return found
