"""Tool servers of other people: in a cage, under their own name, off when they change."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factotum.gate.rows import row_of
from factotum.model import Call, FailedClean, Succeeded
from factotum.sandbox import Isolation, isolation
from factotum.settings import load
from factotum.toolbox import Toolbox
from factotum.tooling.accepted import Accepted
from factotum.tooling.cages import Cages, others
from factotum.tooling.cleaned import SCHEMA_MOST, cleaned
from factotum.tooling.servers import ThirdParty, third_party
from factotum.tooling.tools import ToolboxError
from tests.patience import PATIENCE_S

HOSTILE = Path(__file__).parents[1] / "servers" / "hostile_tools.py"
OURS = ("mail", "shell", "web")

needs_a_cage = pytest.mark.skipif(not isolation().possible, reason=isolation().why)


class House:
    """A vault, a state directory, a home with secrets, and the hostile server beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self.state, self.home = folder / "vault", folder / "state", folder / "home"
        for made in (self.root / "Approved", self.root / ".obsidian", self.state / "blobs",
                     self.home / ".ssh", folder / "tools", folder / "mcp"):  # fmt: skip
            made.mkdir(parents=True)
        (self.root / "Approved" / "card.md").write_text("yes")
        (self.state / "ledger.db").write_text("who said yes")
        (self.home / ".ssh" / "id").write_text("not-a-real-key")
        (folder / ".env").write_text("FACTOTUM_IMAP_PASSWORD=not-a-real-key")
        self.script = shutil.copy(HOSTILE, folder / "tools" / "hostile.py")
        self.cages = Cages(self.root, self.state, folder / "code", self.home, (folder / ".env",))

    def server(self, **more: Any) -> ThirdParty:
        args = ("-I", str(self.script))
        return ThirdParty("hostile", sys.executable, args, **more)

    def accept(self) -> str:
        """Looks at what the server shows and accepts it; what that changes."""
        self.run(lambda toolbox: toolbox.catalogue())
        accepted = Accepted(self.state / "servers")
        waiting = accepted.waiting("hostile")
        assert waiting is not None
        accepted.accept(waiting)
        return waiting.difference

    def run(self, work: Callable[[Toolbox], Awaitable[Any]], **more: Any) -> Any:
        async def whole() -> Any:
            toolbox = Toolbox(
                self.folder / "mcp",
                lambda names: {},
                cages=self.cages,
                others=[self.server(**more)],
                catalogue=self.state / "catalogue.json",
            )
            try:
                return await work(toolbox)
            finally:
                await toolbox.close()

        return asyncio.run(whole())


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[House]:
    """A house in which nobody has looked at the server."""
    yield House(tmp_path)


@pytest.fixture
def house(strange: House) -> House:
    """One in which its tools were accepted."""
    if isolation().possible:
        assert strange.accept() == "new: hostile__look"
    return strange


REFUSED = {
    "Permission denied",
    "Operation not permitted",
    "No such file or directory",
    "No such process",
    "Read-only file system",
}
EMPTY = {"type": "object", "properties": {"word": {"type": "string"}}}
META = {"message_id": "<x@example.test>", "phase_file": "/nowhere"}


async def asked(toolbox: Toolbox, word: str) -> Any:
    return await toolbox.call("hostile__look", {"word": word}, META)


# -- at work


@needs_a_cage
@pytest.mark.prove
def test_it_sees_only_its_own_settings_and_its_own_folder(house: House) -> None:
    words = {
        "paths": [
            str(path)
            for path in (
                house.root / "Approved/card.md",
                house.state / "ledger.db",
                house.home / ".ssh/id",
                house.folder / ".env",
                Path(f"/proc/{os.getpid()}/environ"),
            )
        ],
        "folders": [str(house.root / "Approved"), str(house.root / ".obsidian"), str(house.state)],
        "port": 9,
        "keeper": os.getpid(),
    }

    async def work(toolbox: Toolbox) -> tuple[Any, Any]:
        return await asked(toolbox, "env"), await asked(toolbox, f"try {json.dumps(words)}")

    env, tries = house.run(work, env=(("HOSTILE_KEY", "its own"),))
    given = json.loads(env.receipt["text"])
    for added in ("LC_CTYPE", "TZ", "PWD"):  # by Python, by us, by bubblewrap
        given.pop(added, None)
    assert given == {
        "HOSTILE_KEY": "its own",
        "HOME": str(house.state / "servers/hostile"),
        "TMPDIR": str(house.state / "servers/hostile/tmp"),
        "PATH": given["PATH"],
        "LANG": "C.UTF-8",
    }
    came = json.loads(tries.receipt["text"])
    assert came.pop("write at home") == "done"
    assert len(came) == 14
    if isolation().bwrap:  # its own folder lies in this one, of which nothing else is there
        came.pop(f"list {house.state}")
    assert set(came.values()) <= REFUSED, came


@needs_a_cage
def test_what_it_calls_an_outcome_is_only_its_answer(house: House) -> None:
    async def work(toolbox: Toolbox) -> tuple[Any, Any]:
        return await asked(toolbox, "x"), await asked(toolbox, "fail")

    good, bad = house.run(work)
    assert isinstance(good, Succeeded)
    assert "sent_to" not in good.receipt
    assert bad == Succeeded({"answered": "with an error", "text": "no such word"})


@needs_a_cage
def test_its_words_are_cleaned_and_its_schema_is_harmless(house: House) -> None:
    async def work(toolbox: Toolbox) -> Any:
        tools = await toolbox.catalogue()
        return tools["hostile__look"], toolbox.check(
            Call("hostile__look", {"word": "a" * 60 + "!"})
        )

    tool, problems = house.run(work)
    assert tool.description.isprintable()
    assert tool.schema["properties"]["word"] == {"type": "string", "description": "A word."}
    assert problems == []
    assert not row_of(tool.name).reviewed


@needs_a_cage
def test_nothing_of_a_new_server_is_told_or_called_before_somebody_looked(strange: House) -> None:
    async def work(toolbox: Toolbox) -> Any:
        offered = await toolbox.catalogue()
        return offered, toolbox.missing(), await asked(toolbox, "x")

    offered, missing, outcome = strange.run(work)
    assert offered == {}
    assert "it is new (new: hostile__look)" in missing["hostile"]
    assert isinstance(outcome, FailedClean)
    assert "factotum tools accept hostile" in outcome.reason
    assert strange.run(work)[0] == {}  # a second look makes nothing known
    strange.accept()
    assert set(strange.run(work)[0]) == {"hostile__look"}


@needs_a_cage
def test_one_changed_character_at_the_start_switches_it_off(house: House) -> None:
    async def offered(toolbox: Toolbox) -> Any:
        return sorted(await toolbox.catalogue()), toolbox.missing()

    async def called(toolbox: Toolbox) -> Any:
        return await asked(toolbox, "x")

    assert house.run(offered) == (["hostile__look"], {})
    home = house.state / "servers" / "hostile"
    tools = [{"name": "look", "description": "Looks up!", "inputSchema": EMPTY}]
    (home / "offers.json").write_text(json.dumps(tools))
    outcome = house.run(called)
    assert isinstance(outcome, FailedClean)
    assert "factotum tools accept hostile" in outcome.reason
    names, missing = house.run(offered)
    assert names == []
    assert "changed: hostile__look" in missing["hostile"]
    assert house.accept() == "changed: hostile__look"
    assert Accepted(house.state / "servers").waiting("hostile") is None
    assert house.run(offered) == (["hostile__look"], {})


@needs_a_cage
def test_one_changed_character_in_the_middle_switches_it_off(house: House) -> None:
    async def work(toolbox: Toolbox) -> Any:
        await toolbox.catalogue()
        first = await asked(toolbox, "change")
        async with asyncio.timeout(PATIENCE_S):
            while not toolbox._sessions["hostile"]._stale:  # it has said so
                await asyncio.sleep(0.01)
        second = await asked(toolbox, "x")
        third = await asked(toolbox, "x")
        return first, second, third, await toolbox.catalogue()

    first, second, third, offered = house.run(work)
    assert isinstance(first, Succeeded)
    assert isinstance(second, FailedClean)
    assert "its tools have changed (changed: hostile__look)" in second.reason
    assert isinstance(third, FailedClean)
    assert offered == {}


@needs_a_cage
@pytest.mark.slow
def test_a_server_made_with_the_library_works_in_the_cage(house: House, tmp_path: Path) -> None:
    page = (HOSTILE.parents[2] / "docs/tools.md").read_text()
    script = tmp_path / "tools" / "clock.py"
    script.write_text(page.split("```python\n")[1].split("```")[0])
    clock = ThirdParty("clock", sys.executable, ("-I", str(script)))

    async def whole() -> Any:
        toolbox = Toolbox(house.folder / "mcp", lambda names: {}, cages=house.cages, others=[clock])
        try:
            await toolbox.catalogue()
            accepted = Accepted(house.state / "servers")
            if waiting := accepted.waiting("clock"):
                accepted.accept(waiting)
            await toolbox.catalogue()
            return await toolbox.call("clock__now", {"zone": "Asia/Kolkata"}, META)
        finally:
            await toolbox.close()

    outcome = asyncio.run(whole())
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.receipt["text"].endswith("+05:30")


@pytest.mark.parametrize("off", [True, False])
def test_without_isolation_it_runs_only_by_the_owners_word(strange: House, off: bool) -> None:
    house = strange
    house.cages = Cages(
        house.root,
        house.state,
        house.folder / "code",
        house.home,
        off=off,
        found=Isolation(False, "no such kernel"),
    )
    if off:
        house.accept()
    outcome = house.run(lambda toolbox: asked(toolbox, "x"))
    if off:
        assert isinstance(outcome, Succeeded)
        assert house.cages.shown().startswith("tool processes run without a cage")
    else:
        assert isinstance(outcome, FailedClean)
        assert "no such kernel. To run it without one" in outcome.reason


# -- its entry


def listed(tmp_path: Path, content: Any, mode: int = 0o600) -> list[ThirdParty]:
    path = tmp_path / "servers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return third_party(path, OURS)


def test_both_forms_are_read(tmp_path: Path) -> None:
    entry = {"command": "sh", "args": ["-c", "x"], "env": {"KEY": "v"}, "read": ["data"]}
    by_name = listed(tmp_path, {"mcpServers": {"clock": entry}})
    by_list = listed(tmp_path, {"servers": [{"name": "clock", **entry}]})
    assert by_name == by_list
    (server,) = by_name
    assert (server.name, server.args, server.env) == ("clock", ("-c", "x"), (("KEY", "v"),))
    assert server.command.startswith("/")
    assert server.read == (tmp_path / "data",)
    assert (server.network, server.broken) == (False, "")


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("mail", {"command": "x"}, "the name is taken"),
        ("notes", {"command": "x"}, "the name is taken"),
        ("a__b", {"command": "x"}, "a name has up to 31"),
        ("clock", {"command": ""}, '"command" is missing'),
        ("clock", {"command": "x", "args": "y"}, '"args" must be a list of texts'),
        ("clock", {"command": "x", "env": {"A": 1}}, '"env" must hold texts alone'),
        ("clock", {"command": "x", "network": "yes"}, '"network" must be true or false'),
        ("clock", {"command": "x", "autoApprove": ["y"]}, "'autoApprove' is no word"),
        ("clock", {"url": "https://example.test"}, "none by address"),
        ("clock", [], "its entry is no object"),
    ],
)
def test_an_entry_that_is_wrong_is_named(tmp_path: Path, name: str, entry: Any, said: str) -> None:
    (server,) = listed(tmp_path, {"mcpServers": {name: entry}})
    assert said in server.broken


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("{", 0o600, "cannot be used: it is no JSON ("),
        ("[]", 0o600, "it has neither"),
        ("{}", 0o644, "chmod 600"),
        ("[" * 100_000, 0o600, "cannot be used"),
        (" " * 300_000, 0o600, "larger than"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, content: str, mode: int, said: str) -> None:
    (server,) = listed(tmp_path, content, mode)
    assert said in server.broken


@pytest.mark.parametrize("linked", [False, True])
def test_no_server_is_started_by_a_file_in_the_vault(tmp_path: Path, linked: bool) -> None:
    (tmp_path / "vault").mkdir()
    listed = tmp_path / "vault/servers.json"
    listed.touch(mode=0o600)
    listed.write_text(json.dumps({"mcpServers": {"notes2": {"command": "python3"}}}))
    if linked:
        (tmp_path / "servers.json").symlink_to(listed)
        listed = tmp_path / "servers.json"
    settings = load(
        {"FACTOTUM_VAULT": str(tmp_path / "vault"), "FACTOTUM_TOOL_SERVERS": str(listed)}
    )
    (found,) = others(settings, tmp_path)
    assert "lies in the vault" in found.broken
    assert found.command == ""


def test_a_server_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    assert listed(tmp_path, {"mcpServers": {"clock": {"command": "x", "disabled": True}}}) == []
    assert third_party(None, OURS) == []


@pytest.mark.parametrize(
    "place", ["vault", "vault/Approved", "state", "home", ".", "home/.ssh", "vault/.obsidian"]
)
@pytest.mark.parametrize("how", ["read", "write"])
def test_no_entry_gives_what_no_tool_may_see(house: House, place: str, how: str) -> None:
    server = house.server(**{how: (house.folder / place,)})
    with pytest.raises(ToolboxError, match="which no tool may see"):
        house.cages.third_party(server)


@needs_a_cage
@pytest.mark.parametrize("which", ["root", "state"])
def test_what_every_program_reads_holds_no_vault_and_no_state(house: House, which: str) -> None:
    where: dict[str, Any] = {which: Path("/usr/share/of-nobody")}
    cages = replace(house.cages, **where)
    with pytest.raises(ToolboxError, match="lies in /usr, which every program reads"):
        cages.ours("mail", ["/bin/true"])


def test_a_link_to_the_vault_is_the_vault(house: House) -> None:
    (house.folder / "innocent").symlink_to(house.root)
    with pytest.raises(ToolboxError, match="which no tool may see"):
        house.cages.third_party(house.server(read=(house.folder / "innocent",)))


# -- its words


class Listed:
    def __init__(self, name: str, schema: Any, description: Any = "") -> None:
        self.name, self.input_schema, self.description = name, schema, description


@pytest.mark.parametrize("name", ["a b", "", "a__b", "x" * 65, "../up", "ä"])
def test_a_tool_with_an_odd_name_is_left_out(name: str) -> None:
    assert cleaned("clock", Listed(name, {})) is None


def test_a_schema_is_bounded_and_its_own_references_are_written_out() -> None:
    large = {"properties": {str(n): {"enum": ["x" * 190]} for n in range(SCHEMA_MOST // 190)}}
    assert cleaned("clock", Listed("now", large)) is None
    shared = {
        "properties": {"at": {"$ref": "#/$defs/At"}},
        "$defs": {"At": {"type": "object", "properties": {"more": {"$ref": "#/$defs/At"}}}},
    }
    tool = cleaned("clock", Listed("now", shared, "x" * 5000))
    assert tool is not None
    assert tool.schema["properties"]["at"]["type"] == "object"
    assert "$" not in json.dumps(dict(tool.schema))
    assert len(tool.description) == 1000
