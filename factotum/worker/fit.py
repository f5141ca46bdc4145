"""Whether a note may steer the agent: it is not private, no link, and the owner's own words.

Holds for whatever lies in the vault. What the owner named outside it is used as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from factotum.index.places import Places, refusal, top_of
from factotum.model import Trust
from factotum.note import NoteError, parse
from factotum.privacy import Private, PrivateShelf
from factotum.reader import Reader
from factotum.worker.labels import Labels, told

OTHERS = (
    "holds words of others (it was taken from elsewhere, or a task made it of what an outsider "
    "wrote), so nothing is done by it. If you have read it and want it, write it anew in a note "
    "of your own and remove this one"
)
UNCLEAR = (
    "has properties that cannot be read, and among them whose words it holds or whether it may "
    "be read. Mend them"
)

#: What decides on a note, in properties that are broken, in whatever form they stand.
DECIDES = re.compile(
    rb"(?im)(?:^|[{,?]|^[ \t]*!\S*[ \t])[ \t\"']*"
    rb"(?:source|url|made_by|factotum)[ \t\"']*(?::|\r?$)"
)


class Unfit(Exception):
    """The note is not used; the message says why, and what to do."""


class Fit:
    """Without `labels` a note is believed unless it says itself that it was clipped."""

    def __init__(
        self,
        root: Path,
        reader: Reader,
        labels: Labels | None = None,
        private: Callable[[], Private] | None = None,
    ) -> None:
        self._places = Places(root.absolute(), top_of(root.absolute()))
        self._labels = labels
        self._private = private or PrivateShelf(root, reader).current

    def rules(self) -> str:
        return self._private().rules

    def may_open(self, path: Path) -> None:
        """Raises Unfit for a link, and for what a link leads to, and OSError."""
        place = self._place(path)
        if place is None:
            return
        if reason := refusal(os.lstat(path)):
            raise Unfit(reason)
        folder = Path(place).parent
        if Path(os.path.realpath(path.parent)) != Path(os.path.realpath(self._places.top), folder):
            raise Unfit("lies in a folder that is a link. Put the folder itself there")

    def may_use(self, path: Path, data: bytes) -> bool:
        """False for what is private: of that nothing is said. Raises Unfit."""
        private, place = self._private(), self._place(path)
        name = self._places.path(self._places.top / place) if place is not None else ""
        if name and private.hides_path(*self._places.both(name)):
            return False
        try:
            note = parse(data)
        except NoteError:
            if place is not None and DECIDES.search(data):
                raise Unfit(UNCLEAR) from None
            return True  # whoever loads it says what is wrong
        if private.hides(note):
            return False
        if place is not None:
            trust = self._labels.of(name, note) if self._labels else told(note.props)
            if trust is not Trust.OWNER:
                raise Unfit(OTHERS)
        return True

    def _place(self, path: Path) -> str | None:
        """The path from the top of the vault, or None for what lies outside it."""
        for top in (self._places.top, Path(os.path.realpath(self._places.top))):
            if path.is_relative_to(top):
                return path.relative_to(top).as_posix()
        return None
