"""Bringing over nanobot's schedules, notes and settings, once, and none of its keys."""

from __future__ import annotations

import json
import re
import stat
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factotum.importing import config, jobs, notes
from factotum.importing.jobs import OtherStore
from factotum.schedule.note import Schedule, read
from factotum.schedule.times import At, Cron, Every
from factotum.schedule.wish import written
from factotum.settings import dotenv
from tests.cli.terminal import Terminal, terminal_of
from tests.office import Hands, TestOffice

ROME = ZoneInfo("Europe/Rome")
NOW = 1_795_000_000.0
KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"

#: As its document has it.
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "jobs": [
        {
            "id": "a1",
            "name": "Morning news",
            "enabled": True,
            "schedule": {"kind": "cron", "cron_expr": "0 7 * * *", "timezone": "America/New_York"},
            "payload": {"action": "agent_turn", "message": "What is new?",
                        "channel": "telegram", "chat_id": "4711"},
            "state": {"next_run_at": 1, "last_run_at": 1, "last_status": "ok"},
            "created_at": "2026-01-01T00:00:00", "updated_at": "2026-01-01T00:00:00",
        },
        {
            "id": "a2",
            "name": "Stretch",
            "enabled": False,
            "schedule": {"kind": "every", "every_seconds": 1200},
            "payload": {"action": "system_event", "message": "Stand up."},
            "delete_after_run": False,
        },
    ],
}  # fmt: skip

#: As its source writes it.
SOURCE: dict[str, Any] = {
    "version": 1,
    "jobs": [
        {
            "id": "b1",
            "name": "Backup",
            "enabled": True,
            "schedule": {"kind": "every", "everyMs": 7_200_000, "atMs": None, "expr": None},
            "payload": {"kind": "agent_turn", "message": "Back it up.", "deliver": False,
                        "channel": "telegram", "to": "4711"},
            "state": {"nextRunAtMs": 1, "lastRunAtMs": None, "runHistory": []},
            "createdAtMs": 1, "updatedAtMs": 1, "deleteAfterRun": False,
        },
        {
            "id": "b2",
            "name": "Dentist",
            "schedule": {"kind": "at", "atMs": 4_102_444_800_000},
            "payload": {"kind": "system_event", "message": "Dentist at ten.", "deliver": True,
                        "channel": "telegram", "to": "4711"},
            "deleteAfterRun": True,
        },
        {
            "id": "b3",
            "schedule": {"kind": "cron", "expr": "*/15 7-22 * * *", "tz": "Europe/Berlin"},
            "payload": {"message": "Look at my tasks."},
        },
    ],
}  # fmt: skip


def planned(store: Any) -> tuple[dict[str, Schedule], list[str]]:
    kept, left_out = jobs.jobs_of(store, ROME, NOW)
    plans = {}
    for job in kept:
        plan = read(written(job.wish, {"id": job.mark}), "x.md", ROME)
        assert plan is not None and plan.id == f"nanobot-{job.id}"
        plans[job.id] = plan
    return plans, left_out


def test_jobs_as_the_document_has_them() -> None:
    plans, left_out = planned(DOCUMENT)
    news, stretch = plans["a1"], plans["a2"]
    assert left_out == []
    assert (news.when, news.mode, news.enabled, news.channel, news.to) == (
        Cron("0 7 * * *", ZoneInfo("America/New_York")), "task", True, "telegram", "4711",
    )  # fmt: skip
    assert news.body == "# Morning news\n\nWhat is new?"
    assert (stretch.when, stretch.mode, stretch.enabled) == (Every(1200), "reminder", False)


def test_jobs_as_the_source_writes_them() -> None:
    plans, left_out = planned(SOURCE)
    backup, dentist, tasks = plans["b1"], plans["b2"], plans["b3"]
    assert left_out == []
    assert (backup.when, backup.channel) == (Every(7200), "")  # it said: do not deliver
    assert (dentist.when, dentist.mode) == (At(4_102_444_800.0), "reminder")
    assert dentist.delete_after_run and dentist.to == "4711"
    assert tasks.when == Cron("*/15 7-22 * * *", ZoneInfo("Europe/Berlin"))
    assert (tasks.title, tasks.enabled) == ("Look at my tasks.", True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": {"kind": "at", "at": "2020-01-01T09:00:00"}}, "its moment is past"),
        ({"schedule": {"kind": "cron", "cron_expr": "0 25 * * *"}}, "is wrong"),
        ({"schedule": {"kind": "every", "every_seconds": 0}}, "is not between 10 s"),
        ({"schedule": {"kind": "every", "every_seconds": "often"}}, "its time is no number"),
        ({"schedule": {"kind": "every", "everyMs": float("nan")}}, "cannot be read"),
        ({"schedule": {"kind": "yearly"}}, "its kind is 'yearly'"),
        ({"schedule": None}, "its kind is ''"),
        ({"schedule": {"kind": "at", "atMs": 10**30}}, "cannot be read"),
        ({"payload": {"action": "explode", "message": "x"}}, "'explode', which is not known"),
        ({"payload": {}, "name": ""}, "needs a name"),
        ({"id": None}, "it has no id"),
        ({"enabled": "yes"}, "neither true nor false"),
    ],
)
def test_a_job_that_makes_no_sense_is_left_out_and_the_others_kept(
    change: dict[str, Any], said: str
) -> None:
    good, bad = DOCUMENT["jobs"]
    plans, left_out = planned({"version": 1, "jobs": [{**bad, **change}, "garbage", good]})
    assert set(plans) == {"a1"}
    assert said in left_out[0] and left_out[0].startswith("job 1") and len(left_out) == 2


@pytest.mark.parametrize("store", [[], {"jobs": {}}, {"version": 2, "jobs": []}, None])
def test_a_store_of_another_kind_is_refused(store: Any) -> None:
    with pytest.raises(OtherStore):
        jobs.jobs_of(store, ROME, NOW)


# -- settings


@pytest.mark.parametrize(
    "held",
    [
        {"model": "openai/gpt-4o", "max_turns": 12, "openrouter_api_key": KEY,
         "telegram_bot_token": "1:x", "heartbeat_interval": 900},
        {"model": "openai/gpt-4o", "maxTurns": 12, "openrouterApiKey": KEY,
         "telegramBotToken": "1:x", "heartbeatInterval": 900},
        {"agents": {"defaults": {"model": "openai/gpt-4o", "maxToolIterations": 12}},
         "providers": {"openrouter": {"apiKey": KEY}},
         "channels": {"telegram": {"enabled": True, "token": "1:x"}},
         "gateway": {"heartbeat": {"intervalS": 900}}},
    ],
)  # fmt: skip
def test_flat_and_nested_settings_in_either_spelling_are_the_same_lines(held: Any) -> None:
    lines, left_out = config.lines_of(held)
    assert {one.name: one.value for one in lines} == {
        "FACTOTUM_MODEL": "openai/gpt-4o",
        "FACTOTUM_MAX_TURNS": "12",
        "OPENROUTER_API_KEY": KEY,
        "TELEGRAM_TOKEN": "1:x",
        "FACTOTUM_HEARTBEAT_S": "900",
    }
    assert left_out == []
    assert not any(KEY in one.shown or "1:x" in one.shown for one in lines)


@pytest.mark.parametrize(
    ("held", "name"),
    [
        ({"api_key": KEY}, "OPENROUTER_API_KEY"),
        ({"api_key": "sk-ant-x"}, "ANTHROPIC_API_KEY"),
        ({"api_key": "sk-x"}, "OPENAI_API_KEY"),
        ({"api_key": "x", "api_base": "http://127.0.0.1:8000/v1"}, "FACTOTUM_MODEL_API_KEY"),
    ],
)
def test_a_key_goes_to_whom_it_belongs(held: Any, name: str) -> None:
    assert name in {one.name for one in config.lines_of(held)[0]}


def test_what_would_stop_the_office_from_starting_is_left_out() -> None:
    held = {"max_turns": 10**9, "model": "a\nFACTOTUM_WORKERS=9", "allow_from": ["@ann"]}
    lines, left_out = config.lines_of(held)
    assert lines == []
    assert [re.split(" must|:", one)[0] for one in left_out] == [
        "FACTOTUM_MODEL", "FACTOTUM_MAX_TURNS", "who may write to it by a name (allow_from)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("held", "lines"),
    [
        ({"allow_from": ["4711", "@ann", 12]}, {"TELEGRAM_CHAT_ID": "4711, 12"}),
        ({"channels": {"telegram": {"allowFrom": ["4711|ann", "4711"]}}, "allow_from": ["9"]},
         {"TELEGRAM_CHAT_ID": "4711"}),
        ({"channels": {"telegram": {"proxy": "http://127.0.0.1:3128"}}},
         {"FACTOTUM_TELEGRAM_PROXY": "http://127.0.0.1:3128"}),
        ({"allow_from": "4711"}, {}),
        ({"allow_from": ["-100123"]}, {}),  # a group is no owner
    ],
)  # fmt: skip
def test_who_may_write_comes_by_number_alone(held: Any, lines: dict[str, str]) -> None:
    assert {one.name: one.value for one in config.lines_of(held)[0]} == lines


def test_a_line_reads_back_as_it_was() -> None:
    odd = 'a "b" \\ # c $HOME \''
    (line,) = config.lines_of({"groq_api_key": odd})[0]
    assert dotenv.parse(line.written, Path(".env"))["GROQ_API_KEY"][0] == odd


# -- notes


def test_words_are_added_below_a_heading_and_nothing_else_is_changed() -> None:
    there = "\ufeff---\r\ntitle: me\r\n---\r\n# Me\r\n\r\nMine.".encode()
    new = notes.merged("USER.md", there, "# User\n\nLikes tea.")
    assert new.startswith(there)
    assert new[len(there) :] == b"\r\n\r\n## From nanobot\r\n\r\n## User\r\n\r\nLikes tea.\r\n"
    assert notes.merged("USER.md", new, "Likes tea.") == new


HEARTBEAT = """# Heartbeat

<!-- not
- [ ] this -->

## Active Tasks

- [ ] Check the weather
- [ ]
- [x] done

## Completed

- [ ] not this either
"""


def test_only_what_is_to_be_done_goes_into_the_list() -> None:
    words = notes.words_of("HEARTBEAT.md", HEARTBEAT.encode())
    assert words == "- [ ] Check the weather"
    there = b"# Heartbeat\r\n\r\n## Active Tasks\r\n\r\n- [ ] Mine\r\n\r\n## Completed\r\n\r\nx\r\n"
    new = notes.merged("HEARTBEAT.md", there, words)
    assert new == there.replace(b"## Comp", b"- [ ] Check the weather\r\n\r\n## Comp")
    assert notes.words_of("HEARTBEAT.md", b"# Heartbeat\n\n- [ ]\n") == ""


PARTS = ["a", "# ", "## ", "\n", "\r\n", "```", "- [ ] x", "---\n", "<!--", "-->", "## Completed\n"]
TEXT = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


@example("---\n", "## Active Tasks\n", "## Completed\n---\n")  # a comment among the properties
@example("---\r\n", "## Active Tasks\r\n", "---\r\n")
@given(TEXT, st.sampled_from(["", "## Active Tasks\n", "## Active Tasks\r\n"]), TEXT)
@pytest.mark.parametrize("name", ["HEARTBEAT.md", "USER.md"])
def test_no_byte_of_the_persons_note_is_lost(name: str, before: str, head: str, after: str) -> None:
    there = f"{before}{head}{after}".encode()
    try:
        new = notes.merged(name, there, "- [ ] Check the weather")
    except notes.NotText:
        return
    same = next((n for n, (a, b) in enumerate(zip(there, new, strict=False)) if a != b), len(there))
    assert new.endswith(there[same:]) and len(new) >= len(there)
    assert b"- [ ] Check the weather" in new
    assert notes.merged(name, new, "- [ ] Check the weather") == new


# -- the whole


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return TestOffice(tmp_path, hands=Hands(wall=time.time()))


@pytest.fixture
def terminal(office: TestOffice) -> Terminal:
    return terminal_of(office)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".nanobot"
    (folder / "cron").mkdir(parents=True)
    (folder / "workspace/memory").mkdir(parents=True)
    (folder / "cron.json").write_text(json.dumps(DOCUMENT))
    (folder / "cron/jobs.json").write_text(json.dumps(SOURCE))
    (folder / "config.json").write_text(json.dumps({"openrouterApiKey": KEY, "model": "x/y"}))
    (folder / "workspace/SOUL.md").write_text("I am nanobot.\n")
    (folder / "workspace/HEARTBEAT.md").write_text(HEARTBEAT)
    (folder / "workspace/memory/MEMORY.md").write_text("Ada likes trains.\n")
    (folder / "workspace/TOOLS.md").write_text("Tools.\n")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_it_is_shown_first_and_nothing_is_done_unasked(
    office: TestOffice, terminal: Terminal, home: Path
) -> None:
    vault = content(office.root)
    for words in (("--dry-run",), ()):
        said = terminal("import", "nanobot", str(home), *words)
        assert "Morning news: cron: 0 7 * * *, task" in said.out
        assert "Stretch: every: 1200, reminder, switched off" in said.out
        assert "SOUL.md -> SOUL.md (a new note; 3 words)" in said.out
        assert "OPENROUTER_API_KEY=(hidden)" in said.out
        assert KEY not in said.out + said.err
    assert said.code == 2 and "add --yes" in said.err
    assert content(office.root) == vault and not (office.state / "from-nanobot.env").exists()


def test_all_is_brought_once_and_nanobots_folder_stays(
    office: TestOffice, terminal: Terminal, home: Path
) -> None:
    (office.root / "SOUL.md").write_bytes(b"# Mine\n\nCalm.\n")
    before = content(home)
    said = terminal("import", "nanobot", str(home), "--yes")
    assert said.code == 3 and "TOOLS.md: it tells nanobot of its own tools" in said.err
    assert "Brought: 8 of 8 notes." in said.out
    listed = terminal("schedule", "list", "--json").json["schedules"]
    assert {one["name"]: one["enabled"] for one in listed} == {
        "Morning news": True, "Stretch": False, "Backup": True, "Dentist": True,
        "Look at my tasks.": True,
    }  # fmt: skip
    soul = (office.root / "SOUL.md").read_text()
    assert soul == "# Mine\n\nCalm.\n\n## From nanobot\n\nI am nanobot.\n"
    assert (office.root / "Office/Memory/MEMORY.md").read_text() == "Ada likes trains.\n"
    assert "- [ ] Check the weather\n" in (office.root / "HEARTBEAT.md").read_text()
    lines = office.state / "from-nanobot.env"
    assert stat.S_IMODE(lines.stat().st_mode) == 0o600 and KEY in lines.read_text()
    assert not any(KEY.encode() in data for data in content(office.root).values())
    assert content(home) == before

    terminal("schedule", "remove", "Backup")
    vault = content(office.root)
    again = terminal("import", "nanobot", str(home), "--yes")
    assert "Brought before, and not again: 8" in again.out
    assert content(office.root) == vault


@pytest.mark.parametrize(
    "workspace", ["~nobody-of-that-name/x", "/" + "a" * 5000, "/\0", "\ud800", "/etc/passwd"]
)
def test_a_folder_that_cannot_be_is_passed_over(
    terminal: Terminal, tmp_path: Path, workspace: str
) -> None:
    home = tmp_path / "odd"
    home.mkdir()
    job = {**SOURCE["jobs"][0], "id": "x1", "name": "\ud800", "schedule": {"kind": "every"}}
    job["schedule"]["everyMs"] = 10**400
    (home / "cron.json").write_text(json.dumps({"version": 1, "jobs": [job, SOURCE["jobs"][0]]}))
    held = {"workspace": workspace, "model": "\ud800", "api_key": KEY}
    (home / "config.json").write_text(json.dumps(held))
    said = terminal("import", "nanobot", str(home), "--yes")
    assert said.code == 3 and "Brought: 1 of 1 notes." in said.out
    assert "too large a number" in said.err and "FACTOTUM_MODEL: its value" in said.err


def test_a_broken_store_is_told_and_left_as_it_is(
    office: TestOffice, terminal: Terminal, home: Path
) -> None:
    (home / "cron.json").write_text('{"version": 1, "jobs": [')
    (home / "config.json").write_text(f'{{"openrouterApiKey": "{KEY}"')
    before = content(home)
    said = terminal("import", "nanobot", str(home), "--yes")
    assert "cron.json: it is no JSON, line 1; mend it" in said.err
    assert "config.json: it is no JSON" in said.err and KEY not in said.err + said.out
    assert content(home) == before
    assert len(office.files("Office/Schedules")) == 3  # those of the other store


def test_settings_never_overwrite_a_file_and_never_lie_in_the_vault(
    office: TestOffice, terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.env"
    mine.write_text("A=1\n")
    said = terminal("import", "nanobot", str(home), "--yes", "--env-file", str(mine))
    assert said.code == 1 and "is there already and holds something else" in said.err
    assert mine.read_text() == "A=1\n"
    inside = office.root / "x.env"
    said = terminal("import", "nanobot", str(home), "--yes", "--env-file", str(inside))
    assert said.code == 2 and "lies in the vault" in said.err and not inside.exists()


def test_where_nothing_is_it_says_so(
    office: TestOffice, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    said = terminal("import", "nanobot", str(tmp_path / "empty"), "--yes")
    assert said.code == 1 and "Nothing of nanobot's was found" in said.out
    assert terminal("import", "nanobot", str(tmp_path / "gone")).code == 2
