"""The vault that people get: whole, quiet, plain, and nothing in it by accident something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, time
from pathlib import Path
from typing import Any

import pytest
import yaml

from factotum import adopt, watching
from factotum import leave as leaving
from factotum.agent import agents, persona, playbook
from factotum.cli.root import COMMANDS
from factotum.gate.card import ALL_TICKS
from factotum.gate.rules import Quiet, Verb
from factotum.gate.rules_check import warnings
from factotum.gate.rules_text import parse as parse_rules
from factotum.model import FOLDERS
from factotum.note import NoteError, parse, set_props
from factotum.reader import Reader
from factotum.schedule import note as schedule
from factotum.vault import ALL_FOLDERS
from factotum.worker.playbooks import PlaybookShelf
from factotum.worker.shelves import agent_shelf, persona_shelf, skill_shelf
from tests.agent.tasks import mail
from tests.office import TestOffice

TEMPLATE = Path(__file__).parents[1] / "vault_template"
FILES = sorted(path for path in TEMPLATE.rglob("*") if path.is_file())
NOTES = [path for path in FILES if path.suffix == ".md"]
BASES = [path for path in FILES if path.suffix == ".base"]
OFFICE = [name for name in ALL_FOLDERS if name.startswith("Office/")]

#: What a task's note may carry beside what the intake writes: the owner's own properties.
OWNERS = {"hold", "ready", "due", "agent"}


def name_of(path: Path) -> str:
    return path.relative_to(TEMPLATE).as_posix()


def notes_in(folder: str) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted((TEMPLATE / folder).glob("*.md"))]


# -- what is in it


def test_every_folder_of_the_office_says_what_it_is() -> None:
    assert set(OFFICE) == {f"Office/{path.name}" for path in (TEMPLATE / "Office").iterdir()}
    for folder in OFFICE:
        assert notes_in(folder), folder


def test_where_work_lies_there_is_nothing() -> None:
    tops = {name_of(path).partition("/")[0] for path in FILES}
    assert tops & {*FOLDERS.values(), "Plans", "Briefings", "Logs", "Drafts"} == set()


def test_the_notes_at_the_top_are_those_that_the_office_knows() -> None:
    tops = {path.name for path in TEMPLATE.iterdir() if path.is_file()}
    assert tops == {
        *persona.NOTES.values(), "Business_Goals.md", "Dashboard.md", "HEARTBEAT.md",
        "Tasks.base", "Cards.base",
    }  # fmt: skip


@pytest.mark.parametrize("path", NOTES, ids=name_of)
def test_a_note_is_short_plain_and_holds_no_secret(path: Path) -> None:
    text = path.read_text("utf-8")
    parse(path.read_bytes())
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert len(text) < 4_000
    assert not re.search(r"\b(sk|gsk|ghp|xox)[-_]\w|api[_-]?key\s*[:=]|BEGIN [A-Z ]*KEY", text)
    for address in re.findall(r"[\w.*-]+@([\w.-]+)", text):
        assert address == "example.org", address
    assert not re.search(r"https?://(?!example\.org/)", text)


def test_no_two_notes_have_one_name() -> None:
    stems = [path.stem.casefold() for path in NOTES if path.name != "SKILL.md"]
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize("path", NOTES, ids=name_of)
def test_a_link_leads_to_a_note_of_the_template(path: Path) -> None:
    names = {name_of(file).removesuffix(".md") for file in FILES}
    names |= {file.name.removesuffix(".md") for file in FILES}
    for link in re.findall(r"\[\[([^\]|#]+)", path.read_text("utf-8")):
        assert link in names, link


@pytest.mark.parametrize("path", NOTES, ids=name_of)
def test_a_command_that_a_note_names_exists(path: Path) -> None:
    for word in re.findall(r"`factotum (\w+)", path.read_text("utf-8")):
        assert word in COMMANDS, word


# -- what the office makes of it


def test_the_rules_of_the_handbook_do_what_they_say() -> None:
    held = parse_rules((TEMPLATE / "Company_Handbook.md").read_text("utf-8"))
    assert held is not None and warnings(held) == []
    assert [(rule.name, rule.verb) for rule in held.rules] == [
        ("every payment asks", Verb.STRONG),
        ("drafts, labels, archive and own notes never ask", Verb.ALLOW),
    ]
    assert held.quiet == Quiet(time(22), time(7, 30))
    assert held.budgets == {}


def test_each_example_of_a_rule_is_one_when_its_marks_are_taken_away() -> None:
    text = (TEMPLATE / "Company_Handbook.md").read_text("utf-8")
    whole = parse_rules(re.sub(r"(?m)^( *)# ", r"\1", text))
    assert whole is not None and warnings(whole) == []
    assert [rule.verb for rule in whole.rules[2:]] == [Verb.ALLOW, Verb.DENY]
    assert whole.budgets == {"day": 1.0, "task": 0.25, "month": 15.0}


def test_nothing_is_listened_to_till_the_marks_of_an_example_are_taken_away() -> None:
    text = (TEMPLATE / "Company_Handbook.md").read_text("utf-8")
    assert watching.sections(text) == {}
    whole = watching.sections(re.sub(r"(?m)^( *)# ", r"\1", text))
    assert {name: len(entries) for name, entries in whole.items()} == {
        "notes": 1,
        "feeds": 1,
        "pages": 1,
        "mail": 2,
        "calendar": 1,
    }


def test_it_is_loaded_without_a_problem_and_without_an_accident() -> None:
    reader = Reader()
    shelf = agent_shelf(TEMPLATE, reader)
    assert {agent.name: agent.colour for agent in shelf.current()} == {
        "vessel": "#00ff41",
        "coder": "#00e5ff",
        "sysadmin": "#ffab00",
        "researcher": "#aa00ff",
    }
    assert all(agent.enabled and agent.prompt for agent in shelf.current())
    skills = skill_shelf(TEMPLATE, reader)
    assert [skill.name for skill in skills.current()] == ["set-up-a-schedule", "write-a-briefing"]
    playbooks = PlaybookShelf(TEMPLATE, reader)
    assert len(playbooks.current()) == 6
    shelves = (shelf, skills, playbooks, persona_shelf(TEMPLATE, reader))
    assert [problem for one in shelves for problem in one.problems()] == []


def test_only_what_somebody_filled_in_is_told_a_model() -> None:
    told = persona_shelf(TEMPLATE, Reader()).current()
    assert told.user == ""
    assert told.soul.startswith("# Character\n\nYou are a calm, careful assistant.")
    assert "Answer politely" in told.handbook
    assert "policy" not in told.handbook and "pay__" not in told.handbook
    assert "prefer that to a schedule" in told.guide
    for text in vars(told).values():
        assert "About this note" not in text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The invoice script has a bug", "coder"),
        ("Is the backup of the server fine?", "sysadmin"),
        ("Compare three bookkeeping programs", "researcher"),
        ("Answer Ada about lunch", "vessel"),
    ],
)
def test_a_task_comes_to_whom_it_belongs(title: str, name: str) -> None:
    found, _ = agents.load(notes_in("Office/Agents"))
    task = mail(title=title, text="Please.", properties={})
    assert agents.choose(task, found).agent.name == name


def test_the_page_in_the_vault_names_the_properties_that_there_are() -> None:
    text = (TEMPLATE / "Office/Agents/00-how-agents-work.md").read_text("utf-8")
    assert dict(re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", text)) == agents.KEYS


def test_no_schedule_runs_unasked() -> None:
    found = {file: schedule.read(data, file, UTC) for file, data in notes_in("Office/Schedules")}
    schedules = {file: one for file, one in found.items() if one is not None}
    assert set(schedules) == {
        "morning-briefing.md", "weekly-review.md", "look-after-open-ends.md",
        "water-the-plants.md",
    }  # fmt: skip
    assert not any(one.enabled for one in schedules.values())
    (pattern,) = (data for file, data in notes_in("Office/Templates") if "schedule" in file)
    template = schedule.read(pattern, "New schedule.md", UTC)
    assert template is not None and not template.enabled


def test_the_page_about_schedules_names_the_properties_that_there_are() -> None:
    text = (TEMPLATE / "Office/Schedules/00-how-schedules-work.md").read_text("utf-8")
    for key in (*schedule.TIMES, *schedule.ALSO):
        assert f"`{key}`" in text or key in {"channel", "to", "title", "id"}


def test_the_heartbeat_holds_nothing_to_do() -> None:
    text = (TEMPLATE / "HEARTBEAT.md").read_text("utf-8")
    assert re.findall(r"(?m)^#+ .+$", text) == ["# Heartbeat", "## Active Tasks", "## Completed"]
    assert "30 minutes" in text
    left = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    assert [line for line in left.splitlines() if line.strip() and line[0] != "#"] == []


def test_the_playbooks_are_no_agents_and_the_agents_no_playbooks() -> None:
    assert agents.load(notes_in("Office/Playbooks")) == ([], [])
    assert playbook.load(notes_in("Office/Agents")) == ([], [])


# -- in use


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    office = TestOffice(tmp_path)
    (office.root / ".factotum").rmdir()
    adopt.make(adopt.plan(office.root, TEMPLATE), None, office.hands.wall)
    return office


def test_a_new_vault_starts_nothing_and_complains_of_nothing(office: TestOffice) -> None:
    office.run()
    assert office.events() == []
    text = (office.root / "Dashboard.md").read_text()
    assert "needs attention" not in text.casefold()
    for name in ("In_Progress", "Pending_Approval", "Failed"):
        assert office.files(name) == []


def test_leaving_takes_all_of_it_out(office: TestOffice) -> None:
    assert (office.root / "Cards.base").read_bytes() == (TEMPLATE / "Cards.base").read_bytes()
    farewell = leaving.plan(office.root, "pi")
    assert farewell.kept == ()
    assert set(farewell.files) == {name_of(path) for path in FILES}
    (office.root / "Office/Agents/coder.md").write_text("mine now")
    assert leaving.carry_out(leaving.plan(office.root, "pi")) == ()
    assert [p for p in office.root.rglob("*") if p.is_file()] == [
        office.root / "Office/Agents/coder.md"
    ]


def test_the_template_of_a_task_waits_until_it_is_written(office: TestOffice) -> None:
    blank = (TEMPLATE / "Office/Templates/New task.md").read_bytes()
    path = office.type(blank.decode(), "Call the bank.md")
    office.run()
    assert path.exists() and office.events() == []
    path.write_bytes(set_props(blank, {"hold": False}))
    office.run()
    assert not path.exists()


@pytest.mark.parametrize("kind", ["agent", "skill", "schedule", "contact"])
def test_a_template_can_be_copied_where_it_belongs(kind: str) -> None:
    data = (TEMPLATE / f"Office/Templates/New {kind}.md").read_bytes()
    parse(data)
    if kind == "agent":
        found, broken = agents.load([("poet.md", data)])
        assert broken == [] and not found[0].enabled


# -- the tables


def base(path: Path) -> dict[str, Any]:
    """A Base as Obsidian reads it."""
    content = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def filters(tree: Any) -> Iterator[str]:
    """Every statement of a filter; and, or and not may be nested."""
    if isinstance(tree, str):
        yield tree
        return
    assert isinstance(tree, dict) and len(tree) == 1
    ((word, inner),) = tree.items()
    assert word in {"and", "or", "not"}
    for one in inner:
        yield from filters(one)


def used(content: dict[str, Any]) -> set[str]:
    """Every property that a Base shows, sorts or filters by, as it is written there."""
    names = set(content["properties"])
    for view in content["views"]:
        names |= set(view["order"]) | {one["property"] for one in view["sort"]}
        names |= {view["groupBy"]["property"]} if "groupBy" in view else set()
    said = " ".join(
        [*filters(content["filters"]), *content["formulas"].values()]
        + [s for view in content["views"] for s in filters(view.get("filters", {"and": []}))]
    )
    bare = re.sub(r'"[^"]*"', "", said)
    words = set(re.findall(r"(?<![\w.])(?!file\b|if\b|list\b)[a-z_]+(?=[\s.,)]|$)", bare))
    return names | words


@pytest.mark.parametrize("path", BASES, ids=name_of)
def test_a_table_is_in_the_form_that_obsidian_reads(path: Path) -> None:
    """Source: `BasesConfigFile` in Obsidian's obsidian.d.ts, and its help on Bases syntax."""
    content = base(path)
    assert set(content) <= {"filters", "formulas", "properties", "summaries", "views"}
    names = [view["name"] for view in content["views"]]
    assert len(names) == len(set(names)) >= 4
    for view in content["views"]:
        assert set(view) <= {"type", "name", "limit", "filters", "groupBy", "order", "sort"}
        assert view["type"] == "table"
        for one in [*view["sort"], *([view["groupBy"]] if "groupBy" in view else [])]:
            assert set(one) == {"property", "direction"} and one["direction"] in {"ASC", "DESC"}
        for name in view["order"]:
            assert not name.startswith("formula.") or name[8:] in content["formulas"]
        assert list(filters(view["filters"]))
    for row in content["properties"].values():
        assert set(row) == {"displayName"} and isinstance(row["displayName"], str)


@pytest.mark.parametrize("path", BASES, ids=name_of)
def test_a_table_shows_properties_that_the_office_writes(path: Path, office: TestOffice) -> None:
    office.drop("a.eml", b"From: Ada <ada@example.org>\nSubject: Invoice again\n\nA copy, please.")
    office.type("What shall I do?\n\ngo")
    office.run()
    written = {*OWNERS, *ALL_TICKS}
    for note in office.root.rglob("*.md"):
        if note.relative_to(office.root).parts[0] in FOLDERS.values():
            try:
                written |= set(parse(note.read_bytes()).props)
            except NoteError as broken:
                pytest.fail(f"{note}: {broken}")
    names = {name for name in used(base(path)) if not name.startswith(("file.", "formula."))}
    assert names - written == set()
    assert {"type", "aliases"} <= names


@pytest.mark.parametrize("path", BASES, ids=name_of)
def test_a_tick_in_a_table_is_one_that_the_card_offers(path: Path) -> None:
    offered = {
        "Yes or no": {"approve", "reject"},
        "Questions": {"answered", "reject"},
        "Did it happen": {"happened", "did_not"},
        "Goes out soon": {"cancel", "send_now"},
        "Expired": {"wake", "reject"},
    }
    for view in base(path)["views"]:
        assert set(view["order"]) & set(ALL_TICKS) == offered.get(view["name"], set())


def test_a_table_looks_for_folders_that_there_are() -> None:
    for path in BASES:
        for view in base(path)["views"]:
            for said in filters(view["filters"]):
                for folder in re.findall(r'folder\.\w+\("([^"]+)"\)', said):
                    assert folder.strip("/") in {*FOLDERS.values(), "waiting"}


def test_the_page_on_the_vault_names_every_folder_and_note() -> None:
    text = (TEMPLATE.parent / "docs/vault.md").read_text("utf-8")
    named = re.findall(r"(?m)^\| `([\w./]+)` \|", text)
    tops = {path.name for path in TEMPLATE.iterdir() if path.suffix == ".md"}
    assert set(named) == {*ALL_FOLDERS, *tops}
    assert len(named) == len(set(named))
