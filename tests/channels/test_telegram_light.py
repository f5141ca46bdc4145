"""What the channel loads: the library, and not what nothing here uses, with any httpx."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.channels.live import telegram
from tests.channels.test_every_channel import comes_to
from tests.office import TestOffice
from tests.servers.telegram import server_running

ROOT = Path(__file__).resolve().parents[2]
LOAD = """
import sys
import factotum.channels.telegram.service
from factotum.channels.telegram.line import line_of
from factotum.settings import load
line_of(load({}, []), "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr")
print(*sorted({"httpx", "httpx._main", "rich", "pygments", "litellm", "mcp"} & set(sys.modules)))
import httpx._main
print(httpx._main.print_help.__name__)
"""
RUN = """
import atexit, sys
atexit.register(lambda: print("with" if "rich" in sys.modules else "without"))
from factotum.cli import main
sys.exit(main(["channels", "run", "telegram"]))
"""
TRIED = "try:\n    from ._main import main\nexcept ImportError:"


def has_none(package: Path) -> None:
    (package / "_main.py").unlink()
    start = package / "__init__.py"
    start.write_text(
        start.read_text().replace(TRIED, "try:\n    raise ImportError\nexcept ImportError:")
    )


def needs_it(package: Path) -> None:
    start = package / "__init__.py"
    start.write_text(f"from ._main import main\n{start.read_text()}")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[Path], None]], dict[str, str]]:
    """The environment of a process in which httpx was changed like this."""

    def change(how: Callable[[Path], None]) -> dict[str, str]:
        package = tmp_path / "other" / "httpx"
        shutil.copytree(Path(str(httpx.__file__)).parent, package)
        assert TRIED in (package / "__init__.py").read_text()
        how(package)
        return {**os.environ, "PYTHONPATH": f"{package.parent}{os.pathsep}{ROOT}"}

    return change


def test_no_command_line_of_a_library_is_loaded_and_who_wants_it_later_gets_it() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ["httpx", "print_help"]


def as_it_is(package: Path) -> None:
    """The one that is installed."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "loaded"), [(as_it_is, "without"), (has_none, "without"), (needs_it, "with")]
)
def test_it_is_at_work_with_any_httpx_and_loads_its_command_line_where_it_must(
    tmp_path: Path,
    changed: Callable[[Callable[[Path], None]], dict[str, str]],
    how: Callable[[Path], None],
    loaded: str,
) -> None:
    with server_running() as server:
        office = TestOffice(tmp_path, env=telegram(server))
        env = {
            **changed(how),
            "FACTOTUM_VAULT": str(office.root),
            "FACTOTUM_STATE_DIR": str(office.state),
            **office.env,
        }
        child = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            comes_to(lambda: child.poll() is not None or bool(server.called("getUpdates")))
            comes_to(lambda: child.poll() is not None or bool(server.called("setMyCommands")))
            assert child.poll() is None
        finally:
            child.terminate()
            said, told = child.communicate(timeout=20)
        assert "Traceback" not in told
        assert said.split()[-1] == loaded
