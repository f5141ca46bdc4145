"""`factotum demo` as a person runs it: what it shows, what it sends, what it leaves behind."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from factotum.demo import letter, paper
from factotum.demo.house import DemoError, House
from factotum.note import render
from factotum.reading import read
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
#: Less than the settling (120 s) and the regret (60 s) that it must not wait out, in seconds.
QUICK_S = 55
COMMAND = [sys.executable, "-c", "import factotum.cli, sys; sys.exit(factotum.cli.main())", "demo"]


def environment(tmp_path: Path) -> dict[str, str]:
    """A home with a mail account in it, which the demo must leave alone."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / ".env").write_text("FACTOTUM_SMTP_HOST=mail.example.test\nFACTOTUM_MISSPELT=1\n")
    mine = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **mine, "FACTOTUM_VAULT": str(tmp_path / "my vault")}


def run(tmp_path: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], float]:
    start = time.monotonic()
    done = subprocess.run(
        [*COMMAND, *options],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, time.monotonic() - start


def left_behind(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "tmp").iterdir())


def test_it_goes_from_a_mail_to_its_receipt(tmp_path: Path) -> None:
    done, took_s = run(tmp_path, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok  mailbox: 1 (expected 1)" in done.stdout
    places = re.findall(r"\d s  ([A-Z]\w+)/", done.stdout)
    wanted = ["Inbox", "Pending_Approval", "Approved", "Done"]
    assert [place for place in dict.fromkeys(places) if place in wanted] == wanted
    assert "2 800.00 EUR" in done.stdout  # the PDF was read
    assert "To: ada@rossi.example" in done.stdout
    assert "In-Reply-To: <ask-1@rossi.example>" in done.stdout
    assert "decided by you (move)" in done.stdout
    assert took_s < QUICK_S
    assert left_behind(tmp_path) == []
    assert not (tmp_path / "my vault").exists()


@pytest.mark.slow
def test_with_nobody_to_ask_nothing_is_sent(tmp_path: Path) -> None:
    done, _ = run(tmp_path)
    assert done.returncode == 2
    assert "factotum demo --yes" in done.stdout
    assert "mail server received" not in done.stdout
    assert left_behind(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "mailbox"), [("y", "mailbox: 1"), ("n", "mailbox: 0"), ("", "mailbox: 0")]
)
def test_a_person_at_a_terminal_is_asked(tmp_path: Path, said: str, mailbox: str) -> None:
    screen, keyboard = pty.openpty()
    os.write(screen, f"{said}\n".encode())
    done = subprocess.run(
        COMMAND,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=keyboard,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(screen)
    os.close(keyboard)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok  {mailbox}" in done.stdout
    assert ("Refused by you" in done.stdout) == (said != "y")


@pytest.mark.slow
def test_keep_leaves_the_vault_and_says_where(tmp_path: Path) -> None:
    done, _ = run(tmp_path, "--yes", "--keep")
    (folder,) = (tmp_path / "tmp").iterdir()
    assert f"open {folder / 'vault'} in Obsidian" in done.stdout
    assert len(list((folder / "vault" / "Done").rglob("*.md"))) == 2


def test_stopped_in_the_middle_it_tidies_up(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--yes"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as playing:
        assert playing.stdout is not None
        office = next(int(n) for n in _found(playing.stdout, r"the office .*process (\d+)"))
        playing.terminate()
        rest = playing.stdout.read()
        assert playing.wait(PATIENCE_S) != 0
    assert "mail server received" not in rest
    assert left_behind(tmp_path) == []
    with pytest.raises(ProcessLookupError):
        os.kill(office, 0)


def _found(lines: Iterable[str], pattern: str) -> Iterator[str]:
    for line in lines:
        if match := re.search(pattern, line):
            yield match[1]


@pytest.mark.slow
@pytest.mark.prove
def test_killed_while_it_sends_it_neither_repeats_nor_forgets(tmp_path: Path) -> None:
    done, took_s = run(tmp_path, "--crash")
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.findall(r"ok  mailbox (.*): (\d) \(expected", done.stdout)
    assert [(n, when.partition(",")[0]) for when, n in counts] == [
        ("1", "when it was killed"),
        ("1", "after the restart"),
        ("1", "after another restart"),
        ("1", "at the end"),
        ("0", "when it was killed"),
        ("1", "after the restart"),
        ("1", "after another restart"),
    ]
    assert "It says: unknown" in done.stdout and "It says: succeeded" in done.stdout
    assert re.search(r"resolve a-\w+ happened", done.stdout)
    assert "WRONG" not in done.stdout
    assert took_s < 2 * QUICK_S
    assert left_behind(tmp_path) == []


def test_the_order_in_the_mail_is_a_pdf_with_text() -> None:
    parsed = read(letter.pdf(("Total (net): 12.00 EUR", r"back\slash")), "order.pdf")
    assert "Total (net): 12.00 EUR" in parsed.text
    assert r"back\slash" in parsed.text


def test_a_note_reads_without_its_marks() -> None:
    body = "# Send to \\[A\\]?\n\n**Yes:** tick `approve`.\n\n## Why not\n\n\n\n## The mail\n\n"
    body += "```text\nTo: a@b.example\n\n**as it is**\n```\n\n"
    body += "> [!info]- Exact data\n> ```json\n> {}\n> ```\n"
    assert paper.readable(render({"id": "x"}, body)) == [
        "Send to [A]?",
        "",
        "Yes: tick approve.",
        "",
        "The mail",
        "",
        "    To: a@b.example",
        "    ",
        "    **as it is**",
        "",
        "▸ Exact data",
    ]


def test_an_office_that_cannot_start_is_reported(tmp_path: Path) -> None:
    with House(25) as house:
        (house.folder / ".env").write_text("FACTOTUM_MISSPELT=1\n")
        with pytest.raises(DemoError, match="FACTOTUM_MISSPELT"):
            house.start()
    assert not house.folder.exists()


def test_on_a_screen_there_is_colour_and_elsewhere_none() -> None:
    from factotum.demo.stage import Stage

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, screen = io.StringIO(), Screen()
    for out in (plain, screen):
        Stage(out, io.StringIO()).sheet(["x" * 100 + "\x1b[31m"])
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[2m│" in screen.getvalue() and "\x1b[31m" not in screen.getvalue()
