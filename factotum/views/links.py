"""Gives each event its place in the audit chain, in the ledger, before it is written out.

The chain runs over the lines as they are written into Logs, and its codes stand in the
ledger first: one durable transaction, then the key moves on, then the log is appended to.
A crash after the first step costs no key (it is found again by the codes), after the second
no line (the log is made from the ledger). Other processes may add events but hold no key:
only the executor seals, so an event waits for its code until the logs are written.
"""

from __future__ import annotations

import sqlite3

from factotum import chain, failpoint
from factotum.keybox import Keybox, Offer, State
from factotum.ledger import Event, Ledger
from factotum.views import record

#: The kind of event that says under which key the lines are from now on.
KEY_EVENT = "audit_key"

#: In the ledger's meta: the name of that key, and the last event from before the chain.
KEY_META = "audit_key"
BEFORE_META = "chain_after"

BATCH = 500


def line(event: Event, ledger: Ledger, marked: str | None = None) -> str:
    """The event as its line in the log: with number and code, if it has a place in the chain."""
    text = record.line(event, ledger, marked)
    row = ledger.db.execute("SELECT n, mac FROM chain WHERE seq = ?", (event.seq,)).fetchone()
    return chain.chained(text, row["n"], row["mac"]) if row else text


def head(ledger: Ledger) -> chain.Link:
    """The last link that the ledger knows."""
    row = ledger.db.execute("SELECT * FROM chain ORDER BY n DESC LIMIT 1").fetchone()
    return link_of(row) if row else chain.NOTHING


def link_at(ledger: Ledger, n: int) -> chain.Link | None:
    row = ledger.db.execute("SELECT * FROM chain WHERE n = ?", (n,)).fetchone()
    return link_of(row) if row else None


def link_of(row: sqlite3.Row) -> chain.Link:
    return chain.Link(row["n"], row["mac"], row["digest"])


def before(ledger: Ledger) -> int:
    """The number of the last event that happened before the chain was there."""
    return int(ledger.meta(BEFORE_META, "0"))


class Links:
    def __init__(self, ledger: Ledger, box: Keybox) -> None:
        self.ledger = ledger
        self.box = box
        self._state: State | None = None
        self._sealed: int | None = None

    def extend(self) -> None:
        """Gives every event that has none its link, and takes a new key if one is offered.

        Call it outside of any transaction: the key must not move on before the ledger has the
        codes for good. Raises OSError, sqlite3.Error; then nothing was sealed, or it is sealed
        and the key moves on at the next call.
        """
        if self._sealed is None:
            self._sealed = self._sealed_to()
        offer = self.box.offered()
        if offer is None and self.ledger.last_event() <= self._sealed:
            return
        state, why = self._open(offer)
        self._state = None
        with self.ledger.tx():
            if why:
                at = self.ledger.events(self.ledger.last_event() - 1, limit=1)
                now = at[0].at if at else offer.at if offer else 0.0
                self._announce(why, state.key_name, state.last.n + 1, now)
            state, sealed = self._seal(state, self._sealed)
            if offer and state.key_name != offer.name:
                self._announce("taken", offer.name, state.last.n + 2, offer.at)
                state, sealed = self._seal(state, sealed)
                state = State(state.last, offer.key, offer.name)
        failpoint.hit("log.sealed")
        self._sealed = sealed
        self.box.put(state)
        if offer:
            self.box.forget_offer()
        self._state = state

    def _sealed_to(self) -> int:
        row = self.ledger.db.execute("SELECT seq FROM chain ORDER BY n DESC LIMIT 1").fetchone()
        return int(row["seq"]) if row else before(self.ledger)

    def _open(self, offer: Offer | None) -> tuple[State, str]:
        """Where the chain goes on, and why a key is to be announced first, if one is."""
        last, announced = head(self.ledger), self.ledger.meta(KEY_META)
        state = self._state or self.box.open()
        if state is not None and state.last.n < last.n:
            state = self._follow(state)
        if state is not None and state.key_name != announced:
            if offer and offer.name == announced:  # a crash came before the key was changed
                return State(state.last, offer.key, offer.name), ""
            if announced:
                state = None
        if state is not None:
            return state, "" if announced else "begun"
        key = chain.new_key()  # nobody has seen it, nobody will: see `factotum audit key`
        state = State(last, chain.next_key(key), chain.commitment(key))
        self.box.put(state)
        return state, "lost" if announced else "begun"

    def _follow(self, state: State) -> State | None:
        """The state after all that the ledger has sealed since; None where another key did."""
        last, key = state.last, state.key
        rows = self.ledger.db.execute("SELECT * FROM chain WHERE n > ? ORDER BY n", (last.n,))
        for row in rows.fetchall():
            event = self.ledger.events(row["seq"] - 1, limit=1)[0]
            link = chain.add(record.line(event, self.ledger), last, key)
            if link != link_of(row):
                return None
            last, key = link, chain.next_key(key)
        return State(last, key, state.key_name) if last == head(self.ledger) else None

    def _announce(self, why: str, name: str, first: int, now: float) -> None:
        """Says, in a line of the chain, from which line on which key is in use."""
        self.ledger.event(KEY_EVENT, now, key=name, first=first, because=why)
        self.ledger.set_meta(KEY_META, name)

    def _seal(self, state: State, sealed: int) -> tuple[State, int]:
        last, key = state.last, state.key
        mark = record.mark(self.ledger)
        while events := self.ledger.events(sealed, limit=BATCH):
            rows = []
            for event in events:
                last = chain.add(record.line(event, self.ledger, mark), last, key)
                key = chain.next_key(key)
                rows.append((last.n, event.seq, last.mac, last.digest))
            self.ledger.db.executemany("INSERT INTO chain VALUES (?, ?, ?, ?)", rows)
            sealed = events[-1].seq
        return State(last, key, state.key_name), sealed
