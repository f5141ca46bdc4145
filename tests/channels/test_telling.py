"""An office without a channel that hears: what there is to know is told by Discord all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum.blobs import Blobs
from factotum.channels import known, telling
from factotum.channels.house import window_of
from factotum.channels.telling import Telling
from factotum.channels.ways import close, ways_of
from factotum.ears import beats
from factotum.rooms import Rooms, open_rooms, tell_news
from factotum.settings import load
from factotum.views import notices
from factotum.views.notices import Notices
from factotum.worker import messaging
from tests.office import Hands, TestOffice
from tests.patience import PATIENCE_S
from tests.servers.model import ScriptedModelServer, call
from tests.servers.webhook import Fails, Webhooks


@pytest.fixture
def there() -> Iterator[Webhooks]:
    with Webhooks() as there:
        yield there


@pytest.fixture
def office(tmp_path: Path, there: Webhooks) -> TestOffice:
    env = {"FACTOTUM_DISCORD_WEBHOOK_URL": there.url, "FACTOTUM_CHANNELS": "none"}
    office = TestOffice(tmp_path, env=env, hands=Hands())
    office.run()
    return office


@contextmanager
def guest(office: TestOffice) -> Iterator[Rooms]:
    rooms = open_rooms(office.settings(), office.root, office.clock(), guest=True)
    try:
        yield rooms
    finally:
        rooms.close()


def news(office: TestOffice, text: str) -> None:
    """Something is told to the owner, at this moment."""
    with guest(office) as rooms:
        told = Notices(rooms.ledger, rooms.clock.zone)
        told.add(notices.FAILED, text, text, office.hands.wall)
        told.told(told.due([], office.hands.wall), office.hands.wall)


def tell(office: TestOffice, times: int = 1) -> str:
    """The trouble that there is after so many passes."""

    async def passes() -> str:
        with guest(office) as rooms:
            ways = ways_of(office.settings(), Blobs(office.state / "blobs"))
            window = window_of(rooms, "discord", ways[0].channel.limits)
            here = Telling(window, ways, office.clock().wall)
            here.begin()
            for _ in range(times):
                await here.pass_once()
            await close(ways)
            return here.trouble

    return asyncio.run(passes())


def test_what_there_is_to_know_is_told_once(office: TestOffice, there: Webhooks) -> None:
    assert tell(office) == ""
    news(office, "Failed: The invoice")
    for _ in range(2):  # a start in between
        assert tell(office, 2) == ""
    assert there.texts == ["**❌ Something failed**\nFailed\\: The invoice"]


def test_what_is_refused_is_shown_as_trouble(office: TestOffice, there: Webhooks) -> None:
    tell(office)
    news(office, "Failed: The invoice")
    there.fails.append(Fails(404, {"code": 10015}))
    assert "you could not be told something (Discord: Discord does not know" in tell(office)
    assert there.texts == []


def test_what_breaks_on_a_look_is_shown_as_trouble_and_ends_nothing(office: TestOffice) -> None:
    tell(office)
    with guest(office) as rooms:
        rooms.ledger.set_meta("notices discord", "{")
    assert tell(office, 2).startswith("JSONDecodeError")


def test_the_agent_can_tell_its_owner_there(office: TestOffice, there: Webhooks) -> None:
    office.type("Look after it.\ngo\n")
    script = [call("message__send", text="Half is done."), call("finish", summary="All is.")]
    with ScriptedModelServer(script) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        office.run()
    tell(office)
    assert there.texts == ["Half is done."]
    with guest(office) as rooms:
        assert messaging.became(rooms.ledger, office.card()).startswith("said on Discord, ")


def test_what_is_set_up_no_more_is_no_place_any_more(office: TestOffice) -> None:
    with guest(office) as rooms:
        assert list(messaging.places(rooms.ledger)) == ["discord"]
    office.env["FACTOTUM_NOTIFY_URLS"] = "ntfy://ntfy.example/x json://a.example/y"
    del office.env["FACTOTUM_DISCORD_WEBHOOK_URL"]
    office.run()
    with guest(office) as rooms:
        (place,) = messaging.places(rooms.ledger)["apprise"]
        assert (place.chat, list(messaging.places(rooms.ledger))) == ("1 ntfy", ["apprise"])
    ways = ways_of(office.settings(), Blobs(office.state / "blobs"))
    assert [way.chat for way in ways] == ["1 ntfy", "2 json"]


def test_it_works_till_it_is_stopped_and_says_how_it_goes(
    office: TestOffice, there: Webhooks
) -> None:
    tell(office)  # what was told before the first start is no news

    async def an_evening() -> None:
        with guest(office) as rooms:
            stop = asyncio.Event()
            working = asyncio.create_task(telling.work(rooms, stop))
            await till(lambda: beats.of(office.state, "discord") is not None)
            news(office, "Failed: The invoice")
            tell_news(office.state)
            await till(lambda: len(there.texts) == 1)
            there.fails.append(Fails(404, {"code": 10015}))
            office.hands.go(4000)  # one sign an hour
            news(office, "Failed: The letter")
            tell_news(office.state)
            await till(lambda: "does not know the webhook" in trouble(office))
            stop.set()
            await asyncio.wait_for(working, PATIENCE_S)

    asyncio.run(an_evening())
    assert there.texts == ["**❌ Something failed**\nFailed\\: The invoice"]


def trouble(office: TestOffice) -> str:
    beat = beats.of(office.state, "discord")
    return beat.trouble if beat else ""


async def till(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("setting", "text", "name"),
    [
        ("DISCORD_WEBHOOK_URL", "https://discord.example/x", "discord"),
        ("NOTIFY_URLS", "ntfy://ntfy.example/x", "apprise"),
        ("TELEGRAM_TOKEN", "42:not-a-real-token", "telegram"),
        ("INSTANCE", "pi", ""),
    ],
)
def test_which_channel_runs_is_known_by_the_settings(setting: str, text: str, name: str) -> None:
    assert known.first(load({f"FACTOTUM_{setting}": text}, [])) == name
