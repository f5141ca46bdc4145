"""What the scripts say on a machine that lacks something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in a folder with a space in its name, with no environment yet."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("Makefile", "pyproject.toml", *(path.name for path in ROOT.glob("*.lock"))):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that comes first on the PATH, for programs of another machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def run(
    clone: Path, programs: Path, *command: str, **more: str
) -> subprocess.CompletedProcess[str]:
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHON", "MAKEFLAGS", "MAKELEVEL", "LITE", "STRICT")
    }
    env |= {"PATH": f"{programs}:{env['PATH']}", **more}
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, check=False)


def test_an_old_python_is_refused_with_its_version(clone: Path, programs: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        program(programs, name, 'case "$*" in *platform*) echo 3.9.2 ;; *) exit 1 ;; esac')
    done = run(clone, programs, "make", "run")
    assert done.returncode != 0
    assert "python3 is 3.9.2. Factotum needs Python 3.11 or newer." in done.stderr
    assert not (clone / ".venv").exists()


def test_a_newer_python_under_its_own_name_is_found(clone: Path, programs: Path) -> None:
    program(programs, "python3", "exit 1")
    program(programs, "python3.13", f'exec {sys.executable} "$@"')
    done = run(clone, programs, "bash", "-c", "source scripts/lib.sh; find_python")
    assert done.stdout == "python3.13\n"


@pytest.mark.parametrize(
    ("name", "package"), [("python3", "python3-venv"), ("python3.12", "python3.12-venv")]
)
def test_debian_without_venv_says_the_one_line(
    clone: Path, programs: Path, name: str, package: str
) -> None:
    program(programs, name, f'case "$*" in *ensurepip*) exit 1 ;; esac; exec {sys.executable} "$@"')
    program(programs, "apt-get", "exit 0")
    done = run(clone, programs, "make", "run", PYTHON=name)
    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert ours == [f"Python cannot make an environment here. Run: sudo apt install {package}"]
    assert done.stdout == ""
    assert not (clone / ".venv").exists()


def test_windows_is_refused(clone: Path, programs: Path) -> None:
    program(programs, "uname", "echo MINGW64_NT-10.0-19045")
    done = run(clone, programs, "scripts/run")
    assert done.returncode != 0
    assert "does not run on Windows" in done.stderr
    done = run(clone, programs, "make", "run", OS="Windows_NT")
    assert done.returncode != 0
    assert "does not run on Windows" in done.stderr


def test_a_number_of_targets_and_each_a_script(clone: Path, programs: Path) -> None:
    targets = ("run", "test", "check", "demo", "demo-crash", "prove", "bench", "lock", "clean")
    for target in targets:
        done = run(clone, programs, "make", "-n", target)
        assert done.returncode == 0, done.stderr
        script = done.stdout.split("scripts/")[1].split()[0]
        assert os.access(ROOT / "scripts" / script, os.X_OK)
    assert all(target in run(clone, programs, "make").stdout for target in targets)


def test_strict_turns_a_skip_into_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\n\ndef test_skipped():\n    pytest.skip('no server here')\n"
        "\n@pytest.mark.xfail\ndef test_known():\n    assert False\n"
    )
    (tmp_path / "test_whole.py").write_text(
        "import pytest\npytest.importorskip('no_such_module')\n"
    )
    options = ["-q", "--continue-on-collection-errors", "-p", "tests.conftest", "--rootdir", "."]
    command = [sys.executable, "-m", "pytest", *options, "."]
    results = {}
    for strict in ("0", "1"):
        env = {**os.environ, "STRICT": strict, "PYTHONPATH": str(ROOT)}
        results[strict] = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
    assert results["0"].returncode == 0, results["0"].stdout
    assert "2 skipped" in results["0"].stdout
    assert results["1"].returncode != 0
    assert "STRICT=1 lets nothing be skipped" in results["1"].stdout
    assert "no server here" in results["1"].stdout
    assert "no_such_module" in results["1"].stdout
