"""What ends the pause between two ticks: a file event, a word from another process, time.

An event is a hint and carries nothing. Where events cannot be had (network shares, too many
watches) there is only the time, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from factotum.model import FOLDERS

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

#: After a first event, how long to wait for more of the same burst, in seconds.
GATHER_S = 0.02


class Wakeup:
    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._observer: BaseObserver | None = None

    def set(self) -> None:
        self._event.set()

    async def wait(self, most_s: float) -> None:
        """Returns after `most_s` seconds, or sooner when something happened."""
        try:
            await asyncio.wait_for(self._event.wait(), most_s)
            await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        self._event.clear()

    def watch(self, root: Path, state: Path) -> None:
        """Starts to listen to the pipeline folders and to the `wake` file of `state`."""
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        # It complains of events that come while it is being stopped; scans make up for those.
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        loop = asyncio.get_running_loop()
        wake = self._event

        class Hint(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in {"created", "modified", "moved", "deleted", "closed"}:
                    loop.call_soon_threadsafe(wake.set)

        class Word(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if str(event.src_path).endswith("/wake") and event.event_type == "modified":
                    loop.call_soon_threadsafe(wake.set)

        observer = Observer()
        try:
            for name in dict.fromkeys(FOLDERS.values()):
                if name != "Done":
                    observer.schedule(Hint(), str(root / name), recursive=name == "In_Progress")
            observer.schedule(Word(), str(state))
            observer.start()
        except OSError:
            return  # no watches to be had: the scans do it
        self._observer = observer

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
