"""A folder of a mailbox, or several, as a source: told of by its server, or asked now and then.

Whatever is new is handed in before the place moves on, in the order in which it came. Nothing is
marked as read, unless the owner wants that, and then only what is a task already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from factotum.drop import Drop
from factotum.ledger import Ledger
from factotum.reading import Reading
from factotum.watcher import Post, SourceError
from watchers.mail import first
from watchers.mail.accounts import Account
from watchers.mail.answers import Entry
from watchers.mail.fetching import Fetcher
from watchers.mail.line import Line, Opened, Refused
from watchers.mail.making import Came, Maker
from watchers.mail.place import Place, box_of, place_of
from watchers.mail.rules import Rule, owners
from watchers.mail.sent import traced

MB = 1024 * 1024
#: A server that hangs up so soon is not to be called again at once, in seconds.
SOON_S = 10.0
DAY_S = 86400.0


@dataclass(frozen=True)
class Habits:
    """How a mailbox is listened to, in seconds, bytes and hours. `mark` is never or seen;
    `ahead_from` from how many letters on they are read in a process of their own."""

    idle_s: float = 1500.0
    poll_s: float = 120.0
    silent_s: float = 0.0
    most_bytes: int = 25 * MB
    first_h: float = 24.0
    mark: str = "never"
    ahead_from: int = 500


class Mailbox:
    """`kin` are the names of all sources of the account: a letter that was moved from one of
    its folders into another is the same letter."""

    def __init__(
        self,
        name: str,
        account: Account,
        folders: Sequence[str],
        maker: Maker,
        habits: Habits,
        *,
        kin: Sequence[str] = (),
        patterns: bool = False,
        connect: Callable[[Account], Line] = Line,
    ) -> None:
        self.name, self.silent_s = name, habits.silent_s
        self.every_s = habits.poll_s if patterns else habits.idle_s
        self._account, self._folders, self._maker, self._habits = account, folders, maker, habits
        self._kin, self._patterns, self._connect = tuple(kin) or (name,), patterns, connect
        self._line: Line | None = None
        self._opened: Opened | None = None
        self._anew: dict[str, float] = {}  # what is told for a day, and till when
        self._woken = False  # whether the server said that there is news
        self._fetcher = Fetcher(habits.most_bytes)
        self._alone = threading.Lock()  # of very many letters, the next are fetched by a thread

    # -- as a source

    def look(self, post: Post) -> float | None:
        line = self._line = self._line or self._connect(self._account)
        found = owners(post)
        for about in [about for about, till in self._anew.items() if till < post.now()]:
            del self._anew[about]
            post.remark(about, "")
        if self._patterns:
            for folder in line.folders(self._folders):
                try:
                    self._glance(post, line, folder, found)
                    post.remark(folder, "")
                except Refused as no:  # one folder of many
                    post.remark(folder, str(no))
            return None
        if self._opened is None:
            self._opened = self._open(line, self._folders[0])
        elif not self._woken:
            line.refresh()
        self._woken = False
        self._hear(post, line, self._opened, "", found)
        return None if line.can_push else self._habits.poll_s

    def rest(self, post: Post, seconds: float) -> None:
        line = self._line
        if line is None or self._opened is None or not line.can_push:
            post.rest(seconds)
            return
        begun = time.monotonic()
        until = begun + seconds
        while not self._woken and (left := until - time.monotonic()) > 0:
            try:
                self._woken = line.wait(post, min(left, self._habits.idle_s))
            except SourceError:
                self.close()
                if time.monotonic() - begun < SOON_S:
                    raise
                return  # it hung up, as they do now and then: call again

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._opened = None

    # -- one folder

    def _open(self, line: Line, folder: str) -> Opened:
        return line.open(folder, write=self._habits.mark == "seen")

    def _glance(self, post: Post, line: Line, folder: str, found: Sequence[Rule]) -> None:
        """One of many folders: it is opened only when something came."""
        place, state = place_of(post.cursor(folder)), line.state(folder)
        same = place is not None and place.validity == state.validity and not place.first
        if same and place is not None and state.next and state.next - 1 <= place.uid:
            return
        self._hear(post, line, self._open(line, folder), folder, found)

    def _hear(
        self, post: Post, line: Line, opened: Opened, part: str, found: Sequence[Rule]
    ) -> None:
        box = box_of(self._account, opened.folder)
        place = place_of(post.cursor(part))
        if place is None or place.box != box:
            last = first.last_uid(line, opened)
            place = Place(box, opened.validity, last, int(post.now()), first=True)
            post.remember(place.cursor(), part)
        job = _Job(post, line, opened.folder, part, found)
        if place.validity != opened.validity:
            place = self._renumbered(job, place, opened)
        elif place.first:
            unread = first.unread(line, place, self._habits.first_h)
            self._take(job, unread, place, moves=False)
            place = replace(place, first=False)
            post.remember(place.cursor(), part)
        self._take(job, line.since(place.uid), place)

    def _renumbered(self, job: _Job, place: Place, opened: Opened) -> Place:
        """The server numbered the letters anew: those that were heard are known by what stands
        in them, and only the others are handed in."""
        now = Place(place.box, opened.validity, first.last_uid(job.line, opened), place.began)
        known, new, old = first.sift(
            job.line, now, lambda marks: job.post.look_up(lambda it: self._seen(it, marks, ""))
        )
        self._take(job, new, now, moves=False)
        job.post.remember(now.cursor(), job.part)
        about = f"{job.folder} was numbered anew"
        self._anew[about] = job.post.now() + DAY_S
        job.post.remark(
            about,
            f"{known} letters were known again, {len(new)} are new, {old} are from before",
        )
        return now

    def _take(
        self, job: _Job, letters: Sequence[Entry], place: Place, *, moves: bool = True
    ) -> None:
        """Hands these letters in, some at a time; with `moves` the place moves on with them."""
        fetched = (
            (some, self._fetch(job, some, place)) for some in self._fetcher.portions(letters)
        )
        for some, made in self._made(job, fetched, len(letters)):
            drops = self._new(job, made)
            reached = replace(place, uid=some[-1].uid) if moves else None
            job.post.hand_in(*drops, cursor=reached.cursor() if reached else "", part=job.part)
            if self._habits.mark == "seen" and not job.post.dry:
                self._mark(job, [one for one in drops if one.bundle is None])

    # -- the letters of one portion

    def _fetch(self, job: _Job, some: Sequence[Entry], place: Place) -> list[Came]:
        with self._alone:
            return self._fetcher.fetch(job.line, job.folder, some, place)

    def _made(
        self, job: _Job, fetched: Iterator[_Portion], count: int
    ) -> Iterator[tuple[list[Entry], list[Drop]]]:
        """What is made of each portion."""
        if count < self._habits.ahead_from:
            for some, came in fetched:
                yield some, self._drops(job, came, [None] * len(came))
            return
        from watchers.mail.ahead import ahead  # only where very many came

        with ahead(self._maker.read) as reader:
            for (some, came), readings in reader.reading(fetched, _raws):
                yield some, self._drops(job, came, readings)

    def _drops(
        self, job: _Job, came: Sequence[Came], readings: Sequence[Reading | None]
    ) -> list[Drop]:
        now, post = job.post.now(), job.post
        made = [
            self._maker.make(one, job.rules, post.label(one.raw), now, reading)
            for one, reading in zip(came, readings, strict=True)
        ]
        return traced(post, [one for one in made if one is not None])

    def _new(self, job: _Job, drops: Sequence[Drop]) -> list[Drop]:
        """Without those that are a task already, by the folder in which they lay before."""
        marks = [one.known_as for one in drops if one.known_as]
        seen = job.post.look_up(lambda it: self._seen(it, marks, "task")) if marks else set()
        kept = []
        for one in drops:
            if one.known_as not in seen:
                kept.append(one)
                seen |= {one.known_as} if one.known_as else set()
        return kept

    def _seen(self, ledger: Ledger, marks: Sequence[str], what: str) -> set[str]:
        """Which of these were handed in; with `what`, and became a task."""
        found = ((mark, ledger.seen(name, mark)) for name in self._kin for mark in marks)
        return {mark for mark, task in found if (task if what else task is not None)}

    def _mark(self, job: _Job, drops: Sequence[Drop]) -> None:
        uids = [int(one.source_id.rpartition(":")[2]) for one in drops]
        if uids:
            with self._alone:
                job.line.mark_seen(uids)


@dataclass(frozen=True)
class _Job:
    """What one look at one folder works with."""

    post: Post
    line: Line
    folder: str
    part: str
    rules: Sequence[Rule]


#: Letters of a folder, and what was fetched of them.
_Portion = tuple[list[Entry], list[Came]]


def _raws(portion: _Portion) -> list[bytes]:
    return [one.raw for one in portion[1]]
