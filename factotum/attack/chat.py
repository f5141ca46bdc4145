"""What an attacker has the owner bring by a chat: words that they pass on, a file that they send.

It is taken as the channel takes it from Telegram, by a guest of the office; nobody outside is
asked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from factotum.attack.plots import EVE, PASSED_ON, Plot, data_of, text_of
from factotum.channels.card_messages import CardMessages
from factotum.channels.contract import Came, Heard, Limits
from factotum.channels.house import window_of
from factotum.channels.prompts import Prompts
from factotum.channels.talk import Talk
from factotum.demo.house import House
from factotum.reading import read
from factotum.rooms import open_rooms
from factotum.settings import load

CHANNEL, OWNER, NAME = "telegram", "4711", "Marco"

#: What the owner writes beside a file.
BESIDE = "What do they want?"


def bring(house: House, plots: Sequence[Plot], evil: str) -> None:
    """Hands them in, each as a conversation of its own."""
    rooms = open_rooms(load({}, [house.folder / ".env"]), house.root, guest=True)
    try:
        window = window_of(rooms, CHANNEL, Limits())
        messages = CardMessages(window)
        talk = Talk(window, messages, Prompts(window, messages))
        for plot in plots:
            talk.begin_anew(OWNER)
            talk.hear(_heard(plot, evil), time.time())
    finally:
        rooms.close()


def _heard(plot: Plot, evil: str) -> Heard:
    at = datetime.now(UTC)
    if plot.kind == PASSED_ON:
        said = text_of(plot, evil)
        return Heard(OWNER, str(plot.n), OWNER, NAME, said, at, passed_on=EVE)
    data = data_of(plot, evil)
    sent = Came(plot.file, data, reading=read(data, plot.file))
    return Heard(OWNER, str(plot.n), OWNER, NAME, BESIDE, at, files=(sent,))
