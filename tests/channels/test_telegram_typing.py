"""That something is being done is shown as soon as somebody waits for it, and only then."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from tests.channels.talking import desk
from tests.patience import PATIENCE_S
from tests.servers.model import Item, call


def test_typing_is_shown_at_once_when_work_was_given_and_else_not(tmp_path: Path) -> None:
    seen = threading.Event()

    def thinks_till_it_was_seen(_: Any) -> Item:
        seen.wait(PATIENCE_S)
        return call("finish", summary="Written.")

    with desk(tmp_path, thinks_till_it_was_seen) as at:
        at.me.waits_to_see("/help")
        assert at.telegram.called("sendChatAction") == []
        at.me.says("Write to Ada, please")
        at.telegram.waits_for_call("sendChatAction")
        seen.set()
        at.me.waits_to_see("Written.")
