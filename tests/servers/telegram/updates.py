"""The queue of updates: what a bot has not confirmed yet is told again.

A call with `offset=N` confirms all below N. A call while another one waits ends that one by 409.
Source: core.telegram.org/bots/api, "Getting updates".
"""

from __future__ import annotations

import itertools
import time
from typing import Any

from tests.servers.telegram import facts
from tests.servers.telegram.chats import Office
from tests.servers.telegram.facts import ApiError, Dropped


class Updates:
    """What the bot has yet to hear."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.pending: list[dict[str, Any]] = []
        #: All that ever came, the oldest first.
        self.told: list[dict[str, Any]] = []
        self.allowed: list[str] = []
        self.webhook = ""
        self._ids = itertools.count(700_000_001)
        self._turn = 0
        self._ended_by = ""

    def add(self, kind: str, what: dict[str, Any]) -> int | None:
        """The id of the new update, or None where the bot does not want such ones."""
        with self._office.changed:
            if not self._wanted(kind):
                return None
            id = next(self._ids)
            update = {"update_id": id, kind: what}
            self.pending.append(update)
            self.told.append(update)
            self._office.changed.notify_all()
            return id

    def again(self, update: dict[str, Any]) -> None:
        """Tells an update once more under the id that it had, confirmed or not."""
        with self._office.changed:
            self.pending = sorted([*self.pending, update], key=lambda one: int(one["update_id"]))
            self._office.changed.notify_all()

    def _wanted(self, kind: str) -> bool:
        if self.allowed:
            return kind in self.allowed
        return kind not in facts.ONLY_WHEN_ASKED

    def get(
        self, offset: int, limit: int, timeout_s: float, allowed: list[str] | None
    ) -> list[dict[str, Any]]:
        """Waits until there is something, at most `timeout_s`; the office's lock is held.
        Raises ApiError, Dropped."""
        if self.webhook:
            raise ApiError(409, facts.WEBHOOK_ACTIVE)
        self.end_waiting(facts.OTHER_POLLER)
        mine = self._turn
        if allowed is not None:
            self.allowed = allowed
        if offset < 0:
            self.pending = self.pending[offset:]
        else:
            self.pending = [one for one in self.pending if one["update_id"] >= offset]
        until = time.monotonic() + min(max(timeout_s, 0), facts.POLL_MOST_S)
        while not self.pending:
            left = until - time.monotonic()
            if left <= 0:
                return []
            self._office.changed.wait(left)
            if self._turn != mine:
                if self._ended_by:
                    raise ApiError(409, self._ended_by)
                raise Dropped
        return self.pending[: max(1, min(limit, 100))]

    def end_waiting(self, reason: str) -> None:
        """Ends the call that waits, by 409, or without an answer where there is no reason."""
        with self._office.changed:
            self._turn += 1
            self._ended_by = reason
            self._office.changed.notify_all()
