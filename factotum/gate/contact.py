"""How the owner stands to an address: what the contacts and the ledger say of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """`address` as it was asked for. `name` and `listed` come from a note in Office/Contacts,
    `sent` is how many mails went there with a yes, `alike` the known address that this one
    could be taken for (empty: none)."""

    address: str
    name: str = ""
    listed: bool = False
    sent: int = 0
    alike: str = ""

    @property
    def known(self) -> bool:
        """Whether a rule may say `recipient: known` of it."""
        return (self.listed or self.sent > 0) and not self.alike


def nobody(address: str) -> Contact:
    return Contact(address)
