"""What goes wrong when a test orders it: refusals, silence, lost answers, and rate limits."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from tests.servers.telegram.chats import Office
from tests.servers.telegram.facts import ApiError, Call, Dropped, Garbled

#: What counts as a message, and is limited.
LIMITED = ("send", "edit", "copy", "forward")


@dataclass
class Fault:
    """What the next `times` calls of a method meet. `done` says whether the server does what it
    was asked first; then comes the error, or silence of `silent_s` seconds and a closed
    connection. `met` counts the calls that met it."""

    method: str
    times: int
    error: ApiError | Garbled | None = None
    silent_s: float = 0.0
    done: bool = False
    met: int = 0

    def fits(self, call: Call) -> bool:
        return self.met < self.times and self.method in ("*", call.method)


class Faults:
    """The office's lock is held in all methods."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.ordered: list[Fault] = []
        self.limits: list[Limit] = []
        self.closing = False

    def order(self, fault: Fault) -> Fault:
        with self._office.changed:
            self.ordered.append(fault)
        return fault

    def next_for(self, call: Call) -> Fault | None:
        for fault in self.ordered:
            if fault.fits(call):
                fault.met += 1
                self._office.changed.notify_all()
                return fault
        return None

    def meet(self, fault: Fault) -> None:
        """Raises what the bot is to meet: ApiError, Garbled, or Dropped after the silence."""
        if fault.error:
            raise fault.error
        until = time.monotonic() + fault.silent_s
        while not self.closing and (left := until - time.monotonic()) > 0:
            self._office.changed.wait(left)
        raise Dropped

    def check_limits(self, call: Call) -> None:
        """Raises ApiError 429 where the bot says too much."""
        if not call.method.startswith(LIMITED) or call.method == "sendChatAction":
            return
        now, chat = time.monotonic(), str(call.params.get("chat_id"))
        wait_s = max((one.wait_s(chat, now) for one in self.limits), default=0.0)
        if wait_s > 0:
            seconds = max(1, math.ceil(wait_s))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", seconds)
        for one in self.limits:
            one.spend(chat, now)


@dataclass
class Limit:
    """One more message every `every_s` seconds, `burst` at once; in each chat or in all."""

    every_s: float
    burst: int
    each_chat: bool
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def _now_left(self, chat: str, now: float) -> float:
        left, at = self._left.get(chat if self.each_chat else "", (float(self.burst), now))
        return min(float(self.burst), left + (now - at) / self.every_s)

    def wait_s(self, chat: str, now: float) -> float:
        return max(0.0, (1 - self._now_left(chat, now)) * self.every_s)

    def spend(self, chat: str, now: float) -> None:
        self._left[chat if self.each_chat else ""] = (self._now_left(chat, now) - 1, now)
