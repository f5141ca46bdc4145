"""How far a folder of a mailbox was heard: what is remembered of it between two looks. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from watchers.mail.accounts import Account

_CURSOR = re.compile(r"([0-9a-f]{8}):(\d+):(\d+):(\d+)(:first)?")


@dataclass(frozen=True)
class Place:
    """`box` is which mailbox it is, `validity` which numbering of its letters, `uid` the last
    one that was heard, `began` when it was listened to first, in epoch seconds. `first`: what
    lay there unread at that time is still to be handed in."""

    box: str
    validity: int
    uid: int
    began: int
    first: bool = False

    def cursor(self) -> str:
        first = ":first" if self.first else ""
        return f"{self.box}:{self.validity}:{self.uid}:{self.began}{first}"

    def source_id(self, uid: int) -> str:
        return f"{self.box}:{self.validity}:{uid}"


def place_of(cursor: str) -> Place | None:
    """None for a cursor that is none."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    validity, uid, began = (int(found[n]) for n in (2, 3, 4))
    return Place(found[1], validity, uid, began, bool(found[5]))


def box_of(account: Account, folder: str) -> str:
    """What a folder of an account is called in ids: another account has another one."""
    said = f"{account.user}\n{account.host.lower()}\n{folder}"
    return hashlib.sha256(said.encode()).hexdigest()[:8]
