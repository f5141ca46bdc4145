"""Real PM2 keeps the office and its watchers running: killed, stopped in the midst, restarted.

The slow ones need PM2: $PM2_BIN says where it is, else it is looked for as `pm2`. Each test has
a PM2 of its own, in a folder of its own; the one that a person may use is never asked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from factotum.ears import found
from tests.patience import PATIENCE_S
from tests.servers.dovecot import Dovecot
from tests.servers.model import ScriptedModelServer, call, slow
from tests.servers.telegram import TOKEN, server_running

ROOT = Path(__file__).parents[1]
ECOSYSTEM = ROOT / "ecosystem.config.js"
PYTHON = ROOT / ".venv/bin/python"

#: Less than a stop takes that waits for what a model or Telegram has to say, in seconds.
GRACEFUL_S = 30.0

ANN = "ann@example.test"
TELEGRAM = ("FACTOTUM_TELEGRAM_TOKEN", "FACTOTUM_TELEGRAM_CHAT_ID")
CHANNELS = (*TELEGRAM, "FACTOTUM_DISCORD_WEBHOOK_URL", "FACTOTUM_NOTIFY_URLS")
MAILBOX = ("FACTOTUM_IMAP_HOST", "FACTOTUM_MAIL_ACCOUNTS", "GMAIL_CREDENTIALS")

JOT = """\
```yaml playbook
when: {kind: [file, note]}
do:
  - notes__write: {folder: Drafts, title: "{subject}", text: "{text}"}
```
"""


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(0.1)


class House:
    """A vault, a folder outside it that is listened to, and the environment of both."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.vault, self.state, self.outside = folder / "v", folder / "s", folder / "outside"
        self.outside.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.env = {
            **kept,
            "HOME": str(folder),
            "FACTOTUM_VAULT": str(self.vault),
            "FACTOTUM_STATE_DIR": str(self.state),
            "FACTOTUM_FOLDERS": str(self.outside),
            "FACTOTUM_MODEL": "none",
            # A developer's own .env lies in the same folder; the environment wins over it.
            **dict.fromkeys((*MAILBOX, *CHANNELS), ""),
            "FACTOTUM_SETTLE_S": "0",
            "FACTOTUM_STABLE_S": "0",
            **env,
        }
        self.factotum("init", str(self.vault), "--yes")

    def factotum(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [str(PYTHON), "-m", "factotum.cli", *args]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=PATIENCE_S,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def tasks(self, source: str = "") -> list[str]:
        with sqlite3.connect(self.state / "ledger.db", timeout=PATIENCE_S) as db:
            asked = "SELECT title FROM task WHERE source LIKE ? ORDER BY title"
            return [row[0] for row in db.execute(asked, (f"{source}%",))]

    def notes(self, folder: str) -> list[Path]:
        return sorted((self.vault / folder).rglob("*.md"))


def names(house: House) -> set[str]:
    told = json.loads(house.factotum("watchers", "list", "--json").stdout)["watchers"]
    return {"orchestrator", *(one["app"] for one in told if one["set_up"])}


# -- what PM2 is told, as Node reads it


@pytest.fixture
def node() -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not installed, so ecosystem.config.js cannot be read")
    return program


def read(node: str, file: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    code = f"process.stdout.write(JSON.stringify(require({json.dumps(str(file))})))"
    return subprocess.run(
        [node, "-e", code], env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_the_office_and_each_watcher_that_is_set_up_are_apps(node: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    apps = {app["name"]: app for app in json.loads(read(node, ECOSYSTEM, house.env).stdout)["apps"]}
    assert set(apps) == names(house)
    assert {"orchestrator", "fs-watcher", "schedule-watcher"} <= set(apps)
    assert "gmail-watcher" not in apps  # no mailbox is set up here
    assert "telegram" not in apps
    assert apps["orchestrator"]["env"]["FACTOTUM_WATCHERS"] == "none"
    assert apps["orchestrator"]["env"]["FACTOTUM_CHANNELS"] == "none"
    for app in apps.values():
        assert app["interpreter"] == str(PYTHON)
        assert app["cwd"] == str(ROOT)
        assert app["kill_timeout"] >= 5000
        assert app["exp_backoff_restart_delay"] > 0
        assert app["autorestart"] is True
        assert Path(app["script"]).is_file()


def test_only_those_that_are_wanted_are_apps(node: str, tmp_path: Path) -> None:
    house = House(tmp_path, FACTOTUM_WATCHERS="fs, schedule")
    apps = json.loads(read(node, ECOSYSTEM, house.env).stdout)["apps"]
    assert [app["name"] for app in apps] == ["orchestrator", "fs-watcher", "schedule-watcher"]


def test_telegram_is_an_app_once_it_has_a_token(node: str, tmp_path: Path) -> None:
    house = House(tmp_path, FACTOTUM_WATCHERS="fs", FACTOTUM_TELEGRAM_TOKEN=TOKEN,
                  FACTOTUM_DISCORD_WEBHOOK_URL="http://127.0.0.1:1/x")  # fmt: skip
    apps = json.loads(read(node, ECOSYSTEM, house.env).stdout)["apps"]
    assert [app["name"] for app in apps] == ["orchestrator", "fs-watcher", "telegram"]
    assert apps[-1]["args"] == ["channels", "run", "telegram"]
    assert TOKEN not in json.dumps(apps)
    without = {**house.env, "FACTOTUM_TELEGRAM_TOKEN": ""}
    apps = json.loads(read(node, ECOSYSTEM, without).stdout)["apps"]
    assert apps[-1]["args"] == ["channels", "run", "discord"]
    elsewhere = {**house.env, "FACTOTUM_CHANNELS": "discord"}
    apps = json.loads(read(node, ECOSYSTEM, elsewhere).stdout)["apps"]
    assert [app["name"] for app in apps] == ["orchestrator", "fs-watcher"]


def test_mail_has_the_name_that_guides_use() -> None:
    assert found.app("mail") == "gmail-watcher"


def test_without_an_environment_it_says_how_to_make_one(node: str, tmp_path: Path) -> None:
    shutil.copy(ECOSYSTEM, tmp_path)
    said = read(node, tmp_path / ECOSYSTEM.name, {"PATH": os.environ["PATH"]})
    assert said.returncode != 0
    assert "has no .venv with Factotum in it. Make it first: scripts/install" in said.stderr


def test_without_a_vault_it_says_what_factotum_says(node: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FACTOTUM_VAULT": str(tmp_path / "v")}
    said = read(node, ECOSYSTEM, env)
    assert said.returncode != 0
    assert f"there is no vault at {tmp_path / 'v'}. Make one: factotum init" in said.stderr


# -- PM2 itself


class Pm2:
    def __init__(self, program: str, house: House, home: Path) -> None:
        self._program = program
        self.env = {**house.env, "PM2_HOME": str(home), "PM2_DISCRETE_MODE": "true", "CI": "true"}

    def __call__(self, *args: str) -> str:
        done = subprocess.run(
            [self._program, *args], cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"pm2 {' '.join(args)}: {done.stdout[-2000:]}"
        return done.stdout

    def apps(self) -> dict[str, dict[str, Any]]:
        told = self("jlist")
        return {app["name"]: app for app in json.loads(told[told.index("[") :])}

    def pids(self) -> dict[str, int]:
        online = (a for a in self.apps().items() if a[1]["pm2_env"]["status"] == "online")
        return {name: app["pid"] for name, app in online}

    def start(self) -> None:
        self("start", str(ECOSYSTEM))

    def stopped(self, name: str) -> int:
        """Stops one; how it ended."""
        self("stop", name)
        env = self.apps()[name]["pm2_env"]
        assert env["status"] == "stopped"
        return int(env["exit_code"])

    def log(self) -> str:
        logs = Path(self.env["PM2_HOME"]).glob("logs/*")
        return "\n".join(path.read_text() for path in logs)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Callable[[House], Pm2]]:
    program = os.environ.get("PM2_BIN") or shutil.which("pm2")
    if program is None:
        pytest.skip("PM2 is not installed: npm install pm2, and say in $PM2_BIN where it is")
    made: list[Pm2] = []

    def make(house: House) -> Pm2:
        made.append(Pm2(program, house, tmp_path / "pm2"))
        return made[-1]

    yield make
    for pm2 in made:
        pm2("kill")


def answered(house: House, name: str) -> bool:
    """Whether this watcher has looked, so that what comes now is new."""
    told = json.loads(house.factotum("watchers", "list", "--json").stdout)["watchers"]
    (watcher,) = (one for one in told if one["name"] == name)
    return any(source["answered"] for source in watcher["sources"])


def listens(house: House) -> bool:
    return answered(house, "fs")


def drop(house: House, name: str) -> None:
    """A file that is there all at once, as a scanner or a browser leaves it."""
    scratch = house.outside / f".{name}"
    scratch.write_text(f"What {name} says.\n")
    scratch.rename(house.outside / name)


@pytest.mark.slow
def test_whoever_is_killed_comes_back_and_nothing_is_lost_or_done_twice(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    house = House(tmp_path)
    (house.vault / "Office/Playbooks/10-jot.md").write_text(JOT)
    pm2 = keeper(house)
    pm2.start()
    apps = names(house)
    assert set(pm2.apps()) == apps
    for app in pm2.apps().values():
        assert app["pm2_env"]["exec_interpreter"] == str(PYTHON)
    until(lambda: listens(house), "the folder is looked at")
    wanted = set()
    for round in range(3):
        for n in range(4):
            drop(house, f"paper-{round}{n}.txt")
            (house.vault / "Needs_Action" / f"Note {round}{n}.md").write_text(
                "Jot this down.\ngo\n"
            )
            wanted |= {f"paper-{round}{n}", f"Note {round}{n}"}
        before = pm2.pids()
        assert set(before) == apps
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)

        def are_back(before: Mapping[str, int] = before) -> bool:
            now = pm2.pids()
            return set(now) == apps and not set(now.values()) & set(before.values())

        until(are_back, "each app runs again, as another process")
    until(lambda: len(house.notes("Done")) >= len(wanted), "everything is done")
    time.sleep(2)  # what is done twice would come now
    titles = house.tasks()
    assert len(titles) == len(set(titles)) == len(wanted), titles
    assert len(house.notes("Done")) == len(wanted)
    assert len(house.notes("Drafts")) == len(wanted)
    assert house.notes("Failed") == house.notes("Needs_Action") == []


@pytest.mark.slow
def test_an_office_that_thinks_stops_soon_and_goes_on_where_it_was(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    patience: list[Any] = [slow(120)]
    with ScriptedModelServer(lambda _: patience[0]) as model:
        env = {"FACTOTUM_MODEL": "test/scripted", "FACTOTUM_MODEL_BASE_URL": model.base_url}
        house = House(tmp_path, **env)
        pm2 = keeper(house)
        pm2.start()
        (house.vault / "Needs_Action" / "Think.md").write_text("Think about this.\ngo\n")
        until(lambda: len(model.requests) > 0, "the model is asked")
        begun = time.monotonic()
        assert pm2.stopped("orchestrator") == 0
        took_s = time.monotonic() - begun
        assert "factotum stopped. What is open goes on at the next start." in pm2.log()
        assert house.notes("Done") == house.notes("Failed") == []
        assert len(house.notes("In_Progress")) == 1
        patience[0] = call("finish", summary="It is thought about.")
        pm2("start", "orchestrator")
        until(lambda: len(house.notes("Done")) == 1, "it is done")
        assert len(house.tasks()) == 1
        assert house.notes("In_Progress") == house.notes("Needs_Action") == []
        assert took_s < GRACEFUL_S


@pytest.mark.slow
def test_a_watcher_that_is_stopped_while_it_hands_in_leaves_the_rest_for_later(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    house = House(tmp_path, FACTOTUM_TASKS_PER_SENDER="5000", FACTOTUM_TASKS_PER_SOURCE="5000")
    pm2 = keeper(house)
    pm2.start()
    until(lambda: listens(house), "the folder is looked at")
    assert pm2.stopped("orchestrator") == 0
    wanted: set[str] = set()
    over = threading.Event()

    def scans() -> None:
        """Many at once, and one after the other till it has stopped, however long that takes."""
        while not over.wait(0.0 if len(wanted) < 300 else 0.03):
            name = f"paper-{len(wanted):04}"
            drop(house, f"{name}.txt")
            wanted.add(name)

    scanner = threading.Thread(target=scans)
    scanner.start()
    try:
        until(lambda: len(house.tasks("fs")) > 0, "the first one is handed in")
        assert pm2.stopped("fs-watcher") == 0
        midst = len(house.tasks("fs"))
    finally:
        over.set()
        scanner.join()
    assert "factotum stopped listening after" in pm2.log()
    pm2("restart", "fs-watcher")
    until(lambda: len(house.notes("Needs_Action")) >= len(wanted), "all are handed in")
    time.sleep(2)
    titles = house.tasks("fs")
    assert len(titles) == len(set(titles)) == len(wanted)
    assert len(house.notes("Needs_Action")) == len(wanted)
    assert 0 < midst < len(wanted), f"{midst} were handed in before the stop: not in the midst"


@pytest.mark.slow
def test_letters_that_come_while_their_watcher_is_killed_are_one_task_each(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    with Dovecot() as dovecot:
        house = House(tmp_path, **dovecot.settings(ANN), FACTOTUM_TASKS_PER_SENDER="5000")
        pm2 = keeper(house)
        pm2.start()
        assert "gmail-watcher" in pm2.pids()
        until(lambda: answered(house, "mail"), "the mailbox is looked at")
        wanted = {f"Letter {n}" for n in range(12)}
        for n, subject in enumerate(sorted(wanted)):
            head = f"From: <bob@example.test>\r\nTo: <{ANN}>\r\nSubject: {subject}\r\n"
            dovecot.deliver(ANN, f"{head}\r\nHi.\r\n".encode())
            if n % 4 == 1 and (pid := pm2.pids().get("gmail-watcher")):
                os.kill(pid, signal.SIGKILL)
        until(lambda: len(house.tasks("mail")) >= len(wanted), "each is a task")
        time.sleep(2)
        assert sorted(house.tasks("mail")) == sorted(wanted)


@pytest.mark.slow
def test_what_was_saved_comes_back_and_nobody_runs_twice(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    house = House(tmp_path)
    pm2 = keeper(house)
    pm2.start()
    until(lambda: listens(house), "the folder is looked at")
    pm2("save")
    pm2("kill")
    pm2("resurrect")  # what `pm2 startup` has done at boot
    assert set(pm2.pids()) == names(house)
    until(lambda: "runs" in house.factotum("watchers", "list").stdout, "somebody listens")
    up = house.factotum("up")
    assert (up.returncode, up.stdout) == (1, "")
    assert "another office (pid" in up.stderr
    until(
        lambda: "is run by process" in house.factotum("watchers", "run", "fs").stderr, "a refusal"
    )
    pm2("restart", "all")
    until(lambda: set(pm2.pids()) == names(house), "all run again")


@pytest.mark.slow
def test_an_office_in_a_terminal_leaves_alone_what_pm2_listens_to(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    house = House(tmp_path)
    pm2 = keeper(house)
    pm2.start()
    until(lambda: listens(house), "the folder is looked at")
    pm2("delete", "orchestrator")
    of_pm2 = pm2.pids()
    command = [str(PYTHON), "-m", "factotum.cli", "up"]
    up = subprocess.Popen(command, cwd=ROOT, env=house.env, stdout=subprocess.DEVNULL)
    try:
        drop(house, "paper.txt")
        until(lambda: len(house.tasks("fs")) == 1, "the paper is a task")
        time.sleep(2)
        assert len(house.tasks("fs")) == 1
        assert pm2.pids() == of_pm2
        told = json.loads(house.factotum("watchers", "list", "--json").stdout)["watchers"]
        assert {one["app"]: one["pid"] for one in told if one["set_up"]} == of_pm2
    finally:
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE_S) == 0


@pytest.mark.slow
def test_a_vault_that_comes_late_is_waited_for(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    house = House(tmp_path)
    pm2 = keeper(house)
    pm2.start()
    until(lambda: listens(house), "the folder is looked at")
    away = house.vault.rename(tmp_path / "not mounted")
    for pid in pm2.pids().values():
        os.kill(pid, signal.SIGKILL)

    def tried() -> bool:
        return all(app["pm2_env"]["restart_time"] >= 3 for app in pm2.apps().values())

    until(tried, "each is tried again")
    assert f"there is no vault at {house.vault}. Make one: factotum init" in pm2.log()
    away.rename(house.vault)
    until(lambda: house.factotum("doctor").stdout.count("an orchestrator runs") == 1, "it is back")
    until(lambda: set(pm2.pids()) == names(house), "all are back")


@pytest.mark.slow
def test_telegram_is_kept_running_and_what_is_said_meanwhile_is_heard_once(
    tmp_path: Path, keeper: Callable[[House], Pm2]
) -> None:
    with server_running() as server:
        env = {"FACTOTUM_TELEGRAM_TOKEN": TOKEN, "FACTOTUM_TELEGRAM_API_URL": server.url}
        house = House(tmp_path, FACTOTUM_TELEGRAM_CHAT_ID="4711", **env)
        # Without it the second message would be the answer to a question about the first.
        jot = JOT.replace("[file, note]", "message")
        (house.vault / "Office/Playbooks/10-jot.md").write_text(jot)
        ann = server.person(4711, "Ann")
        pm2 = keeper(house)
        pm2.start()
        assert set(pm2.apps()) == {*names(house), "telegram"}
        ann.says("/help")
        ann.waits_to_see("/status", PATIENCE_S)
        wanted = set()
        for n in range(6):
            ann.says(f"Jot down paper {n}.")
            wanted.add(f"Jot down paper {n}.")
            if n % 2 and (pid := pm2.pids().get("telegram")):
                os.kill(pid, signal.SIGKILL)
        until(lambda: len(house.tasks("telegram")) >= len(wanted), "each is a task")
        time.sleep(2)  # what is heard twice would come now
        assert sorted(house.tasks("telegram")) == sorted(wanted)
        until(lambda: len(house.notes("Drafts")) == len(wanted), "each is done once")
        until(lambda: "telegram" in pm2.pids(), "it runs again")
        begun = time.monotonic()
        assert pm2.stopped("telegram") == 0
        assert time.monotonic() - begun < GRACEFUL_S
        assert "factotum has left Telegram" in pm2.log()
        assert TOKEN not in pm2.log()
