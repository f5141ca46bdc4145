"""What the doctor says of the channels: who is heard, who runs them, what does not fit."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.channels import owners
from factotum.doctor import CHECKS, Level, Machine, Patient
from factotum.doctor.channels import channels
from factotum.doctor.listening import watchers
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.ledger import Ledger
from factotum.settings import Settings, load
from tests.office import TestOffice

TOKEN = "42:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A house with a bot, and nobody who is paired with it."""
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    machine, servers = Machine(path=""), tmp_path / "mcp"
    return Patient(office.root, given(), "", office.state, None, None, servers, machine)


@pytest.fixture
def ledger(patient: Patient) -> Iterator[Ledger]:
    assert patient.state is not None
    ledger = Ledger(patient.state / "ledger.db")
    yield ledger
    ledger.close()


def given(**more: str) -> Settings:
    return load({"FACTOTUM_TELEGRAM_TOKEN": TOKEN, **more})


def said(patient: Patient, level: Level) -> str:
    return "\n".join(text for one, text in channels(patient) if one is level)


def test_the_doctor_looks_at_them() -> None:
    assert ("channels", channels) in CHECKS


def test_before_there_is_a_ledger_nothing_is_said(patient: Patient) -> None:
    assert list(channels(patient)) == []


def test_without_a_channel_it_says_how_to_get_one(patient: Patient, ledger: Ledger) -> None:
    none = replace(patient, settings=load({}))
    assert list(channels(none)) == [
        (Level.OK, "none is set up. To be asked on the phone: docs/telegram.md")
    ]


def test_a_bot_without_an_owner_is_a_warning(patient: Patient, ledger: Ledger) -> None:
    assert "it has a token, but no owner" in said(patient, Level.WARNING)
    owners.pair(ledger, "telegram", "4711", "Ann", "43", time.time())
    assert "whoever is paired is so with another bot" in said(patient, Level.WARNING)


def test_who_is_heard_and_who_runs_it_is_said(patient: Patient, ledger: Ledger) -> None:
    assert patient.state is not None and patient.settings is not None
    owners.pair(ledger, "telegram", "4711", "Ann", "42", time.time())
    owners.strong(ledger, patient.settings, time.time())
    assert "telegram takes orders from Ann (4711)" in said(patient, Level.OK)
    assert "runs with the orchestrator or by PM2" in said(patient, Level.OK)
    assert "nobody runs it" in said(replace(patient, running=1), Level.WARNING)
    lock = beats.lock(patient.state, "telegram")
    assert lock is not None
    assert "runs within the orchestrator" in said(replace(patient, running=os.getpid()), Level.OK)
    assert f"a process of its own (pid {os.getpid()})" in said(patient, Level.OK)
    assert said(patient, Level.WARNING) == said(patient, Level.PROBLEM) == ""
    lock.close()


def test_what_is_wrong_there_is_a_warning(patient: Patient, ledger: Ledger) -> None:
    assert patient.state is not None
    beats.write(patient.state, Beat("telegram", 1, 0.0, trouble="another process asks too"))
    assert "telegram: another process asks too" in said(patient, Level.WARNING)
    assert "another process" not in "\n".join(text for _, text in watchers(patient))  # said once


def test_a_yes_that_could_come_from_nowhere_is_a_problem(patient: Patient, ledger: Ledger) -> None:
    assert patient.settings is not None
    owners.pair(ledger, "telegram", "4711", "Ann", "42", time.time())
    assert "does not count yet to approve what is risky" in said(patient, Level.WARNING)
    owners.strong(ledger, patient.settings, time.time())
    assert said(patient, Level.PROBLEM) == ""
    outside = replace(patient, settings=given(FACTOTUM_CHANNELS="discord"))
    assert "so it cannot be approved at all" in said(outside, Level.PROBLEM)
    elsewhere = replace(patient, settings=given(FACTOTUM_CHANNELS="none"))
    assert said(elsewhere, Level.PROBLEM) == ""
    gone = replace(patient, settings=load({}))
    assert "counts as the only way to approve" in said(gone, Level.WARNING)


def test_what_only_tells_is_told_by_the_first(patient: Patient, ledger: Ledger) -> None:
    webhook = {"FACTOTUM_DISCORD_WEBHOOK_URL": "http://127.0.0.1:1/x"}
    both = replace(patient, settings=given(**webhook))
    assert "discord is told what telegram cannot say" in said(both, Level.OK)
    alone = replace(patient, settings=load(webhook), running=1)
    assert "discord is set up, but nobody runs it" in said(alone, Level.WARNING)


def test_a_channel_that_is_not_there_is_a_problem(patient: Patient, ledger: Ledger) -> None:
    wrong = replace(patient, settings=given(FACTOTUM_CHANNELS="telegramm"))
    assert "Did you mean telegram?" in said(wrong, Level.PROBLEM)


def test_a_token_in_an_old_file_is_seen(patient: Patient, ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "telegram.json"
    file.write_text("{}")
    assert "telegram.json" not in said(patient, Level.OK)
    file.write_text(json.dumps({"token": TOKEN}))
    file.chmod(0o644)
    assert "others on this machine can read" in said(patient, Level.PROBLEM)
    assert TOKEN not in said(patient, Level.PROBLEM)
    file.chmod(0o600)
    assert said(patient, Level.PROBLEM) == ""
    assert "factotum channels login telegram --from telegram.json" in said(patient, Level.OK)
