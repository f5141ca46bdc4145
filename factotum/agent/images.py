"""The pictures of a task, as a model can look at them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from factotum.agent.persona import line
from factotum.words import size

IMAGES_MOST = 4
IMAGE_MOST_BYTES = 5 * 1024 * 1024
#: How many of those that are not shown are named.
NAMED_MOST = 20

#: How the files begin that models can look at.
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def image_parts(files: Sequence[tuple[str, str, bytes]]) -> list[dict[str, Any]]:
    """Parts of a message for images (name, media type, bytes), each with its name before it.

    At most IMAGES_MOST, each below IMAGE_MOST_BYTES; what is left out is said. What the bytes
    are is seen from the bytes: a provider refuses the whole message for a wrong type.
    """
    parts: list[dict[str, Any]] = []
    left_out = []
    for name, _, data in files:
        kind = next((kind for start, kind in _IMAGES if data.startswith(start)), "")
        if kind == "image/webp" and data[8:12] != b"WEBP":
            kind = ""
        if not kind or len(data) >= IMAGE_MOST_BYTES or len(parts) >= 2 * IMAGES_MOST:
            left_out.append(f"{line(name, 100)} ({size(len(data))})")
            continue
        url = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        parts.append({"type": "text", "text": f"The image {line(name, 100)}:"})
        parts.append({"type": "image_url", "image_url": {"url": url}})
    if left_out:
        more = f" and {len(left_out) - NAMED_MOST} more" if len(left_out) > NAMED_MOST else ""
        told = f"Not shown here: {', '.join(left_out[:NAMED_MOST])}{more}"
        parts.append({"type": "text", "text": told})
    return parts
