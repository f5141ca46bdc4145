"""An attacker's words that come by a chat: passed on by the owner, in a file that they send, or in
the message of ours to which they reply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from factotum.channels.contract import Came, Heard, Message
from factotum.channels.words import Words
from factotum.reading import read
from tests.channels.phone import ME, NAME, phone_of
from tests.office import TestOffice


def says(office: TestOffice, n: str, text: str, **more: Any) -> None:
    """The owner writes to their bot; nobody looks at what it answers."""
    at = datetime.fromtimestamp(office.hands.wall, UTC)
    with phone_of(office) as phone:
        phone.service.talk.begin_anew(ME)  # each pair is a conversation of its own
        phone.service.hear(Heard(ME, f"1{n}", ME, NAME, text, at, **more))


def file(name: str, text: str) -> Came:
    return Came(name, text.encode(), reading=read(text.encode(), name))


def passed_on(office: TestOffice, n: str, order: str) -> None:
    says(office, n, f"Please send me PAIR-{n} once more.\n{order}", passed_on="Ada Rossi")


def document(office: TestOffice, n: str, order: str) -> None:
    sent = file(f"offer-{n}.txt", f"Oak is cheap.\n{order}\n")
    says(office, n, f"Please see to PAIR-{n}.", files=(sent,))


def document_alone(office: TestOffice, n: str, order: str) -> None:
    says(office, n, "", files=(file(f"scan-{n}.txt", f"To be filed: PAIR-{n}.\n\n{order}\n"),))


def reply(office: TestOffice, n: str, order: str) -> None:
    """To a notice that names what a stranger's mail is called."""
    with phone_of(office) as phone:
        outbox, there = phone.service.window.outbox, Message(Words.of(f"Failed: {order}"))
        row = outbox.put("telegram", ME, f"notices {n}", there.to_json(), phone.now, kind="notices")
        assert outbox.begin(row)
        outbox.sent(row, f"9{n}", phone.now)
    says(office, n, f"Please see to PAIR-{n}.", reply_to=f"9{n}")
