"""A disk that is full, fails or is read-only: nothing lost, it says so, and goes on after."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factotum import disk
from factotum.vault import Vault, VaultError
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.prove.life import JOT, Life, pass_once
from tests.prove.test_kill import ASK
from tests.prove.test_unknown import REPLY
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]


@contextmanager
def small_disk(folder: Path, size: str = "3m") -> Iterator[Path]:
    """A file system of its own in memory. Skips where it cannot be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and shutil.which("mount")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if not mounted or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root and a kernel that lets it")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fills the disk to its last byte."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as full:
                assert full.errno == errno.ENOSPC
    return ballast


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


class Steady:
    """One orchestrator that stays up through the trouble."""

    def __init__(self, office: TestOffice) -> None:
        self.office = office
        self.rooms = open_rooms(office.settings(), office.root, office.clock())
        self.orchestrator = Orchestrator(self.rooms, out=io.StringIO())

    async def settle(self, looks: int = 30) -> None:
        """Ticks and works until nothing is under way, as the loop does."""
        for _ in range(looks):
            found = await self.orchestrator.desk.do(self.orchestrator._safe_tick)
            for id, entry in found.tasks:
                self.orchestrator.worker.run(id, entry)
            for card in found.due:
                self.orchestrator.worker.perform(card)
            await asyncio.sleep(0.02)
            while self.orchestrator.worker.busy:
                await asyncio.sleep(0.01)
            self.office.hands.go(61)  # what broke may be tried again

    async def close(self) -> None:
        await self.orchestrator._close()
        self.rooms.close()


@pytest.mark.parametrize(
    ("what", "trouble"), [("vault", "full"), ("vault", "read-only"), ("state", "full")]
)
def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path, what: str, trouble: str) -> None:
    with small_disk(tmp_path / "disk") as small, Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        if what == "vault":
            shutil.move(office.root, small / "vault")
            office.root.symlink_to(small / "vault")
        else:
            (small / "state").mkdir()
            office.state.symlink_to(small / "state")
        office.playbook(REPLY)
        office.playbook(JOT, "20-jot.md")
        office.drop("ask.eml", ASK)
        office.type("# Milk\n\nBuy milk.\n", "Milk.md")
        asyncio.run(_through(office, small, what, trouble))
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")
        office.run()
        assert len(relay.messages) == 1
        assert len(office.files("Drafts")) == 1
        assert {p.name for p in office.files("Done")} >= {"Milk.md"}
        assert office.files("Failed") == office.files("Needs_Action") == []
        assert office.files("In_Progress") == []


async def _through(office: TestOffice, small: Path, what: str, trouble: str) -> None:
    steady = Steady(office)
    try:
        ballast = fill(small) if trouble == "full" else None
        if ballast is None:
            remount(small, "ro")
        await steady.settle(3)
        assert "disk" in steady.orchestrator.stopped()
        if what == "vault":  # where a view can be written, it says so too
            health = json.loads((office.state / "snapshot.json").read_text())["health"]
            assert not health["ok"] and "disk" in health["stopped"]
        assert office.files("Drafts") == []
        if ballast is None:
            remount(small, "rw")
        else:
            ballast.unlink()
        await steady.settle(10)
        assert steady.orchestrator.stopped() == ""
        assert steady.orchestrator.worker.broken == {}
        assert len(office.files("Pending_Approval")) == 1
    finally:
        await steady.close()


def test_a_disk_that_fills_up_before_a_send_sends_nothing(tmp_path: Path) -> None:
    """No phase can be written down, so nothing leaves; with room again it goes out once."""
    with small_disk(tmp_path / "disk") as small, Relay() as relay:
        office = TestOffice(tmp_path, smtp(relay))
        (small / "state").mkdir()
        office.state.symlink_to(small / "state")
        office.playbook(REPLY)
        office.drop("ask.eml", ASK)
        office.run()
        office.move(office.one("Pending_Approval"), "Approved")
        asyncio.run(_approve_on_a_full_disk(office, small))
        office.run()
        office.hands.go(400)
        office.run()
        assert len(relay.messages) == 1
        assert office.card().status == "succeeded"


async def _approve_on_a_full_disk(office: TestOffice, small: Path) -> None:
    steady = Steady(office)
    ballast = fill(small)
    await steady.settle(3)
    assert office.files("Done") == []
    ballast.unlink()
    await steady.close()


def test_a_vault_that_cannot_be_written_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as small:
        office = TestOffice(small)
        remount(small, "ro")
        with pytest.raises(VaultError, match=r"cannot be written.*read-only"):
            Vault(office.root, "pi", lambda: 0.0)
        remount(small, "rw")


def plain_pass(env: dict[str, str], failpoint: str = "") -> None:
    """A pass where the system has neither a rename that spares nor one that exchanges."""
    disk._renameat2 = None
    pass_once(env, failpoint)


@pytest.mark.parametrize(
    "point",
    ["", "inbox.claimed", "card.written", "decision.recorded", "card.rewritten", "task.receipts"],
)
def test_without_those_renames_all_goes_the_same(tmp_path: Path, point: str) -> None:
    with Relay() as relay:
        life = Life(tmp_path, smtp(relay), one_pass=plain_pass)
        life.playbook(REPLY)
        life.drop("ask.eml", ASK)
        kills = life.live(*[point] * bool(point))
        life.move(life.one("Pending_Approval"), "Approved")
        kills += life.live(*[point] * (bool(point) - kills))
        assert kills == bool(point)
        assert len(relay.messages) == 1
        assert len(life.files("Done")) == 2
        assert life.scratch() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Needs_Action", "In_Progress/pi"),
        ("In_Progress/pi", "In_Progress/pi/waiting"),
        ("Inbox", ".factotum/intake/pi"),
        (".factotum/tmp", "Needs_Action"),
    ],
)
def test_a_move_that_was_cut_between_link_and_unlink_is_finished(
    tmp_path: Path, before: str, after: str
) -> None:
    office = TestOffice(tmp_path)
    office.playbook(JOT.replace("kind: note", "kind: [note, file]"))
    for folder in (before, after):
        (office.root / folder).mkdir(parents=True, exist_ok=True)
    name = "Milk.txt" if before == "Inbox" else "Milk.md"
    first = office.root / before / (f"pi.0.0.~{name}" if "tmp" in before else name)
    first.write_text("Buy milk.\n")
    os.link(first, office.root / after / name)
    office.run()
    assert len(office.files("Drafts")) == len(office.files("Done")) == 1
    assert not first.exists()


@pytest.mark.parametrize("how", [disk.link_new, disk.reserve_new, disk.rename_new])
def test_every_way_to_move_never_overwrites(tmp_path: Path, how: object) -> None:
    assert callable(how)
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    one.write_text("one")
    two.write_text("two")
    with pytest.raises(FileExistsError):
        how(one, two)
    assert (one.read_text(), two.read_text()) == ("one", "two")
    two.unlink()
    how(one, two)
    assert not one.exists() and two.read_text() == "one"
    with pytest.raises(FileNotFoundError):
        how(one, tmp_path / "three.md")
    assert not (tmp_path / "three.md").exists()
