"""The first look at a folder, and the first after its letters were numbered anew.

What lay there before is no work that came: nobody wants ten years of mail as tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from factotum.reading import email_headers as headers
from watchers.mail.answers import Entry
from watchers.mail.line import Line, Opened
from watchers.mail.making import known_as
from watchers.mail.place import Place

#: How many headers are fetched at once.
HEADS_AT_ONCE = 200


def last_uid(line: Line, opened: Opened) -> int:
    """The number of the last letter that lies there now."""
    if opened.next:
        return opened.next - 1
    return max(line.search("ALL"), default=0)


def unread(line: Line, place: Place, hours: float) -> list[Entry]:
    """What lay there unread when the folder was listened to first, and was not older."""
    since = place.began - hours * 3600.0
    if hours <= 0:
        return []
    found = line.search(f"UNSEEN UNDELETED {_since(since)}")
    listed = line.attributes([uid for uid in found if uid <= place.uid])
    return [one for one in listed if one.at >= since and "\\Seen" not in one.flags]


def sift(
    line: Line, place: Place, seen: Callable[[Sequence[str]], set[str]]
) -> tuple[int, list[Entry], int]:
    """After the letters were numbered anew: how many were handed in before, those that are new,
    and how many are left alone since they are from before this folder was listened to. `seen`
    says which of some marks are known."""
    known, new, old = 0, [], 0
    uids = [uid for uid in line.search(_since(place.began)) if uid <= place.uid]
    for start in range(0, len(uids), HEADS_AT_ONCE):
        heads = line.fetch(uids[start : start + HEADS_AT_ONCE], "HEADER")
        marks = {one.uid: known_as(one.body or b"") for one in heads}
        before = seen(list(marks.values()))
        for one in heads:
            if marks[one.uid] in before:
                known += 1
            elif one.at < place.began or _written(one) < place.began - 86400.0:
                old += 1  # one that was copied, with all the others, today
            else:
                new.append(one)
    return known, new, old


def _written(one: Entry) -> float:
    """When its headers say that it came, in epoch seconds."""
    try:
        found = headers.received(headers.parsed(one.body or b""))
    except Exception:  # noqa: BLE001 - the parser raises nearly anything for a broken mail
        found = None
    return found.timestamp() if found else one.at


def _since(at: float) -> str:
    """Days begin somewhere else at the server, so a day more."""
    return f"SINCE {datetime.fromtimestamp(at, UTC) - timedelta(days=1):%d-%b-%Y}"
