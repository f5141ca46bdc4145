"""A mark in the vault by which a restored, older ledger is recognised.

The ledger knows its epoch and how many attempts it has begun; the vault keeps the same two
outside it. A ledger that has begun fewer than its mark says was put back from a copy: what
it thinks is still undecided may have been sent since. Such cards end as Unknown, and the
ledger gets a new epoch, so that nothing sealed before can run. So it is with a ledger of
another epoch than the mark's: it is a copy from before an earlier restoring, or another one.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from factotum.gate.register import Register
from factotum.ledger import Ledger, LedgerError
from factotum.model import Lost
from factotum.vault import Vault


class Mark:
    def __init__(self, vault: Vault, ledger: Ledger, register: Register) -> None:
        self.vault = vault
        self.ledger = ledger
        self.register = register

    @property
    def path(self) -> Path:
        return self.vault.own / f"{self.vault.instance}.json"

    def write(self) -> None:
        """Brings the mark up to date; call it after `begin` and before anything is sent."""
        mark = {"epoch": self.ledger.epoch, "attempts": self._attempts()}
        self.vault.replace_own(self.path, json.dumps(mark).encode())

    def check(self, now: float) -> bool:
        """Whether the ledger was restored; then its open cards have become Unknown.

        Raises LedgerError for a new ledger where another one has worked under our name.
        """
        try:
            mark = json.loads(self.path.read_bytes())
            epoch, attempts = str(mark["epoch"]), int(mark["attempts"])
        except (OSError, ValueError, KeyError, TypeError):
            self.write()  # no mark: no ledger has worked here yet
            return False
        if epoch != self.ledger.epoch and not self.ledger.last_event():
            raise LedgerError(
                f"another ledger has worked in this vault under the name {self.vault.instance!r}, "
                f"and the one in {self.ledger.path.parent} is new. If that is another machine or "
                f"state directory, set FACTOTUM_INSTANCE to a name of your own; if the old ledger "
                f"is lost, remove {self.path} and look at what waits in Pending_Approval"
            )
        if epoch == self.ledger.epoch and attempts <= self._attempts():
            return False  # another epoch: a copy from before an earlier restoring
        with self.ledger.tx():
            for card in self.register.unsettled():
                if card.kind == "effect" and card.ended is None:
                    lost = "the ledger was put back from an older copy; it may have been sent since"
                    self.register.end(card, Lost(lost), now)
            self.ledger.set_meta("epoch", uuid.uuid4().hex)
            self.ledger.event("restored", now, attempts_known=self._attempts(), mark=attempts)
        self.write()
        return True

    def _attempts(self) -> int:
        (count,) = self.ledger.db.execute("SELECT count(*) FROM attempt").fetchone()
        return int(count)
