"""An office with a mail relay, and a terminal beside it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, terminal_of
from tests.office import Hands, TestOffice, smtp
from tests.servers.smtp import Relay

ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Invoice 1042 \x1b[31mred
Message-ID: <ask-1@rossi.example>
Date: Thu, 26 Nov 2026 09:00:00 +0100

Could you send me invoice 1042 again?
"""

REPLY = """
when: {kind: email, words: [invoice]}
do:
  - mail__send:
      to: ["{from}"]
      subject: "Re: {subject}"
      body: "Hi {first_name}, here is invoice 1042."
summary: "Answered {from}."
"""


@pytest.fixture
def office(tmp_path: Path, relay: Relay) -> TestOffice:
    """Its clock is the real one, as that of the commands is."""
    office = TestOffice(tmp_path, smtp(relay), hands=Hands(wall=time.time()))
    office.playbook(REPLY)
    return office


@pytest.fixture
def terminal(office: TestOffice) -> Terminal:
    return terminal_of(office)


@pytest.fixture
def asked(office: TestOffice) -> str:
    """The id of a request that waits for a yes."""
    office.drop("ask.eml", ASK)
    office.run()
    return office.card().id


@pytest.fixture
def question(office: TestOffice) -> str:
    """The id of a question that waits for an answer."""
    office.type("Something that no playbook fits.\n")
    office.run()
    return office.card().id
