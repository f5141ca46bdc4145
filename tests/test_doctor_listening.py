"""What the doctor says of watchers and of PM2."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.doctor import CHECKS, Level, Machine, Patient
from factotum.doctor.listening import pm2, watchers
from factotum.ears import beats
from factotum.ears.beats import Beat
from factotum.settings import load
from tests.office import TestOffice


@pytest.fixture
def sick(tmp_path: Path) -> Patient:
    """A house with a folder outside the vault that is listened to, and no orchestrator."""
    office = TestOffice(tmp_path)
    office.state.mkdir(mode=0o700)
    (tmp_path / "outside").mkdir()
    settings = load({"FACTOTUM_FOLDERS": str(tmp_path / "outside")})
    machine = Machine(path="")
    return Patient(office.root, settings, "", office.state, None, None, tmp_path, machine)


def told(patient: Patient, about: str) -> list[tuple[Level, str]]:
    return [one for one in watchers(patient) if one[1].startswith(about)]


def test_the_doctor_looks_at_both() -> None:
    assert {("watchers", watchers), ("pm2", pm2)} <= set(CHECKS)


def test_without_an_office_nobody_is_missed(sick: Patient) -> None:
    assert told(sick, "fs") == [
        (Level.OK, "fs is set up, and runs with the orchestrator or by PM2")
    ]
    assert told(sick, "mail") == []


def test_a_watcher_that_nobody_runs_beside_an_office_is_missed(sick: Patient) -> None:
    ((level, text),) = told(replace(sick, running=os.getpid()), "fs")
    assert level is Level.WARNING
    assert "nobody listens. Start it: factotum watchers run fs" in text


def test_who_runs_it_is_said(sick: Patient) -> None:
    assert sick.state is not None
    lock = beats.lock(sick.state, "fs")
    assert lock is not None
    within, beside = replace(sick, running=os.getpid()), replace(sick, running=1)
    assert told(within, "fs") == [(Level.OK, "fs runs within the orchestrator")]
    own = f"fs runs in a process of its own (pid {os.getpid()})"
    assert told(beside, "fs") == [(Level.OK, own)]
    lock.close()


def test_what_is_set_up_wrongly_is_a_problem(sick: Patient) -> None:
    wrong = replace(sick, settings=load({"FACTOTUM_FOLDERS": "not/whole"}))
    ((level, text),) = told(wrong, "fs")
    assert level is Level.PROBLEM
    assert "no whole path" in text


def test_a_watcher_that_is_not_there_is_a_problem(sick: Patient) -> None:
    ((level, text),) = told(replace(sick, settings=load({"FACTOTUM_WATCHERS": "male"})), "")
    assert level is Level.PROBLEM
    assert "Did you mean mail?" in text


def test_what_is_not_heard_is_a_warning(sick: Patient) -> None:
    assert sick.state is not None
    now = time.time()
    beats.write(sick.state, Beat("mail ann@example.test", os.getpid(), now, since=now,
                                 trouble="login refused.", login=True))  # fmt: skip
    ((level, text),) = told(sick, "mail ann@example.test")
    assert level is Level.WARNING
    assert "login refused" in text


@pytest.mark.parametrize(
    ("there", "dump", "said"),
    [
        (False, None, "no PM2 here"),
        (True, None, "has saved nothing of ours"),
        (True, [{"name": "blog"}], "has saved nothing of ours"),
        (True, "no list", "has saved nothing of ours"),
        (True, [{"name": "orchestrator"}, {"name": "gmail-watcher"}], "PM2 knows the office"),
    ],
)
def test_whether_pm2_would_start_it_after_a_boot(
    sick: Patient, tmp_path: Path, there: bool, dump: object, said: str
) -> None:
    home = tmp_path / "pm2-home"
    home.mkdir()
    if there:
        (tmp_path / "pm2").write_text('#!/bin/sh\ntouch "$0.ran"\n')
        (tmp_path / "pm2").chmod(0o755)
    if dump is not None:
        (home / "dump.pm2").write_text(json.dumps(dump))
    ((level, text),) = pm2(replace(sick, machine=Machine(path=str(tmp_path))), home)
    assert (level, said in text) == (Level.OK, True)
    assert not (tmp_path / "pm2.ran").exists()  # any call would start its daemon
