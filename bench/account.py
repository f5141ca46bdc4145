"""What the system says of a process: its CPU time, its memory, how often it woke up.

Linux only: it reads /proc and the CPU clock of another process.
"""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import ROOT

#: The kernel's number for "the CPU clock of this process" (see clock_getcpuclockid(3)).
CPU_CLOCK = 2


def cpu_ms(pid: int) -> float:
    """All CPU time of a running process and of its threads, living or ended."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK) * 1000


def pss_mib(pid: int) -> float:
    """The memory that this process costs: its own, and its share of what others use too."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"the system does not tell how much memory process {pid} uses")


def wakeups(pid: int) -> int:
    """How often a thread of the process went to sleep of itself, and so was woken again."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for line in (thread / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def child_cpu_ms(command: list[str], env: Mapping[str, str]) -> Callable[[], float]:
    """Measures the CPU time of a whole child process, by the system's own account."""

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    return run
