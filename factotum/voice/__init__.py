"""Voice: what a person says becomes text, and a text is said aloud.

Nothing here knows a task, a vault or the ledger; whoever asks keeps the money. Importing it is
cheap: HTTP comes with the first recording, edge-tts with the first text.
"""

from factotum.voice.hearing import Heard, Hearing, NotHeard
from factotum.voice.place import hearing_by
from factotum.voice.speaking import Speaking, speaking_by

__all__ = ["Heard", "Hearing", "NotHeard", "Speaking", "hearing_by", "speaking_by"]
