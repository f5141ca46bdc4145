"""`factotum watchers`: what is listened to, tried, run by itself, and stopped in good order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.ears import beats
from tests.cli.terminal import ROOT, Said, Terminal, terminal_of
from tests.cli.test_running import STOP_S
from tests.ears.driver import more_watchers, say
from tests.ears.rooms import until
from tests.office import TestOffice
from tests.patience import PATIENCE_S

THING = {"id": "1", "title": "One thing"}
EVE = {"trust": "stranger", "sender": "eve@x.test"}
TOLD = {"id": "2", "title": "One of many", "told": True, **EVE}


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = TestOffice(tmp_path)
    made.state.mkdir(mode=0o700)
    return made


@pytest.fixture
def terminal(office: TestOffice) -> Iterator[Terminal]:
    with more_watchers():
        yield terminal_of(office)


@contextmanager
def running(terminal: Terminal, *names: str) -> Iterator[subprocess.Popen[str]]:
    """`watchers run` in a process of its own, once it listens."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ears.driver", "watchers", "run", *(names or ("lines",))],
        cwd=ROOT,
        env=terminal.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert "factotum listens: lines" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def of_lines(said: Said) -> dict[str, object]:
    (row,) = [one for one in said.json["watchers"] if one["name"] == "lines"]
    return dict(row)


# -- the list


def test_the_list_says_what_is_set_up_and_what_is_missing(
    terminal: Terminal, office: TestOffice
) -> None:
    terminal.env = {**terminal.env, "FACTOTUM_MAIL_FROM": ""}
    row = of_lines(terminal("watchers", "list", "--json"))
    assert (row["set_up"], row["missing"]) == (False, ["FACTOTUM_MAIL_FROM"])
    assert (row["app"], row["pid"], row["sources"]) == ("lines-watcher", 0, [])
    assert "not set up: give FACTOTUM_MAIL_FROM" in terminal("watchers", "list").out
    say(office.folder / "outside")
    assert of_lines(terminal("watchers", "list", "--json"))["set_up"] is True


def test_the_list_says_what_is_wrong_and_ends_so(terminal: Terminal, office: TestOffice) -> None:
    say(office.folder / "outside", THING)
    (office.folder / "outside/wrong").write_text("")
    said = terminal("watchers", "list")
    assert said.code == 3 and "set up wrongly: " in said.out and "Take the file" in said.out
    row = of_lines(terminal("watchers", "list", "--json"))
    assert row["set_up"] is True and "Take the file" in str(row["wrong"])


def test_the_list_says_when_the_handbook_names_nothing_to_hear(
    terminal: Terminal, office: TestOffice
) -> None:
    about = "nothing stands under `feeds:` in Company_Handbook.md, so nothing is heard"
    assert about in terminal("watchers", "list").out
    block = "```yaml watching\nfeeds:\n  - https://feeds.example/a.xml\n```\n"
    (office.root / "Company_Handbook.md").write_text(block)
    out = terminal("watchers", "list").out
    assert about not in out and "under `pages:`" in out
    (office.root / "Company_Handbook.md").write_text(block + block)
    said = terminal("watchers", "list")
    assert said.code == 3 and "set up wrongly: Company_Handbook.md line 6: a second" in said.out


def test_the_list_says_why_none_runs(terminal: Terminal, office: TestOffice) -> None:
    say(office.folder / "outside")
    assert "None of them runs now. Start them: factotum up" in terminal("watchers", "list").out
    terminal.env = {**terminal.env, "FACTOTUM_WATCHERS": "none"}
    assert "Start them: factotum watchers run all" in terminal("watchers", "list").out
    terminal.env = {**terminal.env, "FACTOTUM_WATCHERS": "mail"}
    assert "does not run: FACTOTUM_WATCHERS leaves it out" in terminal("watchers", "list").out


def test_the_list_shows_what_each_source_hears(terminal: Terminal, office: TestOffice) -> None:
    outside = office.folder / "outside"
    say(outside, THING)
    assert terminal("watchers", "run", "lines", "--once").code == 0
    assert "lines outside: well" in terminal("watchers", "list").out
    (outside / "broken").write_text("")
    assert terminal("watchers", "run", "lines", "--once").code == 1
    said = terminal("watchers", "list")
    assert said.code == 3 and "hears nothing: the file is broken. Mend it" in said.out


# -- a trial


def test_a_trial_shows_what_would_come_and_makes_nothing(
    terminal: Terminal, office: TestOffice
) -> None:
    say(office.folder / "outside", THING, TOLD)
    for _ in range(2):
        said = terminal("watchers", "test", "lines")
        assert said.code == 0
        assert "lines outside: answers, 2 new" in said.out
        assert "a task           One thing" in said.out
        assert "told with others One of many" in said.out and "eve@x.test" in said.out
    assert office.files("Needs_Action") == [] and list(beats.read(office.state)) == []
    assert terminal("watchers", "run", "lines", "--once").out.startswith("2 tasks from lines")
    drops = terminal("watchers", "test", "lines", "--json").json["sources"][0]["drops"]
    assert drops == []  # the cursor has moved on


def test_a_trial_of_what_does_not_answer_fails_with_its_reason(
    terminal: Terminal, office: TestOffice
) -> None:
    say(office.folder / "outside", THING)
    (office.folder / "outside/broken").write_text("")
    said = terminal("watchers", "test", "lines")
    assert said.code == 1 and "lines outside: the file is broken. Mend it" in said.out


# -- wrong words


@pytest.mark.parametrize("words", [["test"], ["run"], ["run", "--once"]])
def test_what_cannot_be_run_is_told_with_its_reason(
    terminal: Terminal, office: TestOffice, words: list[str]
) -> None:
    said = terminal("watchers", *words, "lnes")
    assert said.code == 2 and "no watcher 'lnes'" in said.err and "Did you mean lines?" in said.err
    said = terminal("watchers", *words, "lines")
    assert said.code == 1 and "nothing is set up for lines to listen to" in said.err
    say(office.folder / "outside", THING)
    (office.folder / "outside/wrong").write_text("")
    said = terminal("watchers", *words, "lines")
    assert said.code == 1 and "lines: " in said.err and "Take the file" in said.err
    terminal.env = {**terminal.env, "FACTOTUM_VAULT": str(office.folder / "nowhere")}
    said = terminal("watchers", *words, "lines")
    assert said.code == 1 and "there is no vault at" in said.err


def test_what_another_process_runs_is_not_run_twice(terminal: Terminal, office: TestOffice) -> None:
    say(office.folder / "outside", THING)
    held = beats.lock(office.state, "lines")
    assert held is not None
    for once in ((), ("--once",)):
        said = terminal("watchers", "run", "lines", *once)
        assert said.code == 1
        assert f"the watcher lines is run by process {os.getpid()} already" in said.err
    held.close()
    assert terminal("watchers", "run", "lines,lines", "--once").code == 0


# -- a process


def test_a_watcher_hears_in_a_process_of_its_own_and_stops_at_once(
    terminal: Terminal, office: TestOffice
) -> None:
    outside = office.folder / "outside"
    say(outside, THING)
    with running(terminal) as process:
        assert until(lambda: len(office.files("Needs_Action")) == 1)
        row = of_lines(terminal("watchers", "list", "--json"))
        assert row["pid"] == process.pid
        say(outside, {"id": "3", "title": "Another"})
        assert until(lambda: len(office.files("Needs_Action")) == 2)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)  # as PM2 does
        out, err = process.communicate(timeout=PATIENCE_S)
        assert time.monotonic() - begun < STOP_S
    assert process.returncode == 0 and "stopped listening" in out and err == ""
    assert of_lines(terminal("watchers", "list", "--json"))["pid"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="threads are named so on Linux alone")
def test_it_stops_whichever_of_its_threads_takes_the_signal(
    terminal: Terminal, office: TestOffice
) -> None:
    say(office.folder / "outside", THING)
    with running(terminal) as process:
        threads = {int(one) for one in os.listdir(f"/proc/{process.pid}/task")}
        other = min(threads - {process.pid})
        assert ctypes.CDLL(None).tgkill(process.pid, other, signal.SIGINT) == 0
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        assert "factotum stopped listening after" in out


@pytest.mark.slow
@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_source_that_hangs_is_no_reason_not_to_stop(
    terminal: Terminal, office: TestOffice, word: signal.Signals
) -> None:
    outside = office.folder / "outside"
    say(outside, THING)
    (outside / "hangs").write_text("")
    with running(terminal) as process:
        begun = time.monotonic()
        process.send_signal(word)
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - begun < STOP_S


@pytest.mark.slow
def test_an_office_leaves_a_watcher_to_the_process_that_runs_it(
    terminal: Terminal, office: TestOffice
) -> None:
    say(office.folder / "outside", THING)
    with running(terminal) as process:
        up = subprocess.Popen(
            [sys.executable, "-m", "tests.ears.driver", "up"],
            cwd=ROOT,
            env={**terminal.environ(), "FACTOTUM_WATCHERS": "lines"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert up.stdout is not None and "factotum works" in up.stdout.readline()
            say(office.folder / "outside", {"id": "9", "title": "Another"})
            assert until(lambda: len(office.files("In_Progress")) == 2)
            assert beats.holder(office.state, "lines") == process.pid
            up.send_signal(signal.SIGINT)
            assert up.wait(PATIENCE_S) == 0
        finally:
            up.kill()
            up.communicate()


def test_a_watcher_may_also_be_run_as_a_module(terminal: Terminal, office: TestOffice) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watchers", "nobody", "--once"],
        cwd=ROOT,
        env=terminal.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "no watcher 'nobody'" in done.stderr
