"""By what you are told and asked away from the vault: whether it is whole. Nobody is asked.

Whether a bot answers says the beat of the process that runs it; to try it now there is
`factotum channels test telegram`.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from factotum.channels import known, owners
from factotum.channels.known import Kind
from factotum.doctor.findings import Found, Level, Patient
from factotum.ears import beats
from factotum.gate import strength
from factotum.ledger import Ledger, LedgerError
from factotum.rooms import DoorError
from factotum.settings import Settings

#: A token where other programs keep theirs.
LEGACY = "telegram.json"


def channels(patient: Patient) -> Found:
    """Each channel that is set up: who is heard there, who runs it, what is wrong with it."""
    settings, state = patient.settings, patient.state
    if settings is None or state is None or not (state / "ledger.db").exists():
        return
    try:
        wanted = known.wanted(settings.text("CHANNELS"))
        known.check(settings.text("CHANNELS"))
        ledger = Ledger(state / "ledger.db")
    except DoorError as wrong_name:
        yield Level.PROBLEM, str(wrong_name)
        return
    except LedgerError:
        return  # the check of the state directory says it
    try:
        yield from _legacy(patient)
        for kind in known.KINDS:
            if kind.set_up(settings):
                yield from _one(kind, patient, settings, state, ledger, kind.name in wanted)
        yield from _strong(settings, ledger, "telegram" in wanted)
        if not any(kind.set_up(settings) for kind in known.KINDS):
            yield Level.OK, "none is set up. To be asked on the phone: docs/telegram.md"
    finally:
        ledger.close()


def _one(
    kind: Kind, patient: Patient, settings: Settings, state: Path, ledger: Ledger, wanted: bool
) -> Found:
    if kind.hears:
        there = owners.owners(settings, ledger, kind.name)
        if there:
            named = ", ".join(one.said for one in there)
            yield Level.OK, f"{kind.name} takes orders from {named}, and from nobody else"
        else:
            yield Level.WARNING, _unpaired(kind, ledger)
    if kind.name != known.first(settings):
        yield Level.OK, f"{kind.name} is told what {known.first(settings)} cannot say"
        return
    yield _runs(kind, patient, state, wanted)
    beat = beats.of(state, kind.name)
    if beat is not None and beat.trouble:
        yield Level.WARNING, f"{kind.name}: {beat.trouble}"


def _unpaired(kind: Kind, ledger: Ledger) -> str:
    other = owners.paired_elsewhere(ledger, kind.name)
    why = "whoever is paired is so with another bot" if other else "it has a token, but no owner"
    return f"{kind.name}: {why}, so nobody is heard: factotum channels login {kind.name}"


def _runs(kind: Kind, patient: Patient, state: Path, wanted: bool) -> tuple[Level, str]:
    pid = beats.holder(state, kind.name)
    if pid and pid == patient.running:
        return Level.OK, f"{kind.name} runs within the orchestrator"
    if pid:
        return Level.OK, f"{kind.name} runs in a process of its own (pid {pid})"
    if not wanted:
        return Level.WARNING, f"{kind.name} is set up, but FACTOTUM_CHANNELS leaves it out"
    if patient.running:
        return (
            Level.WARNING,
            f"{kind.name} is set up, but nobody runs it. Start it: factotum channels run "
            f"{kind.name}, or with PM2: pm2 start ecosystem.config.js",
        )
    return Level.OK, f"{kind.name} is set up, and runs with the orchestrator or by PM2"


def _strong(settings: Settings, ledger: Ledger, wanted: bool) -> Iterator[tuple[Level, str]]:
    """What the ledger says of who may approve what is risky, and what is so."""
    counts = owners.TELEGRAM in strength.set_up(ledger)
    there = bool(owners.owners(settings, ledger))
    if counts != there:
        now = "counts as the only way" if counts else "does not count yet"
        yield (
            Level.WARNING,
            f"telegram {now} to approve what is risky, by what was set up before. The next start "
            f"of the office puts that right: factotum up",
        )
    elif counts and not wanted:
        yield (
            Level.PROBLEM,
            "what is risky can be approved by Telegram alone, but FACTOTUM_CHANNELS leaves it "
            "out, so it cannot be approved at all. Name it there, or take the token out",
        )


def _legacy(patient: Patient) -> Iterator[tuple[Level, str]]:
    """A file of another program with a token in it: who can read it, can speak as the bot."""
    folder = patient.env_file.parent if patient.env_file else patient.servers.parent
    path = folder / LEGACY
    if not _holds_a_token(path):
        return
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield (
            Level.PROBLEM,
            f"{path} holds a token that others on this machine can read: chmod 600 it, and have "
            f"@BotFather make a new one",
        )
    take = f"factotum channels login telegram --from {LEGACY}"
    yield Level.OK, f"{path} is not read. To take over what it says: {take}"


def _holds_a_token(path: Path) -> bool:
    try:
        if not os.path.isfile(path):
            return False
        found = json.loads(path.read_bytes()[:65_536])
        return isinstance(found, dict) and "token" in found
    except (OSError, ValueError):
        return False
