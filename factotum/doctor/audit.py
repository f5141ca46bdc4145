"""Whether the end of the audit log is as it was left, and how old its anchors are.

Nobody is asked outside: what an anchor remembers says `factotum audit verify`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from factotum.anchors import built
from factotum.doctor.findings import Found, Level, Patient
from factotum.keybox import Keybox
from factotum.ledger import Ledger, LedgerError
from factotum.notary import told
from factotum.views import links
from factotum.views.audit import tail
from factotum.views.keyed import periods
from factotum.words import local

#: An anchor that knows less than there is for longer than this is worth a word, in seconds.
OLD_S = 2 * 86_400.0


def audit(patient: Patient, clock: Callable[[], float] = time.time) -> Found:
    if patient.state is None or not (patient.state / "ledger.db").exists():
        return
    try:
        ledger = Ledger(patient.state / "ledger.db")
    except LedgerError:
        return  # the check of the state directory says it
    try:
        box = Keybox(patient.state).open()  # first: what it knows, the ledger knew before
        findings = tail(patient.root / "Logs", ledger, box)
        for finding in findings:
            yield Level.PROBLEM, f"{finding}. See: factotum audit verify"
        if not findings:
            yield Level.OK, _chain(ledger)
        yield from _anchors(patient, ledger, clock())
    except OSError as failed:
        yield Level.PROBLEM, f"{failed.filename} cannot be read ({failed.strerror})"
    finally:
        ledger.close()


def _chain(ledger: Ledger) -> str:
    last = links.head(ledger).n
    taken = [period.first for period in periods(ledger) if period.because == "taken"]
    if taken:
        return f"{last} lines are chained, with a key of yours since line {taken[0]}"
    return f"{last} lines are chained. To have a key that checks them: factotum audit key"


def _anchors(patient: Patient, ledger: Ledger, now: float) -> Found:
    if patient.settings is None:
        return
    anchors = built(patient.settings, patient.state or patient.root)
    if not anchors:
        yield Level.OK, "it has no anchor elsewhere. To have one: FACTOTUM_ANCHOR_GIT"
    last = links.head(ledger).n
    for anchor in anchors:
        known = told(ledger, anchor.name)
        since = f"{local(known.at):%Y-%m-%d}"
        if known.trouble:
            last_told = f"was told {since}, and then not" if known.at else "could never be told"
            yield Level.WARNING, f"the anchor {anchor.name} {last_told}: {known.trouble}"
        elif not known.at:
            yield (
                Level.WARNING,
                f"the anchor {anchor.name} was told nothing yet. It is told once a day while an "
                f"orchestrator runs, and when one stops",
            )
        elif known.count < last and now - known.at > OLD_S:
            yield (
                Level.WARNING,
                f"the anchor {anchor.name} was told {since}, of {known.count} lines of {last}. It "
                f"is told once a day while an orchestrator runs",
            )
        else:
            yield Level.OK, f"the anchor {anchor.name} was told {since} of {known.count} lines"
