"""An office at work in a process of its own, with what runs within it, till it is told to stop
or killed; the test is the person, and the world outside."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess

from factotum.settings import load
from orchestrator import Orchestrator, open_rooms
from tests.patience import PATIENCE_S
from tests.prove.life import Life, start


def work(env: Mapping[str, str], failpoint: str = "") -> None:
    """What the child does."""
    os.environ.pop("XDG_RUNTIME_DIR", None)
    os.environ["FACTOTUM_FAILPOINT"] = failpoint
    settings = load(dict(env), [])

    async def run() -> None:
        rooms = open_rooms(settings, settings.path("VAULT"))
        try:
            office = Orchestrator(rooms, out=io.StringIO())
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, office.stop)
            await office.run()
        finally:
            rooms.close()

    asyncio.run(run())


class AtWork:
    """One that runs now, with the place where it dies, if it comes by; begun again by `live`."""

    def __init__(self, life: Life, failpoint: str = "") -> None:
        self.life = life
        self.kills = 0
        self._process: ForkServerProcess = start(work, life.env_of(), failpoint)

    def look(self) -> None:
        """Begins it again where it was killed."""
        if self._process.exitcode is None:
            return
        assert self._process.exitcode == -signal.SIGKILL, f"it ended by {self._process.exitcode}"
        self.kills += 1
        self._process = start(work, self.life.env_of(), "")

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def waits(self, true: Callable[[], object], what: str) -> None:
        """Till that is so, over as many deaths as it takes."""
        until = time.monotonic() + PATIENCE_S
        while not true():
            self.look()
            assert time.monotonic() < until, f"it did not come to that: {what}"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process.exitcode is None and self._process.pid:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.join(PATIENCE_S)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
        self.look_at_end()

    def look_at_end(self) -> None:
        code = self._process.exitcode
        if code == -signal.SIGKILL:
            self.kills += 1
        else:  # told to stop, perhaps before it could hear that
            assert code in (0, -signal.SIGTERM), f"it ended by {code}"


@contextmanager
def at_work(life: Life, failpoint: str = "") -> Iterator[AtWork]:
    office = AtWork(life, failpoint)
    try:
        yield office
    finally:
        office.stop()
