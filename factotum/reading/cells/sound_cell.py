"""A recording or a film: how long it is and what it is called. Nothing is decoded."""

from __future__ import annotations

import io
from typing import Any

WORD_MOST = 200


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`seconds` (0 if it does not say), `title`, `artist`, `album`."""
    from tinytag import TinyTag

    tag = TinyTag.get(file_obj=io.BytesIO(data))
    words = {
        name: str(getattr(tag, name) or "")[:WORD_MOST] for name in ("title", "artist", "album")
    }
    seconds = tag.duration or 0.0
    return {"seconds": seconds if 0 <= seconds < 1e9 else 0.0, **words}
