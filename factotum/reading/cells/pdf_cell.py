"""A PDF: the text of its pages."""

from __future__ import annotations

import io
import time
from typing import Any

PAGES_MOST = 500


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The text of each page, until there are `most` characters or the time is nearly up."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"encrypted": True}
    pages = len(reader.pages)
    texts: list[str] = []
    broken = length = 0
    for number in range(min(pages, PAGES_MOST)):
        try:
            text = reader.pages[number].extract_text()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one bad page is no reason to lose the others
            broken += 1
            continue
        texts.append(text)
        length += len(text)
        if length > most or time.monotonic() > until_s:
            break
    return {"pages": pages, "read": len(texts), "broken": broken, "texts": texts}
