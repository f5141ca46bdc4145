"""One folder outside the vault: each new file in it becomes a task with a copy of the file.

What a file holds is what it is known by: the same bytes under another name are no second task.
The first time it is only remembered what lies there.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from factotum import disk, names
from factotum.drop import Drop, File
from factotum.inert import one_line
from factotum.reading.shape import FILE_MOST_BYTES
from factotum.watcher import Post, Premises, SourceError
from factotum.words import size
from watchers.fs.scan import MARK_CHARS, Found, TooMany, scan
from watchers.hints import Hints
from watchers.remarks import Remarks

#: How often to look where nothing tells of a change, and where something does, in seconds.
LOOK_S, LOOK_SELDOM_S = 30.0, 600.0
#: How long after a hint to look, so that a burst of them is one look, in seconds; and at least so
#: many times as long as a look takes, for a folder of very many files that never rests.
GATHER_S, GATHER_TIMES = 0.2, 10
#: How many files are handed in together, and of how many bytes in all.
AT_ONCE, AT_ONCE_BYTES = 20, 2 * FILE_MOST_BYTES
#: How many marks are kept of files that lie there no longer: a disk may be taken out for a while.
OLD_MARKS_MOST = 40_000
#: How many things that are left alone are told one by one.
TOLD_MOST = 10
#: How often one look waits for files that are still being written, when it is the only one.
ONCE_MOST = 30


@dataclass
class _Memory:
    """`marks` of what is known, the newest last; whether the folder lay on another disk than the
    system, and whether it was ever looked into."""

    marks: dict[str, None] = field(default_factory=dict)
    apart: bool = False
    begun: bool = False

    def knows(self, found: Found) -> bool:
        return any(mark in self.marks for mark in found.marks)

    def learn(self, found: Found) -> None:
        for mark in found.marks:
            self.marks.pop(mark, None)
            self.marks[mark] = None

    def written(self) -> str:
        return json.dumps({"marks": "".join(self.marks), "apart": self.apart})


def _memory(cursor: str) -> _Memory:
    if not cursor:
        return _Memory()
    said = json.loads(cursor)
    marks = str(said["marks"])
    cut = [marks[n : n + MARK_CHARS] for n in range(0, len(marks), MARK_CHARS)]
    return _Memory(dict.fromkeys(cut), bool(said["apart"]), begun=True)


@dataclass
class Folder:
    """`root` carries no link. `system` is where this system's own disk is mounted."""

    root: Path
    premises: Premises
    system: Path = Path("/")
    every_s: float = LOOK_S
    silent_s: float = 0.0

    def __post_init__(self) -> None:
        self.name = f"fs {self.root}"
        self._memory: _Memory | None = None
        self._hints: Hints | None = None
        self._still_s = self.premises.settings.seconds("STABLE_S")
        #: How each file that is not yet still was seen, and since when.
        self._moving: dict[Path, tuple[tuple[str, str], float]] = {}
        self._remarks = Remarks()
        self._took_s = 0.0

    # -- a look

    def look(self, post: Post) -> float | None:
        again_s = self._look(post)
        for _ in range(ONCE_MOST):
            if not post.once or not self._moving:
                break
            post.rest(max(self._still_s, 0.01))
            again_s = self._look(post)
        return again_s

    def _look(self, post: Post) -> float | None:
        if self._memory is None:
            self._memory = _memory(post.cursor())
        memory = self._memory
        begun = time.monotonic()
        found = self._scan(memory)
        self._took_s = time.monotonic() - begun
        if not memory.begun:
            for one in found:
                memory.learn(one)
            memory.begun = True
            post.remember(memory.written())
            return None
        new = [one for one in found if not memory.knows(one)]
        remarks = {_shown(one, self.root): one.refused for one in new if one.refused}
        still = self._still(post, [one for one in new if not one.refused])
        self._hand_in(post, memory, still, remarks)
        self._forget(memory, found)
        self._tell(post, remarks)
        return max(self._still_s, 0.05) if self._moving else None

    def _scan(self, memory: _Memory) -> list[Found]:
        """All that lies there. Raises SourceError."""
        try:
            apart = os.stat(self.root).st_dev != os.stat(self.system).st_dev
            if memory.apart and not apart:
                raise SourceError(
                    f"the disk of {self.root} is not mounted. Mount it; then it is heard again"
                )
            if apart and not memory.apart:
                memory.apart, memory.begun = True, False  # another disk than the one we know
            return list(scan(self.root))
        except FileNotFoundError:
            raise SourceError(
                f"there is no folder {self.root}. Make it, mount its disk, or take it out of "
                f"FACTOTUM_FOLDERS"
            ) from None
        except OSError as refused:
            raise SourceError(
                f"{self.root} cannot be read ({refused.strerror}). Check that it is a folder and "
                f"whose it is"
            ) from None
        except TooMany:
            raise SourceError(
                f"{self.root} holds more files than are looked at. Name the folder in it where "
                f"files arrive"
            ) from None

    def _still(self, post: Post, new: Sequence[Found]) -> list[Found]:
        """Those of the new files that nobody is writing any more; in a trial, in which nothing is
        waited for, all of them."""
        if post.dry:
            return list(new)
        now, still, moving = post.now(), [], {}
        for one in new:
            seen, since = self._moving.get(one.path, (None, now))
            if seen != one.marks:
                since = now
            if seen == one.marks and not 0 <= now - since < self._still_s:
                still.append(one)
            moving[one.path] = (one.marks, since)
        for one in still:
            del moving[one.path]
        self._moving = moving
        return still

    # -- handing in

    def _hand_in(
        self, post: Post, memory: _Memory, still: Sequence[Found], remarks: dict[str, str]
    ) -> None:
        drops: list[Drop] = []
        held_bytes = 0
        for one in still:
            try:
                drop = self._drop(one)
            except OSError as refused:
                why = refused.strerror or "it changed while it was read"
                remarks[_shown(one, self.root)] = f"cannot be read ({why})"
                continue
            memory.learn(one)
            drops.append(drop)
            held_bytes += sum(len(file.data) for file in drop.attachments)
            if len(drops) >= AT_ONCE or held_bytes >= AT_ONCE_BYTES:
                post.hand_in(*drops, cursor=memory.written())
                drops, held_bytes = [], 0
        if drops:
            post.hand_in(*drops, cursor=memory.written())

    def _drop(self, found: Found) -> Drop:
        """Raises OSError."""
        name = names.safe_file_name(found.path.name)
        if found.size_bytes > FILE_MOST_BYTES:
            return self._too_large(found, name)
        if os.path.realpath(found.path) != os.fspath(found.path):
            raise disk.NotRegular(0, "a folder on its way became a link", str(found.path))
        data = disk.read_regular(found.path, FILE_MOST_BYTES, found.inode)
        if len(data) != found.size_bytes:
            raise OSError(0, "it is still being written", str(found.path))
        reading = self.premises.read(data, name)
        itself = File(name, data)
        inner = tuple(File(part.name, part.data) for part in reading.attachments)
        facts = {key: value for key, value in reading.properties.items() if key != "verified"}
        return Drop(
            self.name,
            hashlib.sha256(data).hexdigest(),
            reading.kind,
            reading.title,
            reading.text,
            sender=reading.sender,
            sender_name=reading.sender_name,
            received=reading.received,
            attachments=(*inner, itself) if reading.kind == "email" else (itself, *inner),
            properties=facts,
            remarks=reading.remarks,
        )

    def _too_large(self, found: Found, name: str) -> Drop:
        where = one_line(str(found.path), 500)
        much = size(found.size_bytes)
        return Drop(
            self.name,
            f"large {found.marks[0]}",
            "file",
            name,
            f"{name} ({much}) is too large to be read. It lies at {where}.",
            remarks=(f"larger than {size(FILE_MOST_BYTES)}: it was not copied",),
        )

    def _forget(self, memory: _Memory, found: Sequence[Found]) -> None:
        """Lets go of the oldest marks of what lies there no longer."""
        over = len(memory.marks) - 2 * len(found) - OLD_MARKS_MOST
        if over > 0:
            here = {mark for one in found for mark in one.marks}
            for mark in [one for one in memory.marks if one not in here][:over]:
                del memory.marks[mark]

    def _tell(self, post: Post, remarks: dict[str, str]) -> None:
        told = dict(list(remarks.items())[:TOLD_MOST])
        if more := len(remarks) - len(told):
            told["others"] = f"{more} more are left alone"
        self._remarks.tell(post, told)

    # -- waiting

    def rest(self, post: Post, seconds: float) -> None:
        if self._hints is None:
            self._hints = Hints([self.root], recursive=True)
            seconds = min(seconds, GATHER_S)  # what came before it listened
        elif self._hints.whole and seconds >= self.every_s:
            seconds = LOOK_SELDOM_S
        if post.rest(seconds, *self._hints.fds):
            post.rest(max(GATHER_S, GATHER_TIMES * self._took_s))
            self._hints.drain()

    def close(self) -> None:
        if self._hints is not None:
            self._hints.close()
            self._hints = None


def _shown(found: Found, root: Path) -> str:
    return one_line(disk.shown(str(found.path.relative_to(root))), 120)
