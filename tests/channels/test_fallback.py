"""Who is told by which way when one does not work: once, or it is shown that it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.channels import fallback
from factotum.channels.contract import (
    Attached,
    Button,
    ChannelError,
    Limits,
    Lost,
    Message,
    NotSent,
    Refused,
)
from factotum.channels.fallback import FALLBACK_S, KEEP_S, Fallback, Main, Teller, Way
from factotum.channels.sender import Sender
from factotum.channels.words import Words
from factotum.ledger import Ledger
from factotum.outbox import Outbox, Row

NOW = 1_795_000_000.0
UP = Main("telegram")
DOWN = Main("telegram", NOW - FALLBACK_S)


class Scripted:
    """Fails as its script says, then takes all; with `dies` the process ends while it sends."""

    def __init__(self, name: str, *script: Exception, limits: Limits = Limits()) -> None:  # noqa: B008
        self.name, self.limits = name, limits
        self.script = list(script)
        self.took: list[str] = []

    async def send(self, chat: str, message: Message) -> str:
        if self.script:
            raise self.script.pop(0)
        self.took.append(message.words.text)
        return str(len(self.took))

    async def edit(self, chat: str, id: str, message: Message) -> None: ...
    async def check(self) -> None: ...
    async def busy(self, chat: str) -> None: ...
    async def close(self) -> None: ...


class Killed(BaseException):
    pass


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield Outbox(ledger)
    ledger.close()


def put(
    outbox: Outbox, text: str = "It failed.", kind: str = "notices", not_before: float = 0.0
) -> Row:
    buttons = ((Button("Yes", "t"),),) if kind == "card" else ()
    message = Message(Words.of(text), buttons, prompt="why")
    key = f"{kind} {text}"
    return outbox.put(
        "telegram", "4711", key, message.to_json(), NOW, kind=kind, not_before=not_before
    )


def refused(outbox: Outbox, text: str = "It failed.", kind: str = "notices") -> Row:
    row = put(outbox, text, kind)
    assert outbox.begin(row)
    outbox.failed(row, "bot was blocked by the user")
    return outbox.of(row.seq)


def step(outbox: Outbox, *channels: Teller, main: Main = DOWN, now: float = NOW) -> str:
    ways = [Way(channel, "home") for channel in channels]
    return asyncio.run(Fallback(outbox, ways).step(main, now))


def told(outbox: Outbox, row: Row) -> tuple[str, str]:
    found = outbox.of(row.seq)
    return found.state, found.why


def test_what_is_refused_is_told_by_the_next_way_once(outbox: Outbox) -> None:
    row, discord = refused(outbox), Scripted("discord")
    for _ in range(3):
        assert step(outbox, discord, main=UP) == ""
    assert discord.took == ["It failed."]
    assert told(outbox, row) == ("dropped", "told by Discord")
    assert outbox.due("telegram") == outbox.due("discord") == []


def test_what_waits_is_handed_on_when_the_channel_is_not_reached_for_long(outbox: Outbox) -> None:
    row, discord = put(outbox), Scripted("discord")
    soon = Main("telegram", NOW - FALLBACK_S + 1)
    assert step(outbox, discord, main=soon) == step(outbox, discord, main=UP) == ""
    assert (discord.took, told(outbox, row)) == ([], ("waiting", ""))
    assert step(outbox, discord) == ""
    assert (discord.took, told(outbox, row)) == (["It failed."], ("dropped", "told by Discord"))
    telegram = Scripted("telegram")
    asyncio.run(Sender(outbox, telegram, lambda: NOW).pass_once())
    assert telegram.took == []


def test_that_nobody_is_at_work_is_handed_on_and_that_they_are_back_is_told_too(
    outbox: Outbox,
) -> None:
    gone, back = (Message(Words.of(text)).to_json() for text in ("It is gone.", "It is back."))
    outbox.put("telegram", "4711", "absent 1", gone, NOW, kind="absent")
    discord, telegram = Scripted("discord"), Scripted("telegram")
    assert step(outbox, discord) == ""
    assert discord.took == ["It is gone."]
    outbox.put("telegram", "4711", "absent 1", back, NOW, kind="absent")
    asyncio.run(Sender(outbox, telegram, lambda: NOW).pass_once())
    assert (telegram.took, discord.took) == (["It is back."], ["It is gone."])


def test_what_works_is_used_alone(outbox: Outbox) -> None:
    put(outbox)
    telegram, discord = Scripted("telegram"), Scripted("discord")
    asyncio.run(Sender(outbox, telegram, lambda: NOW).pass_once())
    assert step(outbox, discord) == ""
    assert (telegram.took, discord.took) == (["It failed."], [])


def test_where_both_fail_it_is_shown_as_failed(outbox: Outbox) -> None:
    row = refused(outbox)
    said = step(outbox, Scripted("discord", Refused("no such webhook")), main=UP)
    assert said == (
        "you could not be told something "
        "(Telegram: bot was blocked by the user; Discord: no such webhook)"
    )
    assert told(outbox, row) == ("failed", "bot was blocked by the user")
    again = Scripted("discord")
    assert step(outbox, again, main=UP) == said
    assert again.took == []  # it would not take it then either
    assert step(outbox, again, main=UP, now=NOW + KEEP_S + 1) == ""


def test_where_no_way_is_set_up_it_is_shown_as_failed(outbox: Outbox) -> None:
    refused(outbox)
    assert "Telegram: bot was blocked" in step(outbox, main=UP)


def test_where_nothing_is_reached_it_waits_for_what_is_back_first(outbox: Outbox) -> None:
    row = put(outbox)
    discord = Scripted("discord", NotSent("not reached"), NotSent("not reached"))
    assert "Discord: not reached" in step(outbox, discord)
    assert told(outbox, row)[0] == "waiting" and outbox.due("discord") == []
    assert "Discord: not reached" in step(outbox, discord, now=NOW + 1)
    assert len(discord.script) == 1, "it was asked again before its time"
    step(outbox, discord, now=NOW + 61)
    telegram = Scripted("telegram")
    asyncio.run(Sender(outbox, telegram, lambda: NOW).pass_once())  # back first
    assert step(outbox, discord, now=NOW + 500) == ""
    assert (telegram.took, discord.took) == (["It failed."], [])


def test_a_refused_one_is_tried_again_where_the_next_way_was_not_reached(outbox: Outbox) -> None:
    row, discord = refused(outbox), Scripted("discord", NotSent("pause", 120.0, flood=True))
    assert "Discord: pause" in step(outbox, discord, main=UP)
    assert told(outbox, row) == ("failed", "bot was blocked by the user")
    assert "Discord: pause" in step(outbox, discord, main=UP, now=NOW + 119)
    assert step(outbox, discord, main=UP, now=NOW + 121) == ""
    assert discord.took == ["It failed."]


def test_the_ways_are_tried_in_order(outbox: Outbox) -> None:
    put(outbox)
    discord = Scripted("discord", Refused("gone"))
    services = Scripted("apprise")
    assert step(outbox, discord, services) == ""
    assert (discord.took, services.took) == ([], ["It failed."])


# -- what may have been said


def test_a_send_that_was_lost_is_repeated_nowhere(outbox: Outbox) -> None:
    row = put(outbox)
    assert outbox.begin(row)
    outbox.lost(row, "the line broke", NOW)
    discord = Scripted("discord")
    assert step(outbox, discord) == ""
    assert (discord.took, told(outbox, row)[0]) == ([], "lost")


def test_one_that_was_lost_on_the_next_way_is_told_by_no_other(outbox: Outbox) -> None:
    row = put(outbox)
    discord, services = Scripted("discord", Lost("the line broke")), Scripted("apprise")
    assert step(outbox, discord, services) == step(outbox, discord, services) == ""
    assert services.took == discord.took == []
    assert told(outbox, row) == ("dropped", "perhaps told by Discord: its answer was lost")


def test_one_that_is_being_sent_is_left_to_its_channel(outbox: Outbox) -> None:
    row, discord = put(outbox), Scripted("discord")
    (found,) = fallback.due(outbox, DOWN, NOW)
    assert outbox.begin(found)  # just now, by the sender
    asyncio.run(Fallback(outbox, [Way(discord, "home")])._tell(found, NOW))
    assert (discord.took, told(outbox, row)[0]) == ([], "sending")


def test_killed_while_it_is_told_it_is_lost_and_told_nowhere_again(outbox: Outbox) -> None:
    row = put(outbox)
    with pytest.raises(Killed):
        step(outbox, Scripted("discord", Killed()))  # type: ignore[arg-type]
    discord = Scripted("discord")
    Fallback(outbox, [Way(discord, "home")]).begin(NOW)
    assert step(outbox, discord) == ""
    assert (discord.took, told(outbox, row)) == ([], ("dropped", "goes to Discord"))
    there = outbox.row("discord", "home", row.key)
    assert there is not None and there.state == "lost"


# -- what is told, and when


def test_what_the_quiet_time_holds_back_is_told_nowhere_before(outbox: Outbox) -> None:
    put(outbox, not_before=NOW + 60)
    discord = Scripted("discord")
    step(outbox, discord)
    assert discord.took == []
    step(outbox, discord, now=NOW + 61)
    assert discord.took == ["It failed."]


@pytest.mark.parametrize("kind", ["answer", "progress", "prompt"])
def test_a_talk_goes_on_where_it_was(outbox: Outbox, kind: str) -> None:
    put(outbox, kind=kind)
    discord = Scripted("discord")
    step(outbox, discord)
    assert discord.took == []


def test_buttons_are_left_out_and_a_file_where_none_can_go(outbox: Outbox) -> None:
    message = Message(
        Words.of("x"), ((Button("Yes", "t"),),), "7", prompt="y", file=Attached("ab", "list.csv", 3)
    )
    there = fallback.fitting(message, Scripted("discord"))
    assert (there.rows, there.reply_to, there.prompt, there.file) == ((), "", "", message.file)
    there = fallback.fitting(message, Scripted("apprise", limits=Limits(files=False)))
    assert (there.file, there.words.text) == (None, "📎 list.csv cannot be sent here")


def test_of_requests_one_line_is_told_and_their_messages_stay(outbox: Outbox) -> None:
    rows = [put(outbox, f"Reply to {who}?\nHi", "card") for who in ("Ada", "Bob")]
    discord = Scripted("discord")
    for _ in range(2):
        assert step(outbox, discord) == ""
    assert discord.took == ["2 things wait for you in the vault:\n• Reply to Ada?\n• Reply to Bob?"]
    assert [told(outbox, row)[0] for row in rows] == ["waiting", "waiting"]
    put(outbox, "Pay 120 €?", "card")
    step(outbox, discord)
    assert discord.took[1:] == ["“Pay 120 €?” waits for you in the vault."]


def test_a_thousand_requests_are_one_line(outbox: Outbox) -> None:
    with outbox.ledger.tx():
        for n in range(1000):
            put(outbox, f"Card {n}", "card")
    discord = Scripted("discord")
    step(outbox, discord)
    (line,) = discord.took
    assert line.startswith("1000 things wait") and line.endswith("• and 995 more")


def test_a_line_on_requests_that_could_not_be_told_is_told_later(outbox: Outbox) -> None:
    put(outbox, "Pay 120 €?", "card")
    discord = Scripted("discord", NotSent("not reached"))
    assert "Discord: not reached" in step(outbox, discord)
    assert step(outbox, discord, now=NOW + 61) == ""
    assert discord.took == ["“Pay 120 €?” waits for you in the vault."]


def test_all_errors_of_a_channel_are_known_here() -> None:
    assert {Refused, Lost, NotSent} <= set(ChannelError.__subclasses__())
