"""What anchors remember, compared with what the ledger says of the chain now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from factotum.anchor import Head
from factotum.inert import one_line
from factotum.ledger import Ledger
from factotum.views import links, record


def differences(heads: Iterable[Head], name: str, ledger: Ledger, instance: str) -> Iterator[str]:
    """What the anchor `name` remembers otherwise, in words, the first of each kind. Heads of
    other machines are left to them."""
    mark, last = record.mark(ledger), links.head(ledger)
    agreed, replaced = 0, False
    for head in heads:
        day = one_line(head.day, 20)
        if head.ledger != mark:
            if head.instance == instance and not replaced:
                replaced = True
                yield (
                    f"the anchor {name} knows another record of this machine, of {day} with "
                    f"{head.count} lines: this ledger was begun anew"
                )
            continue
        link = links.link_at(ledger, head.count)
        if link is not None and (link.mac.hex(), link.digest.hex()) == (head.mac, head.digest):
            agreed = max(agreed, head.count)
        elif head.count > last.n:
            yield (
                f"the anchor {name} knew {head.count} lines on {day}, and the record ends with "
                f"line {last.n}: an older copy was put back"
            )
            return
        else:
            yield (
                f"the anchor {name} knew another line {head.count} on {day}: the record was made "
                f"anew somewhere in lines {agreed + 1} to {head.count}"
            )
            return
