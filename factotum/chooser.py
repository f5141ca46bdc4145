"""Which model thinks: settled at the start, when the owner says yes to one, and now and then
where none is named. Asks nothing of a model that costs.
"""

from __future__ import annotations

from collections.abc import Mapping

from factotum import log
from factotum.models import Choice, Models, choose
from factotum.rooms import Rooms
from factotum.staff import Staff
from factotum.worker.desk import Desk
from factotum.worker.found_key import META
from factotum.worker.heartbeat import THINKS

logger = log.get("factotum.chooser")

#: How often it is looked whether an Ollama answers by now, where no model is named, in seconds.
MODEL_AGAIN_S = 600.0


class Chooser:
    """`around` is where providers' keys may lie."""

    def __init__(self, rooms: Rooms, desk: Desk, around: Mapping[str, str]) -> None:
        self.rooms = rooms
        self.desk = desk
        self.around = around
        self.models = Models(rooms.settings, around, Choice("", "it was not looked for yet"))
        self._said = self._used = ""
        self._again_at = 0.0

    def look(self) -> None:
        """Hears what the owner said of a model. Call it on the desk."""
        self._said = self.rooms.ledger.meta(META)

    @property
    def due(self) -> bool:
        """Whether another model may be there to think than the one that does."""
        return self._said != self._used or self._may_have_come()

    def _may_have_come(self) -> bool:
        alone = not self.models.configured and not self.rooms.settings.text("MODEL")
        return alone and self.rooms.clock.monotonic() >= self._again_at

    async def choose(self, staff: Staff) -> None:
        settings, found_key = self.rooms.settings, staff.found_key
        choice = await self.desk.do(found_key.choice, await choose(settings, self.around))
        await self.models.close()
        self.models = Models(settings, self.around, choice)
        log.hide(self.models.secrets())
        staff.use(self.models)
        await self.desk.do(self._leave_word)
        if proposed := self.models.proposed:
            await self.desk.do(found_key.propose, proposed, self.rooms.clock.wall())
        self._used = self._said
        self._again_at = self.rooms.clock.monotonic() + MODEL_AGAIN_S
        logger.info("model", extra={"reason": self.models.why})

    def _leave_word(self) -> None:
        """Lets the heartbeat, which may be in another process, know whether a model thinks."""
        thinks, ledger = "yes" if self.models.configured else "", self.rooms.ledger
        if ledger.meta(THINKS) != thinks:
            with ledger.tx(durable=False):  # each start says it again
                ledger.set_meta(THINKS, thinks)

    async def close(self) -> None:
        await self.models.close()
