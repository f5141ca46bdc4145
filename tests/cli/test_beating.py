"""`factotum heartbeat now` goes through the list at once, or says why not."""

from __future__ import annotations

from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.servers.model import ScriptedModelServer, call


def test_the_list_is_gone_through_at_once_also_if_nothing_has_changed(
    office: TestOffice, terminal: Terminal
) -> None:
    ok = call("finish", summary="HEARTBEAT_OK")
    with ScriptedModelServer([ok, ok]) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        said = terminal("heartbeat", "now")
        assert said.code == 1 and "No heartbeat: there is no HEARTBEAT.md." in said.out
        (office.root / "HEARTBEAT.md").write_text("- [ ] Look at the offers.\n")
        assert (
            "no model is set up that could. Set FACTOTUM_MODEL" in terminal("heartbeat", "now").out
        )
        office.run()
        for n in (1, 2):
            said = terminal("heartbeat", "now")
            assert said.code == 0 and "The list is a task now" in said.out
            said = terminal("heartbeat", "now")
            assert "the last heartbeat is still at work" in said.out
            office.run()
            assert len(server.requests) == n
