"""Failpoints: a process dies where it was told to, the n-th time, and only there."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from factotum import failpoint

ROOT = Path(__file__).parents[1]

THREE_TIMES = """
from factotum import failpoint
for time in (1, 2, 3):
    failpoint.hit("effect.after")
    failpoint.hit("effect.before")
    print(time, flush=True)
"""


def run(code: str, spec: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, failpoint.VARIABLE: spec}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize(
    ("spec", "printed"),
    [
        ("effect.before", ""),
        ("effect.before:1", ""),
        ("effect.before:3", "1\n2\n"),
    ],
)
def test_the_process_dies_the_nth_time(spec: str, printed: str) -> None:
    done = run(THREE_TIMES, spec)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == printed


@pytest.mark.parametrize("spec", ["", "mail.data", "effect.before:4"])
def test_the_process_lives_where_it_never_comes_by(spec: str) -> None:
    done = run(THREE_TIMES, spec)
    assert (done.returncode, done.stdout) == (0, "1\n2\n3\n"), done.stderr


def test_a_setting_from_a_file_can_arm_it_too() -> None:
    code = "from factotum import failpoint; failpoint.arm('effect.before:2')" + THREE_TIMES
    assert run(code, "").stdout == "1\n"


def test_who_listens_hears_every_place_also_the_last() -> None:
    code = (
        "import os\nfrom factotum import failpoint\n"
        "failpoint.listen(lambda name: os.write(1, name.encode() + b' '))" + THREE_TIMES
    )
    heard = run(code, "effect.after:2").stdout.split()
    assert heard == ["effect.after", "effect.before", "1", "effect.after"]


def test_many_threads_pass_one_after_the_other() -> None:
    code = (
        "import threading\nfrom factotum import failpoint\n"
        "work = lambda: [failpoint.hit('effect.before') for _ in range(100)]\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[t.start() for t in threads], [t.join() for t in threads]\n"
    )
    assert run(code, "effect.before:800").returncode == -signal.SIGKILL
    assert run(code, "effect.before:801").returncode == 0


@pytest.mark.parametrize(
    "spec", ["no.such", "effect.before:0", "effect.before:x", "effect.before:-1"]
)
def test_a_place_that_does_not_exist_is_refused(spec: str) -> None:
    with pytest.raises(failpoint.FailpointError, match="FACTOTUM_FAILPOINT"):
        failpoint.arm(spec)
    assert "FailpointError" in run(THREE_TIMES, spec).stderr


def test_a_name_that_is_not_listed_cannot_be_passed() -> None:
    with pytest.raises(KeyError):
        failpoint.hit("no.such")


def places() -> set[str]:
    """The names at which `hit("name")` is called anywhere in the product."""
    found: set[str] = set()
    for folder in ("factotum", "mcp", "watchers"):
        for file in [*(ROOT / folder).rglob("*.py"), ROOT / "orchestrator.py"]:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("hit"):
                    match node.args:
                        case [ast.Constant(value=str(name))]:
                            found.add(name)
    return found


def test_every_place_is_listed_and_every_listed_name_is_a_place() -> None:
    assert places() == set(failpoint.NAMES)
