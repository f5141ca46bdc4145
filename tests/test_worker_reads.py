"""The worker opens a task's note as carefully as a look does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from factotum.disk import NotRegular
from factotum.note import NoteError
from factotum.scan import TASK_MOST_BYTES
from factotum.worker.runs import Run
from orchestrator import Orchestrator
from tests.office import TestOffice


def link(path: Path) -> None:
    (path.parent / "elsewhere").write_text("# Not this one\n")
    path.symlink_to("elsewhere")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def large(path: Path) -> None:
    path.write_bytes(b"x" * (TASK_MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("put", "refusal"), [(link, NotRegular), (large, NoteError), (fifo, NotRegular)]
)
def test_what_lies_where_the_note_was_is_not_read(
    tmp_path: Path, put: Callable[[Path], None], refusal: type[Exception]
) -> None:
    office = TestOffice(tmp_path)
    task = tmp_path / "task.md"
    put(task)

    def look(orchestrator: Orchestrator) -> None:
        worker = orchestrator.worker
        with pytest.raises(refusal):
            worker._next("t-7f3k", task)
        run = Run("t-7f3k", 1, 0.0, None, 1.0, "done", "", False, "")
        with pytest.raises(refusal):
            worker.closer.close(run, task)

    office.run(look)
