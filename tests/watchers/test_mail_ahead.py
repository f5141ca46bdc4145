"""Very many mails are read beside this process, in order, and here where that fails."""

from __future__ import annotations

import os

import pytest

from factotum.reading import Reading, read
from watchers.mail.ahead import ahead

RAWS = [b"Subject: %d\r\nFrom: a@b.example\r\n\r\nHi.\r\n" % n for n in range(6)]
ME = os.environ.setdefault("MAIL_AHEAD_TEST", str(os.getpid()))


def read_or_die(data: bytes, name: str) -> Reading:
    if str(os.getpid()) != ME and b"Subject: 3" in data:
        os._exit(1)  # as when the system takes it away
    return read(data, name)


def read_or_raise(data: bytes, name: str) -> Reading:
    if str(os.getpid()) != ME:
        raise ValueError(name)
    return read(data, name)


@pytest.mark.slow
@pytest.mark.parametrize("reader", [read, read_or_die, read_or_raise])
def test_many_are_read_in_order_whatever_becomes_of_the_other_process(reader: object) -> None:
    with ahead(reader) as it:  # type: ignore[arg-type]
        portions = [RAWS[:2], RAWS[2:4], RAWS[4:]]
        found = list(it.reading(portions, lambda one: one))
    assert [portion for portion, _ in found] == portions
    assert [one.title for _, readings in found for one in readings] == list("012345")
