"""Very many mails are read beside this process, in order, and here where that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.reading import read
from factotum.watcher import SourceError
from tests.patience import PATIENCE_S, until
from watchers.mail.ahead import CHILD, ahead

RAWS = [
    b"Subject: %d\r\nFrom: a@b.example\r\nDate: Mon, 30 Nov 2026 08:00:00 +0100\r\n\r\nHi.\r\n" % n
    for n in range(6)
]
ROOT = Path(__file__).parents[2]

DIES = "import sys; sys.stdin.buffer.read(8)"
LIES = """
import os, pickle, sys
class Evil:
    def __reduce__(self):
        return os.mkdir, ("EVIL",)
data = pickle.dumps([Evil(), Evil()])
sys.stdin.buffer.read(8)
sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
sys.stdout.flush()
sys.stdin.buffer.read()
"""


@pytest.mark.parametrize("child", ["", DIES, LIES, "syntax error", "none"])
def test_many_are_read_in_order_whatever_becomes_of_the_other_process(
    tmp_path: Path, child: str
) -> None:
    path = CHILD
    if child == "none":
        path = tmp_path / "nowhere"
    elif child:
        path = tmp_path / "child.py"
        path.write_text(child.replace("EVIL", str(tmp_path / "evil")))
    with ahead(read, path) as it:
        portions = [RAWS[:2], RAWS[2:4], RAWS[4:]]
        found = list(it.reading(portions, lambda one: one))
    assert [portion for portion, _ in found] == portions
    assert [one for _, readings in found for one in readings] == [
        read(raw, "mail.eml") for raw in RAWS
    ]
    assert not (tmp_path / "evil").exists()


def test_the_next_are_fetched_while_those_before_them_are_worked_on() -> None:
    fetched = threading.Event()

    def portions() -> Iterator[list[bytes]]:
        yield RAWS[:2]
        fetched.set()
        yield RAWS[2:4]

    with ahead(read) as it:
        coming = it.reading(portions(), lambda one: one)
        next(coming)
        assert fetched.wait(PATIENCE_S)
        assert next(coming)[0] == RAWS[2:4]


def test_what_was_fetched_is_worked_on_before_the_server_refuses_the_next() -> None:
    def portions() -> Iterator[list[bytes]]:
        yield RAWS[:2]
        raise SourceError("the server is busy. Wait")

    found = []
    with ahead(read) as it, pytest.raises(SourceError, match="busy"):
        for portion, _ in it.reading(portions(), lambda one: one):
            found.append(portion)
    assert found == [RAWS[:2]]


HANGS_ON = """
import os, sys, time
from factotum.reading import read
from watchers.mail.ahead import ahead
with ahead(read) as it:
    print(it._child.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_the_other_process_ends_with_this_one() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS_ON], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.getpid() != pid
