"""What the doctor finds, on machines that lack something."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from factotum import failpoint
from factotum.doctor import GIB, Finding, Level, Machine, Patient, examine
from factotum.doctor.checklist import run_at_start
from factotum.ledger import Ledger
from factotum.names import id_of
from factotum.sandbox import isolation
from factotum.settings import load
from tests.cli.terminal import Terminal
from tests.office import TestOffice

ROOT = Path(__file__).parents[1]
GOOD = Machine((3, 13, 1), (3, 45, 0), 16 * GIB, 8, "")


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    return office


def patient(office: TestOffice, env: Mapping[str, str] | None = None) -> Patient:
    settings = load({"FACTOTUM_INSTANCE": "pi", **(env or {})})
    return Patient(office.root, settings, "", office.state, None, None, ROOT / "mcp", GOOD)


def found(patient: Patient, check: str) -> list[Finding]:
    return [finding for finding in examine(patient) if finding.check == check]


def worst(findings: list[Finding]) -> Level:
    order = [Level.OK, Level.WARNING, Level.PROBLEM]
    return max((f.level for f in findings), key=order.index)


MAIL = {
    "FACTOTUM_SMTP_HOST": "mail.example.test",
    "FACTOTUM_IMAP_HOST": "mail.example.test",
    "FACTOTUM_IMAP_USER": "me",
    "FACTOTUM_MAIL_FROM": "me@example.test",
}


needs_a_cage = pytest.mark.skipif(not isolation().possible, reason=isolation().why)


@needs_a_cage
def test_a_good_machine_has_nothing_wrong(office: TestOffice) -> None:
    bad = [f for f in examine(patient(office, MAIL)) if f.level is not Level.OK]
    assert [f for f in bad if f.check != "space"] == []


@pytest.mark.parametrize(
    ("machine", "check", "level", "said"),
    [
        (replace(GOOD, python=(3, 10, 4)), "python", Level.PROBLEM, "3.10.4: install Python 3.11"),
        (replace(GOOD, python=(3, 11, 2)), "python", Level.OK, "3.13 or newer is recommended"),
        (replace(GOOD, sqlite=(3, 34, 1)), "sqlite", Level.PROBLEM, "3.34.1"),
        (replace(GOOD, memory_bytes=2 * GIB), "machine", Level.WARNING, "8 GB and 4"),
        (replace(GOOD, cores=2), "machine", Level.WARNING, "2 cores"),
        # sold as 8 GB
        (replace(GOOD, memory_bytes=int(7.6 * GIB), cores=4), "machine", Level.OK, "7.6 GB"),
    ],
)
def test_what_the_machine_has(
    office: TestOffice, machine: Machine, check: str, level: Level, said: str
) -> None:
    (finding,) = found(replace(patient(office), machine=machine), check)
    assert (finding.level, said in finding.text) == (level, True)


@pytest.mark.parametrize(("version", "warned"), [("v20.11.0", True), ("v24.1.0", False)])
def test_an_old_node_is_a_warning(
    office: TestOffice, tmp_path: Path, version: str, warned: bool
) -> None:
    (tmp_path / "bin").mkdir()
    node = tmp_path / "bin" / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    machine = replace(GOOD, path=str(tmp_path / "bin"))
    assert bool(found(replace(patient(office), machine=machine), "node")) == warned


def test_missing_mail_settings_are_named_with_their_tools(office: TestOffice) -> None:
    (send, rest) = found(patient(office), "tools")
    assert (send.level, rest.level) == (Level.WARNING, Level.WARNING)
    assert send.text == "FACTOTUM_SMTP_HOST: needed by mail__send"
    assert "FACTOTUM_IMAP_HOST" in rest.text and "mail__search" in rest.text


def test_settings_that_a_server_does_not_take_are_a_problem(office: TestOffice) -> None:
    env = {"FACTOTUM_SMTP_HOST": "mail.example.test"}  # and nobody to send it from
    findings = found(patient(office, env), "tools")
    assert worst(findings) is Level.PROBLEM
    assert "FACTOTUM_MAIL_FROM" in findings[-1].text


def test_a_broken_server_file_is_a_problem(office: TestOffice, tmp_path: Path) -> None:
    (tmp_path / "bad_server.py").write_text("ENV = (")
    findings = found(replace(patient(office), servers=tmp_path), "tools")
    assert worst(findings) is Level.PROBLEM


def test_no_vault_is_a_problem(office: TestOffice, tmp_path: Path) -> None:
    findings = found(replace(patient(office), root=tmp_path / "nowhere"), "vault")
    assert worst(findings) is Level.PROBLEM
    assert "factotum init" in findings[0].text


def test_nothing_stays_in_the_vault(office: TestOffice) -> None:
    before = sorted(office.root.rglob("*"))
    examine(patient(office))
    assert [p for p in sorted(office.root.rglob("*")) if p not in before] in (
        [], [office.root / ".factotum" / "tmp"]
    )  # fmt: skip


def test_a_broken_playbook_is_a_problem(office: TestOffice) -> None:
    office.playbook("when: [", "10-bad.md")
    (finding,) = found(patient(office), "playbooks")
    assert finding.level is Level.PROBLEM
    assert finding.text.startswith("10-bad.md: line ")


def test_a_mistake_in_the_rules_is_a_problem(office: TestOffice) -> None:
    assert found(patient(office), "rules") == []  # nobody knows yet whether there were any
    office.run()
    (finding,) = found(patient(office), "rules")
    assert finding.level is Level.OK
    text = "```yaml policy\nrules:\n  - {alow: mail__send}\n```\n"
    (office.root / "Company_Handbook.md").write_text(text)
    (finding,) = found(patient(office), "rules")
    assert finding.level is Level.PROBLEM
    assert finding.text.startswith("Company_Handbook.md: line 3: `alow` is no condition")


def test_another_machine_is_a_warning(office: TestOffice) -> None:
    (office.root / "In_Progress" / "laptop").mkdir()
    (office.root / "In_Progress" / "pi").mkdir()
    (finding,) = found(patient(office), "instances")
    assert (finding.level, "laptop" in finding.text) == (Level.WARNING, True)


def test_an_open_state_directory_is_a_problem(office: TestOffice) -> None:
    office.state.chmod(0o755)
    assert worst(found(patient(office), "state")) is Level.PROBLEM


def test_a_damaged_ledger_is_a_problem(office: TestOffice) -> None:
    Ledger(office.state / "ledger.db").close()
    whole = bytearray((office.state / "ledger.db").read_bytes())
    whole[4096:12288] = b"\xff" * 8192
    (office.state / "ledger.db").write_bytes(whole)
    assert worst(found(patient(office), "state")) is Level.PROBLEM


@pytest.mark.parametrize(
    ("plugins", "options", "warned"),
    [
        (["templater-obsidian"], None, "Templater"),
        (["obsidian-shellcommands", "calendar"], None, "Shell commands"),
        (["dataview"], {"enableDataviewJs": True}, "DataviewJS"),
        (["dataview"], {"enableDataviewJs": False}, ""),
        (["dataview"], None, ""),  # it is off by default
        ([], None, ""),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_plugins_that_run_code_are_a_warning(
    office: TestOffice, plugins: list[str], options: object, warned: str, inside: bool
) -> None:
    config = (office.root if inside else office.root.parent) / ".obsidian"
    (config / "plugins" / "dataview").mkdir(parents=True)
    (config / "community-plugins.json").write_text(json.dumps(plugins))
    if options is not None:
        (config / "plugins" / "dataview" / "data.json").write_text(json.dumps(options))
    (finding,) = found(patient(office), "obsidian")
    assert finding.level is (Level.WARNING if warned else Level.OK)
    assert warned in finding.text


# -- the command


def test_the_command_exits_3_only_for_problems(office: TestOffice) -> None:
    terminal = Terminal(
        office.folder,
        {"FACTOTUM_VAULT": str(office.root), "FACTOTUM_STATE_DIR": str(office.state)},
    )
    said = terminal("doctor")
    assert said.code == 0
    assert "needed by mail__send" in said.out
    office.playbook("when: [", "10-bad.md")
    assert terminal("doctor").code == 3
    report = terminal("doctor", "--json")
    assert report.code == 3
    assert report.json["ok"] is False
    assert {"check", "level", "text"} == set(report.json["findings"][0])


@pytest.mark.parametrize(
    ("environ", "level", "said"),
    [
        ({}, Level.OK, "told plainly, as 1'234.50 EUR, for the system names no locale"),
        ({"LANG": "de_DE.UTF-8"}, Level.OK, "told as in de_DE: 1.234,50 €"),
        (
            {"LANG": "de_DE.UTF-8", "FACTOTUM_LOCALE": "plain"},
            Level.OK,
            "told plainly, as 1'234.50",
        ),
        ({"LANG": "tlh_QO.UTF-8"}, Level.WARNING, "the system's tlh_QO is unknown"),
    ],
)
def test_it_is_said_how_money_is_told(
    office: TestOffice, environ: dict[str, str], level: Level, said: str
) -> None:
    (finding,) = found(patient(office, environ), "money")
    assert finding.level is level
    assert said in finding.text


def test_wrong_settings_are_a_finding(office: TestOffice) -> None:
    terminal = Terminal(
        office.folder, {"FACTOTUM_VAULT": str(office.root), "FACTOTUM_REGRET": "60"}
    )
    said = terminal("doctor")
    assert said.code == 3
    assert "PROBLEM  settings     FACTOTUM_REGRET" in said.out


def test_the_failpoints_are_listed(office: TestOffice) -> None:
    said = Terminal(office.folder)("doctor", "--failpoints")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()] == list(failpoint.NAMES)


@needs_a_cage
def test_the_nine_points_are_each_passed_or_not(office: TestOffice) -> None:
    points = found(patient(office), "checklist")
    assert [one.text[:9] for one in points] == [f"{n}/9 pass:" for n in range(1, 10)]


@needs_a_cage
@pytest.mark.parametrize("point", [1, 2, 4, 5, 7, 8])
def test_a_point_that_is_not_passed_says_what_to_do(office: TestOffice, point: int) -> None:
    env = {}
    machine = GOOD
    match point:
        case 1:
            (office.root / ".env").write_text("FACTOTUM_IMAP_PASSWORD=x")
        case 2:
            listed = office.folder / "servers.json"
            listed.write_text("{}")
            listed.chmod(0o644)
            env["FACTOTUM_TOOL_SERVERS"] = str(listed)
        case 4:
            machine = replace(GOOD, uid=0)
        case 5:
            env["FACTOTUM_SANDBOX"] = "off"
        case 7:
            (office.root / "Logs").rmdir()
        case 8:
            office.state.chmod(0o755)
    points = found(replace(patient(office, env), machine=machine), "checklist")
    failed = [one for one in points if one.level is not Level.OK]
    assert [one.text[:8] for one in failed] == [f"{point}/9 fail"]


@pytest.mark.parametrize(
    ("env", "level", "said"),
    [
        ({}, Level.OK, "tool processes run in a cage"),
        ({"FACTOTUM_SANDBOX": "off"}, Level.WARNING, "can read your keys"),
    ],
)
def test_it_is_said_whether_tools_are_caged(
    office: TestOffice, env: dict[str, str], level: Level, said: str
) -> None:
    if not isolation().possible and not env:
        pytest.skip(isolation().why)
    (one,) = found(patient(office, env), "isolation")
    assert (one.level, said in one.text) == (level, True)


def test_servers_of_others_and_the_shell_are_looked_at(office: TestOffice) -> None:
    listed = office.folder / "servers.json"
    entries = {
        "clock": {"command": "true", "network": True},
        "gone": {"command": "/no/such/program"},
        "nosy": {"command": "true", "read": [str(office.root)]},
    }
    listed.write_text(json.dumps({"mcpServers": entries}))
    listed.chmod(0o600)
    env = {"FACTOTUM_TOOL_SERVERS": str(listed), "FACTOTUM_SHELL_FOLDER": str(office.root)}
    shell, clock, gone, nosy = found(patient(office, env), "servers")
    assert "FACTOTUM_SHELL_FOLDER may not have" in shell.text
    assert clock.text == "clock, not reviewed: only its private folder; the network"
    assert "there is no /no/such/program" in gone.text
    assert "which no tool may see" in nosy.text
    assert [one.level for one in (shell, clock, gone, nosy)] == [
        Level.PROBLEM,
        Level.OK,
        Level.PROBLEM,
        Level.PROBLEM,
    ]


def test_a_file_that_runs_at_every_start_of_python_is_named(tmp_path: Path) -> None:
    assert run_at_start(Path(sysconfig.get_path("purelib"))) == []
    (tmp_path / "paths.pth").write_text("/opt/lib\n")
    (tmp_path / "distutils-precedence.pth").write_text("import os\n")
    (tmp_path / "litellm_init.pth").write_text("# \nimport os; os.system('true')\n")
    assert run_at_start(tmp_path) == ["litellm_init.pth"]


def test_what_sync_left_behind_is_a_warning(office: TestOffice) -> None:
    assert worst(found(patient(office), "sync")) is Level.OK
    note = f'---\nid: "{id_of("t", "milk")}"\n---\nBuy milk.\n'
    (office.root / "Needs_Action/Milk.md").write_text(note)
    (office.root / "Needs_Action/Milk (1).md").write_text(note)
    (office.root / "Failed/Torn.md").write_text("<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> x\n")
    handbook = office.root / "Company_Handbook.md"
    handbook.write_text("Mine.\n")
    handbook.with_name("Company_Handbook.sync-conflict-20261129-101500-ABCDEFG.md").write_text("")
    (office.root / "calendar conflict.md").write_text("A note of the person's.\n")
    told = [finding.text for finding in found(patient(office), "sync")]
    assert len(told) == 3
    assert "Milk" in told[0] + told[1] and "are the same: remove one" in told[0] + told[1]
    assert "Torn.md holds conflict markers" in told[0] + told[1]
    assert "is the copy of Company_Handbook.md that Syncthing kept" in told[2]
