"""Every check of the gate matters: with it taken out, a proof turns red.

Each mutant is a copy of the program with one line changed; the fast proof runs against it. A
mutant that nobody notices fails here.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prove import figures
from tests.prove.attack.mutants import MUTANTS, Mutant

pytestmark = [pytest.mark.slow, pytest.mark.prove, pytest.mark.timeout(900)]

HERE = Path(__file__).resolve().parents[3]
PROOF = "tests/prove/attack"

#: What the fast proof needs of the program.
PARTS = ("factotum", "mcp", "watchers", "tests", "vault_template", "orchestrator.py",
         "pyproject.toml")  # fmt: skip

#: All of them for `make prove`, else a few, chosen by the seed.
CHOSEN = list(MUTANTS) if figures.WHOLE else random.Random(figures.SEED).sample(MUTANTS, 5)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the program, for one mutant after another."""
    tree = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        source, target = HERE / part, tree / part
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copy2(source, target)
    yield tree
    shutil.rmtree(tree)


def notices(tree: Path, *proofs: str) -> bool:
    """Whether a proof of these fails in the tree. Raises AssertionError where none could run."""
    hidden = ("PYTEST_", figures.VARIABLE)
    env = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "STRICT": "1"}  # at a desk it plays only a sample
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p",
               "no:xdist", "-m", "not slow", f"--basetemp={tree / 'scratch'}"]  # fmt: skip
    run = subprocess.run(
        [*command, *(f"{PROOF}/{proof}" for proof in proofs)],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode in (0, 1), f"the proof could not run: {run.stdout[-2000:]}"
    return run.returncode == 1


def changed(tree: Path, mutant: Mutant) -> str:
    """Takes the check out; returns the file as it was."""
    path = tree / mutant.path
    was = path.read_text()
    found = was.count(mutant.old)
    assert found == 1, f"{mutant.id}: {mutant.path} holds that {found} times; mend the table"
    path.write_text(was.replace(mutant.old, mutant.new))
    return was


@pytest.mark.parametrize("mutant", CHOSEN, ids=[re.sub(r"\W+", "-", m.id) for m in CHOSEN])
def test_a_check_that_is_taken_out_is_missed(tree: Path, mutant: Mutant) -> None:
    was = changed(tree, mutant)
    try:
        killed = notices(tree, mutant.by) or notices(
            tree, "test_checks.py", "test_hands.py", "test_table.py"
        )
    finally:
        (tree / mutant.path).write_text(was)
        shutil.rmtree(tree / "scratch", ignore_errors=True)
    survived = [] if killed else [mutant.id]
    figures.add("mutants", made=1, killed=int(killed), survived=survived)
    assert killed, f"nobody misses it: {mutant.id} ({mutant.path})"


def test_the_copy_itself_is_sound(tree: Path) -> None:
    assert not notices(tree, "test_checks.py", "test_hands.py")
