"""How listening goes, whoever listens: what the beats of all sources say that a person should know.

Only reads. Looked at as often as one likes: the beats are read again when one was written, and
otherwise it is a stat of their folder. What is said stays word for word the same for as long as
nothing new is wrong, so that no view is written anew for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from factotum.ears import beats, found
from factotum.ears.beats import Beat
from factotum.rooms import Clock, DoorError, alive
from factotum.scan import Problem
from factotum.views import notices
from factotum.views.saying import day
from factotum.watcher import Premises
from factotum.words import span

#: How long a process may be gone before that is told, in seconds: PM2 starts it again sooner,
#: and within an orchestrator listening begins after the first look.
GONE_S = 90.0
#: How long after the moment at which it was to look again a source counts as hanging, in
#: seconds, counted while the machine is awake and nothing comes from it; and no sooner than
#: after another of its rests. After a sleep it may be a quarter of an hour late.
OVERDUE_S = 1800.0
#: How long a trouble lasts before a sign is given outside the vault, in seconds. A login that
#: is refused does not mend itself, so of that one is given at once.
LASTS_S = 900.0
#: How long before a login ends a person is told, in seconds.
LOGIN_SOON_S = 3 * 86_400.0
#: A folder that was changed less than so long ago may be changed once more without that its
#: time says so, in seconds.
YOUNG_S = 3.0


@dataclass(frozen=True)
class Ill:
    """What is wrong with one source. From `tell_at` (epoch seconds) on it is worth a notice of
    this `kind` and `key`; None where it stands on the Dashboard alone."""

    source: str
    text: str
    kind: str = notices.LISTENING
    key: str = ""
    tell_at: float | None = None
    urgent: bool = False


class Health:
    def __init__(
        self,
        state: Path,
        clock: Clock,
        is_set_up: Callable[[str], bool] = lambda _watcher: True,
        is_alive: Callable[[int], bool] = alive,
        group: Callable[[str], str] = lambda _watcher: "watchers",
    ) -> None:
        """`is_set_up` says whether a watcher is still wanted; it is asked of those that do not
        run. `is_alive` says whether a process is, `group` by which of our commands it is run."""
        self._state = state
        self._folder = state / beats.FOLDER
        self._clock = clock
        self._is_set_up = is_set_up
        self._alive = is_alive
        self._group = group
        self._stamp: object = None
        self._known: tuple[Beat, ...] = ()
        self._seen: dict[tuple[str, str, float], float] = {}

    def ills(self) -> list[Ill]:
        """All that is wrong now, by the name of the source."""
        now, mono = self._clock.wall(), self._clock.monotonic()
        known = self._beats()
        found = [ill for beat in known for ill in self._of(beat, now, mono)]
        kept = {beat.source for beat in known}
        self._seen = {key: at for key, at in self._seen.items() if key[1] in kept}
        return found

    def stamp(self) -> object:
        """Equal for as long as `ills` would say the same."""
        now = self._clock.wall()
        return [(ill, ill.tell_at is not None and ill.tell_at <= now) for ill in self.ills()]

    def problems(self) -> list[Problem]:
        """The same for the Dashboard."""
        return [Problem(Path(ill.source), ill.text) for ill in self.ills()]

    def tell(self, told: notices.Notices, now: float) -> None:
        """Makes a notice of each that is worth one, once."""
        for ill in self.ills():
            if ill.tell_at is not None and ill.tell_at <= now:
                text = f"{ill.source} {ill.text}"
                told.add(ill.kind, ill.key, text, now, urgent=ill.urgent)

    def _beats(self) -> tuple[Beat, ...]:
        try:
            about = os.stat(self._folder)
        except OSError:
            return ()
        stamp = (about.st_mtime_ns, about.st_ino)
        if stamp == self._stamp:
            return self._known
        self._known = tuple(beats.read(self._state))
        self._stamp = stamp if time.time() - about.st_mtime > YOUNG_S else None
        return self._known

    def _of(self, beat: Beat, now: float, mono: float) -> Iterator[Ill]:
        rests = beat.rests_till > 0  # one that looked just once is not missed afterwards
        gone = rests and not self._alive(beat.pid)
        if gone and self._lasts("gone", beat, float(beat.pid), mono) >= GONE_S:
            if self._is_set_up(beat.watcher):
                yield self._gone(beat, now)
            return
        if beat.trouble:
            yield self._trouble(beat, now)
        elif rests and now > beat.rests_till and self._hangs(beat, mono):
            yield self._overdue(beat, now)
        else:
            yield from self._silent(beat, now)
        yield from self._login(beat, now)
        for about, text in sorted(beat.remarks.items()):
            yield Ill(beat.source, f"{about}: {text}")

    def _lasts(self, what: str, beat: Beat, of: float, mono: float) -> float:
        """How long this has been seen so, in seconds in which the machine was awake."""
        return mono - self._seen.setdefault((what, beat.source, of), mono)

    def _hangs(self, beat: Beat, mono: float) -> bool:
        most_s = max(OVERDUE_S, beat.every_s)
        moved = beat.rests_till + beat.heard + beat.answered  # a long look hands in meanwhile
        return self._lasts("overdue", beat, moved, mono) >= most_s

    def _gone(self, beat: Beat, now: float) -> Ill:
        last = max(beat.answered, beat.began)
        text = (
            f"is not listened to: its process has ended. It last looked {self._day(last, now)}. "
            f"Start it again: factotum {self._group(beat.watcher)} run {beat.watcher}; pm2 list "
            f"shows whether PM2 gave it up"
        )
        return Ill(beat.source, text, key=f"gone {beat.source} {last:.0f}", tell_at=0.0)

    def _overdue(self, beat: Beat, now: float) -> Ill:
        text = (
            f"hangs: it was to look again {self._day(beat.rests_till, now)} and has not. "
            f"Start process {beat.pid} again"
        )
        key = f"hangs {beat.source} {beat.rests_till:.0f}"
        return Ill(beat.source, text, key=key, tell_at=0.0)

    def _trouble(self, beat: Beat, now: float) -> Ill:
        text = f"hears nothing since {self._day(beat.since, now)}: {beat.trouble}"
        if beat.login:
            key = f"login {beat.source} {beat.since:.0f}"
            return Ill(beat.source, text, notices.LOGIN, key, beat.since, urgent=True)
        # what comes and goes is told once a day, not each time
        key = f"trouble {beat.source} {self._clock.zone(beat.since):%Y-%m-%d}"
        return Ill(beat.source, text, key=key, tell_at=beat.since + LASTS_S)

    def _silent(self, beat: Beat, now: float) -> Iterator[Ill]:
        last = beat.heard or beat.began
        looked = beat.answered >= beat.began  # else what came while it was off is not here yet
        if beat.silent_s and looked and now - last > beat.silent_s:
            text = (
                f"has had no news since {self._day(last, now)}; something comes within "
                f"{span(beat.silent_s)} otherwise. Look whether anything still arrives there"
            )
            yield Ill(beat.source, text, key=f"silent {beat.source} {last:.0f}", tell_at=0.0)

    def _login(self, beat: Beat, now: float) -> Iterator[Ill]:
        ends = beat.login_ends
        if ends and ends - now < LOGIN_SOON_S:
            word = "ended" if ends <= now else "ends"
            text = f"its login {word} {self._day(ends, now)}. Log in anew; see docs/watchers.md"
            key = f"login ends {beat.source} {ends:.0f}"
            yield Ill(beat.source, text, notices.LOGIN, key, ends - LOGIN_SOON_S)

    def _day(self, at: float, now: float) -> str:
        return day(self._clock.zone(at), self._clock.zone(now).year)


def wanted(premises: Premises) -> Callable[[str], bool]:
    """Whether a watcher is set up in this house and to be run, looked up once for each."""
    named = premises.settings.text("WATCHERS")

    @cache
    def is_wanted(watcher: str) -> bool:
        if watcher not in found.wanted(named):
            return False
        try:
            sources, wrong = found.sources_of([watcher], premises)
        except DoorError:
            return False  # its file is there no more
        return bool(sources or wrong)

    return is_wanted
