"""Killed at any moment, over and over: each message is taken once and answered once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.channels.live import OWNER, ledger_of, telegram
from tests.channels.talking import looked
from tests.channels.test_every_channel import comes_to
from tests.channels.test_spoken import up
from tests.office import TestOffice
from tests.reading.samples import pdf, photo
from tests.servers.model import ScriptedModelServer
from tests.servers.telegram import server_running
from tests.servers.telegram.people import Person
from tests.servers.transcriber import Transcriber
from tests.voice.recordings import NOTE

KILLS = 12


def sends(me: Person, heard: Transcriber, n: int) -> None:
    """The n-th message: a recording, a document, an album or a long text."""
    match n % 4:
        case 0:
            heard.knows(NOTE + bytes([n]), f"Call {n}")
            me.sends_voice(NOTE + bytes([n]), 3)
        case 1:
            me.sends_document(pdf(f"Document {n}"), f"{n}.pdf", caption=f"Read {n}")
        case 2:
            for part in range(3):
                file = me.keeps("photo", photo() + bytes([n, part]))
                caption = {"caption": f"Look {n}"} if part == 0 else {}
                me.sends_other(photo=file, media_group_id=f"album-{n}", **caption)
        case _:
            me.says(f"{n} {'x' * 4090}")
            me.says("the end")


@pytest.mark.slow
def test_what_is_sent_while_it_is_killed_over_and_over_is_taken_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    with Transcriber() as heard, server_running() as server, ScriptedModelServer(looked) as model:
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
        for n in range(KILLS):
            sends(me, heard, n)
            with up(office):
                time.sleep(0.3 + 1.7 * chance.random())

        def answers() -> list[int | None]:
            return [one.reply_to for one in me.chat.from_bot if one.text == "Looked at it."]

        with up(office):
            comes_to(lambda: len(answers()) >= KILLS)
            time.sleep(3)  # for what would come once too often
        assert len(answers()) == len(set(answers())) == KILLS
        ledger = ledger_of(office)
        rows = ledger.db.execute("SELECT json_extract(facts, '$.attachments') AS f FROM task")
        kept = [str(row["f"]).count("sha256") for row in rows.fetchall()]
        ledger.close()
        assert sorted(kept) == sorted([1, 1, 3, 0] * (KILLS // 4))
