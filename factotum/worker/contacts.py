"""The contacts: notes in Office/Contacts, one a person or firm, as they are on disk now.

Only a note of the owner's own words counts, and none that is private. A note is read again only
when it changed, so that two thousand of them may be asked about at every judgement.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factotum import addresses, disk
from factotum.gate.contact import Contact
from factotum.gate.lookalike import Lookalikes, looks
from factotum.gate.sent import Sent, SentBook
from factotum.gate.shape import is_address
from factotum.index.places import refusal
from factotum.note import NoteError, parse
from factotum.reader import Reader, Stuck
from factotum.scan import Problem
from factotum.worker.fit import Fit, Unfit
from factotum.worker.folders import Folders

CONTACTS = "Office/Contacts"

#: A note larger than this is not read for a contact, in bytes.
MOST_BYTES = 256 * 1024
#: How many notes are looked at; what comes after them is as if it were not there.
NOTES_MOST = 10_000
#: What was looked at less than so long ago is not looked at again, in seconds.
FRESH_S = 3.0

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Person:
    """What one note says: `addresses` in small letters, `names` of which the first is shown."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    never: bool
    vouched: bool


@dataclass(frozen=True)
class _Read:
    stamp: Stamp
    person: Person | None
    problem: str = ""


class Unclear(Exception):
    """A note in Contacts cannot be used; the message says which property, and what to write."""


def person_of(props: Mapping[str, Any], stem: str) -> Person | None:
    """Who a note is about; None for one without an address. Raises Unclear."""
    found = []
    for text in _texts(props, "email"):
        _, address = addresses.first(text)
        if not is_address(address):
            raise Unclear(f"email: {text!r:.80} is no mail address. Write one, or a list of them")
        found.append(addresses.exact(address))
    if not found:
        return None
    shown = [*_texts(props, "name"), stem, *_texts(props, "aliases")]
    never, vouched = _tick(props, "never"), _tick(props, "known")
    return Person(tuple(dict.fromkeys(shown)), tuple(dict.fromkeys(found)), never, vouched)


def _texts(props: Mapping[str, Any], key: str) -> list[str]:
    value = props.get(key)
    values = value if isinstance(value, list) else [value]
    return [str(one).strip() for one in values if one is not None and str(one).strip()]


def _tick(props: Mapping[str, Any], key: str) -> bool:
    value = props.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Unclear(f"{key}: {value!r:.40} is neither true nor false. Write one of the two")


class Contacts:
    def __init__(
        self,
        root: Path,
        reader: Reader,
        fit: Fit,
        sent: SentBook,
        fresh_s: float = FRESH_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self.folder = root / CONTACTS
        self.reader = reader
        self.fit = fit
        self.sent = sent
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._rules = ""
        self._folders = Folders()
        self._reads: dict[str, _Read] = {}
        self._by_address: dict[str, Person] = {}
        self._by_name: dict[str, str] = {}
        self._listed = Lookalikes()
        self._reached = Lookalikes()
        self._reached_count = 0

    def of(self, address: str) -> Contact:
        """How the owner stands to an address. Never raises."""
        self._refresh()
        key = addresses.exact(address)
        sent = self.sent.of(address)
        person = self._by_address.get(key)
        if person is not None:
            return Contact(
                address,
                person.names[0],
                True,
                *_counted(sent),
                never=person.never,
                vouched=person.vouched,
            )
        alike = self._listed.of(address)
        if not alike and not sent.count:
            alike = self._reached_by_mail().of(address)
        theirs = self._by_address.get(addresses.exact(alike))
        name = theirs.names[0] if theirs else ""
        return Contact(address, "", False, *_counted(sent, alike, name))

    def namesake(self, name: str) -> str:
        """The address of the contact who is called so, however it is spelt; or empty."""
        self._refresh()
        return self._by_name.get(_called(name), "")

    def problems(self) -> list[Problem]:
        """The notes that cannot be used, and why."""
        self._refresh()
        return [
            Problem(self.folder / disk.shown(name), read.problem)
            for name, read in self._reads.items()
            if read.problem
        ]

    # -- what is on disk

    def _refresh(self) -> None:
        now = self._monotonic()
        if now - self._looked < self._fresh_s:
            return
        self._looked = now
        if (rules := self.fit.rules()) != self._rules:
            self._reads, self._rules = {}, rules
        before, self._reads = self._reads, {}
        for name, path in self._paths():
            try:
                about = os.lstat(path)
            except OSError:
                continue
            stamp = (about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
            known = before.get(name)
            same = known is not None and known.stamp == stamp
            self._reads[name] = known if known and same else self._read(path, about, stamp)
        if self._reads != before:
            self._file()

    def _paths(self) -> list[tuple[str, Path]]:
        straight = os.path.join(os.path.realpath(self.root), CONTACTS)
        if os.path.realpath(self.folder) != straight:
            return []  # a link may lead to what is not the owner's
        try:
            lies = self._folders.within(os.fspath(self.folder)).lies
        except OSError:
            return []
        notes = sorted(name for _, name, is_dir in lies if name.endswith(".md") and not is_dir)
        return [(name, self.folder / name) for name in notes[:NOTES_MOST]]

    def _read(self, path: Path, about: os.stat_result, stamp: Stamp) -> _Read:
        if reason := refusal(about):
            return _Read(stamp, None, reason)
        try:
            data = self.reader.read(path, MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                return _Read(stamp, None, f"larger than {MOST_BYTES // 1024} KiB: shorten it")
            person = person_of(parse(data).props, path.stem)
            if person is None or not self.fit.may_use(path, data):
                return _Read(stamp, None)
            return _Read(stamp, person)
        except Stuck as stuck:
            return _Read((0, 0, 0, 0), None, f"cannot be read now ({stuck.strerror})")
        except OSError as failed:
            return _Read((0, 0, 0, 0), None, f"cannot be read ({failed.strerror})")
        except (Unfit, NoteError, Unclear) as unfit:
            return _Read(stamp, None, str(unfit))

    def _file(self) -> None:
        """Files everybody under their addresses and names; of two notes the first counts, but
        `never` in any of them holds."""
        people = [read.person for read in self._reads.values() if read.person is not None]
        self._by_address, self._by_name = {}, {}
        for person in sorted(people, key=lambda one: not one.never):
            for address in person.addresses:
                self._by_address.setdefault(address, person)
            for name in person.names:
                if called := _called(name):
                    self._by_name.setdefault(called, person.addresses[0])
        self._listed = Lookalikes(
            address for address, person in self._by_address.items() if not person.never
        )

    def _reached_by_mail(self) -> Lookalikes:
        """The look-alikes of addresses that a mail went to with a yes."""
        if self.sent.fresh() != self._reached_count:
            reached = self.sent.addresses()
            for address in reached[self._reached_count :]:
                self._reached.add(address)
            self._reached_count = len(reached)
        return self._reached


def _counted(sent: Sent, alike: str = "", name: str = "") -> tuple[int, str, str, float, float]:
    return (sent.count, alike, name, sent.first, sent.last)


def _called(name: str) -> str:
    """A person's name as it is compared: in any order of its words, as it looks."""
    words = looks(name.replace(",", " ").replace(".", " ")).split()
    return " ".join(sorted(words)) if len(words) > 1 else ""
