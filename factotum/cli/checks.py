"""`factotum doctor`: looks over the machine, the settings and the vault."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from factotum import doctor as doctors
from factotum import failpoint
from factotum.cli import FOUND_PROBLEMS, place
from factotum.doctor import Finding, Level, Machine, Patient
from factotum.failpoint import FailpointError
from factotum.inert import visible
from factotum.rooms import DoorError, state_dir
from factotum.settings import Settings, SettingsError, env_files

MARKS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--failpoints", is_flag=True, help="List where a test can kill the process.")
def doctor(as_json: bool, failpoints: bool) -> int:
    """Look for what is missing or wrong; exits 3 when there is a problem."""
    if failpoints:
        _failpoints(as_json)
        return 0
    found = doctors.examine(_patient())
    bad = any(finding.level is Level.PROBLEM for finding in found)
    if as_json:
        rows = [vars(finding) for finding in found]
        print(json.dumps({"ok": not bad, "findings": rows}, indent=1))
    else:
        print("\n".join(_line(finding) for finding in found))
    return FOUND_PROBLEMS if bad else 0


def _line(finding: Finding) -> str:
    return f"{MARKS[finding.level]:<8} {finding.check:<12} {visible(finding.text)}"


def _failpoints(as_json: bool) -> None:
    if as_json:
        print(json.dumps(failpoint.NAMES, indent=1))
        return
    for name, meaning in failpoint.NAMES.items():
        print(f"{name:<20} {meaning}")


def _patient() -> Patient:
    """What is to be looked at, however little of it can be read."""
    settings, state, why_not = None, None, ""
    root = place.named() or Path(os.environ.get("FACTOTUM_VAULT") or "~/AI_Employee_Vault")
    root = place.home(root.expanduser().absolute())
    try:
        settings = place.settings()
        root = place.home(settings.path("VAULT"))
        state = _state(settings, root)
    except (SettingsError, FailpointError, DoorError) as wrong:
        why_not = str(wrong)
    files = env_files(Path.cwd(), place.HERE)
    return Patient(
        root,
        settings,
        why_not,
        state,
        next((file for file in files if file.is_file()), None),
        place.running(state) if state else None,
        place.HERE / "mcp",
        Machine.this(),
    )


def _state(settings: Settings, root: Path) -> Path | None:
    """The state directory, or None before there is a vault that it belongs to."""
    return state_dir(settings, root) if (root / ".factotum").is_dir() else None
