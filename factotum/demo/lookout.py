"""Tells what goes where in the vault while it happens.

A file event is a hint: some systems merge or lose them. So after each step the folders are
looked at too, and what was not heard is told then.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from factotum.demo.stage import Stage

#: Folders in which a step shows, with what it means that a file lies there. First fit.
MEANINGS = (
    ("Inbox/", "dropped by you"),
    ("Office/Attachments/", "kept as it came"),
    ("Needs_Action/", "its note: please do this"),
    ("In_Progress/demo/waiting/", "the task waits for you"),
    ("In_Progress/demo/", "the task is taken and worked on"),
    ("Pending_Approval/", "the request: nothing is done without your yes"),
    ("Approved/", "your yes"),
    ("Rejected/", "your no"),
    ("Done/", "finished, with its receipt"),
    ("Failed/", "failed, with the reason"),
)


class Lookout:
    """Hears events in the vault while its `with` block runs; `tell` says them."""

    def __init__(self, root: Path, stage: Stage) -> None:
        self.root = root
        self.stage = stage
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lies: dict[str, str] = {path.name: str(path.parent) for path in self._files()}
        # Stopped amid events, it complains; what was not heard is looked at anyway.
        logging.getLogger("watchdog").addHandler(logging.NullHandler())
        logging.getLogger("watchdog").propagate = False
        self._observer = Observer()
        self._observer.schedule(_Ear(self._heard), str(root), recursive=True)

    def __enter__(self) -> Self:
        try:
            self._observer.start()
        except OSError:
            pass  # no watches to be had: looking does it
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def tell(self) -> None:
        """Says what was heard since the last time."""
        while not self._heard.empty():
            self._say(Path(self._heard.get()))

    def look(self) -> None:
        """Says where things lie now, as far as it was not heard."""
        self.tell()
        for path in self._files():
            self._say(path)

    def _files(self) -> Iterable[Path]:
        return sorted(
            (path for folder, _ in MEANINGS for path in (self.root / folder).rglob("*.*")),
            key=lambda path: path.name,
        )

    def _say(self, path: Path) -> None:
        where = path.relative_to(self.root).as_posix()
        meaning = next((text for start, text in MEANINGS if where.startswith(start)), "")
        if (
            not meaning
            or path.name.startswith(".")
            or self._lies.get(path.name) == str(path.parent)
        ):
            return
        self._lies[path.name] = str(path.parent)
        self.stage.place(where, meaning)


class _Ear(FileSystemEventHandler):
    def __init__(self, heard: queue.SimpleQueue[str]) -> None:
        self.heard = heard

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory or event.event_type not in {"created", "moved"}:
            return
        self.heard.put(str(event.dest_path if event.event_type == "moved" else event.src_path))
