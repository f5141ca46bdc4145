"""What an owner says aloud: heard, shown, and theirs; also where it cannot be heard."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factotum.model import Trust
from tests.channels.live import OWNER, ledger_of, telegram
from tests.channels.talking import desk, looked
from tests.channels.test_every_channel import comes_to
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.model import Item, ScriptedModelServer, call
from tests.servers.telegram import server_running
from tests.servers.transcriber import Transcriber, slow, status
from tests.voice.recordings import NOTE


@pytest.fixture
def heard() -> Iterator[Transcriber]:
    with Transcriber() as server:
        server.knows(NOTE, "Call Anna about the roof.")
        yield server


def test_what_was_spoken_is_shown_and_is_the_owners_own_work(
    tmp_path: Path, heard: Transcriber
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        sent = at.me.sends_voice(NOTE, 3)
        shown = at.me.waits_to_see("I heard: “Call Anna about the roof.”")
        assert shown.reply_to == sent.id
        at.answered(sent)
        assert "The owner wrote:\n\nCall Anna about the roof." in at.told()
        task = at.task()
        assert (task.trust, task.words, task.facts["spoken"]) == (Trust.OWNER, Trust.OWNER, True)
        assert task.title == "Call Anna about the roof."
        assert [one["name"] for one in task.facts["attachments"]] == [f"voice-{sent.id}.ogg"]


@pytest.mark.slow
def test_a_recording_that_is_passed_on_is_heard_and_is_not_the_owners(
    tmp_path: Path, heard: Transcriber
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        stranger = at.telegram.person(99, "Eve")
        at.me.forwards(stranger.sends_voice(NOTE, 3))
        at.me.waits_to_see("I heard: “Call Anna about the roof.”")
        at.me.waits_to_see("Looked at it.")
        told = at.told()
        assert "Call Anna about the roof." in told[told.index("```outsider") :]
        task = at.task()
        assert (task.trust, task.words) == (Trust.STRANGER, Trust.STRANGER)
        assert "spoken" not in task.facts


def test_a_recording_that_cannot_be_heard_is_kept_and_it_is_said_why(
    tmp_path: Path, heard: Transcriber
) -> None:
    heard.next(status(503), status(503))
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        at.answered(at.me.sends_voice(NOTE, 3))
        at.me.waits_to_see("I could not hear it")
        assert "A voice message that could not be heard" in at.told()
        assert at.task().title == "A voice message that could not be heard"
        task = at.task()
        (file,) = task.facts["attachments"]
        assert (at.office.root / file["path"]).read_bytes() == NOTE
        assert "the recording was not heard" in at.office.one("Done").read_text()


def mails(body: dict[str, Any]) -> Item:
    """Writes to Ada, and changes the draft as it is ordered."""
    if "owner's order: Call Anna about the roof." in str(body["messages"][-1]["content"]):
        return json.dumps({"text": "Hi Ada, Anna is called about the roof."})
    return call("mail__send", to=["ada@rossi.example"], subject="When", body="Hi Ada, when?")


def asks_then_is_done(body: dict[str, Any]) -> Item:
    if any(one["role"] == "tool" for one in body["messages"]):
        return call("finish", summary="It is done.")
    return call("ask_owner", question="Which Ada?")


@pytest.mark.slow
def test_a_question_is_answered_by_voice(tmp_path: Path, heard: Transcriber) -> None:
    with desk(tmp_path, asks_then_is_done, TRANSCRIBE_URL=heard.base_url) as at:
        at.me.says("Write to Ada")
        question = at.me.waits_to_see("Which Ada?")
        at.me.sends_voice(NOTE, 3, reply_to=question.id)
        at.me.waits_to_see("It is done.")
        assert "Call Anna about the roof." in at.asked(1)
        assert len(at.tasks()) == 1


@pytest.mark.slow
def test_a_draft_is_changed_by_a_spoken_order(tmp_path: Path, heard: Transcriber) -> None:
    with desk(tmp_path, mails, TRANSCRIBE_URL=heard.base_url) as at:
        at.me.says("Write to Ada")
        card = at.me.waits_to_see("Hi Ada, when?")
        at.me.waits_for_answer(at.me.taps(card.id, "Change…"))
        at.me.waits_for(lambda _: ["Write it anew", "Say what to change"] in card.labels)
        at.me.taps(card.id, "Say what to change")
        prompt = at.me.waits_to_see("What is to be changed?")
        at.me.sends_voice(NOTE, 3, reply_to=prompt.id)
        at.me.waits_to_see("Hi Ada, Anna is called about the roof.")
        assert len(at.tasks()) == 1


# -- killed


@contextmanager
def up(office: TestOffice) -> Iterator[subprocess.Popen[bytes]]:
    """An office as a process of its own, which is killed at the end."""
    env = {
        **os.environ,
        "FACTOTUM_VAULT": str(office.root),
        "FACTOTUM_STATE_DIR": str(office.state),
        "FACTOTUM_INSTANCE": office.instance,
        **office.env,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "factotum.cli", "up"], env=env, cwd=office.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE_S)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["fetched", "heard"])
def test_one_that_is_killed_over_is_taken_once_after_the_restart(
    tmp_path: Path, heard: Transcriber, when: str
) -> None:
    with server_running() as server, ScriptedModelServer(looked) as model:
        office = TestOffice(tmp_path, env=telegram(server))
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": model.base_url,
            "FACTOTUM_TRANSCRIBE_URL": heard.base_url,
        }
        me = server.person(OWNER, "Marco")
        me.starts()
        with up(office):
            me.waits_to_see("I work on what you write here")
            if when == "fetched":
                server.hangs("getFile", 60)
            else:
                heard.next(slow(60))
            me.sends_voice(NOTE, 3)
            comes_to(lambda: bool(server.called("getFile") if when == "fetched" else heard.asked))
        with up(office):
            me.waits_to_see("Looked at it.")
        with up(office):
            me.says("/status")
            me.waits_to_see("Nothing waits")
        assert len([one for one in me.chat.from_bot if "I heard" in one.text]) == 1
        ledger = ledger_of(office)
        (row,) = ledger.db.execute("SELECT count(*) AS n FROM task").fetchall()
        ledger.close()
        assert row["n"] == 1
