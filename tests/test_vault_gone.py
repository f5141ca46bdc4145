"""A vault whose disk is not mounted any more: nothing is taken for deleted, nothing is written in
its place, and the owner is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.channels.phone import phone_of
from tests.office import TestOffice, opened, smtp
from tests.servers.smtp import Relay

MAIL = """
when: {kind: note, words: [invoice]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "Hi Ada, here it is."}
"""


@pytest.mark.parametrize("empty_folder", [True, False])
def test_nothing_is_lost_or_written_and_it_is_told_on_telegram(
    tmp_path: Path, relay: Relay, empty_folder: bool
) -> None:
    office, away = TestOffice(tmp_path, smtp(relay)), tmp_path / "away"
    office.playbook(MAIL)
    office.type("Send it to Ada.\n\ngo", "Invoice 7.md")
    with phone_of(office) as phone:
        phone.work()
        (card,) = phone.screen.sent
        with opened(office) as door:
            door._safe_tick()
            os.rename(office.root, away)
            if empty_folder:
                office.root.mkdir()
            for _ in range(60):
                office.hands.go(30)
                door._safe_tick()
            phone.look()
            assert office.card().status == "pending" and card.labels
            assert not office.root.exists() or not any(office.root.iterdir())
            told = phone.see("🛠 Something is wrong")
            assert f"the vault {office.root} is gone" in told.text
            assert "Is its disk mounted" in told.text
            with pytest.raises(OSError):  # it is to come again, as Telegram has it do
                phone.says("Write to Bob.")
            assert not office.root.exists() or not any(office.root.iterdir())
            phone.tap(card, "Send")
            door._safe_tick()
            assert relay.messages == []
            if empty_folder:
                office.root.rmdir()
            os.rename(away, office.root)
            door._safe_tick()
            assert door.trouble == ""
        phone.work()
        assert len(relay.messages) == 1 and "✅" in card.text
        assert len(office.files("Done")) == 2
