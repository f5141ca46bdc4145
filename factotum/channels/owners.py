"""Whose words count on a channel: who was named in the settings, else who was paired.

What was named wins. What was paired counts for the bot that it was paired with and for no other,
so a new token asks for a new pairing. What is in force is kept in the ledger, where those look
who know no settings; `strong` brings it up to date. Never asks anybody outside.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from factotum.channels.contract import Chats
from factotum.gate import strength
from factotum.inert import one_line
from factotum.ledger import Ledger, dumps
from factotum.settings import Settings
from factotum.worker.messaging import META

TELEGRAM = "telegram"

#: Where it keeps who was paired, with which bot.
PAIRED = "paired"

#: The longest name of a person that is kept, and that is shown, in characters.
NAME_CHARS, SHOWN_CHARS = 60, 40


@dataclass(frozen=True)
class Owner:
    """One whose words count: an id that the channel vouches for, a name that nobody does, and
    since when (epoch seconds, 0 for always)."""

    id: str
    name: str = ""
    at: float = 0.0

    @property
    def said(self) -> str:
        """As the ledger names them who decide: “Ann (4711)”."""
        return person(self.name, self.id)


def person(name: str, id: str) -> str:
    """A person as the ledger names them: by a name that they chose, and an id that they did
    not. At a terminal there is no id."""
    shown = one_line(name, SHOWN_CHARS).strip()
    return f"{shown} ({id})" if shown and id else shown or id


def bot_id(token: str) -> str:
    """The id of the bot that a token is for, which is no secret; empty for none."""
    id, _, key = token.partition(":")
    return id if key and id.isdecimal() else ""


def owners(settings: Settings, ledger: Ledger, channel: str = TELEGRAM) -> tuple[Owner, ...]:
    """Those whose words count now, the first of whom is told what nobody asked for here."""
    if channel != TELEGRAM or not (bot := bot_id(settings.text("TELEGRAM_TOKEN"))):
        return ()
    with_us, there = _paired(ledger, channel)
    paired = there if with_us == bot else ()
    if not (named := settings.text("TELEGRAM_CHAT_ID")):
        return paired
    known = {one.id: one for one in there}  # for a name only
    ids = dict.fromkeys(part.strip() for part in named.split(","))
    ids.pop(bot, None)  # a bot says nothing to itself, so no yes would ever come from there
    return tuple(known.get(id, Owner(id)) for id in ids)


def chats_of(settings: Settings, ledger: Ledger, channel: str = TELEGRAM) -> Chats:
    """Who is told on this channel and whose words count there; empty where nobody's do."""
    ids = tuple(one.id for one in owners(settings, ledger, channel))
    return Chats(ids[0], ids) if ids else Chats()


def paired_elsewhere(ledger: Ledger, channel: str) -> bool:
    """Whether anybody was paired, with whatever bot."""
    return bool(_paired(ledger, channel)[1])


# -- pairing


def pair(ledger: Ledger, channel: str, who: str, name: str, bot: str, now: float) -> Owner:
    """From now on the words of `who` count there, with this bot. Whoever was paired with
    another bot is so no more. Call `strong` afterwards."""
    new = Owner(who, one_line(name, NAME_CHARS), now)
    with ledger.tx():
        with_us, there = _paired(ledger, channel)
        others = [one for one in there if one.id != who] if with_us == bot else []
        _keep(ledger, channel, bot, (*others, new))
        ledger.event("paired", now, channel=channel, who=who, name=new.name)
    return new


def unpair(ledger: Ledger, channel: str, now: float, who: str = "") -> tuple[Owner, ...]:
    """The words of `who` count no more, or nobody's; returns whose did before. Who is named in
    the settings still counts. Call `strong` afterwards."""
    with ledger.tx():
        bot, there = _paired(ledger, channel)
        gone = tuple(one for one in there if who in ("", one.id))
        _keep(ledger, channel, bot, tuple(one for one in there if one not in gone))
        for one in gone:
            ledger.event("unpaired", now, channel=channel, who=one.id, name=one.name)
    return gone


def _paired(ledger: Ledger, channel: str) -> tuple[str, tuple[Owner, ...]]:
    """The bot that was paired and with whom. What cannot be read counts as nobody."""
    try:
        found = _table(ledger, PAIRED)[channel]
        return str(found["bot"]), tuple(Owner(**one) for one in found["owners"])
    except (TypeError, KeyError):
        return "", ()


def _keep(ledger: Ledger, channel: str, bot: str, there: tuple[Owner, ...]) -> None:
    table = {name: one for name, one in _table(ledger, PAIRED).items() if name != channel}
    if there:
        table[channel] = {"bot": bot, "owners": [*map(asdict, there)]}
    ledger.set_meta(PAIRED, dumps(table))


def _table(ledger: Ledger, key: str) -> dict[str, Any]:
    try:
        found = json.loads(ledger.meta(key) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# -- what is in force


def strong(ledger: Ledger, settings: Settings, now: float) -> bool:
    """Writes down who is told and whose words count, and whether Telegram counts as a channel
    that knows who is speaking: iff it has a token and an owner. Returns that. Writes nothing
    where nothing changed; call it at the start of every process that could say otherwise."""
    chats = chats_of(settings, ledger, TELEGRAM)
    there = bool(chats.owners)
    bot = bot_id(settings.text("TELEGRAM_TOKEN"))
    row = {"home": chats.home, "owners": list(chats.owners), "bot": bot}
    table = {name: one for name, one in _table(ledger, META).items() if name != TELEGRAM}
    wanted = dumps({**table, TELEGRAM: row} if there else table)
    if (ledger.meta(META) or "{}") == wanted and there == (TELEGRAM in strength.set_up(ledger)):
        return there
    with ledger.tx():
        before = strength.set_up(ledger)
        names = {*before, TELEGRAM} if there else {*before} - {TELEGRAM}
        ledger.set_meta(META, wanted)
        ledger.set_meta(strength.SET_UP, " ".join(sorted(names)))
        if there != (TELEGRAM in before):
            ledger.event("strong" if there else "weak", now, channel=TELEGRAM)
    return there
