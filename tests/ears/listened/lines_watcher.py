"""A watcher of the tests: the lines of a file are what it hears. Told by files what to do wrong.

`outside/lines.jsonl` beside the state directory holds a thing a line; the cursor is how many
were handed in. It is not set up where there is no `outside`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from factotum.drop import Bundle, Drop, File
from factotum.model import Trust
from factotum.watcher import Polled, Post, Premises, Source, SourceError

ABOUT = "lines of a file, for the tests"
SETTINGS = ("MAIL_FROM",)
AT_ONCE = 7


class Lines(Polled):
    every_s = 0.1

    def __init__(self, outside: Path) -> None:
        self.name = "lines outside"
        self.outside = outside

    def look(self, post: Post) -> float | None:
        while (self.outside / "hangs").exists():
            (self.outside / "hung").touch()  # who waits for that may go on
            time.sleep(0.05)
        if (self.outside / "broken").exists():
            raise SourceError("the file is broken. Mend it", login=True)
        lines = (self.outside / "lines.jsonl").read_text().splitlines()
        start = int(post.cursor() or 0)
        while some := lines[start : start + AT_ONCE]:
            start += len(some)
            post.hand_in(*map(drop_of, some), cursor=str(start))
        return None


def drop_of(line: str) -> Drop:
    thing = json.loads(line)
    files = thing.get("files", {})
    bundle = Bundle("all", "{n} lines", 0.0) if thing.get("told") else None
    return Drop(
        "lines outside",
        thing["id"],
        "message",
        thing["title"],
        thing.get("body", "There is nothing to do."),
        Trust(thing.get("trust", "owner")),
        thing.get("sender", ""),
        attachments=tuple(File(name, text.encode()) for name, text in files.items()),
        bundle=bundle,
    )


def sources(premises: Premises) -> Sequence[Source]:
    outside = premises.state.parent / "outside"
    if (outside / "wrong").exists():
        raise SourceError(f"{outside} is wrong. Take the file `wrong` away")
    return [Lines(outside)] if outside.is_dir() else []
