"""`factotum audit`: a key that is shown once, and checks that use it and the anchor."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from factotum.views.keyed import key_of
from orchestrator import Orchestrator, open_rooms
from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.test_anchor import git


def taken(terminal: Terminal) -> str:
    said = terminal("audit", "key")
    assert said.code == 0
    return said.out.strip()


def test_a_key_is_shown_once_and_lies_nowhere(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    key = taken(terminal)
    office.drop("other.txt", b"Another one.")
    office.run()
    said = terminal("audit", "verify", "--key", key)
    assert (said.code, " with your key:" in said.out) == (0, True)
    plain = key_of(key)
    for path in [*office.state.rglob("*"), *office.root.rglob("*")]:
        if path.is_file():
            data = path.read_bytes()
            assert plain not in data and plain.hex().encode() not in data, path
    assert not (office.state / "audit.next").exists()
    assert (office.state / "audit.key").stat().st_mode & 0o777 == 0o600


def test_a_key_counts_from_the_next_line_on(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    before = int(terminal("audit", "verify").out.split()[0])
    first = taken(terminal)
    office.run()
    second = taken(terminal)
    terminal("reject", asked)
    office.run()
    said = terminal("audit", "verify", "--key", first, "--key", second, "--json").json
    assert said["ok"] is True
    assert said["keyed"] == said["checked"] - before - 1
    only = terminal("audit", "verify", "--key", first)
    assert (only.code, "which you did not give" in only.out) == (3, True)


@pytest.mark.parametrize("given", ["", "abc", "z" * 64])
def test_what_is_no_key_is_refused(terminal: Terminal, asked: str, given: str) -> None:
    said = terminal("audit", "verify", "--key", given)
    assert said.code == 2
    assert "a key of the audit log has 64 digits" in said.err


def test_a_key_of_another_log_is_told(terminal: Terminal, asked: str) -> None:
    said = terminal("audit", "verify", "--key", "0" * 64)
    assert (said.code, "no line was written under the key" in said.out) == (3, True)


def test_a_key_is_asked_for(terminal: Terminal, office: TestOffice, asked: str) -> None:
    key = taken(terminal)
    office.run()
    terminal("reject", asked)
    office.run()
    said = terminal.really("audit", "verify", "--key", "-", given=f"{key}\n")
    assert said.code == 0
    assert "with your key" in said.out


class Copy:
    """All that lies on this machine, so that it can be put back; not what lies elsewhere."""

    def __init__(self, office: TestOffice) -> None:
        self.office = office
        self.kept = {path: path.read_bytes() for path in self.files()}

    def files(self) -> list[Path]:
        below = [*self.office.state.rglob("*"), *self.office.root.rglob("*")]
        return [path for path in below if path.is_file() and "anchors" not in path.parts]

    def put_back(self) -> None:
        for path in self.files():
            path.unlink()
        for path, data in self.kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@pytest.fixture
def anchored(office: TestOffice, terminal: Terminal, tmp_path: Path) -> Terminal:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    where = {"FACTOTUM_ANCHOR_GIT": str(tmp_path / "remote.git")}
    office.env.update(where)
    office.type("Something that no playbook fits.\n")
    office.run()
    return Terminal(terminal.folder, {**terminal.env, **where})


def test_the_anchor_tells_of_an_older_copy_of_everything(
    office: TestOffice, anchored: Terminal, tmp_path: Path
) -> None:
    copy = Copy(office)
    office.type("Another thing.\n", "Another.md")
    office.run()
    said = anchored("audit", "verify")
    assert (said.code, "the anchor git asked" in said.out) == (0, True)
    copy.put_back()
    assert anchored("audit", "verify", "--offline").code == 0  # alone, this machine cannot know
    said = anchored("audit", "verify")
    assert said.code == 3
    assert "an older copy was put back" in said.out
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    said = anchored("audit", "verify")
    assert (said.code, "the anchor git could not be asked" in said.out) == (3, True)


@pytest.mark.slow
def test_a_start_says_what_the_anchor_knows_better(office: TestOffice, anchored: Terminal) -> None:
    copy = Copy(office)
    office.type("Another thing.\n", "Another.md")
    office.run()
    assert problems(office) == []
    copy.put_back()
    office.run()
    office.hands.go(1000)
    (told,) = problems(office)
    assert "an older copy was put back. See: factotum audit verify" in told


def problems(office: TestOffice) -> list[str]:
    """What the notary tells after a run that lasts until the anchor has answered."""
    found: list[str] = []

    async def once() -> None:
        rooms = open_rooms(office.settings(), office.root, office.clock())
        orchestrator = Orchestrator(rooms, out=io.StringIO(), environ={})
        await orchestrator.run(once=True)  # it is asked at the end at the latest
        found.extend(problem.reason for problem in orchestrator.notary.problems())
        rooms.close()

    asyncio.run(once())
    return found
