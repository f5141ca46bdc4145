"""The disk refuses one call after the other, or all from one on: nothing lost, nothing twice.

strace has the system itself answer that a sync, a write or a move failed: the n-th of each, for
n = 1 and on until a pass comes by fewer of them.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.prove import figures
from tests.prove.matrix import KINDS, World, check, world_of
from tests.prove.replay import under_strace

pytestmark = [pytest.mark.prove, pytest.mark.slow, pytest.mark.timeout(900)]

BY_NAME = {kind.name: kind for kind in KINDS}

#: What is refused, by what the system then answers; and out of how many those are taken that
#: are tried where not all are.
FAULTS = {
    "a sync": ("fsync,fdatasync", "EIO", 12),
    "a write": ("write,pwrite64", "ENOSPC", 80),
    "a move": ("rename,renameat2,link", "EIO", 5),
}
#: How many calls are refused in one stage of a life, where not all are.
SAMPLED = 3
#: A pass makes fewer calls of one sort than this.
CALLS_MOST = 2000


def refused(world: World, fault: str, n: int, lasting: bool) -> bool:
    """One pass in which the n-th such call is refused, and with `lasting` all after it; whether
    there was one."""
    calls, code, _ = FAULTS[fault]
    log = world.base.with_name("strace.log")
    options = ["-o", str(log), "-e", f"trace={calls}"]
    options += ["-e", f"inject={calls}:error={code}:when={n}{'+' * lasting}"]
    ended = under_strace(world.life, options)
    assert ended in (0, 1), f"the pass ended with {ended}"
    return "(INJECTED)" in log.read_text()


def stages(world: World) -> list[str]:
    return ["before the yes", "after the yes"] if world.kind.relay else ["all"]


def reach(world: World, stage: str) -> None:
    if stage == "after the yes":
        world.child("")
        world.say_yes()


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("name", "stage"),
    [("new note about a mail", "all"), ("mail", "before the yes"), ("mail", "after the yes")],
)
def test_a_disk_that_fails_at_any_call_loses_nothing(
    tmp_path: Path, name: str, stage: str, fault: str, lasting: bool
) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: apt-get install strace")
    base = tmp_path / "base"
    base.mkdir()
    with world_of(BY_NAME[name], base) as world:
        reach(world, stage)
        sent = world.keep()
        dice = random.Random(f"{figures.SEED} {name} {stage} {fault} {lasting}")
        tried = (
            range(1, CALLS_MOST)
            if figures.WHOLE
            else sorted(dice.sample(range(1, FAULTS[fault][2]), SAMPLED))
        )
        faults, worst = 0, 0
        for n in tried:
            world.put_back(sent)
            if not refused(world, fault, n, lasting):
                break
            faults += 1
            for later_s in ("0", "100", "500"):  # what was tried in vain rests for a while
                world.life.env["LATER_S"] = later_s
                world.lead()
            world.life.env["LATER_S"] = "0"
            worst = max(worst, check(world))
        assert faults
    figures.add("disk-faults", faults=faults, kinds=[name], sorts=[fault], worst_effects=worst)
