"""Telegram at rest, beside a thousand requests that wait, and with very much to say."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.account import cpu_ms, pss_mib, wakeups
from bench.figure import Figure, Measured, of_pairs, ratio
from bench.figures.waiting import asked
from bench.helpers import child
from bench.messenger import OWNER, answered, at_telegram, channel, owner_of
from bench.office import Office, until
from factotum.blobs import Blobs
from factotum.channels.contract import Limits, Message
from factotum.channels.displays import Displays
from factotum.channels.house import window_of
from factotum.channels.sender import Sender
from factotum.channels.telegram.channel import TelegramChannel
from factotum.channels.telegram.line import line_of
from factotum.channels.window import Window
from factotum.channels.words import Words
from factotum.rooms import Clock, open_rooms
from factotum.settings import load
from tests.servers.telegram import TOKEN, TelegramServer, server_running

#: How long nothing happens, in seconds, after so long to come to rest.
IDLE_S, CALM_S = 60.0, 20.0
#: How many requests wait, and how long after a start it is looked what was sent.
WAITING, AFTER_S = 1_000, 10.0
#: How many messages are said in one go.
MANY = 100
#: Plays Telegram in a process of its own, so that nobody else pays for it.
SERVER = f"""
import sys
from tests.servers.telegram import server_running
with server_running() as server:
    server.person({OWNER}, "Marco").starts()
    print(server.port, flush=True)
    sys.stdin.read()
"""


def at_rest(folder: Path) -> Iterator[Measured]:
    """Ours: an office at Telegram, and one beside which the channel is a process of its own, each
    of which has answered there and asked something. Plain: an office without Telegram that has
    asked the same. All are left alone for a minute, in which the long question ends once."""
    with server_running() as server, server_running() as other:
        plain, ours = Office(folder / "plain"), Office(folder / "ours", at_telegram(server))
        beside = Office(folder / "beside", {**at_telegram(other), "CHANNELS": "none"})
        for one in (plain, ours, beside):
            one.init()
        owners = [owner_of(server), owner_of(other)]
        alone = Office(beside.folder, at_telegram(other))
        with (
            plain.open() as bare,
            ours.open() as at_it,
            beside.open() as office,
            channel(alone) as by,
        ):
            answered(ours)
            answered(beside)
            for open_ in (bare, at_it, office):
                open_.give("The plumber", "What is it to be?")
            for owner in owners:
                owner.waits_to_see("The plumber", 30)
            time.sleep(CALM_S)
            pids = bare.pid, at_it.pid, by
            before = [(cpu_ms(pid), wakeups(pid)) for pid in pids]
            time.sleep(IDLE_S)
            after = [(cpu_ms(pid), wakeups(pid)) for pid in pids]
            mb = [pss_mib(pid) * 1.048576 for pid in pids]
        rest = [(now[0] - was[0], now[1] - was[1]) for was, now in zip(before, after, strict=True)]
        (idle_cpu, idle_woken), (cpu, woken), (cpu_by, woken_by) = rest
        yield Measured("memory of an office to be at Telegram", mb[1] - mb[0], 25, "MB")
        yield Measured("memory of the channel by itself, to an office", mb[2] - mb[0], 25, "MB")
        yield Measured("CPU of that in an idle minute, within", cpu - idle_cpu, 10, "ms")
        yield Measured("CPU of the channel by itself in an idle minute", cpu_by, 10, "ms")
        yield Measured("wake-ups in an idle minute, within", woken - idle_woken, 10, "times")
        yield Measured("wake-ups of the channel by itself", woken_by, 10, "times")


# -- a thousand requests wait


@contextmanager
def window(office: Office) -> Iterator[Window]:
    """The channel's window into the books of this office, from outside."""
    rooms = open_rooms(load(office.environ(), []), office.root, Clock(), guest=True)
    try:
        yield window_of(rooms, "telegram", TelegramChannel.limits)
    finally:
        rooms.close()


def beside_many(folder: Path) -> Iterator[Measured]:
    """Ours: the channel starts where a thousand requests wait that are shown, each in a message
    of its own, and one more comes. Plain: the same where none waits."""
    with server_running() as server:
        none, many = (Office(folder / name, at_telegram(server)) for name in ("none", "many"))
        for office, count in ((none, 0), (many, WAITING)):
            office.init()
            with window(office) as books:
                asked(office, count)
                _shown(books)
        starts = lambda: _start_ms(many, server), lambda: _start_ms(none, server)
        yield ratio("a start at Telegram beside 1,000 requests that wait", 1.3, "ms", *starts, 5)
        server.person(OWNER).chat.closed = ""  # he could be written to
        before = len(server.calls)
        with channel(many):
            time.sleep(AFTER_S)
        said = [one for one in server.calls[before:] if one.method.startswith(("send", "edit"))]
        yield Measured("messages said at a start beside them", len(said), 0, "times")
        with window(none) as few, window(many) as lot:
            yield ratio("a look at one more request beside them", 2, "ms",
                        _look_ms(many, lot), _look_ms(none, few), 25)  # fmt: skip


def _shown(books: Window) -> None:
    """What waits is shown as far as the books say, one by one."""
    now = time.time()
    displays = Displays(books)
    with books.ledger.tx():
        for n, card in enumerate(books.register.unsettled()):
            displays.cards.look([card], now)
            row = displays.cards.row(card.id)
            assert row is not None
            assert books.outbox.begin(row)
            books.outbox.sent(row, str(n + 100), now)
    displays.begin(now)


def _start_ms(office: Office, server: TelegramServer) -> float:
    begun, before = time.perf_counter(), len(server.called("getUpdates"))
    with channel(office):
        until(lambda: len(server.called("getUpdates")) > before, "the first question")
        return 1000 * (time.perf_counter() - begun)


def _look_ms(office: Office, books: Window) -> Callable[[], float]:
    displays = Displays(books)
    displays.begin(time.time())
    numbers = itertools.count(WAITING)

    def one() -> float:
        asked(office, 1, next(numbers))
        begun = time.perf_counter()
        displays.look(time.time())
        return 1000 * (time.perf_counter() - begun)

    return one


# -- very much to say


def outbox(folder: Path) -> Iterator[Measured]:
    """Ours: messages go out of the outbox, each of which is noted before and after, as fast as
    they can. Plain: the library's bot sends the same ones, and notes nothing."""
    with child("-c", SERVER) as (_, _, said):
        port = int(said.readline())
        env = {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": f"http://127.0.0.1:{port}",
            "TELEGRAM_CHAT_ID": str(OWNER),
        }
        office = Office(folder / "ours", env)
        office.init()
        with window(office) as books:
            yield from asyncio.run(_sent(books))


async def _sent(books: Window) -> list[Measured]:
    async with line_of(books.settings).bot as bot:
        channel = TelegramChannel(bot, Blobs(books.state / "blobs"))
        channel.limits = Limits(chat_s=0.0)
        sender = Sender(books.outbox, channel, time.time)
        taken: list[tuple[float, float]] = []
        for turn in range(5):
            for n in range(MANY):
                message = Message(Words.of(f"Line {n}")).to_json()
                books.outbox.put("telegram", str(OWNER), f"{turn} {n}", message, time.time())
            begun = time.perf_counter()
            while await sender.pass_once() is not None:
                pass
            ours = time.perf_counter() - begun
            begun = time.perf_counter()
            for n in range(MANY):
                await bot.send_message(OWNER, f"Line {n}")
            taken.append((1000 * ours / MANY, 1000 * (time.perf_counter() - begun) / MANY))
    return [of_pairs("a message out of the outbox, to the library's bot", 3, "ms", taken)]


FIGURES = (
    Figure("at-telegram", at_rest),
    Figure("telegram-waiting", beside_many),
    Figure("outbox", outbox),
)
