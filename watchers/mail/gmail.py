"""A Gmail account as a source, by its API: asked now and then what happened since the last time.

What is new is handed in before the place moves on. Letters are read and never changed there. A
place that Google does not remember any more is found anew by time, and what was seen is known by
its id, so nothing comes twice.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factotum.addresses import exact
from factotum.drop import Drop
from factotum.ledger import Ledger
from factotum.settings import Settings
from factotum.watcher import Post, SourceError
from watchers.mail.gmail_api import API_URL, Api, Gone, TooLarge
from watchers.mail.gmail_keys import checked_url, keys
from watchers.mail.making import Came, Maker
from watchers.mail.rules import Rule, owners

MB = 1024 * 1024
DAY_S = 86400.0
#: How many letters, and how many bytes of them, are handed in at once.
AT_ONCE, AT_ONCE_BYTES = 50, 8 * MB
#: A letter may come to fit the owner's query (be found important, say) so long after it came.
QUERY_BACK_S = 3 * DAY_S
#: After how many refusals a letter is told of that cannot be fetched.
TOLD_AFTER = 3
TWICE = (
    "the same mailbox is listened to by IMAP, so that each letter makes two tasks: take "
    "GMAIL_CREDENTIALS out, or FACTOTUM_IMAP_HOST"
)
#: What is no letter that came: what goes out, what was thrown away, what was said in a chat.
NOT_MEANT = frozenset({"SENT", "DRAFT", "TRASH", "SPAM", "CHAT"})
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
#: A place in the history: what is none would be refused for ever.
_HISTORY = re.compile(r"[0-9]{1,20}")
#: No letter comes later than this, in epoch seconds.
LATEST = 1e11


@dataclass(frozen=True)
class Place:
    """How far the account was heard. `began` and `looked` are epoch seconds: since when it is
    listened to, and when it was looked at last."""

    address: str
    history: str
    began: float
    looked: float

    def cursor(self) -> str:
        return json.dumps(vars(self), sort_keys=True)


def place_of(cursor: str) -> Place | None:
    try:
        return Place(**json.loads(cursor))
    except (ValueError, TypeError):
        return None


class Gmail:
    """`maker` makes drops of letters and names the source; `state` is where the login lies."""

    def __init__(self, settings: Settings, state: Path, maker: Maker) -> None:
        self.name = maker.source
        self.every_s = settings.seconds("GMAIL_POLL_S")
        self.silent_s = settings.count("MAIL_SILENT_H") * 3600.0
        self._first_s = settings.count("MAIL_FIRST_H") * 3600.0
        self._most_bytes = settings.count("MAIL_MOST_MB") * MB
        self._query = settings.text("GMAIL_QUERY")
        self._by_imap = exact(settings.text("IMAP_USER")) if settings.text("IMAP_HOST") else ""
        self._maker = maker
        base = settings.text("GMAIL_URL")
        self._api = Api(lambda: keys(settings, state), checked_url(base) if base else API_URL)
        self._refused: Counter[str] = Counter()
        self._left_alone: set[str] = set()  # not to fetch them again with each look

    # -- as a source

    def look(self, post: Post) -> float | None:
        found = owners(post)
        place = place_of(post.cursor())
        try:
            if place is None:
                place = self._first(post, found)
            else:
                self._since(post, place, found)
            post.remark("twice", TWICE if place.address == self._by_imap else "")
        except (Gone, TooLarge):
            raise SourceError(
                "Gmail's answer is not that of a mailbox; is FACTOTUM_GMAIL_URL set, and wrong?"
            ) from None
        finally:
            if self._api.ends:
                post.login_ends(self._api.ends)
        return None

    def rest(self, post: Post, seconds: float) -> None:
        post.rest(seconds)

    def close(self) -> None:
        self._api.close()

    # -- what is new

    def _first(self, post: Post, found: Sequence[Rule]) -> Place:
        """Only what is unread and came lately: no old letter becomes a task unasked."""
        now = post.now()
        place = self._now(now, began=now - self._first_s)
        ids = self._listed(f"is:unread {self._after(place.began)}") if self._first_s else []
        self._hand_in(post, place, ids, found)
        return place

    def _since(self, post: Post, place: Place, found: Sequence[Rule]) -> None:
        now = post.now()
        try:
            if not _HISTORY.fullmatch(place.history):
                raise Gone
            history, ids = self._happened(place.history)
        except Gone:  # it is remembered for a week or so
            again = self._now(now, began=place.began)
            since = max(place.began, place.looked - DAY_S)
            self._hand_in(post, again, self._listed(self._after(since)), found)
            return
        after = replace(place, history=history, looked=now)
        if self._query and ids:
            since = max(place.began, min(place.looked, now - QUERY_BACK_S))
            ids = self._listed(self._after(since))
        if ids or after.history != place.history:
            self._hand_in(post, after, ids, found)

    def _now(self, now: float, began: float) -> Place:
        """Where the account stands, before anything of it is listed: what comes meanwhile is
        heard twice and not never."""
        told = self._api.profile()
        address, history = _flat(told.get("emailAddress")), str(told.get("historyId"))
        if "@" not in address or not _HISTORY.fullmatch(history):
            raise SourceError("Gmail does not say whose account it is; it is asked again")
        return Place(exact(address), history, began, now)

    def _happened(self, since: str) -> tuple[str, list[str]]:
        """Where the history stands now, and the letters that came since, in order. With a query
        every change counts: a label may make a letter fit."""
        label = "" if self._query else "INBOX"
        kinds = ("messageAdded", "labelAdded") if self._query else ("messageAdded",)
        last, ids = since, []
        for page in self._api.history(since, label, kinds):
            said = str(page.get("historyId"))
            last = said if _HISTORY.fullmatch(said) else last
            for record in _list(page.get("history")):
                for kind in ("messagesAdded", "labelsAdded"):
                    ids += [one.get("message") for one in _list(record.get(kind))]
        return last, _ids(ids)

    def _after(self, at: float) -> str:
        return f"after:{max(0, int(at))}"

    def _listed(self, query: str) -> list[str]:
        """The letters that fit, the oldest first."""
        whole = f"{self._query} {query}".strip()
        ids: list[Any] = []
        for page in self._api.messages(whole, "" if self._query else "INBOX"):
            ids += _list(page.get("messages"))
        return _ids(ids)[::-1]

    # -- handing in

    def _hand_in(self, post: Post, place: Place, ids: Sequence[str], found: Sequence[Rule]) -> None:
        maker = replace(self._maker, own=self._maker.own | {place.address})
        self._left_alone &= set(ids)  # no other can be named again
        drops: list[Drop] = []
        held = 0
        for id in post.look_up(self._unseen(ids)):
            came = self._fetched(id)
            if came is None:
                continue
            drop = maker.make(came, found, post.label(came.raw), post.now())
            if drop is None:
                self._left_alone.add(id)
            held += len(came.raw)
            drops += [drop] if drop else []
            if len(drops) >= AT_ONCE or held >= AT_ONCE_BYTES:
                post.hand_in(*drops)
                drops, held = [], 0
        post.hand_in(*drops, cursor=place.cursor())
        self._refused.clear()

    def _unseen(self, ids: Sequence[str]) -> Any:
        def ask(ledger: Ledger) -> list[str]:
            new = [id for id in ids if ledger.seen(self.name, id) is None]
            return [id for id in new if id not in self._left_alone]

        return ask

    def _fetched(self, id: str) -> Came | None:
        """The letter; None for one that went meanwhile, or is none that came. One that cannot
        be fetched keeps those after it waiting for some looks, and is then told of."""
        try:
            told = self._api.message(id, self._most_bytes)
        except Gone:
            return None
        except TooLarge:
            return self._beginning(id)
        except SourceError as refused:
            self._refused[id] += 1
            if refused.again_s or refused.login or self._refused[id] < TOLD_AFTER:
                raise
            return Came(b"", id, fault=f"Gmail does not give this letter: {refused}")
        labels = _labels(told)
        if labels & NOT_MEANT:
            self._left_alone.add(id)
            return None
        try:
            raw = base64.urlsafe_b64decode(str(told.get("raw") or "") + "==")
        except (binascii.Error, ValueError):
            return Came(b"", id, fault="Gmail gave this letter in a form that cannot be read")
        return Came(raw, id, "INBOX", _flags(labels), _at(told))

    def _beginning(self, id: str) -> Came | None:
        """Of a letter that is too large its headers, and the line that Gmail shows of it."""
        try:
            told = self._api.head(id)
        except Gone:
            return None
        labels = _labels(told)
        if labels & NOT_MEANT:
            self._left_alone.add(id)
            return None
        payload = told.get("payload")
        headers = _list(payload.get("headers")) if isinstance(payload, Mapping) else []
        lines = [
            f"{one.get('name')}: {_flat(one.get('value'))}"
            for one in headers
            if str(one.get("name", "")).lower() not in _OF_BODIES
        ]
        body = ["Content-Type: text/plain; charset=utf-8", "", str(told.get("snippet") or "")]
        raw = "\r\n".join([*lines, *body]).encode(errors="replace")
        size = _whole(told.get("sizeEstimate")) or self._most_bytes
        return Came(raw, id, "INBOX", _flags(labels), _at(told), whole_bytes=size)


#: Headers that say of what kind a body is that is not there.
_OF_BODIES = ("content-type", "content-transfer-encoding", "mime-version")


def _flags(labels: set[str]) -> frozenset[str]:
    """The labels as the flags that rules of mail ask for."""
    seen = frozenset() if "UNREAD" in labels else frozenset({"\\Seen"})
    return seen | (frozenset({"\\Flagged"}) if "STARRED" in labels else frozenset())


def _at(told: Mapping[str, Any]) -> float:
    """When the letter came, in epoch seconds, 0 where nothing can be read of it."""
    at = _whole(told.get("internalDate")) / 1000
    return at if at < LATEST else 0.0


def _whole(value: Any) -> int:
    """A number from 0 on, 0 for what is none."""
    try:
        return max(0, int(str(value)[:20]))
    except ValueError:
        return 0


def _labels(told: Mapping[str, Any]) -> set[str]:
    labels = told.get("labelIds")
    return set(map(str, labels)) if isinstance(labels, list) else set()


def _flat(value: Any) -> str:
    """Words on one line, without halves of characters."""
    return " ".join(str(value or "").encode(errors="replace").decode().split())


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _ids(found: Iterable[Any]) -> list[str]:
    """The ids of what Gmail named, each once, in order."""
    named = (str(one.get("id") or "") for one in found if isinstance(one, Mapping))
    return [id for id in dict.fromkeys(named) if _ID.fullmatch(id)]
