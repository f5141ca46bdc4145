"""The shell: one folder, one minute, ten thousand characters, and no plainly destructive word."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.form import form_text
from factotum.gate.policy import Ask, judge
from factotum.gate.rows import row_of
from factotum.model import Call, FailedClean, Risk, Succeeded, Task, Trust
from factotum.sandbox import isolation
from factotum.toolbox import Toolbox
from factotum.tooling.cages import Cages
from tests.mcp.desk import gone
from tests.patience import PATIENCE_S, SOON_S

CODE = Path(__file__).parents[2]
if str(CODE / "mcp") not in sys.path:
    sys.path.append(str(CODE / "mcp"))

from shell_refuse import refusal  # noqa: E402
from shell_run import OUTPUT_MOST, run  # noqa: E402
from shell_server import done  # noqa: E402

needs_a_cage = pytest.mark.skipif(not isolation().possible, reason=isolation().why)
ENV = {"PATH": "/usr/bin:/bin"}
META = {"message_id": "<x@example.test>", "phase_file": "/nowhere"}


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf x",
        "rm -r x",
        "rm  -r -f x",
        "rm\t-fr x",
        "/bin/rm -fr x",
        'r"m" -rf x',
        "\\rm -rf x",
        "rm \\\n -rf x",
        "rm --recursive x",
        "rm --rec x",
        "sudo rm -rf /",
        "A=1 rm -rf x",
        "env A=b rm -rf x",
        "timeout 5 rm -rf x",
        "true; rm -Rf b",
        "true && rm -rf b",
        "if true; then rm -rf x; fi",
        "{ rm -rf x; }",
        "(rm -rf x)",
        "echo $(rm -rf x)",
        'echo "$(rm -rf x)"',
        "echo `rm -rf x`",
        'sh -c "rm -rf x"',
        "bash -lc 'rm -rf x'",
        "eval rm -rf x",
        "ls | xargs rm -rf",
        "find . -exec rm -rf {} +",
        "find . -delete",
        "cat <<E\nit's\nE\nrm -rf x",
        "format c:",
        "mkfs.ext4 /dev/sda",
        "dd if=/dev/zero of=x",
        "echo x > /dev/sda",
        "shutdown -h now",
        "/sbin/reboot",
        "systemctl poweroff",
        ":(){ :|:& };:",
        "bomb() { bomb | bomb & }; bomb",
        "echo \0",
    ],
)
def test_a_plainly_destructive_command_is_refused(command: str) -> None:
    assert refusal(command)


@pytest.mark.parametrize(
    "command",
    [
        "git log --format=%h",
        "git rm -r old",
        "npm run format",
        "rm one-file",
        "ls -r",
        "grep -r format .",
        "echo rm -rf x",
        "echo 'do not reboot'",
        "python3 add.py",
        "cat informat",
        "cat > note.md <<E\nit's fine\nE",
    ],
)
def test_a_harmless_command_is_not(command: str) -> None:
    assert refusal(command) == ""


def test_a_long_command_is_read_quickly() -> None:
    began = time.process_time()
    for long in ("x" * 10_000, "a(){" * 2_500, "$(" * 5_000, "`" * 10_000, '"$(' * 3_000):
        refusal(long)
    assert time.process_time() - began < 15


def test_a_command_answers_with_its_status_and_all_that_it_printed(tmp_path: Path) -> None:
    ran = run("echo out; echo err >&2; exit 3", tmp_path, ENV)
    assert (ran.status, ran.output) == (3, "out\nerr\n")


def test_a_command_that_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    for limit_s in (0.3, 5.0, 20.0):  # it has to come so far that it can be known
        began = time.monotonic()
        ran = run("sleep 500 & echo $! > pid; sleep 600", tmp_path, ENV, limit_s=limit_s)
        assert ran.status is None
        assert time.monotonic() - began < limit_s + SOON_S
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can hold a group together")
def test_nothing_that_a_command_started_stays(tmp_path: Path) -> None:
    """Not in the background, and not in a group or session of its own."""
    away = "import os, time; open('pid2', 'w').write(str(os.getpid())); os.setsid(); time.sleep(99)"
    (tmp_path / "away.py").write_text(away)
    command = f"sleep 500 & echo $! > pid; {sys.executable} -I away.py; setsid sleep 500"
    ran = run(command, tmp_path, ENV, limit_s=PATIENCE_S)
    assert "Operation not permitted" in ran.output
    assert gone(int((tmp_path / "pid").read_text()))
    assert gone(int((tmp_path / "pid2").read_text()))


@pytest.mark.parametrize(("count", "more"), [(OUTPUT_MOST, 0), (10_001, 1), (300_000, 290_000)])
def test_output_is_cut_at_its_limit(tmp_path: Path, count: int, more: int) -> None:
    ran = run(f"head -c {count} /dev/zero | tr '\\0' x", tmp_path, ENV)
    text, _, notice = ran.output.partition("\n")
    assert text == "x" * min(count, OUTPUT_MOST)
    assert notice == (f"[cut here: {more} more bytes were printed]" if more else "")


# -- through the toolbox, in its cage


class House:
    def __init__(self, folder: Path) -> None:
        self.shell, self.root, self.state = folder / "shell", folder / "vault", folder / "state"
        for made in (self.shell / "inner", self.root / "Approved", self.state):
            made.mkdir(parents=True)
        (self.root / "Approved" / "card.md").write_text("approved")
        self.settings = {"FACTOTUM_SHELL_FOLDER": str(self.shell)}
        self.cages = Cages(self.root, self.state, CODE, folder / "home", shell=self.shell)

    def run(self, work: Callable[[Toolbox], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            toolbox = Toolbox(
                CODE / "mcp",
                lambda names: {n: self.settings[n] for n in names if n in self.settings},
                cages=self.cages,
            )
            try:
                return await work(toolbox)
            finally:
                await toolbox.close()

        return asyncio.run(whole())

    def sh(self, *commands: str, folder: str = "") -> list[Any]:
        async def work(toolbox: Toolbox) -> list[Any]:
            return [
                await toolbox.call("shell__run", {"command": one, "folder": folder}, META)
                for one in commands
            ]

        found: list[Any] = self.run(work)
        return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@needs_a_cage
@pytest.mark.slow
@pytest.mark.prove
def test_the_shell_works_in_its_folder_and_sees_no_other(house: House) -> None:
    card = house.root / "Approved" / "card.md"
    good, env, read, write, move, home, out, kill, inside = house.sh(
        "pwd; echo hello > note; cat note",
        "env | sort",
        f"cat {card}",
        f"echo x > {card}",
        f"mv note {card.parent}/new.md",
        "ls ~/..",
        "python3 -c 'import socket; socket.socket()'",
        f"kill {os.getpid()}",
        "cat ../note",
    )
    assert good.receipt["text"] == f"{house.shell}\nhello\n"
    assert good.receipt["exit_status"] == 0
    names = {line.partition("=")[0] for line in env.receipt["text"].splitlines()}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "PWD", "_", "OLDPWD", "SHLVL"}
    assert "vault" not in home.receipt["text"]
    for refused in (read, write, move, out, kill, inside):
        assert refused.receipt["exit_status"] != 0, refused
    assert card.read_text() == "approved"
    assert list(card.parent.iterdir()) == [card]


@pytest.mark.parametrize(
    ("command", "folder", "said"),
    [
        ("rm -rf inner", "", "rm with -r removes whole folders"),
        ("pwd", "../state", "there is no folder '../state'"),
        ("pwd", "/", "there is no folder '/'"),
        (" ", "", "1 to 10000 characters"),
        ("x" * 10_001, "", "1 to 10000 characters"),
    ],
)
def test_what_is_refused_has_not_run(house: House, command: str, folder: str, said: str) -> None:
    outcome = done(command, folder, house.shell, 1.0)
    assert outcome["outcome"] == "failed_clean"
    assert said in outcome["reason"]
    assert (house.shell / "inner").is_dir()


@needs_a_cage
@pytest.mark.slow
def test_a_command_that_kills_its_server_leaves_a_doubt_and_the_next_one_works(
    house: House,
) -> None:
    killed, after = house.sh("kill -9 $PPID", "echo back")
    assert not isinstance(killed, Succeeded | FailedClean)
    assert after.receipt["text"] == "back\n"


def test_a_shell_in_the_vault_is_refused(house: House) -> None:
    house.cages = Cages(house.root, house.state, CODE, house.shell.parent, shell=house.root)
    (outcome,) = house.sh("pwd")
    assert isinstance(outcome, FailedClean)
    assert "FACTOTUM_SHELL_FOLDER may not have" in outcome.reason


def test_without_its_folder_there_is_no_shell() -> None:
    assert Toolbox(CODE / "mcp", lambda names: {}).missing()["shell__run"] == (
        "FACTOTUM_SHELL_FOLDER: needed by shell__run"
    )


def test_every_command_asks_for_a_strong_yes_and_shows_itself() -> None:
    call = Call("shell__run", {"command": "make report", "folder": "work"})
    task = Task("t-1", "note", "Report", "Make the report.", Trust.OWNER)
    verdict = judge(call, task)
    assert isinstance(verdict, Ask)
    assert verdict.risk is Risk.HIGH
    form = row_of(call.tool).form
    assert form is not None
    assert form_text(form, call.args) == "Folder: work\n\nmake report"
