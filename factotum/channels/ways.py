"""The ways to a person that only tell, by the settings that set them up: Discord, and others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from factotum.blobs import Blobs
from factotum.channels import apprise_way
from factotum.channels.apprise_way import Apprise
from factotum.channels.fallback import Way
from factotum.ledger import Ledger, dumps
from factotum.settings import Settings
from factotum.worker.messaging import META

DISCORD, APPRISE = "discord", apprise_way.NAME
#: The one chat that a webhook of Discord has.
CHAT = "webhook"
OURS = (DISCORD, APPRISE)


def ways_of(settings: Settings, blobs: Blobs) -> tuple[Way, ...]:
    """Those that are set up, in the order in which they are tried. Asks nobody."""
    found = []
    if url := settings.text("DISCORD_WEBHOOK_URL"):
        from factotum.channels.discord import Discord  # with httpx

        found.append(Way(Discord(url, blobs), CHAT))
    if urls := settings.text("NOTIFY_URLS").split():
        services = Apprise(urls)
        found += [Way(services, chat) for chat in services.chats]
    return tuple(found)


def note(ledger: Ledger, settings: Settings) -> None:
    """Writes down where the owner can be told by ways that only tell, for those who know no
    settings. Writes nothing where nothing changed."""
    found: dict[str, dict[str, Any]] = {}
    if settings.given("DISCORD_WEBHOOK_URL"):
        found[DISCORD] = {"home": CHAT, "owners": []}
    if urls := settings.text("NOTIFY_URLS").split():
        found[APPRISE] = {"home": Apprise(urls).chats[0], "owners": []}
    with ledger.tx():
        before = ledger.meta(META) or "{}"
        try:
            kept = {name: row for name, row in json.loads(before).items() if name not in OURS}
        except (ValueError, AttributeError):
            kept = {}
        if (wanted := dumps({**kept, **found})) != before:
            ledger.set_meta(META, wanted)


async def close(ways: Sequence[Way]) -> None:
    """Lets go of what was opened for them."""
    for channel in {way.channel for way in ways}:
        await channel.close()
