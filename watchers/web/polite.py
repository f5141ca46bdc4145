"""Asking again and again without being a nuisance: by what one has, and when one may."""

from __future__ import annotations

from dataclasses import dataclass

from factotum.inert import one_line
from watchers.retry_after import wait_s
from watchers.web.fetch import Answer, Fetcher, Question, Refused, Unanswered

#: The longest that a server may have us wait, in seconds.
WAIT_MOST_S = 24 * 3600.0
#: After which answers it is worth asking again soon.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class Unheard(Exception):
    """Nothing came of it; why, in words. `sure`: it will not mend by itself. `gone`: for good.
    `again_s`: how long the server wants to be left alone, in seconds."""

    def __init__(
        self, why: str, *, sure: bool = False, gone: bool = False, again_s: float = 0.0
    ) -> None:
        super().__init__(one_line(why, 300))
        self.sure = sure
        self.gone = gone
        self.again_s = again_s


@dataclass(frozen=True)
class Stamp:
    """By what a server knows the copy that we have."""

    etag: str = ""
    modified: str = ""


def stamp_of(answer: Answer) -> Stamp:
    return Stamp(_sendable(answer, "etag", 500), _sendable(answer, "last-modified", 100))


def _sendable(answer: Answer, name: str, most: int) -> str:
    """What a header says, if it can be sent back: half a stamp, or one with letters that no
    header may have, is none."""
    said = answer.headers.get(name, "")
    return said if len(said) <= most and said.isascii() and said.isprintable() else ""


def news(fetcher: Fetcher, address: str, stamp: Stamp, accept: str, now: float) -> Answer | None:
    """What stands there, None when that is what we have. Raises Unheard."""
    headers = {"Accept": accept}
    if stamp.etag:
        headers["If-None-Match"] = stamp.etag
    if stamp.modified:
        headers["If-Modified-Since"] = stamp.modified
    try:
        answer = fetcher.ask(address, Question("GET", headers))
    except Refused as why:
        raise Unheard(str(why), sure=True) from None
    except Unanswered as why:
        raise Unheard(str(why)) from None
    if answer.status == 304:
        return None
    check(answer, now)
    return answer


def check(answer: Answer, now: float) -> None:
    """Raises Unheard unless the answer is what was asked for."""
    status = answer.status
    if 200 <= status < 300:
        return
    again_s = wait_s(answer.headers, now, WAIT_MOST_S)
    if status == 410:
        raise Unheard("it is gone for good (410), and is not asked any more", gone=True)
    said = {401: "it wants a login", 403: "it lets nobody like us in", 404: "it is not there"}
    why = said.get(status, "the server is busy" if status in PASSING else "it cannot be had")
    raise Unheard(f"{why} ({status})", sure=status not in PASSING, again_s=again_s)
