"""What is missing or wrong on this machine: each check says what it found, in one line.

A problem keeps something from working; a warning is worth knowing. Nothing is mended here.
"""

from __future__ import annotations

from collections.abc import Callable

from factotum.doctor import (
    apart,
    around,
    audit,
    channels,
    checklist,
    listening,
    machine,
    model,
    money,
    sync,
    vault,
    voice,
)
from factotum.doctor.findings import GIB, Finding, Found, Level, Machine, Patient

__all__ = ["GIB", "Finding", "Level", "Machine", "Patient", "examine"]

CHECKS: tuple[tuple[str, Callable[[Patient], Found]], ...] = (
    ("python", machine.python),
    ("sqlite", machine.sqlite),
    ("settings", around.settings),
    ("money", money.money),
    ("vault", vault.vault),
    ("file system", vault.file_system),
    ("state", vault.state),
    ("audit log", audit.audit),
    ("space", machine.space),
    ("tools", around.tools),
    ("isolation", apart.isolation),
    ("servers", apart.servers),
    ("file events", machine.events),
    ("running", around.running),
    ("watchers", listening.watchers),
    ("channels", channels.channels),
    ("instances", vault.instances),
    ("sync", sync.conflicts),
    ("model", model.model),
    ("voice", voice.voice),
    ("playbooks", vault.playbooks),
    ("rules", vault.rules),
    ("agents", vault.agents),
    ("machine", machine.machine),
    ("node", machine.node),
    ("pm2", listening.pm2),
    ("obsidian", around.obsidian),
    ("notifier", machine.notifier),
    ("checklist", checklist.points),
)


def examine(patient: Patient) -> list[Finding]:
    """Every check, in order."""
    return [Finding(name, level, text) for name, check in CHECKS for level, text in check(patient)]
