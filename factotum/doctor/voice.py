"""Who hears what is spoken: by which server, at what price, and what keeps it from being heard.

A server in the own network is tried whether it listens; nobody who wants money is asked.
"""

from __future__ import annotations

import asyncio
import os

from factotum.doctor.findings import Found, Level, Patient
from factotum.models.wire import listens
from factotum.voice import Hearing, hearing_by

#: Who is in the own network takes a connection in this time, in seconds.
ANSWER_S = 2.0


def voice(patient: Patient) -> Found:
    if patient.settings is None:
        return
    hearing = hearing_by(patient.settings, os.environ)
    if hearing is None:
        yield (
            Level.OK,
            "nobody hears what is spoken: it stays a recording. To change it: docs/voice.md",
        )
    elif hearing.wrong:
        yield Level.PROBLEM, f"nothing that is spoken is heard: {hearing.wrong}"
    else:
        yield _heard_by(hearing)


def _heard_by(hearing: Hearing) -> tuple[Level, str]:
    way = hearing.way
    text = (
        f"{way.name} hears what is spoken, with {way.model}. "
        f"{'Stays in your network' if hearing.local else 'Leaves your network'}; "
        f"a minute counts {hearing.usd_per_minute:g} USD"
    )
    if hearing.local and not asyncio.run(listens(way.base_url, ANSWER_S)):
        return Level.WARNING, f"{text}. Nobody answers at {way.base_url}: start it"
    return Level.OK, text
