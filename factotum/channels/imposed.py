"""A tap below words that are none of ours: whoever has the token of a bot can change what its
messages say and what stands on their buttons, and leave the buttons what they are.

Such a tap does nothing. The owner is told, and what was to stand there is shown anew.
"""

from __future__ import annotations

from factotum.channels.buttons import Drawn, stamp
from factotum.channels.contract import Message, Reply, Tapped
from factotum.channels.window import Window
from factotum.outbox import Row
from factotum.views import notices
from factotum.views.notices import Notices

NOT_OURS = Reply(
    "What stands there is not what I wrote for this button. Nothing was done; look again.",
    alert=True,
)
CHANGED = Reply("It has changed meanwhile, so nothing was done; look again.", alert=True)
TOLD = (
    "Somebody else changed a message of your bot on {there}: they have its token. /revoke it at "
    "@BotFather. The tap below it did nothing"
)


def below(drawn: Drawn, row: Row, tap: Tapped, window: Window, now: float) -> Reply:
    """What comes of it. Where our own words have changed a moment ago, it is only shown anew."""
    ours = Message.from_json(dict(row.wanted)).words.text
    if not drawn.renamed(tap.label) and stamp(tap.text or "") == stamp(ours):
        window.outbox.spoilt(row.seq)
        window.wake()
        return CHANGED
    with window.ledger.tx():
        window.outbox.spoilt(row.seq)
        window.ledger.event("odd_tap", now, channel=window.name, who=tap.who, name=tap.name)
        key = f"imposed {window.name} {window.zone(now):%Y-%m-%d}"
        text = TOLD.format(there=window.name.capitalize())
        Notices(window.ledger, window.zone).add(notices.LISTENING, key, text, now, urgent=True)
    window.wake()
    return NOT_OURS
