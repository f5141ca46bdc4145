"""How the owner stands to an address: what the contacts and the ledger say of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """`address` as it was asked for. `name` and `listed` come from a note in Office/Contacts,
    `sent` is how many mails went there with a yes, the first and the last of them at
    `first_sent` and `last_sent` (epoch seconds, 0.0: never). `alike` is the known address that
    this one could be taken for (empty: none), and `alike_name` whose that is. `never`: its note
    says that it is not to be known, whatever else holds; `vouched`: its note says that the owner
    knows them, and has written to them elsewhere."""

    address: str
    name: str = ""
    listed: bool = False
    sent: int = 0
    alike: str = ""
    alike_name: str = ""
    first_sent: float = 0.0
    last_sent: float = 0.0
    never: bool = False
    vouched: bool = False

    @property
    def known(self) -> bool:
        """Whether a rule may say `recipient: known` of it."""
        return (self.listed or self.sent > 0) and not self.alike and not self.never

    @property
    def may_be_known(self) -> bool:
        """Whether their own verified words may count as those of somebody known."""
        return self.known and self.listed and (self.vouched or self.sent > 0)


def nobody(address: str) -> Contact:
    return Contact(address)
