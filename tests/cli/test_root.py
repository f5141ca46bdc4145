"""How the commands are found, and how they end when something is wrong."""

from __future__ import annotations

import importlib
from pathlib import Path

import click
import pytest

from factotum import __version__
from factotum.cli import refusal
from factotum.cli.root import COMMANDS
from tests.cli.terminal import ROOT, Terminal


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"FACTOTUM_STATE_DIR": str(tmp_path / "state")})


def test_help_lists_every_command(bare: Terminal) -> None:
    said = bare("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_can_be_loaded_and_says_what_it_does(bare: Terminal, name: str) -> None:
    module = importlib.import_module(f"factotum.cli.{COMMANDS[name][0]}")
    assert isinstance(getattr(module, name), click.Command)
    said = bare(name, "--help")
    assert said.code == 0
    assert f"factotum {name}" in said.out and "--vault" in said.out


def test_version(bare: Terminal) -> None:
    assert bare("--version").out == f"factotum, version {__version__}\n"


@pytest.mark.parametrize(
    "words", [[], ["stauts"], ["status", "--jsno"], ["show"], ["resolve", "x", "y"]]
)
def test_wrong_usage_is_2(bare: Terminal, words: list[str]) -> None:
    said = bare(*words)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_a_misspelt_command_is_recognised(bare: Terminal) -> None:
    assert "Did you mean status?" in bare("stauts").err


def test_a_misspelt_setting_is_2_and_named(bare: Terminal) -> None:
    bare.env = {"FACTOTUM_SETTEL_S": "3"}
    said = bare("status")
    assert said.code == 2
    assert said.err.startswith("factotum: FACTOTUM_SETTEL_S")
    assert "FACTOTUM_SETTLE_S" in said.err


def test_a_misspelt_failpoint_is_2(bare: Terminal) -> None:
    bare.env = {"FACTOTUM_FAILPOINT": "no.such"}
    said = bare("status")
    assert said.code == 2
    assert "doctor --failpoints" in said.err


def test_a_loose_env_file_is_refused(bare: Terminal, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FACTOTUM_SETTLE_S=1\n")
    (tmp_path / ".env").chmod(0o644)
    said = bare.really("status")
    assert said.code == 2
    assert "chmod 600" in said.err


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_vault_is_named_before_or_after_the_command(
    bare: Terminal, tmp_path: Path, place: str
) -> None:
    bare("init", str(tmp_path / "v"))
    bare.env = {**bare.env, "FACTOTUM_VAULT": str(tmp_path / "nowhere")}
    option = ["--vault", str(tmp_path / "v")]
    words = [*option, "status"] if place == "before" else ["status", *option]
    assert bare(*words).code == 0


def test_a_state_directory_in_the_vault_is_refused(bare: Terminal, tmp_path: Path) -> None:
    bare("init", str(tmp_path / "v"))
    bare.env = {"FACTOTUM_STATE_DIR": str(tmp_path / "v" / "state")}
    said = bare("status", "--vault", str(tmp_path / "v"))
    assert said.code == 2
    assert "FACTOTUM_STATE_DIR" in said.err
    assert not (tmp_path / "v" / "state").exists()


def test_two_vaults_have_two_ledgers_by_default(bare: Terminal, tmp_path: Path) -> None:
    bare.env = {}
    for name in ("a", "b"):
        bare("init", str(tmp_path / name))
        assert bare("new", "x", "--vault", str(tmp_path / name)).code == 0
    assert len(list((tmp_path / ".local/state/factotum").rglob("ledger.db"))) == 2


@pytest.mark.parametrize("platform", ["win32", "cygwin"])
def test_windows_is_refused_with_a_clear_word(platform: str) -> None:
    assert "WSL 2" in refusal(platform)


@pytest.mark.parametrize("platform", ["linux", "darwin", "freebsd14"])
def test_other_systems_are_not(platform: str) -> None:
    assert refusal(platform) == ""


def test_orchestrator_by_path_is_up(bare: Terminal, tmp_path: Path) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, str(ROOT / "orchestrator.py"), "--vault", str(tmp_path / "nowhere")],
        capture_output=True, text=True, env=bare.environ(), cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "there is no vault at" in done.stderr
