"""The second way to hold files: a world of mounts that bubblewrap makes, with nothing else in it.

It is for kernels without Landlock, where it may be installed and may make user namespaces.
Inside it the launcher closes the rest of the cage as always.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: How long it may take to show that it works, in seconds.
TRY_S = 10.0

#: No namespace is shared but, where it is allowed, the network; it ends when we end.
ALONE = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts",
    "--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL",
)  # fmt: skip
MADE = ("--proc", "/proc", "--dev", "/dev")


def around(
    program: str, read: Iterable[Path], write: Iterable[Path], *, network: bool
) -> list[str]:
    """What stands before a command so that it sees only these places, each where it is."""
    command = [program, *ALONE, *([] if network else ["--unshare-net"]), *MADE]
    for path in _named(read):
        command += ["--ro-bind-try", path, path]
    for path in _named(write):
        command += ["--bind", path, path]
    return [*command, "--remount-ro", "/", "--"]


def _named(paths: Iterable[Path]) -> list[str]:
    """Each by its name and, where a link stands before it, as it really lies. What lies in
    another one is there with it."""
    both = {one for path in paths for one in (path.absolute(), path.resolve())}
    kept: list[Path] = []
    for path in sorted(both):  # a folder stands before what lies in it
        if not any(path.is_relative_to(above) for above in (Path("/proc"), *kept)):
            kept.append(path)
    return list(map(str, kept))


def refused(program: str) -> str:
    """Why it cannot work on this machine, or an empty string."""
    import subprocess  # only where there is no Landlock: every command pays for what is above

    command = around(program, [Path(name) for name in ("/usr", "/bin", "/lib", "/lib64")], (),
                     network=False)  # fmt: skip
    try:
        tried = subprocess.run(
            [*command, "/bin/true"],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRY_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        return str(failed)[:200]
    if tried.returncode == 0:
        return ""
    said = tried.stderr.decode(errors="replace").strip()
    return said.splitlines()[-1][:200] if said else f"it ended with {tried.returncode}"
