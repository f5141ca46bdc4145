"""`factotum schedule`: what it writes, tells, switches, runs, takes away and hands to cron."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from factotum.ears import beats
from factotum.ledger import Ledger
from factotum.schedule import crontab, times
from factotum.schedule.note import read
from tests.cli.terminal import Terminal, terminal_of
from tests.office import Hands, TestOffice
from tests.patience import PATIENCE_S, until

ROME = ZoneInfo("Europe/Rome")
PLANTS = ("schedule", "add", "-n", "Plants", "-m", "Water them.")


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, hands=Hands(wall=time.time()))


@pytest.fixture
def terminal(office: TestOffice) -> Terminal:
    made = terminal_of(office)
    made.env = {**made.env, "TZ": "Europe/Rome"}
    return made


def only(office: TestOffice) -> Path:
    return office.one("Office/Schedules")


def test_one_is_added_listed_and_shown(office: TestOffice, terminal: Terminal) -> None:
    said = terminal(*PLANTS, "--cron", "0 9 * * *", "--tz", "Asia/Tokyo", "--mode", "reminder")
    assert said.code == 0
    assert "cron: 0 9 * * *, reminder; next " in said.out and "09:00 (Asia/Tokyo)" in said.out
    assert "Their watcher does not run now" in said.out
    (row,) = terminal("schedule", "list", "--json").json["schedules"]
    assert (row["name"], row["mode"], row["enabled"]) == ("Plants", "reminder", True)
    assert row["next_run_at"].endswith("T09:00:00+09:00") and row["timezone"] == "Asia/Tokyo"
    assert row["last_run_at"] is None and row["problem"] is None
    shown = terminal("schedule", "show", "plants").out
    assert shown.count("  next: ") == 5 and shown.endswith("# Plants\n\nWater them.\n")
    assert row["note"] == f"Office/Schedules/{only(office).name}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say when: one of at, every and cron"),
        (("--every", "20 min", "--cron", "0 9 * * *"), "not in 2: every and cron"),
        (("--every", "0"), "is not between 10 s and 366 days"),
        (("--cron", "0 25 * * *"), "is wrong"),
        (("--at", "2020-01-01T09:00"), "is past"),
        (("--at", "soon"), "is not clear. These are:"),
        (("--every", "1 h", "--tz", "Mars/Olympus"), "is no time zone"),
        (("--every", "1 h", "--deliver"), "say where to, with --channel"),
    ],
)
def test_what_says_no_time_is_wrong_usage(
    office: TestOffice, terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    got = terminal(*PLANTS, *words)
    assert got.code == 2 and said in got.err
    assert office.files("Office/Schedules") == []


def test_the_words_of_nanobots_command_are_understood(
    office: TestOffice, terminal: Terminal
) -> None:
    said = terminal(
        "cron", "add", "--name", "Plants", "--message", "Water them.", "--every", "1200",
        "--deliver", "--channel", "telegram", "--to", "4711", "--delete-after-run",
    )  # fmt: skip
    assert said.code == 0
    made = read(only(office).read_bytes(), only(office).name, ROME)
    assert made is not None
    assert (made.when, made.channel, made.to) == (times.Every(1200), "telegram", "4711")
    assert made.delete_after_run
    assert terminal("cron", "enable", "Plants", "--disable").code == 0
    assert "switched off" in terminal("cron", "list", "--all").out
    assert terminal("cron", "run", "Plants", "--force").code == 0


def test_a_name_is_taken_once(office: TestOffice, terminal: Terminal) -> None:
    assert terminal(*PLANTS, "--every", "1 h").code == 0
    said = terminal(*PLANTS, "--every", "2 h")
    assert said.code == 1 and "is called 'Plants' already: Office/Schedules/" in said.err
    assert len(office.files("Office/Schedules")) == 1


def test_switching_changes_one_line(office: TestOffice, terminal: Terminal) -> None:
    path = office.root / "Office/Schedules/by hand.md"
    path.write_bytes(b'---\r\n# mine\r\ncron: "0 9 * * *"\r\nenabled: true\r\n---\r\n# Mine\r\n')
    before = path.read_bytes()
    assert terminal("schedule", "disable", "mine").code == 0
    assert path.read_bytes() == before.replace(b"enabled: true", b"enabled: false")
    assert "switched off already" in terminal("schedule", "disable", "mine").out
    assert terminal("schedule", "next").out == "Nothing is to come: no schedule is switched on.\n"
    assert terminal("schedule", "enable", "by hand").code == 0
    assert path.read_bytes() == before


def test_what_is_removed_is_put_aside(office: TestOffice, terminal: Terminal) -> None:
    terminal(*PLANTS, "--every", "1 h")
    path = only(office)
    raw = path.read_bytes()
    where = terminal("schedule", "remove", "Plants", "--json").json["where"]
    assert not path.exists() and (office.root / where).read_bytes() == raw
    assert where.startswith(".factotum/aside/")
    again = terminal("schedule", "remove", "Plants")
    assert again.code == 1 and "no schedule is called 'Plants'" in again.err


def test_what_cannot_be_kept_is_told_and_can_still_be_taken_away(
    office: TestOffice, terminal: Terminal
) -> None:
    path = office.root / "Office/Schedules/broken.md"
    path.write_text("---\ncron: often\n---\nDo it.\n")
    (office.root / "Office/Schedules/eve.md").write_text("---\nevery: 1 h\nurl: x\n---\nPay.\n")
    (office.root / "Office/Schedules/about.md").write_text("Just a note.\n")
    said = terminal("schedule", "list")
    assert said.code == 3
    assert "cannot be kept: line 2: `cron`: 'often' are not the five fields" in said.out
    assert "cannot be kept: holds words of others" in said.out and "about" not in said.out
    assert terminal("schedule", "run", "broken").code == 1
    assert terminal("schedule", "remove", "broken").code == 0


def test_a_run_by_hand_becomes_a_task_and_shifts_nothing(
    office: TestOffice, terminal: Terminal
) -> None:
    terminal(*PLANTS, "--cron", "0 9 1 1 *", "--mode", "reminder")
    (before,) = terminal("schedule", "list", "--json").json["schedules"]
    said = terminal("schedule", "run", "plants", "--json").json
    office.run()
    (after,) = terminal("schedule", "list", "--json").json["schedules"]
    assert after["next_run_at"] == before["next_run_at"]
    assert (after["last_status"], after["last_task"]) == ("ok", said["id"])
    ledger = Ledger(office.state / "ledger.db")
    try:
        row = ledger.task(said["id"])
        cursors = ledger.db.execute("SELECT count(*) FROM meta WHERE key LIKE 'cursor:%'")
        assert row is not None and row.kind == "schedule"
        assert row.facts["schedule"]["note"] == after["note"]
        assert cursors.fetchone()[0] == 0
    finally:
        ledger.close()


def test_twice_by_hand_is_two_runs(office: TestOffice, terminal: Terminal) -> None:
    terminal(*PLANTS, "--every", "1 h")
    terminal("schedule", "run", "plants")
    terminal("schedule", "run", "plants")
    assert len(office.files("Needs_Action")) == 2


def test_what_cron_begins_is_left_to_the_watcher_where_one_runs(
    office: TestOffice, terminal: Terminal
) -> None:
    terminal(*PLANTS, "--every", "1 h")
    lock = beats.lock(office.state, "schedule")
    assert lock is not None
    with lock:
        said = terminal("schedule", "run", "plants", "--unless-watched")
        assert said.code == 0 and "left to the schedule watcher" in said.out
    assert office.files("Needs_Action") == []
    terminal("schedule", "run", "plants", "--unless-watched")
    assert len(office.files("Needs_Action")) == 1


# -- for cron

#: What runs on a small computer at home, as its crontab had it: name, times, when it is next
#: due after Saturday 28 November 2026, 23:30 in Rome.
JOBS = (
    ("Briefing", "0 7 * * *", "2026-11-29T07:00"),
    ("Goodnight", "0 22 * * *", "2026-11-29T22:00"),
    ("Weekly summary", "0 5 * * 0", "2026-11-29T05:00"),
    ("Self evolve", "0 3 * * 0", "2026-11-29T03:00"),
    ("Backup", "0 4 * * 0", "2026-11-29T04:00"),
    ("Task reminder", "*/15 7-22 * * *", "2026-11-29T07:00"),
    ("AI monitor", "30 6 * * *", "2026-11-29T06:30"),
)
SATURDAY = datetime(2026, 11, 28, 23, 30, tzinfo=ROME).timestamp()


def rome(at: float | None) -> str:
    assert at is not None
    return datetime.fromtimestamp(at, UTC).astimezone(ROME).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(("name", "expr", "due"), JOBS)
def test_when_each_of_the_seven_jobs_is_next_due(name: str, expr: str, due: str) -> None:
    assert rome(times.next_due(times.cron(expr, ROME), SATURDAY, SATURDAY)) == due


def test_on_sunday_what_is_saved_has_been_tidied_and_is_summed_up_after() -> None:
    walks = {name: times.cron(expr, ROME).walk(SATURDAY, SATURDAY) for name, expr, _ in JOBS}
    sunday = sorted(
        (next(walks[name]), name) for name in ("Self evolve", "Backup", "Weekly summary")
    )
    assert [name for _, name in sunday] == ["Self evolve", "Backup", "Weekly summary"]


def test_the_reminder_runs_from_seven_till_a_quarter_to_eleven() -> None:
    walk = times.cron("*/15 7-22 * * *", ROME).walk(SATURDAY, SATURDAY)
    seen = [rome(next(walk))[11:] for _ in range(65)]
    assert (seen[0], seen[63], seen[64]) == ("07:00", "22:45", "07:00")


@pytest.fixture
def seven(office: TestOffice, terminal: Terminal) -> Terminal:
    for name, expr, _ in JOBS:
        assert terminal("schedule", "add", "-n", name, "-m", "Do it.", "--cron", expr).code == 0
    return terminal


def test_the_lines_have_full_paths_and_append_what_is_said(
    office: TestOffice, seven: Terminal
) -> None:
    said = seven("schedule", "export", "--crontab")
    assert said.code == 0
    lines = [line for line in said.out.splitlines() if not line.startswith("#")]
    assert {" ".join(line.split()[:5]) for line in lines} == {expr for _, expr, _ in JOBS}
    for line in lines:
        words = line.split()[5:]
        assert words[0] == "env" and words[2].startswith("/")
        assert line.endswith(f" >> {office.state}/schedules.log 2>&1")
        assert f"--vault {office.root} schedule run --unless-watched Office/Schedules/" in line


#: A real program that keeps a crontab in a file, as cron's own does.
CRONTAB = """#!/bin/sh
case "$1" in
  -l) [ -e "$TABLE" ] || { echo "no crontab for you" >&2; exit 1; }; cat "$TABLE" ;;
  -) cat > "$TABLE.new" && mv "$TABLE.new" "$TABLE"; echo >> "$TABLE.writes" ;;
  *) exit 2 ;;
esac
"""


def with_crontab(terminal: Terminal, folder: Path, program: str = CRONTAB) -> Path:
    """The file in which the program `crontab` of this terminal keeps the lines."""
    bin, table = folder / "bin", folder / "table"
    bin.mkdir()
    (bin / "crontab").write_text(program.replace("$TABLE", str(table)))
    (bin / "crontab").chmod(stat.S_IRWXU)
    terminal.env = {**terminal.env, "PATH": f"{bin}:{os.environ['PATH']}"}
    return table


def test_they_are_put_into_a_crontab_once_and_other_lines_stay(
    seven: Terminal, tmp_path: Path
) -> None:
    table = with_crontab(seven, tmp_path)
    mine = "MAILTO=me\n5 4 * * * /opt/backup.sh >/dev/null 2>&1"
    table.write_text(mine)
    assert "has 7 schedules of" in seven("schedule", "export", "--install").out
    first = table.read_text()
    assert first.startswith(f"{mine}\n# >>> factotum ")
    assert "already" in seven("schedule", "export", "--install").out
    assert table.read_text() == first
    assert (tmp_path / "table.writes").read_text() == "\n"
    seven("schedule", "disable", "Backup")
    table.write_text(first + "0 1 * * * mine too\n")
    seven("schedule", "export", "--install")
    after = table.read_text()
    assert after.count("schedule run") == 6 and after.count(">>> factotum") == 1
    assert after.startswith(mine) and after.endswith("0 1 * * * mine too\n")


def test_a_first_crontab_is_made(seven: Terminal, tmp_path: Path) -> None:
    table = with_crontab(seven, tmp_path)
    assert seven("schedule", "export", "--install").code == 0
    assert table.read_text().count("schedule run") == 7


def test_a_crontab_that_cannot_be_read_is_not_overwritten(seven: Terminal, tmp_path: Path) -> None:
    table = with_crontab(seven, tmp_path, "#!/bin/sh\necho 'you may not' >&2\nexit 1\n")
    said = seven("schedule", "export", "--install")
    assert said.code == 1 and "crontab -l failed: you may not" in said.err
    assert not table.exists()


def test_what_a_crontab_cannot_say_is_told(office: TestOffice, terminal: Terminal) -> None:
    wanted: Mapping[str, tuple[str, str]] = {
        "Seven": ("--every", "7 min"),
        "Once": ("--at", "tomorrow 9"),
        "Ninety": ("--every", "90 s"),
    }
    for name, (way, value) in wanted.items():
        terminal("schedule", "add", "-n", name, "-m", "x", way, value)
    terminal(
        "schedule", "add", "-n", "Tokyo", "-m", "x", "--cron", "0 9 * * *", "--tz", "Asia/Tokyo"
    )
    terminal("schedule", "add", "-n", "100 % ok", "-m", "x", "--every", "20 min")
    said = terminal("schedule", "export")
    assert said.code == 3
    for why in (
        "every 7 minutes does not divide an hour or a day",
        "it runs once, and cron has no year",
        "every 90 s is no whole number of minutes",
        "it goes by Asia/Tokyo, and cron by this machine's zone alone",
    ):
        assert why in said.err
    assert said.out.count("*/20 * * * * env") == 1


def test_no_name_of_a_note_puts_a_line_of_its_own_into_a_crontab(
    office: TestOffice, terminal: Terminal
) -> None:
    evil = office.root / "Office/Schedules" / "a\n* * * * * touch pwned #.md"
    evil.write_text("---\ncron: 0 9 * * *\n---\nWater.\n")
    said = terminal("schedule", "export", "--crontab")
    assert said.code == 3 and "cannot stand in one line" in said.err
    assert not [line for line in said.out.splitlines() if not line.startswith("#")]


def test_times_over_two_lines_are_one_line_of_a_crontab() -> None:
    plan = read(b'---\ncron: "0 9 * *\\n 1-5"\n---\nWater.\n', "a.md", ROME)
    assert plan is not None and crontab.times_of(plan, ROME, SATURDAY) == "0 9 * * 1-5"


def test_a_percent_sign_does_not_end_the_command() -> None:
    job = crontab.Job("x", "0 9 * * *", ["/bin/echo", "100 %"], "/tmp/a%b")
    assert job.line == r"0 9 * * * /bin/echo '100 \%' >> /tmp/a\%b 2>&1"


@pytest.mark.parametrize(
    ("seconds", "fields"),
    [
        (60, "*/1 * * * *"),
        (1200, "*/20 * * * *"),
        (3600, "0 * * * *"),
        (7200, "0 */2 * * *"),
        (86_400, "0 0 * * *"),
    ],
)
def test_an_interval_that_divides_the_hour_or_the_day_can_be_said(
    seconds: int, fields: str
) -> None:
    raw = f"---\nevery: {seconds}\n---\nx\n".encode()
    plan = read(raw, "x.md", ROME)
    assert plan is not None and crontab.times_of(plan, ROME, SATURDAY) == fields


def test_cron_finds_the_settings_that_hold_now(
    office: TestOffice, terminal: Terminal, tmp_path: Path
) -> None:
    terminal(*PLANTS, "--every", "1 h")
    settings = tmp_path / "my settings"
    settings.mkdir()
    (settings / ".env").write_text("FACTOTUM_MAX_TURNS=9\n")
    (settings / ".env").chmod(0o600)
    before = os.getcwd()
    os.chdir(settings)
    try:
        said = terminal("schedule", "export")
    finally:
        os.chdir(before)
    assert f"0 * * * * cd '{settings}' && env FACTOTUM_STATE_DIR=" in said.out


@pytest.mark.slow
def test_beside_an_office_that_runs(office: TestOffice, terminal: Terminal) -> None:
    terminal.env = {**terminal.env, "FACTOTUM_WATCHERS": "schedule", "FACTOTUM_MODEL": "none"}
    with terminal.start("up") as up:
        try:
            assert up.stdout is not None and "factotum works in" in up.stdout.readline()
            said = terminal(*PLANTS, "--every", "10", "--mode", "reminder")
            assert said.code == 0

            def status() -> str:
                (row,) = terminal("schedule", "list", "--json").json["schedules"]
                return str(row["last_status"])

            until(lambda: status() == "ok", "it does not run", 0.5)
            assert "does not run now" not in terminal("schedule", "list").out
            by_hand = terminal("schedule", "run", "Plants", "--json").json["id"]
            assert terminal("schedule", "remove", "Plants").code == 0
            until(lambda: any(by_hand in done.read_text() for done in office.files("Done")))
            until(lambda: not office.files("Needs_Action") + office.files("In_Progress"))
            count = len(office.files("Done"))
            time.sleep(11)
            assert len(office.files("Done")) == count
        finally:
            up.terminate()
            assert up.wait(PATIENCE_S) == 0
