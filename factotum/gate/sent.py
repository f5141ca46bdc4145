"""To whom mails went with a person's yes, counted from the ledger and kept up with it.

Asked at each judgement, so it reads only what was recorded since it was last asked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from factotum.addresses import exact
from factotum.gate.facets import recipients
from factotum.gate.rows import row_of
from factotum.ledger import Ledger


@dataclass(frozen=True)
class Sent:
    """`first` and `last` are when (epoch seconds)."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0


#: Effects that happened and that a person, not a rule, had said yes to, by what was recorded
#: after one event up to another.
_HAPPENED = """
SELECT s.tool, s.args, o.at FROM outcome o JOIN seal s USING (card, version)
 JOIN decision d USING (card, version)
 WHERE o.status IN ('SUCCEEDED', 'HAPPENED') AND d.verdict = 'approve' AND d.channel != 'rule'
 AND o.card IN (SELECT card FROM event WHERE seq > ? AND seq <= ?
 AND kind IN ('outcome', 'resolved')) ORDER BY o.at
"""


class SentBook:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._seq = -1
        self._by: dict[str, Sent] = {}

    def of(self, address: str) -> Sent:
        """How often a mail went to exactly this address, in any case of its letters."""
        self.fresh()
        return self._by.get(exact(address), Sent())

    def addresses(self) -> list[str]:
        """Every address that a mail went to, in the order of the first one to each."""
        self.fresh()
        return list(self._by)

    def fresh(self) -> int:
        """Takes in what happened since; the number of addresses, which only grows."""
        last = self.ledger.last_event()
        if last != self._seq:
            with self._one_moment() as db:
                last = self.ledger.last_event()
                self._count(db.execute(_HAPPENED, (self._seq, last)))
            self._seq = last
        return len(self._by)

    @contextmanager
    def _one_moment(self) -> Iterator[sqlite3.Connection]:
        """All that is read within is of one moment: another process may write meanwhile."""
        db = self.ledger.db
        if db.in_transaction:
            yield db
            return
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("COMMIT")

    def _count(self, rows: Iterable[sqlite3.Row]) -> None:
        for row in rows:
            if not row_of(row["tool"]).egress:
                continue  # a draft has recipients, and went to none of them
            args = json.loads(row["args"])
            for address in {exact(to) for to in recipients(row["tool"], args)}:
                known = self._by.get(address, Sent(0, row["at"]))
                self._by[address] = Sent(known.count + 1, known.first, row["at"])
