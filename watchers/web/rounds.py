"""Going round many addresses, each at its own time, one after the other.

What is known of each lies in the ledger under its own key, and is remembered in the same moment
as what was heard there. An address that fails is left alone for longer and longer, and told; it
holds up no other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from factotum import log
from factotum.drop import Drop
from factotum.watcher import Polled, Post
from watchers.entries import BadEntry, Entry
from watchers.remarks import Remarks
from watchers.web.fetch import Answer, Fetcher
from watchers.web.polite import Stamp, Unheard, news, stamp_of
from watchers.web.reach import Reach, Refused, host_of, inside_of, url_of

logger = log.get("factotum.ears")

#: At the latest after this time it is looked what the handbook says now, in seconds.
LOOK_MOST_S = 300.0
#: The longest that an address which fails is left alone, in seconds.
LEFT_MOST_S = 24 * 3600.0
#: After how many failures in a row it is told: a server may restart.
TOLD_AFTER = 3
#: How long to wait between two questions to one host, in seconds.
BETWEEN_S = 1.0


@dataclass(frozen=True)
class Stop:
    """One address of the round. `more` tells two apart that have the same address."""

    url: str
    name: str
    every_s: float
    more: str = ""

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.url}\0{self.more}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Known:
    """What is known of an address. `next` is when to ask again, `held` till when its server
    wants to be left alone (epoch seconds); `trouble` is what is wrong, `moved` where it lies
    now, `about` what its watcher keeps of it."""

    next: float = 0.0
    held: float = 0.0
    fails: int = 0
    gone: bool = False
    trouble: str = ""
    moved: str = ""
    etag: str = ""
    modified: str = ""
    about: dict[str, Any] = field(default_factory=dict)

    def due(self, now: float, every_s: float, once: bool) -> bool:
        if self.held - now > LEFT_MOST_S or self.next - now > max(LEFT_MOST_S, every_s):
            return True  # the clock was wrong
        if now < self.held or (self.gone and not once):
            return False
        return once or now >= self.next

    @property
    def remark(self) -> str:
        if self.trouble and (self.gone or self.fails >= TOLD_AFTER):
            return self.trouble
        where = f"it lies at {self.moved} now: write that in the handbook"
        return where if self.moved and not self.trouble else ""


#: What is heard at an address: what to hand in, what is known of it now, and what is wrong.
Heard = tuple[Sequence[Drop], dict[str, Any], str]


@dataclass
class Round(Polled):
    """A source that goes round what `stops` reads from the handbook; `hear` is what one watcher
    makes of one answer."""

    name: str
    section: str
    accept: str
    stops: Callable[[Post], tuple[Sequence[Stop], Mapping[str, str]]]
    hear: Callable[[Post, Any, Known, Answer], Heard]
    fetcher: Fetcher
    between_s: float = BETWEEN_S
    every_s: float = LOOK_MOST_S

    def __post_init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._remarks = Remarks()
        self._host = ""

    def look(self, post: Post) -> float | None:
        """Asks wherever it is time to; in how many seconds to look again."""
        read, wrong = self.stops(post)
        stops, remarks = apart(read), dict(wrong)
        nearest = LOOK_MOST_S
        self._host = ""
        for stop in stops:
            known = self._recall(post, stop)
            if known.due(post.now(), stop.every_s, post.once):
                known = self._visit(post, stop, known)
            if known.remark:
                remarks[stop.name] = known.remark
            if not known.gone:
                nearest = min(nearest, max(known.next, known.held) - post.now())
            self._remarks.add(post, remarks)
        self._remarks.tell(post, remarks)
        return max(1.0, nearest)

    def _recall(self, post: Post, stop: Stop) -> Known:
        if stop.key not in self._known:
            self._known[stop.key] = _known(post.cursor(stop.key))
        return self._known[stop.key]

    def _visit(self, post: Post, stop: Stop, known: Known) -> Known:
        host = host_of_address(stop.url)
        if host == self._host:
            post.rest(self.between_s)
        self._host = host
        now = post.now()
        drops: Sequence[Drop] = ()
        try:
            stamp = Stamp(known.etag, known.modified)
            answer = news(self.fetcher, stop.url, stamp, self.accept, now)
            if answer is None:
                known = replace(known, trouble="" if known.fails else known.trouble, fails=0)
            else:
                drops, about, trouble = self.hear(post, stop, known, answer)
                stamp = stamp_of(answer)
                known = Known(
                    fails=TOLD_AFTER if trouble else 0,
                    trouble=trouble,
                    moved=answer.moved,
                    etag="" if trouble else stamp.etag,
                    modified="" if trouble else stamp.modified,
                    about=about,
                )
            known = replace(known, next=now + stop.every_s, held=0.0, gone=False)
        except Unheard as why:
            known = _failed(known, why, stop, now)
        except Exception as broken:  # whatever one of them sends, it holds up no other
            logger.warning("cannot be read", extra={"source": self.name}, exc_info=broken)
            odd = Unheard(f"it cannot be read ({type(broken).__name__})", sure=True)
            known = _failed(replace(known, etag="", modified=""), odd, stop, now)
        post.hand_in(*drops, cursor=json.dumps(asdict(known)), part=stop.key)
        self._known[stop.key] = known
        return known


def _known(cursor: str) -> Known:
    names = {one.name for one in fields(Known)}
    said = json.loads(cursor) if cursor else {}
    return Known(**{name: value for name, value in said.items() if name in names})


def _failed(known: Known, why: Unheard, stop: Stop, now: float) -> Known:
    fails = max(known.fails + 1, TOLD_AFTER if why.sure or why.gone else 0)
    pause_s = min(stop.every_s * 2.0 ** min(fails - 1, 20), LEFT_MOST_S)
    return replace(
        known,
        next=now + pause_s,
        held=now + why.again_s if why.again_s else 0.0,
        fails=fails,
        gone=why.gone,
        trouble=str(why),
    )


def apart(stops: Sequence[Stop]) -> list[Stop]:
    """The same ones; those of one name, as two of one host have it, by what else they differ."""
    named = Counter(stop.name for stop in stops)
    asked = Counter(stop.url for stop in stops)

    def called(stop: Stop) -> str:
        there = urlsplit(stop.url)
        query = f"?{there.query}" if there.query else ""
        more = f" {stop.more}" if asked[stop.url] > 1 and stop.more else ""
        return f"{stop.name} {there.path}{query}{more}"

    return [stop if named[stop.name] == 1 else replace(stop, name=called(stop)) for stop in stops]


def host_of_address(address: str) -> str:
    """Raises Refused."""
    return host_of(url_of(address))


def name_of(entry: Entry, url: str) -> str:
    """What an address is called: as its owner says, or by its host. Raises BadEntry."""
    try:
        return entry.text("name", host_of_address(url))
    except Refused as why:
        raise BadEntry(f"`url`: {why}", entry.at("url")) from None


def fetcher_of(inside: str, most_bytes: int) -> Fetcher:
    """With what FACTOTUM_WEB_INSIDE says."""
    return Fetcher(Reach(inside_of(inside)), most_bytes)
