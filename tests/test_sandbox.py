"""The cage from within: what a child tries in vain, and what it can do all the same."""

from __future__ import annotations

import base64
import json
import os
import platform
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum.sandbox import Cage, CageError, Isolation, caged, interpreter, isolation
from factotum.sandbox.cage import by_bubblewrap
from factotum.sandbox.syscalls import ARCHES, Filter

needs_a_cage = pytest.mark.skipif(not isolation().possible, reason=isolation().why)

#: Runs inside: tries each line of the table and prints what came of it. What would harm the
#: machine if there were no cage is asked in a way that fails there too, with another error.
WITHIN = r"""
import ctypes, json, os, signal, socket, sys
house, keeper, own = sys.argv[1], int(sys.argv[2]), os.getcwd()
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
def call(name, *args):
    if getattr(libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def raw(number, *args):
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
open("mine", "w").close()
note = house + "/Approved/card.md"
TRIES = {
    "read a card": lambda: open(note).read(),
    "list the cards": lambda: os.listdir(house + "/Approved"),
    "write a card": lambda: open(note, "w"),
    "append to a card": lambda: open(note, "a"),
    "make a card": lambda: open(house + "/Approved/new.md", "x"),
    "truncate a card": lambda: os.truncate(note, 0),
    "remove a card": lambda: os.unlink(note),
    "move a card to Approved": lambda: os.rename(house + "/Pending/p.md", house + "/Approved/p.md"),
    "move mine into Approved": lambda: os.rename("mine", house + "/Approved/mine.md"),
    "move a card to mine": lambda: os.rename(note, own + "/taken"),
    "link a card to mine": lambda: os.link(note, own + "/linked"),
    "link mine into Approved": lambda: os.link("mine", house + "/Approved/mine.md"),
    "symlink in Approved": lambda: os.symlink("/", house + "/Approved/all"),
    "read by a symlink of mine": lambda: (os.symlink(note, "way"), open("way").read()),
    "climb out": lambda: open("../house/Approved/card.md").read(),
    "make a folder": lambda: os.mkdir(house + "/Approved/x"),
    "make a pipe": lambda: os.mkfifo(house + "/Approved/x"),
    "remove a folder": lambda: os.rmdir(house + "/Empty"),
    "change the code": lambda: open(house + "/code.py", "w"),
    "mount over Approved": lambda: call("mount", b".", house.encode(), b"no-such-fs", 0, None),
    "unmount": lambda: call("umount2", b"/no/such/place", 2),
    "a user namespace": lambda: call("unshare", 0x10000001),
    "a mount namespace": lambda: call("unshare", 0x20001),
    "a namespace by clone": lambda: raw(CLONE, 0x10000200, 0, 0, 0, 0),
    "clone3": lambda: raw(435, 0, 0),
    "another root": lambda: os.chroot("/no/such/place"),
    "trace the keeper": lambda: call("ptrace", 16, keeper, 0, 0),
    "read its memory": lambda: open(f"/proc/{keeper}/mem", "rb"),
    "read its environment": lambda: open(f"/proc/{keeper}/environ").read(),
    "read its files": lambda: os.listdir(f"/proc/{keeper}/fd"),
    "list the processes": lambda: os.listdir("/proc"),
    "signal the keeper": lambda: os.kill(keeper, 0),
    "kill the keeper's group": lambda: os.killpg(os.getpgid(keeper), 0),
    "signal by a handle": lambda: signal.pidfd_send_signal(os.pidfd_open(keeper), 0),
    "limit the keeper": lambda: __import__("resource").prlimit(keeper, 0),
    "slow the keeper": lambda: os.setpriority(os.PRIO_PROCESS, keeper, 0),
    "call a local service": lambda: socket.socket(socket.AF_UNIX),
    "call out by TCP": lambda: socket.socket(socket.AF_INET),
    "call out by UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "call out by IPv6": lambda: socket.socket(socket.AF_INET6),
    "watch the network": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "watch the cards": lambda: raw(WATCH, libc.inotify_init(), (house + "/Approved").encode(), 2),
    "shared memory": lambda: raw(SHARED, 7, 1, 0),
    "starve the keeper": lambda: os.sched_setaffinity(keeper, {0}),
    "io_uring": lambda: raw(425, 1, 0),
    "kernel programs": lambda: raw(BPF, 0, 0, 0),
    "the key ring": lambda: raw(KEYCTL, 0, 0, 0),
    "open by handle": lambda: raw(HANDLE, 0, 0, 0),
    "the passwords": lambda: open("/etc/shadow").read(),
    "make a device": lambda: os.mknod(own + "/disk", 0o60600, os.makedev(8, 0)),
    "become another user": lambda: os.setuid(0 if os.getuid() else 65534),
    "larger limits": lambda: __import__("resource").setrlimit(1, (-1, -1)),
}
CLONE, BPF, KEYCTL, HANDLE, WATCH, SHARED = json.loads(sys.argv[3])
came = {}
for name, attempt in TRIES.items():
    try:
        attempt()
        came[name] = "done"
    except OSError as refused:
        came[name] = refused.strerror
    except ValueError as refused:
        came[name] = str(refused)
print(json.dumps(came))
"""

LANDLOCK = Isolation(True, "Landlock", isolation().abi)
BUBBLEWRAP = by_bubblewrap(0)
#: Each way in which a cage can be closed, and older versions of the first.
WAYS = [
    pytest.param(
        LANDLOCK,
        id="landlock",
        marks=pytest.mark.skipif(LANDLOCK.abi < 3, reason="there is no Landlock here"),
    ),
    pytest.param(
        BUBBLEWRAP,
        id="bubblewrap",
        marks=pytest.mark.skipif(not BUBBLEWRAP.possible, reason=BUBBLEWRAP.why),
    ),
]
OLDER = [
    pytest.param(
        Isolation(True, "Landlock", abi),
        id=f"landlock-{abi}",
        marks=pytest.mark.skipif(LANDLOCK.abi < abi, reason="it is not that new"),
    )
    for abi in (3, 4, 6)
]
#: A filter that lets everything through.
ALLOW_ALL = base64.b64encode(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000)).decode()
REFUSED = (
    "Operation not permitted",
    "Permission denied",
    "Invalid cross-device link",  # a move or a link to where it has no rights
    "Function not implemented",  # clone3, so that clone is asked
    "not allowed to raise maximum limit",
    # in a world of bubblewrap the place or the process is not there at all
    "No such file or directory",
    "No such process",
)
NUMBERS = {"x86_64": [56, 321, 250, 304, 254, 29], "aarch64": [220, 280, 219, 265, 27, 194]}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    house = tmp_path / "house"
    for folder in ("Approved", "Pending", "Empty"):
        (house / folder).mkdir(parents=True)
    (house / "Approved" / "card.md").write_text("approved by nobody")
    (house / "Pending" / "p.md").write_text("asked")
    (house / "code.py").write_text("pass\n")
    (tmp_path / "own").mkdir()
    return house


@pytest.fixture
def keeper() -> Iterator[int]:
    """A process outside, in place of the office."""
    with subprocess.Popen(
        ["/bin/sleep", "60"], start_new_session=True, env={"KEY": "not-a-real-key"}
    ) as asleep:
        yield asleep.pid
        asleep.kill()


def within(
    cage: Cage, command: list[str], found: Isolation | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        caged(cage, command, found),
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cage.cwd)},
        check=False,
    )


def cage_of(own: Path, **more: Any) -> Cage:
    return Cage(read=interpreter(), write=(own,), cwd=own, **more)


@pytest.mark.prove
@pytest.mark.parametrize("way", [*WAYS, *OLDER])
def test_nothing_that_a_caged_child_tries_gets_through(
    house: Path, tmp_path: Path, keeper: int, way: Isolation
) -> None:
    """By an older Landlock too, which keeps neither signals nor sockets in: the filter does."""
    before = seen(house)
    numbers = json.dumps(NUMBERS[platform.machine()])
    command = [sys.executable, "-I", "-c", WITHIN, str(house), str(keeper), numbers]
    cage = cage_of(tmp_path / "own", keeper=keeper)
    ended = within(cage, command, way)
    assert ended.returncode == 0, ended.stderr
    came = json.loads(ended.stdout)
    assert len(came) >= 48
    if way.bwrap:  # which shows its own processes, and nobody else's
        assert came.pop("list the processes") == "done"
        if os.getuid() == 0:  # there is no other user to become
            assert came.pop("become another user") == "Invalid argument"
    assert {name: what for name, what in came.items() if what not in REFUSED} == {}
    assert seen(house) == before
    os.kill(keeper, 0)  # it lives


@needs_a_cage
@pytest.mark.prove
@pytest.mark.parametrize(
    ("wall", "through"),
    [
        ({"handled_fs": 1 << 11, "rules": []}, {"read a card", "make a card"}),
        ({"scoped": 0}, {"signal the keeper"}),
        ({"filter": ALLOW_ALL}, {"call a local service", "call out by UDP", "watch the cards"}),
        ({"limits": {}}, {"larger limits"}),
    ],
)
def test_each_wall_of_the_cage_is_needed(
    house: Path, tmp_path: Path, keeper: int, wall: dict[str, Any], through: set[str]
) -> None:
    """With one of them taken away, something gets through."""
    numbers = json.dumps(NUMBERS[platform.machine()])
    command = [sys.executable, "-I", "-c", WITHIN, str(house), str(keeper), numbers]
    whole = caged(cage_of(tmp_path / "own"), command, Isolation(True, "", 7))
    whole[4] = json.dumps({**json.loads(whole[4]), **wall})
    if isolation().abi < 6 and "scoped" in wall:
        pytest.skip("this kernel keeps no signals in")
    ended = subprocess.run(whole, capture_output=True, text=True, check=False)
    came = json.loads(ended.stdout)
    assert {name for name in through if came[name] == "done"} == through


def test_without_the_cage_the_same_child_gets_through(
    house: Path, tmp_path: Path, keeper: int
) -> None:
    """Else the table above would prove nothing."""
    numbers = json.dumps(NUMBERS[platform.machine()])
    ended = subprocess.run(
        [sys.executable, "-I", "-c", WITHIN, str(house), str(keeper), numbers],
        capture_output=True,
        text=True,
        cwd=tmp_path / "own",
        check=True,
    )
    came = json.loads(ended.stdout)
    for name in ("read a card", "move a card to Approved", "signal the keeper",
                 "read its environment", "call a local service", "call out by UDP"):  # fmt: skip
        assert came[name] == "done", name


def seen(house: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(house.rglob("*"))
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_caged_child_works_in_its_own_folder(tmp_path: Path, way: Isolation) -> None:
    own = tmp_path / "own"
    own.mkdir()
    script = (
        "set -e; mkdir a; echo hello > a/b; mv a/b c; ln c d; ln -s c e; cat e; rm -r a;"
        "echo x | sort | wc -l; python3 -c 'import ssl, socket; socket.socketpair()';"
        "(sleep 30 & kill $!); : > /dev/null; date > t; tar cf t.tar t; tar xf t.tar"
    )
    ended = within(cage_of(own), ["/bin/sh", "-c", script], way)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["hello", "1"]
    assert oct((own / "c").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("way", WAYS)
def test_modes_are_not_changed_by_a_path(house: Path, tmp_path: Path, way: Isolation) -> None:
    """It says that it was done, because git and npm would end otherwise."""
    before = seen(house)
    script = f"chmod 777 {house} {house}/Approved/card.md && touch -t 200001010000 {house}/code.py"
    ended = within(cage_of(tmp_path / "own"), ["/bin/sh", "-c", script], way)
    assert seen(house) == before
    assert (house / "code.py").stat().st_mtime > 1_000_000_000, ended.stderr


@pytest.mark.parametrize("way", WAYS)
def test_git_works_in_the_cage(tmp_path: Path, way: Isolation) -> None:
    own = tmp_path / "own"
    own.mkdir()
    script = (
        "git init -q . && git config user.email a@example.test && git config user.name A &&"
        "echo x > f && git add f && git commit -q -m first && git log --format=%s"
    )
    ended = within(cage_of(own), ["/bin/sh", "-c", script], way)
    if "not found" in ended.stderr:
        pytest.skip("there is no git here")
    assert ended.stdout == "first\n", ended.stderr


@pytest.mark.parametrize("way", WAYS)
def test_the_network_is_there_where_it_is_allowed(tmp_path: Path, way: Isolation) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port})).close()"
        command = [sys.executable, "-I", "-c", code]
        assert within(cage_of(tmp_path, network=True), command, way).returncode == 0
        assert within(cage_of(tmp_path), command, way).returncode != 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("head -c 2000000 /dev/zero > big", {"file_bytes": 1_000_000}),
        (
            f"{sys.executable} -I -c 'bytearray(200_000_000)'",
            {"memory_bytes": 100_000_000},
        ),
    ],
)
def test_a_child_has_limits(
    tmp_path: Path, script: str, limits: dict[str, int], way: Isolation
) -> None:
    assert within(cage_of(tmp_path), ["/bin/sh", "-c", script], way).returncode == 0
    assert within(cage_of(tmp_path, **limits), ["/bin/sh", "-c", script], way).returncode != 0


@pytest.mark.parametrize("way", WAYS)
def test_a_child_gets_no_file_that_lies_open(tmp_path: Path, way: Isolation) -> None:
    (tmp_path / "secret").write_text("not-a-real-key")
    with (tmp_path / "secret").open() as lying:
        os.set_inheritable(lying.fileno(), True)
        ended = subprocess.run(
            caged(cage_of(tmp_path), ["/bin/sh", "-c", f"cat <&{lying.fileno()}"], way),
            close_fds=False,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "not-a-real-key" not in ended.stdout
    assert ended.returncode != 0


def test_what_is_missing_on_this_machine_is_said_with_its_remedy() -> None:
    assert "sudo apt install bubblewrap" in by_bubblewrap(0, "/no/such/place").why
    assert not by_bubblewrap(0, "/no/such/place").possible


def test_a_bubblewrap_that_does_not_work_is_no_cage(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2; exit 1\n")
    broken.chmod(0o755)
    found = by_bubblewrap(0, str(tmp_path))
    assert not found.possible
    assert "does not work here: setting up uid map: Permission denied" in found.why


@pytest.mark.skipif(not BUBBLEWRAP.possible, reason=BUBBLEWRAP.why)
def test_a_world_of_bubblewrap_ends_with_whoever_made_it(tmp_path: Path) -> None:
    cage = cage_of(tmp_path)
    command = caged(cage, ["/bin/sh", "-c", "echo up; sleep 50"], BUBBLEWRAP)
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"up\n"
        os.killpg(maker.pid, signal.SIGKILL)
        assert maker.stdout.read() == b""  # nobody holds the other end any more


def test_without_isolation_there_is_no_command() -> None:
    with pytest.raises(CageError, match="no such kernel"):
        caged(Cage(), ["/bin/true"], Isolation(False, "no such kernel"))


@needs_a_cage
def test_a_cage_that_cannot_be_closed_runs_nothing(tmp_path: Path) -> None:
    ended = within(Cage(cwd=tmp_path / "gone"), ["/bin/echo", "ran"])
    assert (ended.returncode, ended.stdout) == (126, "")
    assert "the cage could not be closed round /bin/echo" in ended.stderr


@pytest.mark.parametrize("machine", ARCHES)
@pytest.mark.parametrize("network", [True, False])
def test_every_filter_ends_in_a_return_and_fits(machine: str, network: bool) -> None:
    program = Filter(network, signals=True, keeper=7).program(machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096
    assert int.from_bytes(program[-8:-6], "little") == 0x06
