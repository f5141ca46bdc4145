"""`factotum schedule export`: lines for cron, printed, or put into the user's own crontab."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from factotum.cli import FOUND_PROBLEMS, place, rota
from factotum.cli.place import Books
from factotum.cli.rota import Entry
from factotum.cli.telling import line
from factotum.rooms import DoorError
from factotum.schedule import crontab
from factotum.schedule.crontab import Job, Unsayable
from factotum.settings import env_files

#: How long the program `crontab` may take, in seconds.
CRONTAB_S = 20.0
LOG = "schedules.log"


class CrontabError(DoorError):
    """The crontab was not changed; the message says why."""


def export(opened: Books, there: Sequence[Entry], *, install: bool) -> int:
    """Prints the lines of all that are switched on, and what cannot be said in a crontab."""
    jobs, left_out = _jobs(opened, there)
    whose = str(opened.root)
    new = crontab.block(jobs, whose)
    if install:
        before = _crontab("-l")
        after = crontab.merged(before, new, whose)
        if after == before:
            print("Your crontab has them already.")
        else:
            _crontab("-", after)
            print(f"Your crontab has {_count(len(jobs))} of {whose} now.")
    else:
        print(new, end="")
    for why in left_out:
        print(f"factotum: {why}", file=sys.stderr)
    return FOUND_PROBLEMS if left_out else 0


def _jobs(opened: Books, there: Sequence[Entry]) -> tuple[list[Job], list[str]]:
    """The lines, in the order in which they run next; and what has none, and why."""
    jobs, left_out, now = [], [], place.now()
    log, folder = str(opened.state / LOG), _folder()
    for one in sorted(there, key=lambda one: one.next(now) or 0.0):
        if one.schedule is None:
            left_out.append(
                f"{line(one.note)} is left out: it cannot be kept ({line(one.why, 300)})"
            )
        elif one.schedule.enabled:
            try:
                fields = crontab.times_of(one.schedule, rota.HOUSE, now)
                about = f"Schedule: {line(one.title, 80)}"
                jobs.append(Job(about, fields, _command(opened, one), log, folder))
            except Unsayable as why:
                left_out.append(f"{line(one.note)} is left out: {line(why, 300)}")
    return jobs, left_out


def _folder() -> str:
    """Where the settings lie that hold now, if not beside the program: cron starts at home."""
    here = next(filter(Path.exists, env_files(Path.cwd(), place.HERE)), place.HERE / ".env")
    return str(here.parent) if here.parent != place.HERE else ""


def _command(opened: Books, one: Entry) -> list[str]:
    """The command line by which cron runs it, with full paths: cron knows no others."""
    script = Path(sys.executable).with_name("factotum")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "factotum.cli"]
    state = ["env", f"FACTOTUM_STATE_DIR={opened.state}"]
    vault = ["--vault", str(opened.root)]
    return [*state, *program, *vault, "schedule", "run", "--unless-watched", one.note]


def _crontab(how: str, text: str | None = None) -> str:
    """What `crontab -l` prints; `crontab -` takes `text` in. Raises CrontabError."""
    try:
        done = subprocess.run(
            ["crontab", how],
            input=text,
            capture_output=True,
            text=True,
            timeout=CRONTAB_S,
            check=False,
        )
    except FileNotFoundError:
        raise CrontabError(
            "there is no program crontab on this machine. Install cron, or let Factotum run them: "
            "factotum up"
        ) from None
    except subprocess.TimeoutExpired:
        raise CrontabError(f"crontab {how} took longer than {CRONTAB_S:.0f} s") from None
    if done.returncode == 0:
        return done.stdout
    if how == "-l" and "no crontab" in done.stderr.casefold():
        return ""
    raise CrontabError(f"crontab {how} failed: {line(done.stderr or 'it says nothing', 300)}")


def _count(n: int) -> str:
    return "1 schedule" if n == 1 else f"{n} schedules"
