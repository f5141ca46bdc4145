"""What the agent tells by itself while it works: it reaches the chat that the work came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.channels.live import OWNER, at_work
from tests.channels.talking import desk, idle
from tests.reading.samples import pdf
from tests.servers.model import Item, call

pytestmark = pytest.mark.slow

BOB = 4712
DONE = call("finish", summary="That is all.")


def heard(body: dict[str, Any]) -> list[str]:
    """What came of its calls."""
    return [str(one["content"]) for one in body["messages"] if one["role"] == "tool"]


def test_words_and_a_file_that_came_along_reach_the_chat(tmp_path: Path) -> None:
    def sends_back(body: dict[str, Any]) -> Item:
        return (
            DONE if heard(body) else call("message__send", text="Here is **it**.", files=["a.pdf"])
        )

    with desk(tmp_path, sends_back) as at:
        data = pdf("Invoice 88")
        at.me.sends_document(data, "a.pdf", "application/pdf", "Send it back.")
        # the work has read what stands in the file, so what it says is marked
        shown = at.me.waits_to_see("Here is **it**.")
        assert shown.text.startswith("⚠ From work that read what others wrote.")
        back = at.me.waits_for(lambda chat: next((m.file for m in chat.from_bot if m.file), None))
        assert (back.name, back.data) == ("a.pdf", data)
        at.me.waits_to_see("That is all.")


def test_what_a_part_of_the_work_tells_reaches_the_chat_of_the_whole(tmp_path: Path) -> None:
    def hands_on(body: dict[str, Any]) -> Item:
        if "hands on to you" in str(body["messages"]):
            return DONE if heard(body) else call("message__send", text="Half of it is **done**.")
        if heard(body):
            return call("finish", summary="All of it is done.")
        return call("delegate", task="Do the half of it.", title="Half")

    with idle(tmp_path, hands_on, TELEGRAM_CHAT_ID=f"{OWNER},{BOB}") as at:
        bob = at.telegram.person(BOB, "Bob")
        bob.starts()
        with at_work(at.office):
            bob.says("Do it all.")
            told = bob.waits_to_see("Half of it is done.")
            assert told.marked("bold") == ["done"]
            bob.waits_to_see("All of it is done.")
        assert [one for one in at.me.chat.from_bot if "Half" in one.text] == []
        assert len([one for one in bob.chat.from_bot if "That is all." in one.text]) == 0
