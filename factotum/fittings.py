"""Builds the parts of an office by what its settings say, for the door to wire.

Nothing is started or decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from factotum import failpoint
from factotum.anchors import built
from factotum.blobs import Blobs
from factotum.channels.anchoring import Anchoring
from factotum.channels.own_words import shown
from factotum.models import Models
from factotum.notary import Notary
from factotum.rooms import Rooms, tell_news
from factotum.staff import FRESH_S, Tools
from factotum.toolbox import Toolbox
from factotum.tooling.cages import Cages, others
from factotum.views import quiet
from factotum.views.pruning import Pruning
from factotum.views.reminding import Pace
from factotum.views.views import Views
from factotum.worker.desk import Desk
from factotum.worker.mark import Mark
from factotum.worker.messaging import Telling
from factotum.worker.playbooks import PlaybookShelf


def views_of(rooms: Rooms, out: IO[str]) -> Views:
    seconds, zone = rooms.settings.seconds, rooms.clock.zone
    told = Pace(seconds("BUZZ_S"), last_s=seconds("REMIND_S"))
    return Views(rooms.vault, rooms.ledger, rooms.runs, rooms.state, zone, out, told)


def pruning_of(rooms: Rooms) -> Pruning:
    settings = rooms.settings
    days = settings.count("AUDIT_DAYS") if settings.given("AUDIT_DAYS") else 0
    return Pruning(rooms.vault, rooms.ledger, days, rooms.clock.zone)


def notary_of(rooms: Rooms, desk: Desk, news: Callable[[], None]) -> Notary:
    anchors, zone = built(rooms.settings, rooms.state), rooms.clock.zone
    says = rooms.settings.text("ANCHOR_TELEGRAM") == "yes"
    saying = Anchoring(rooms.ledger, zone) if says else None
    return Notary(anchors, desk, rooms.ledger, rooms.vault.instance, zone, news, saying)


def toolbox_of(rooms: Rooms, servers: Path, cages: Cages, code: Path) -> Toolbox:
    """`servers` is the folder of the tool servers, `code` where the program lies."""
    settings = rooms.settings
    return Toolbox(
        servers,
        settings.env_for,
        failpoint.hit,
        way="stdio" if settings.text("TOOLS") == "stdio" else "in-process",
        catalogue=rooms.state / "catalogue.json",
        idle_s=settings.seconds("TOOLS_IDLE_S"),
        cages=cages,
        others=others(settings, code),
    )


def tools_of(rooms: Rooms, desk: Desk, toolbox: Toolbox, models: Models, mark: Mark) -> Tools:
    phases = rooms.state / "phases"
    phases.mkdir(mode=0o700, exist_ok=True)
    return Tools(
        desk=desk,
        toolbox=toolbox,
        models=models,
        blobs=Blobs(rooms.state / "blobs"),
        playbooks=PlaybookShelf(rooms.vault.root, rooms.reader, FRESH_S),
        mark=mark,
        phases=phases,
        telling=Telling(
            shown, partial(quiet.till, rooms.clock.zone), partial(tell_news, rooms.state)
        ),
    )
