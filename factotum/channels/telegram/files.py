"""The files of a message: several are fetched at once, each is kept on the disk till it is taken.

So one that is here is not fetched again after a kill, and what was heard is not paid for again.
What lies here can be had once more from Telegram: a disk that is full stops nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from factotum import disk, log, names
from factotum.channels.contract import Came, ChannelError, NotSent, Refused
from factotum.channels.telegram.channel import FETCH_MOST_BYTES
from factotum.channels.telegram.updates import Sent
from factotum.reading import Reading
from factotum.words import size

logger = log.get("factotum.channels.telegram")

#: How many files are fetched at once.
AT_ONCE = 4
#: How often a file is tried that cannot be fetched, before the message is taken without it.
TRIES_MOST = 4
#: How the name of a file ends that is being written, and of one with what was heard.
PART, WORDS = ".part", ".words"

#: Fetches a file by its id.
Fetch = Callable[[str], Awaitable[bytes]]


class Files:
    """`folder` is where they are kept, and holds nothing else; `read` says what stands in a file,
    and may take long. A file is known by the row of its message and a mark of its own there."""

    def __init__(self, folder: Path, fetch: Fetch, read: Callable[[bytes, str], Reading]) -> None:
        self.folder = folder
        self.fetch = fetch
        self.read = read
        self._places = asyncio.Semaphore(AT_ONCE)
        self._reader = asyncio.Semaphore(1)  # a child that reads may take 1 GB

    async def get(self, row: int, mark: str, sent: Sent, *, read: bool) -> Came | str:
        """The file with what stands in it, or why it cannot be had. Raises NotSent."""
        name = names.safe_file_name(sent.name)
        if sent.size_bytes > FETCH_MOST_BYTES:
            return (
                f"{name} has {size(sent.size_bytes)}, and a bot may fetch at most "
                f"{size(FETCH_MOST_BYTES)}: put it into Inbox"
            )
        async with self._places:
            kept = await asyncio.to_thread(self._kept, row, mark, sent.size_bytes)
            data = kept or await self._fetched(name, sent)
            if isinstance(data, str):
                return data
            if not kept:
                await asyncio.to_thread(self._keep, f"{row}-{mark}", data)
        reading = None
        if read:
            async with self._reader:
                reading = await asyncio.to_thread(self.read, data, name)
        return Came(name, data, sent.kind, sent.seconds, reading)

    async def _fetched(self, name: str, sent: Sent) -> bytes | str:
        for n in range(TRIES_MOST):
            try:
                return await self.fetch(sent.file_id)
            except NotSent:
                raise
            except Refused as refused:
                return f"{name} cannot be fetched ({refused}): put it into Inbox"
            except ChannelError as failed:
                why = str(failed)
                await asyncio.sleep(0.3 * 2**n)
        logger.warning("a file was not fetched", extra={"reason": why})
        return f"{name} could not be fetched ({why}): send it once more"

    # -- on the disk

    def _kept(self, row: int, mark: str, size_bytes: int) -> bytes | None:
        """What was fetched before, whole; a size of 0: nobody says how large it is."""
        try:
            data = disk.read_regular(self.folder / f"{row}-{mark}", FETCH_MOST_BYTES)
        except OSError:
            return None
        return data if data and size_bytes in (0, len(data)) else None

    def _keep(self, name: str, data: bytes) -> None:
        part = self.folder / f"{name}{PART}"
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            part.unlink(missing_ok=True)
            disk.write_new(part, data, mode=0o600)
            os.replace(part, self.folder / name)
        except OSError as refused:
            logger.warning("what was fetched is not kept", extra={"reason": str(refused)})

    def words(self, row: int, mark: str) -> str:
        """What was heard in it before, or an empty text."""
        try:
            return (self.folder / f"{row}-{mark}{WORDS}").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def keep_words(self, row: int, mark: str, words: str) -> None:
        self._keep(f"{row}-{mark}{WORDS}", words.encode())

    def forget(self, row: int) -> None:
        """Its message was taken."""
        self._clear(lambda of: of == str(row))

    def keep_only(self, rows: Collection[int]) -> None:
        """Clears away what a kill left of messages that were taken."""
        open_rows = {str(row) for row in rows}
        self._clear(lambda of: of not in open_rows)

    def _clear(self, gone: Callable[[str], bool]) -> None:
        try:
            for entry in os.scandir(self.folder):
                if gone(entry.name.partition("-")[0]):
                    os.unlink(entry.path)
        except FileNotFoundError:
            pass  # nothing was ever fetched
        except OSError as refused:
            logger.warning("what was taken is kept", extra={"reason": str(refused)})
