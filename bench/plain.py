"""The plain programs that ours are measured against: the same durable work, bare.

python bench/plain.py turn FOLDER PORT     one turn with one tool call, over and over
python bench/plain.py noop FOLDER          one task that does nothing, over and over
python bench/plain.py claim FOLDER         an inotify watch and a rename

`turn` and `noop` do as many tasks as each line of their input says, and print the seconds of
CPU and of time that those took.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import sqlite3
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

SYSTEM = "You work in an office that lives in notes. Only its owner gives you orders. " * 12
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": about,
            "parameters": {"type": "object", "properties": {field: {"type": "string"}}},
        },
    }
    for name, about, field in (
        ("notes__read", "Read a note of the vault.", "note"),
        ("finish", "The task is done.", "summary"),
    )
]


def fsync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


class Bare:
    """A folder with `todo`, `work` and `done`, and one SQLite file with full commits."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.todo, self.work, self.done = (folder / name for name in ("todo", "work", "done"))
        for one in (self.todo, self.work, self.done):
            one.mkdir(parents=True, exist_ok=True)
        (folder / "House.md").write_text("The key lies under the mat.\n")
        self.house = folder / "House.md"
        self.db = sqlite3.connect(folder / "plain.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS said (task TEXT, n INTEGER, text TEXT)")
        self.model = http.client.HTTPConnection("127.0.0.1", port)
        self.count = 0

    def prepare(self, count: int) -> list[str]:
        names = [f"task-{self.count + i:06}.md" for i in range(count)]
        self.count += count
        for name in names:
            (self.todo / name).write_text(f"---\nid: {name}\n---\n\nRead [[House]].\n")
        return names

    def _ask(self, messages: list[object]) -> dict[str, object]:
        body = json.dumps({"model": "bench", "messages": messages, "tools": TOOLS})
        headers = {"Content-Type": "application/json"}
        self.model.request("POST", "/v1/chat/completions", body, headers)
        reply: dict[str, object] = json.loads(self.model.getresponse().read())
        return reply

    def _commit(self, name: str, n: int, text: str) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO said VALUES (?, ?, ?)", (name, n, text))
        self.db.execute("COMMIT")

    def turn(self, name: str) -> None:
        """Claim, ask, commit, read, ask, commit, write and fsync the result, rename it into
        the last folder, fsync both folders."""
        os.rename(self.todo / name, self.work / name)
        task = (self.work / name).read_text()
        messages: list[object] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": task},
        ]
        for n in (1, 2):
            reply = self._ask(messages)
            self._commit(name, n, json.dumps(reply))
            said = reply["choices"][0]["message"]  # type: ignore[index]
            call = said["tool_calls"][0]
            if call["function"]["name"] == "finish":
                break
            text = self.house.read_text()
            messages += [said, {"role": "tool", "tool_call_id": call["id"], "content": text}]
        self._finish(name, task + call["function"]["arguments"])

    def _finish(self, name: str, text: str) -> None:
        result = self.work / f"{name}.new"
        with open(result, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fsync(self.work)
        os.rename(result, self.done / name)
        fsync(self.done)
        (self.work / name).unlink()

    def noop(self, name: str) -> None:
        """Claim, write and fsync a result in the last folder, fsync the folder, commit."""
        os.rename(self.todo / name, self.work / name)
        with open(self.done / name, "w") as out:
            out.write("Nothing was to be done.\n")
            out.flush()
            os.fsync(out.fileno())
        fsync(self.done)
        self._commit(name, 1, "done")


def serve(bare: Bare, work: Callable[[str], None]) -> None:
    for line in sys.stdin:
        names = bare.prepare(int(line))
        cpu, wall = time.process_time(), time.perf_counter()
        for name in names:
            work(name)
        print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)


def claim(folder: Path) -> None:
    """Renames whatever is moved into `todo` into `work`, as soon as the kernel tells of it."""
    bare = Bare(folder)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(0)
    libc.inotify_add_watch(fd, os.fsencode(bare.todo), 0x80)  # IN_MOVED_TO
    print("ready", flush=True)
    while True:
        data = os.read(fd, 4096)
        (length,) = struct.unpack_from("I", data, 12)
        name = os.fsdecode(data[16 : 16 + length].rstrip(b"\0"))
        os.rename(bare.todo / name, bare.work / name)


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    match what:
        case "claim":
            claim(folder)
        case "noop":
            bare = Bare(folder)
            serve(bare, bare.noop)
        case "turn":
            bare = Bare(folder, int(sys.argv[3]))
            serve(bare, bare.turn)


if __name__ == "__main__":
    main()
