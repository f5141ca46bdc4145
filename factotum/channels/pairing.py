"""Pairing: a code that is shown at a terminal and sent to the bot makes its sender an owner.

The ledger keeps of the code only what checks it. It holds for some minutes, for one use, in a
chat with the bot alone, and a few wrong tries by anybody void it. Whoever sends a wrong one, or
one where none is wanted, is told nothing: a stranger learns not even that somebody is there.
Strangers are reported to the owner, each once. Asks nobody outside.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, replace

from factotum.channels import owners
from factotum.channels.owners import Owner
from factotum.ledger import Ledger, dumps
from factotum.views import notices
from factotum.views.notices import Notices
from factotum.views.saying import plain
from factotum.words import local

#: Letters and digits that nobody takes for one another.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
#: 31 to the power of 8 are 850 thousand millions, against TRIES guesses.
CODE_CHARS = 8

#: How long a code holds, in seconds.
HOLDS_S = 600.0
#: So many codes of before are known again: one of those, sent late, is no wrong one.
BEFORE_MOST = 20
#: So many wrong ones, whoever sends them, void it.
TRIES = 5

READ_BY_OTHERS = "it was sent where others can read it, so it holds no more"

#: Where the ledger keeps the one pairing that is under way, or what became of the last.
META = "pairing"

#: So many strangers are named in a day, in seconds; the others are told of together.
STRANGERS, DAY_S = 5, 86_400.0
#: The longest id of a person that is kept, in characters.
ID_CHARS = 30

_START = re.compile(r"/start(?:@\w{1,64})?\s+(.+)", re.DOTALL)
#: What a person sends who was shown a code, and hardly anybody else.
_SHAPE = re.compile(rf"[{ALPHABET}]{{4}}[\s-]?[{ALPHABET}]{{4}}")


@dataclass(frozen=True)
class Begun:
    """A pairing as its terminal knows it; the code is kept nowhere else."""

    id: str
    code: str
    till: float

    @property
    def shown(self) -> str:
        half = CODE_CHARS // 2
        return f"{self.code[:half]}-{self.code[half:]}"


@dataclass(frozen=True)
class Paired:
    owner: Owner


@dataclass(frozen=True)
class NotPaired:
    """For the log, never for whoever tried. `tried`: it was meant to be a code."""

    why: str
    tried: bool = False


@dataclass(frozen=True)
class _Kept:
    """What the ledger holds of it. `over` says why it holds no more, `who` and `name` whom it
    has paired; `before` are salt and hash of the codes before it, the last one first."""

    id: str
    channel: str
    bot: str
    salt: str
    hash: str
    begun: float
    wrong: int = 0
    over: str = ""
    who: str = ""
    name: str = ""
    before: tuple[tuple[str, str], ...] = ()


def begin(ledger: Ledger, channel: str, bot: str, now: float) -> Begun:
    """A new code for this bot; one that was under way holds no more."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
    id, salt = secrets.token_hex(8), secrets.token_hex(16)
    with ledger.tx():
        last = _kept(ledger)
        before = ((last.salt, last.hash), *last.before)[:BEFORE_MOST] if last else ()
        kept = _Kept(id, channel, bot, salt, _hash(salt, code), now, before=before)
        _keep(ledger, kept)
        ledger.event("pairing", now, channel=channel)
    return Begun(id, code, now + HOLDS_S)


def end(ledger: Ledger, begun: Begun, why: str) -> None:
    """Its terminal waits no more; nothing is changed where it has come to its end."""
    with ledger.tx():
        if (kept := _kept(ledger)) is not None and kept.id == begun.id and not kept.over:
            _keep(ledger, replace(kept, over=why))


def state(ledger: Ledger, begun: Begun, now: float) -> Paired | NotPaired | None:
    """What came of it, or None while it is waited for."""
    kept = _kept(ledger)
    if kept is None or kept.id != begun.id:
        return NotPaired("another pairing was begun meanwhile")
    if kept.who:
        return Paired(Owner(kept.who, kept.name, now))
    why = kept.over or _expired(kept, now)
    return NotPaired(why) if why else None


def wrong(ledger: Ledger, begun: Begun) -> int:
    """How many wrong codes came instead of it."""
    kept = _kept(ledger)
    return kept.wrong if kept is not None and kept.id == begun.id else 0


def waits(ledger: Ledger, channel: str, now: float) -> bool:
    """Whether a code is waited for there now."""
    kept = _kept(ledger)
    return kept is not None and kept.channel == channel and not (kept.over or _expired(kept, now))


def try_code(
    ledger: Ledger, channel: str, text: str, who: str, name: str, bot: str, now: float,
    *, alone: bool,
) -> Paired | NotPaired:  # fmt: skip
    """What a stranger's message to `bot` comes to; `alone` says that it came in a chat of the
    two. Only one who is Paired is answered. Call `owners.strong` then."""
    code = _read(text)
    if code is None:
        return NotPaired("no code")
    with ledger.tx():
        kept = _kept(ledger)
        if kept is None or (kept.channel, kept.bot) != (channel, bot):
            return NotPaired("no code is waited for", tried=True)
        if over := kept.over or _expired(kept, now):
            return NotPaired(over, tried=True)
        right = hmac.compare_digest(_hash(kept.salt, code), kept.hash)
        if not alone and right:
            return _void(
                ledger, kept, READ_BY_OTHERS, now
            )  # whoever is quicker there would have it
        if not alone:
            return NotPaired("a code counts only in a chat with the bot alone", tried=True)
        if not right and _was_ours(kept, code):
            return NotPaired("a code of before", tried=True)
        if not right:
            return _wrong(ledger, kept, now)
        owner = owners.pair(ledger, channel, who, name, bot, now)
        _keep(ledger, replace(kept, over="it was used", who=owner.id, name=owner.name))
        ledger.db.execute(  # a stranger no more, of whom nobody need be told
            "UPDATE notice SET told = ?, how = ? WHERE key = ? AND told IS NULL",
            (now, notices.OVER, f"stranger {channel} {plain(who, ID_CHARS)}"),
        )
    return Paired(owner)


def _was_ours(kept: _Kept, code: str) -> bool:
    """Whether it was a code of a pairing before this one."""
    return any(hmac.compare_digest(_hash(salt, code), hash) for salt, hash in kept.before)


def _wrong(ledger: Ledger, kept: _Kept, now: float) -> NotPaired:
    kept = replace(kept, wrong=kept.wrong + 1)
    if kept.wrong >= TRIES:
        why = f"{TRIES} wrong codes were sent to the bot, so it holds no more"
        return _void(ledger, kept, why, now)
    _keep(ledger, kept)
    return NotPaired("a wrong code", tried=True)


def _void(ledger: Ledger, kept: _Kept, why: str, now: float) -> NotPaired:
    _keep(ledger, replace(kept, over=why))
    ledger.event("pairing_void", now, channel=kept.channel, reason=why)
    return NotPaired(why, tried=True)


def _read(text: str) -> str | None:
    """The code that a message is, as it is hashed; None for anything else. Whatever follows
    /start counts as one: that is how a link hands it over."""
    text = text.strip()
    if start := _START.fullmatch(text):
        return re.sub(r"[\s-]", "", start[1][:100]).upper()
    if _SHAPE.fullmatch(text.upper()):
        return re.sub(r"[\s-]", "", text).upper()
    return None


def _hash(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt} {code}".encode("utf-8", "surrogatepass")).hexdigest()


def _expired(kept: _Kept, now: float) -> str:
    """Why it holds no more by the clock; one that was set back holds no code longer."""
    if kept.begun - 1 <= now < kept.begun + HOLDS_S:
        return ""
    return f"its {HOLDS_S / 60:.0f} minutes are over"


def _kept(ledger: Ledger) -> _Kept | None:
    try:
        return _Kept(**json.loads(ledger.meta(META)))
    except (ValueError, TypeError):
        return None


def _keep(ledger: Ledger, kept: _Kept) -> None:
    ledger.set_meta(META, dumps(asdict(kept)))


# -- strangers


def stranger(ledger: Ledger, channel: str, who: str, name: str, now: float) -> bool:
    """Tells the owner once that somebody unknown wrote; whether that was news. After so many in
    a day it is said once that there are more."""
    board, there = Notices(ledger, local), channel.capitalize()
    (lately,) = ledger.db.execute(
        "SELECT count(*) FROM notice WHERE key LIKE ? AND at > ?",
        (f"stranger {channel} %", now - DAY_S),
    ).fetchone()
    key, id = f"stranger {channel} {plain(who, ID_CHARS)}", plain(who, ID_CHARS)
    if ledger.db.execute("SELECT 1 FROM notice WHERE key = ?", (key,)).fetchone():
        return False
    if lately >= STRANGERS:
        key = f"strangers {channel} {local(now):%Y-%m-%d}"
        text = f"More strangers wrote to your bot on {there}. All of them are ignored"
        return board.add(notices.STRANGER, key, text, now)
    called = plain(name, owners.NAME_CHARS) or "without a name"
    text = f"A stranger wrote to your bot on {there}: {called} (id {id}). It was not answered"
    return board.add(notices.STRANGER, key, text, now)
