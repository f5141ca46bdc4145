"""Looks at folders of daily notes: what changed is read, and each new line that is still handed
in as a task, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from factotum import log
from factotum.index.places import INDEXED_MOST_BYTES, Places, top_of
from factotum.ledger import Ledger
from factotum.names import ignored
from factotum.privacy import PrivateShelf
from factotum.reader import Reader
from factotum.watcher import Post, Premises
from factotum.worker.fit import Fit, Unfit
from factotum.worker.labels import Labels
from factotum.worker.mentions import Line, find
from watchers.entries import Entry, read
from watchers.hints import Hints
from watchers.notes import folders as places_of
from watchers.notes.drops import SOURCE, all_known, drop_of, is_open
from watchers.notes.folders import Folder, Stamp, belongs_to
from watchers.notes.known import OLD, Change, Known, follow, load
from watchers.remarks import Remarks

logger = log.get("watchers.notes")

#: How often all is looked at where what happens is heard, and how long to wait after a hint: an
#: editor writes several times. How often the handbook is asked while it names no folder.
SELDOM_S, GATHER_S, IDLE_S = 300.0, 1.0, 300.0
#: More new lines than these in one look are a folder that came by itself, not a person's typing.
NEW_MOST = 20
#: How long it is told what was not begun, in seconds.
TELL_S = 86_400.0


@dataclass
class Seen:
    """What the last look found in a note. `since` is from when on each new line says what it
    says, with what stands below it, in epoch seconds."""

    stamp: Stamp
    folder: Folder
    lines: Sequence[Line] = ()
    since: dict[tuple[str, str], float] = field(default_factory=dict)


class Notes:
    name = SOURCE
    silent_s = 0.0

    def __init__(self, premises: Premises) -> None:
        settings = premises.settings
        self.every_s = settings.seconds("SCAN_S")
        self._settle_s = settings.seconds("SETTLE_S")
        self._mention = settings.text("MENTION")
        root = premises.root.absolute()
        self._places = Places(root, top_of(root))
        self._reader = Reader()
        self._private = PrivateShelf(premises.root, self._reader, premises.state).current
        self._hints: Hints | None = None
        self._folders: list[Folder] = []
        self._known: dict[str, Known] | None = None
        self._seen: dict[str, Seen] = {}
        self._remarks = Remarks()
        self._told: dict[str, float] = {}
        self._young: set[str] = set()
        self._heard: set[str] | None = None
        self._whole_at = float("-inf")

    # -- looking

    def look(self, post: Post) -> float | None:
        self._read_folders(post)
        if not self._folders:
            return IDLE_S
        if self._known is None:
            self._known = {path: load(text) for path, text in post.look_up(all_known).items()}
        first = self._first(post)
        changes = self._changes(post)
        self._begin(post, changes, first)
        again_s = SELDOM_S if self._hints is not None and self._hints.whole else self.every_s
        return min([again_s, *self._hand_in(post)])

    def rest(self, post: Post, seconds: float) -> None:
        self._heard = None
        if post.rest(seconds, *(self._hints.fds if self._hints else ())):
            post.rest(min(seconds, GATHER_S))
            assert self._hints is not None
            self._heard = self._hints.drain()

    def close(self) -> None:
        if self._hints is not None:
            self._hints.close()
        self._hints, self._folders, self._known, self._seen = None, [], None, {}

    def _read_folders(self, post: Post) -> None:
        def make(entry: Entry) -> Folder:
            return places_of.folder(entry, self._mention, self._places)

        made, wrong = read(post.rules("notes"), "folder", ("folder", "mention"), make)
        there = [one for one in made if (self._places.top / one.path).is_dir()]
        for one in made:
            if one not in there:
                wrong[f"handbook line {one.line}"] = (
                    f"there is no folder {one.path!r} in {self._places.top}. "
                    f"Make it, or write its path from there"
                )
        self._remarks.tell(post, wrong)
        if there != self._folders:
            if self._hints is not None:
                self._hints.close()
            self._folders, self._hints = there, None
            self._seen = {}
        if there and self._hints is None:
            self._hints = Hints([self._places.top / one.path for one in there], recursive=True)

    def _first(self, post: Post) -> list[Folder]:
        """The folders that are looked at for the first time: what lies there is not begun."""
        for about in [about for about, till in self._told.items() if till <= post.now()]:
            post.remark(about, "")
            del self._told[about]
        return [one for one in self._folders if not post.cursor(_part(one))]

    def _found(self, post: Post) -> dict[str, Stamp | None]:
        """The stamps of the notes that may have changed: of those that were heard of, or of all;
        None for one that is gone."""
        heard, self._heard = self._heard, None
        top = f"{self._places.top}/"
        if heard is not None and self._hints is not None and self._hints.whole:
            paths = {one.removeprefix(top) for one in heard if not ignored(one.rpartition("/")[2])}
            soon = 0 <= post.now() - self._whole_at < SELDOM_S
            if soon and self._known is not None and paths <= self._seen.keys():
                return {path: places_of.stamp_of(top + path) for path in paths}
        assert self._known is not None
        self._whole_at = post.now()
        before = self._seen or [self._places.both(name)[1] for name in self._known]
        gone: dict[str, Stamp | None] = dict.fromkeys(before)
        return gone | places_of.notes(self._folders, self._places, self._private())

    def _changes(self, post: Post) -> list[Change]:
        """What is other than at the last look, of notes that can be read."""
        assert self._known is not None
        changes = []
        for path, stamp in sorted(self._found(post).items()):
            before = self._seen.get(path)
            if before is not None and before.stamp == stamp:
                continue
            folder = belongs_to(self._folders, path)
            lines: Sequence[Line] = ()
            if stamp is not None and folder is not None:
                try:
                    lines = self._lines(post, path, folder)
                except OSError as refused:
                    reason = refused.strerror or str(refused)
                    logger.info("unreadable", extra={"file": path, "reason": reason})
                    continue  # it is asked again at the next look
            name = self._places.path(self._places.top / path)
            known = self._known.setdefault(name, Known())
            was = Counter(line.words for line in before.lines) if before else _all_of(known)
            changes.append(Change(name, known, was, lines))
            if stamp is None or folder is None:
                self._seen.pop(path, None)
            else:
                self._young.add(path)
                since = before.since if before else {}
                self._seen[path] = Seen(stamp, folder, lines, since)
        return changes

    def _lines(self, post: Post, path: str, folder: Folder) -> list[Line]:
        """The lines of a note that may be read and is the owner's own. Raises OSError."""
        file = self._places.top / path
        data = self._reader.read(file, INDEXED_MOST_BYTES)
        lines = find(data, folder.mention)
        fits = bool(lines) and post.look_up(lambda ledger: self._fits(ledger, file, data))
        return lines if fits else []

    def _fits(self, ledger: Ledger, file: Path, data: bytes) -> bool:
        fit = Fit(self._places.root, self._reader, Labels(ledger), self._private)
        try:
            fit.may_open(file)
            return fit.may_use(file, data)
        except Unfit:
            return False

    # -- which line is which

    def _begin(self, post: Post, changes: Sequence[Change], first: Sequence[Folder]) -> None:
        """Gives ids to all lines that are not new; of folders seen for the first time, to all."""
        assert self._known is not None
        others = follow(
            changes, self._known, lambda one: post.look_up(lambda ledger: is_open(ledger, one))
        )
        old: Counter[str] = Counter()
        for change in changes:
            folder = belongs_to(self._folders, self._places.both(change.path)[1])
            new = folder in first
            for line in change.extra():
                if new or not line.starts:
                    change.give(line.words, OLD)
                    old[folder.path if folder else ""] += new and line.starts
        self._keep(post, changes)
        for path in others:
            post.remember(self._known[path].text(), f"note {path}")
        for one in first:
            post.remember(str(post.now()), _part(one))
            self._tell(post, one, old[one.path], "there already")

    def _keep(self, post: Post, changes: Sequence[Change]) -> None:
        """Remembers what was followed: where a line came to before where it was taken from."""
        gained = [one for one in changes if one.touched]
        for change in sorted(gained, key=lambda one: not one.lines):
            post.remember(change.known.text(), f"note {change.path}")

    def _tell(self, post: Post, folder: Folder, count: int, what: str) -> None:
        if count:
            lines = "1 line" if count == 1 else f"{count} lines"
            text = f"{lines} {what}, not begun. To have one done, write it anew"
            post.remark(about := folder.path or "the vault", text)
            self._told[about] = post.now() + TELL_S

    # -- handing in

    def _hand_in(self, post: Post) -> list[float]:
        """Hands in what is new and still; in how many seconds others will be."""
        assert self._known is not None
        waits: list[float] = []
        ready: list[tuple[str, Seen, list[Line]]] = []
        for path in sorted(self._young & self._seen.keys()):
            seen = self._seen[path]
            name = self._places.path(self._places.top / path)
            fresh = Change(name, self._known.get(name, Known()), Counter(), seen.lines).extra()
            if not fresh:
                seen.since = {}
                self._young.discard(path)
                continue
            left = {line.at: self._left_s(post, seen, line) for line in fresh}
            seen.since = {_said(one): seen.since[_said(one)] for one in fresh}
            waits += [left_s for left_s in left.values() if left_s > 0]
            if still := [line for line in fresh if left[line.at] <= 0]:
                ready.append((name, seen, still))
        if sum(len(lines) for _, _, lines in ready) > NEW_MOST:
            self._too_many(post, ready)
            return waits
        for name, seen, lines in ready:
            self._hand_in_of(post, name, seen, lines)
        return waits

    def _left_s(self, post: Post, seen: Seen, line: Line) -> float:
        """How long a line must still lie as it is."""
        now, written = post.now(), seen.stamp[1] / 1e9
        since = min(now, seen.since.setdefault(_said(line), now))
        seen.since[_said(line)] = since
        if post.dry:  # in a trial nothing is waited for
            return 0.0
        if written <= now:
            since = min(since, written) if now - written >= self._settle_s else since
        return self._settle_s - (now - since)

    def _hand_in_of(self, post: Post, name: str, seen: Seen, lines: Sequence[Line]) -> None:
        assert self._known is not None
        known = load(self._known.setdefault(name, Known()).text())  # kept when it is handed in
        drops = []
        for line in lines:
            id = known.fresh_id(name, line.words)
            known.lines.setdefault(line.words, []).append(id)
            n = len(known.lines[line.words]) - 1
            drops.append(drop_of(name, line, n, id, seen.folder.mention))
        post.hand_in(*drops, cursor=known.text(), part=f"note {name}")
        self._known[name] = known

    def _too_many(self, post: Post, ready: Sequence[tuple[str, Seen, list[Line]]]) -> None:
        assert self._known is not None
        for name, seen, lines in ready:
            known = self._known.setdefault(name, Known())
            for line in lines:
                known.lines.setdefault(line.words, []).append(OLD)
            post.remember(known.text(), f"note {name}")
            logger.warning("too many lines at once", extra={"file": name, "count": len(lines)})
            self._tell(post, seen.folder, len(lines), "at once")


def _said(line: Line) -> tuple[str, str]:
    return line.words, line.below


def _part(folder: Folder) -> str:
    return f"folder {folder.path} {folder.mention}"


def _all_of(known: Known) -> Counter[str]:
    return Counter({words: len(ids) for words, ids in known.lines.items()})
