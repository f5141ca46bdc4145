"""That something is being done is shown as soon as somebody waits for it, and only then."""

from __future__ import annotations

from pathlib import Path

from tests.channels.live import OWNER, at_work, with_mail
from tests.servers.smtp import Relay
from tests.servers.telegram import server_running


def test_typing_is_shown_at_once_when_work_was_given_and_else_not(tmp_path: Path) -> None:
    with server_running() as server, Relay() as relay:
        owner = server.person(OWNER, "Marco")
        owner.starts()
        with at_work(with_mail(tmp_path, relay, server)):
            owner.waits_to_see("/help")
            assert server.called("sendChatAction") == []
            owner.says("mail to Ada, please")
            owner.waits_to_see("Send this mail")
            server.waits_for_call("sendChatAction")


def test_typing_is_shown_while_a_file_is_fetched(tmp_path: Path) -> None:
    with server_running() as server, Relay() as relay:
        owner = server.person(OWNER, "Marco")
        owner.starts()
        with at_work(with_mail(tmp_path, relay, server)):
            owner.waits_to_see("/help")
            server.hangs("getFile", 60)
            owner.sends_document(b"Dear all", "letter.txt", "text/plain")
            server.waits_for_call("sendChatAction")
            assert len(server.called("getFile")) <= 1  # which hangs
