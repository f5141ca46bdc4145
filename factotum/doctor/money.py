"""How money is told here, by an example, and by whose word."""

from __future__ import annotations

from decimal import Decimal

from factotum.doctor.findings import Found, Level, Patient
from factotum.money import plain, teller
from factotum.settings.locale_name import PLAIN

SAMPLE = Decimal("1234.50"), "EUR"


def money(patient: Patient) -> Found:
    if patient.settings is None:
        return
    name = patient.settings.text("LOCALE")
    example = " ".join(teller(name)(*SAMPLE).split())
    hint = "To have it as you write it: FACTOTUM_LOCALE=de_DE, or another one"
    if name == PLAIN and patient.settings.given("LOCALE"):
        yield Level.OK, f"told plainly, as {example}"
    elif name == PLAIN:
        yield Level.OK, f"told plainly, as {example}, for the system names no locale. {hint}"
    elif example == plain(*SAMPLE):
        yield Level.WARNING, f"told plainly, as {example}: the system's {name} is unknown. {hint}"
    else:
        yield Level.OK, f"told as in {name}: {example}"
