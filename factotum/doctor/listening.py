"""What is listened to and by whom, and whether PM2 is there to keep it so. Nobody is asked.

PM2 itself is never called: any call of it would start its daemon.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from factotum.channels import known
from factotum.doctor.findings import Found, Level, Patient
from factotum.ears import beats, found
from factotum.ears.health import Health
from factotum.rooms import Clock, DoorError


def watchers(patient: Patient) -> Found:
    """Each watcher that is set up: whether it runs, and what it does not hear."""
    settings, state = patient.settings, patient.state
    if settings is None or state is None:
        return
    premises = found.premises_of(settings, patient.root, state)
    try:
        sources, wrong = found.sources_of(found.wanted(settings.text("WATCHERS")), premises)
    except DoorError as wrong_name:
        yield Level.PROBLEM, str(wrong_name)
        return
    for name, why in wrong.items():
        yield Level.PROBLEM, f"{name} is set up wrongly: {why}"
    wanted = sorted({source.name.partition(" ")[0] for source in sources})
    for name in wanted:
        yield _runs(patient, state, name)
    for ill in Health(state, Clock()).ills():
        if ill.source not in known.NAMES:  # the check of the channels says it
            yield Level.WARNING, f"{ill.source} {ill.text}"


def _runs(patient: Patient, state: Path, name: str) -> tuple[Level, str]:
    pid = beats.holder(state, name)
    if pid and pid == patient.running:
        return Level.OK, f"{name} runs within the orchestrator"
    if pid:
        return Level.OK, f"{name} runs in a process of its own (pid {pid})"
    if patient.running:
        return (
            Level.WARNING,
            (
                f"{name} is set up, but nobody listens. Start it: factotum watchers run {name}, "
                f"or with PM2: pm2 start ecosystem.config.js"
            ),
        )
    return Level.OK, f"{name} is set up, and runs with the orchestrator or by PM2"


def pm2(patient: Patient, home: Path | None = None) -> Found:
    """Whether PM2 is there, and would start the office after a boot."""
    if shutil.which("pm2", path=patient.machine.path) is None:
        yield Level.OK, "no PM2 here. To keep the office running without one: see docs/running.md"
        return
    home = home or Path(os.environ.get("PM2_HOME") or Path.home() / ".pm2")
    if "orchestrator" in _saved(home):
        yield Level.OK, f"PM2 knows the office after a boot ({home / 'dump.pm2'})"
    else:
        yield (
            Level.OK,
            "PM2 is there, but has saved nothing of ours: pm2 start ecosystem.config.js, then "
            "pm2 save",
        )


def _saved(home: Path) -> Iterator[str]:
    """The names of the apps that PM2 starts after a boot."""
    try:
        apps = json.loads((home / "dump.pm2").read_bytes())
    except (OSError, ValueError):
        return
    for app in apps if isinstance(apps, list) else ():
        if isinstance(app, dict):
            yield str(app.get("name", ""))
