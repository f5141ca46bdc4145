"""Killed while it writes notes, and started again: each deed is done once."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from factotum.model import Succeeded
from factotum.note import parse
from factotum.worker.memory import said_in
from tests.worker.study import Study

CHILD = """
import sys
from pathlib import Path
from tests.worker.study import study
folder = Path(sys.argv[1])
with study(folder) as desk:
    print("begun", flush=True)
    for id in sys.argv[2:]:
        desk.perform(desk.register.card(id))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_deed_that_was_cut_short_is_done_once(desk: Study, tmp_path: Path, seed: int) -> None:
    ids = []
    for n in range(25):
        desk.write(f"Projects/{n}.md", f"note {n}\r\n")
        change = {"note": f"Projects/{n}.md", "find": "", "replace": f"- added {n}"}
        fact = {"text": f"Fact {n}.", "about": "Ada"}
        draft = {"folder": "Drafts", "title": f"Draft {n}", "text": "text"}
        for tool, args in (("notes__change", change), ("remember", fact), ("notes__write", draft)):
            ids.append(desk.card(tool, args).id)
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), *ids], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 0.25))
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
    desk.vault.recover()
    for id in ids:
        assert isinstance(desk.perform(desk.register.card(id)), Succeeded)
    for n in range(25):
        text = (desk.root / f"Projects/{n}.md").read_bytes().decode()
        assert text == f"note {n}\r\n\r\n- added {n}\r\n"
    facts = Counter(
        said_in(parse(path.read_bytes())) for path in (desk.root / "Office/Memory").iterdir()
    )
    assert facts == {f"Fact {n}.": 1 for n in range(25)}
    assert len(desk.notes("Drafts")) == 25
