"""An album whose fetching is killed: each file is fetched once, and all are there afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.live import OWNER, ledger_of, telegram
from tests.channels.test_every_channel import comes_to
from tests.channels.test_spoken import up
from tests.office import TestOffice
from tests.servers.telegram import server_running

NAMES = ["one.txt", "two.txt", "three.txt", "four.txt"]
KEEPS = 'when: {words: ["keep"]}\ndo:\n  - finish: {summary: "All are kept."}\n'


def whole(folder: Path) -> list[str]:
    """The files that are kept there, without one that is just being written."""
    return [path.name for path in folder.glob("*") if path.suffix != ".part"]


@pytest.mark.slow
def test_what_was_fetched_before_a_kill_is_not_fetched_again(tmp_path: Path) -> None:
    with server_running() as server:
        office = TestOffice(tmp_path, env=telegram(server))
        office.playbook(KEEPS)
        me = server.person(OWNER, "Marco")
        me.starts()
        fetched = office.state / "fetched"
        with up(office):
            me.waits_to_see("I work on what you write here", 30)
            server.hangs("getFile", 60)  # one of the four
            for n, name in enumerate(NAMES):
                document = {**me.keeps("document", name.encode()), "file_name": name}
                caption = {} if n else {"caption": "Keep them"}
                me.sends_other(document=document, media_group_id="album-1", **caption)
            comes_to(lambda: len(whole(fetched)) == 3)
            assert len(server.called("getFile")) == 4
        with up(office):
            me.waits_to_see("All are kept.", 60)
            assert len(server.called("getFile")) == 5
            comes_to(lambda: whole(fetched) == [])
        ledger = ledger_of(office)
        (row,) = ledger.db.execute("SELECT id FROM task").fetchall()
        task = ledger.task(row["id"])
        ledger.close()
        assert task is not None
        assert [one["name"] for one in task.facts["attachments"]] == NAMES
