"""Which line of a note is which: followed when it is moved, edited or carried over, so that it
stays one task. Pure: no file, no ledger, no clock."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from factotum import names
from factotum.ledger import dumps
from factotum.worker.mentions import Line

#: The id of a line of which nothing is begun: it was there at first, or was ticked when it came.
OLD = ""
#: From here on, of 1, a line in place of another in the same note is that one, edited.
ALIKE = 0.6


@dataclass
class Known:
    """The lines of one note: the ids of those with the same words, in their order. There may be
    more ids than lines: one that was taken out may come back. `made` counts the ids ever given,
    so that a line typed anew after one was moved away is a new one."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        return dumps({"lines": self.lines, "made": self.made})

    def fresh_id(self, path: str, words: str) -> str:
        self.made[words] = self.made.get(words, 0) + 1
        return names.id_of("l", path, words, str(self.made[words]))


def load(text: str) -> Known:
    try:
        data = json.loads(text)
        return Known(dict(data["lines"]), dict(data["made"]))
    except (ValueError, KeyError, TypeError):
        return Known()


@dataclass
class Change:
    """What one look found in a note: how many lines of each words there were, and what stands
    there now."""

    path: str
    known: Known
    was: Counter[str]
    lines: Sequence[Line]
    touched: bool = False

    @property
    def now(self) -> Counter[str]:
        return Counter(line.words for line in self.lines)

    def vacated(self) -> list[tuple[str, int]]:
        """The words and place of each id whose line went in this look."""
        now = self.now
        return [
            (words, n)
            for words, count in self.was.items()
            for n in range(now[words], min(count, len(self.known.lines.get(words, ()))))
        ]

    def extra(self) -> list[Line]:
        """The lines that have no id yet."""
        seen: Counter[str] = Counter()
        found = []
        for line in self.lines:
            if seen[line.words] >= len(self.known.lines.get(line.words, ())):
                found.append(line)
            seen[line.words] += 1
        return found

    def give(self, words: str, id: str) -> None:
        self.known.lines.setdefault(words, []).append(id)
        self.touched = True

    def take(self, words: str, n: int) -> str:
        ids = self.known.lines[words]
        id = ids.pop(n)
        if not ids:
            del self.known.lines[words]
        self.touched = True
        return id


def follow(
    changes: Sequence[Change], all_known: dict[str, Known], is_open: Callable[[str], bool]
) -> list[str]:
    """Gives each line that has none the id of the line that it was before: moved within this
    look, edited within its note, or carried over from another note while its task is open.
    What is left is new. Returns the paths of other notes that an id was taken from."""
    _moved(changes)
    for change in changes:
        _edited(change)
    holders = _holders(changes, all_known)
    return [path for one in changes for path in _carried(one, holders, all_known, is_open)]


def _moved(changes: Sequence[Change]) -> None:
    gone: dict[str, list[Change]] = {}
    for change in changes:
        for words, _ in change.vacated() if change.was else ():
            gone.setdefault(words, []).append(change)
    for change in changes if gone else ():
        for line in change.extra():
            others = [other for other in gone.get(line.words, ()) if other is not change]
            if others:
                other = others[-1]
                gone[line.words].remove(other)
                n = max(n for words, n in other.vacated() if words == line.words)
                change.give(line.words, other.take(line.words, n))
                other.was[line.words] -= 1


def _edited(change: Change) -> None:
    for line in change.extra() if change.was else ():
        gone = [
            (difflib.SequenceMatcher(None, words, line.words).ratio(), words, n)
            for words, n in change.vacated()
            if change.known.lines[words][n] != OLD
        ]
        best = max(gone, default=None)
        if best is not None and best[0] >= ALIKE:
            _, words, n = best
            change.give(line.words, change.take(words, n))
            change.was[words] -= 1


def _carried(
    change: Change,
    holders: Mapping[str, Sequence[str]],
    all_known: dict[str, Known],
    is_open: Callable[[str], bool],
) -> list[str]:
    from_others = []
    for line in change.extra():
        for path in holders.get(line.words, ()) if line.starts else ():
            ids = all_known[path].lines.get(line.words, [])
            at = next((n for n, id in enumerate(ids) if id != OLD and is_open(id)), None)
            if path != change.path and at is not None:
                change.give(line.words, ids[at])
                ids[at] = OLD
                from_others.append(path)
                break
    return from_others


def _holders(changes: Sequence[Change], all_known: Mapping[str, Known]) -> dict[str, list[str]]:
    """Which notes have ids for the words of lines that have none yet."""
    wanted = {line.words for change in changes for line in change.extra() if line.starts}
    holders: dict[str, list[str]] = {}
    for path, known in all_known.items() if wanted else ():
        for words in wanted & known.lines.keys():
            holders.setdefault(words, []).append(path)
    return holders
