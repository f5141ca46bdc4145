"""A real Radicale (CalDAV) on a free loopback port, in a folder of its own.

with CalendarServer(folder) as calendars:
    calendars.make("work", "Work")
    calendars.put("work", "1", "BEGIN:VCALENDAR…")
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.patience import PATIENCE_S
from tests.servers.ports import free_port, wait_for

USER, PASSWORD = "marco", "a-word-of-marcos"

_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""

_MAKE = (
    '<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:set><d:prop><d:displayname>{name}</d:displayname></d:prop></d:set></c:mkcalendar>"
)


class CalendarServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        config = self.folder / "config"
        config.write_text(_CONFIG.format(port=self.port, folder=self.folder))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "-C", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def make(self, path: str, name: str) -> None:
        self._ask("MKCALENDAR", f"{path}/", _MAKE.format(name=name))

    def put(self, path: str, event: str, text: str) -> None:
        self._ask("PUT", f"{path}/{event}.ics", text)

    def delete(self, path: str, event: str) -> None:
        self._ask("DELETE", f"{path}/{event}.ics", "")

    def _ask(self, method: str, path: str, body: str) -> None:
        answer = httpx.request(
            method,
            f"{self.url}{USER}/{path}",
            content=body.encode(),
            auth=(USER, PASSWORD),
            headers={"Content-Type": "text/calendar; charset=utf-8"} if method == "PUT" else {},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        answer.raise_for_status()
