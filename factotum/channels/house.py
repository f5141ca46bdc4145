"""The window of a channel in a house that it is a guest of."""

from __future__ import annotations

from factotum.channels import owners
from factotum.channels.contract import Limits
from factotum.channels.window import Window
from factotum.ears.house import here, room_of
from factotum.rooms import Rooms, wake
from factotum.worker.handbook import Handbook


def window_of(rooms: Rooms, name: str, limits: Limits) -> Window:
    """The window of this channel in the house of `rooms`, which are a guest's."""
    settings, ledger, clock = rooms.settings, rooms.ledger, rooms.clock
    mailroom = room_of(settings, rooms.vault, ledger, rooms.state, here, clock).mailroom
    mailroom.limits = None  # an owner may bring as much as they like
    handbook = Handbook(rooms.vault.root, rooms.reader, ledger, remember=False)
    return Window(
        name=name,
        limits=limits,
        settings=settings,
        root=rooms.vault.root,
        state=rooms.state,
        ledger=ledger,
        register=rooms.register,
        runs=rooms.runs,
        mailroom=mailroom,
        chats=lambda: owners.chats_of(settings, ledger, name),
        policy=handbook.current,
        quiet=lambda: handbook.current().quiet,
        zone=clock.zone,
        wake=lambda: wake(rooms.state),
    )
