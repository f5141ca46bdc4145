"""The toolbox: what is on offer, whether a call fits, and what becomes of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum import failpoint
from factotum.model import Call, FailedClean, Lost, Succeeded
from factotum.toolbox import Read, Toolbox, Ways
from factotum.tooling.tools import ToolboxError
from tests.mcp.desk import DESK, SHARE, WAYS, comes, desk_in, run
from tests.servers.mail import LETTER, MCP, RUN, over
from tests.servers.smtp import Relay

ROOT = Path(__file__).parents[1]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Path]:
    with desk_in(tmp_path / "mcp") as folder:
        yield folder


@pytest.mark.parametrize("way", WAYS)
def test_a_server_offers_its_tools_under_its_name(servers: Path, way: Ways) -> None:
    tools = run(servers, lambda toolbox: toolbox.catalogue(), way=way)
    names = ["fail", "hire", "look", "process", "ring"]
    assert sorted(tools) == [f"desk__{name}" for name in names]
    assert tools["desk__look"].description == "Look something up."
    assert tools["desk__look"].schema["required"] == ["name"]
    assert tools["desk__look"].schema["additionalProperties"] is False
    assert (tools["desk__look"].offered, tools["desk__ring"].offered) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        ("Look something up.", "Look something up!"),
        ("times: int = 1", "times: int = 2"),
        ("def look(", "def peek("),
    ],
)
def test_one_changed_character_changes_the_pin(servers: Path, change: tuple[str, str]) -> None:
    def pins() -> set[str]:
        tools = run(servers, lambda toolbox: toolbox.catalogue())
        return {tool.pin for tool in tools.values()}

    before = pins()
    assert pins() == before
    sys.modules.pop("_factotum_desk_server")
    (servers / "desk_server.py").write_text(DESK.replace(*change))
    assert len(before - pins()) == 1


def test_a_server_sees_only_the_settings_that_it_names(servers: Path) -> None:
    read = run(servers, lambda toolbox: toolbox.call("desk__look", {"name": "Ada"}))
    assert isinstance(read, Read)
    assert read.data == {"said": "hello Ada", "times": 1, "env": SHARE}
    assert "hello Ada" in read.text


@pytest.mark.parametrize(
    ("tool", "args", "said"),
    [
        ("desk__look", {"name": "Ada"}, ""),
        ("desk__look", {"name": "Ada", "times": 2}, ""),
        ("desk__look", {}, "'name' is a required property"),
        ("desk__look", {"name": 7}, "name: 7 is not of type 'string'"),
        ("desk__look", {"name": "Ada", "times": "2"}, "times: '2' is not of type 'integer'"),
        ("desk__look", {"name": "Ada", "times": True}, "times: True is not of type 'integer'"),
        ("desk__look", {"name": "Ada", "nam": "x"}, "no argument is called nam; it takes name"),
        ("desk__Look", {"name": "Ada"}, "desk__Look cannot be used: no server offers it"),
        ("look", {"name": "Ada"}, "no server offers it"),
    ],
)
def test_a_call_is_checked_before_it_runs(
    servers: Path, tool: str, args: dict[str, Any], said: str
) -> None:
    async def work(toolbox: Toolbox) -> list[str]:
        await toolbox.catalogue()
        return toolbox.check(Call(tool, args))

    problems = run(servers, work)
    assert len(problems) == bool(said)
    assert said in "".join(problems)


def test_a_call_that_does_not_fit_reaches_no_server(servers: Path) -> None:
    hits: list[str] = []

    async def work(toolbox: Toolbox) -> Any:
        return await toolbox.call("desk__ring", {"how": "once", "loud": True}, {"x": 1})

    outcome = run(servers, work, hit=hits.append)
    assert isinstance(outcome, FailedClean)
    assert "loud" in outcome.reason
    assert hits == []


@pytest.mark.parametrize("way", WAYS)
def test_a_tool_that_says_no_raises_its_words(servers: Path, way: Ways) -> None:
    with pytest.raises(ToolboxError, match="desk__fail: the drawer is stuck; pull harder"):
        run(servers, lambda toolbox: toolbox.call("desk__fail", {}), way=way)


LOST = "no answer is on record"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("once", Succeeded({"how": "once"})),
        ("odd", Lost("desk__ring answered, but not with an outcome that is known")),
        ("break", Lost("desk__ring broke")),  # nobody can tell how far it came
        ("phase:begun", FailedClean("ended before anything was sent", again=True)),
        ("phase:begun,data", Lost(LOST)),
        ("phase:begun,data,accepted", Succeeded({})),
    ],
)
def test_an_effect_ends_in_an_outcome(
    servers: Path, tmp_path: Path, how: str, expected: Any, way: Ways
) -> None:
    """Over stdio a `phase:` kills the child in the middle of the call."""
    meta = {"phase_file": str(tmp_path / "phase")}
    outcome = run(servers, lambda toolbox: toolbox.call("desk__ring", {"how": how}, meta), way=way)
    assert type(outcome) is type(expected)
    match outcome, expected:
        case FailedClean(reason, again), FailedClean(said, wanted):
            assert again is wanted
            assert said in reason
        case Lost(last_known), Lost(said):
            assert said in last_known
        case _:
            assert outcome == expected


@pytest.mark.parametrize("way", WAYS)
def test_the_limit_leaves_a_doubt_and_cuts_nothing_off(
    servers: Path, tmp_path: Path, way: Ways
) -> None:
    meta = {"phase_file": str(tmp_path / "phase")}

    async def work(toolbox: Toolbox) -> Any:
        outcome = await toolbox.call("desk__ring", {"how": "slow"}, meta)
        asyncio.get_running_loop().call_later(0.3, (tmp_path / "phase.go").touch)
        return outcome

    outcome = run(servers, work, effect_limit_s=0.1, way=way)
    assert outcome == Lost("desk__ring gave no answer in 0.1 s")
    assert (tmp_path / "phase.rung").exists()  # close waited for it


def test_a_cancelled_caller_does_not_cut_an_effect_off(servers: Path, tmp_path: Path) -> None:
    meta = {"phase_file": str(tmp_path / "phase")}

    async def work(toolbox: Toolbox) -> None:
        await toolbox.catalogue()
        caller = asyncio.create_task(toolbox.call("desk__ring", {"how": "slow"}, meta))
        await comes(tmp_path / "phase.begun")
        caller.cancel()
        asyncio.get_running_loop().call_later(0.3, (tmp_path / "phase.go").touch)

    run(servers, work)
    assert (tmp_path / "phase.rung").exists()


@pytest.mark.parametrize("way", WAYS)
def test_calls_may_overlap_and_share_one_session(servers: Path, way: Ways) -> None:
    async def work(toolbox: Toolbox) -> list[Any]:
        calls = [toolbox.call("desk__look", {"name": str(n)}) for n in range(20)]
        return [read.data["said"] for read in await asyncio.gather(*calls)]

    assert run(servers, work, way=way) == [f"hello {n}" for n in range(20)]


@pytest.mark.parametrize("way", WAYS)
def test_a_closed_toolbox_opens_again(servers: Path, way: Ways) -> None:
    async def work(toolbox: Toolbox) -> Any:
        await toolbox.call("desk__look", {"name": "a"})
        await toolbox.close()
        return (await toolbox.call("desk__look", {"name": "b"})).data["said"]

    assert run(servers, work, way=way) == "hello b"


def test_what_is_not_set_up_is_named_with_its_setting(servers: Path) -> None:
    async def work(toolbox: Toolbox) -> Any:
        await toolbox.catalogue()
        return toolbox.missing(), toolbox.check(Call("desk__ring", {}))

    missing, problems = run(servers, work, settings={})
    assert missing == {"desk__ring": "FACTOTUM_DESK_URL: needed by desk__ring"}
    assert problems == ["desk__ring cannot be used: FACTOTUM_DESK_URL: needed by desk__ring"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ENV = (\n", "desk_server.py cannot be used: '(' was never closed"),
        ("ENV = tuple(x)\n", "write ENV and NEEDS as plain values"),
        ("raise RuntimeError('no such thing')\n", "desk_server.py cannot be used: no such thing"),
        ("ENV = ()\ndef build(env):\n    return 7\n", "desk_server.py cannot be used"),
    ],
)
def test_a_broken_server_is_named_and_the_others_work(servers: Path, text: str, said: str) -> None:
    (servers / "other_server.py").write_text(DESK)
    (servers / "desk_server.py").write_text(text)

    async def work(toolbox: Toolbox) -> Any:
        tools = await toolbox.catalogue()
        return sorted(tools), toolbox.missing(), toolbox.check(Call("desk__look", {}))

    tools, missing, problems = run(servers, work)
    assert "other__look" in tools
    assert said in missing["desk"]
    assert said in problems[0]


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from pathlib import Path; from factotum.toolbox import Toolbox\n"
        "toolbox = Toolbox(Path('mcp'), lambda names: {})\n"
        "assert 'FACTOTUM_SMTP_HOST' in toolbox.missing()['mail__send'], toolbox.missing()\n"
        "import asyncio; assert asyncio.run(toolbox.catalogue()) == {}\n"
        "print([m for m in ('mcp', 'pydantic', 'jsonschema', 'imap_tools') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stdout.strip() == "[]", ended.stderr


@pytest.mark.parametrize("way", WAYS)
def test_the_server_on_the_page_works(tmp_path: Path, way: Ways) -> None:
    page = (ROOT / "docs/tools.md").read_text()
    (tmp_path / "clock_server.py").write_text(page.split("```python\n")[1].split("```")[0])
    zone = {"zone": "Asia/Kolkata"}
    read = run(tmp_path, lambda toolbox: toolbox.call("clock__now", zone), way=way)
    assert read.text.endswith("+05:30")


def test_the_mail_server_sends_through_the_toolbox(tmp_path: Path) -> None:
    hits: list[str] = []
    meta = {**RUN, "phase_file": str(tmp_path / "phase")}
    with Relay() as relay:
        settings = over(relay.port)

        async def work(toolbox: Toolbox) -> Any:
            assert list(await toolbox.catalogue()) == ["mail__send"]
            assert toolbox.missing()["mail__read"].startswith("FACTOTUM_IMAP_HOST")
            return await toolbox.call("mail__send", LETTER, meta)

        outcome = run(MCP, work, settings=settings, hit=hits.append)
    assert isinstance(outcome, Succeeded)
    assert outcome.receipt["message_id"] == RUN["message_id"]
    assert len(relay.messages) == 1
    assert hits == ["mail.connected", "mail.phase", "mail.data", "mail.dot", "mail.accepted"]


def test_mcp_is_no_package_and_hides_no_module() -> None:
    assert not (MCP / "__init__.py").exists()
    names = {path.stem for path in MCP.glob("*.py")}
    assert names.isdisjoint(sys.stdlib_module_names)
    assert all(name.endswith("_server") or "_" in name for name in names)


def test_the_mail_server_passes_only_points_that_have_a_name(tmp_path: Path) -> None:
    meta = {**RUN, "phase_file": str(tmp_path / "phase")}
    with Relay() as relay:
        outcome = run(
            MCP,
            lambda toolbox: toolbox.call("mail__send", LETTER, meta),
            settings=over(relay.port),
            hit=failpoint.hit,
        )
    assert isinstance(outcome, Succeeded), outcome
