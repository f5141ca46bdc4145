"""What runs apart from the office: whether children are caged, the shell, servers of others.

Nothing is started; what a server offers is not asked.
"""

from __future__ import annotations

from pathlib import Path

from factotum.doctor.findings import Found, Level, Patient
from factotum.tooling.accepted import Accepted
from factotum.tooling.cages import PRIVATE, Cages, cages_of, others
from factotum.tooling.tools import ToolboxError


def isolation(patient: Patient) -> Found:
    """Whether a child can be kept from the vault, the state directory and the person's keys."""
    if patient.settings is None:
        return
    cages = _cages(patient)
    wanted = (
        patient.settings.given("SHELL_FOLDER")
        or patient.settings.given("TOOL_SERVERS")
        or patient.settings.text("TOOLS") == "stdio"
    )
    if cages.off:
        yield (
            Level.WARNING,
            (
                "tool processes run without a cage, by FACTOTUM_SANDBOX=off: each can read your "
                "keys and write an approval as you can. What is of high risk still needs a strong "
                "yes"
            ),
        )
    elif cages.isolation.possible:
        yield Level.OK, f"tool processes run in a cage: {cages.isolation.why}"
    else:
        yield (
            Level.PROBLEM if wanted else Level.OK,
            (
                f"no cage for tool processes: {cages.isolation.why}. The shell and servers of "
                f"others do not run here"
            ),
        )


def servers(patient: Patient) -> Found:
    """The shell's folder and each server of others: whether it could be started, and whether
    somebody must look at its tools first."""
    if patient.settings is None or patient.state is None:
        return
    cages = _cages(patient)
    if cages.shell is not None:
        yield _tried(cages.shell_fits, f"the shell works in {cages.shell}")
    for server in others(patient.settings, patient.servers.parent):
        if server.broken:
            yield Level.PROBLEM, server.broken
            continue
        given = ", ".join(map(str, (*server.read, *server.write))) or "only its private folder"
        network = "the network" if server.network else "no network"
        text = f"{server.name}, not reviewed: {given}; {network}"
        yield _tried(lambda one=server: cages.fits(one), text)
        if waiting := Accepted(patient.state / PRIVATE).waiting(server.name):
            yield Level.WARNING, f"{server.name} is not used: {waiting.said}"


def _tried(attempt: object, text: str) -> tuple[Level, str]:
    assert callable(attempt)
    try:
        attempt()
    except ToolboxError as why:
        return Level.PROBLEM, str(why)
    return Level.OK, text


def _cages(patient: Patient) -> Cages:
    assert patient.settings is not None
    state = patient.state or Path("/nonexistent")
    return cages_of(patient.settings, patient.root, state, patient.servers.parent)
