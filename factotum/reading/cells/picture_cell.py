"""A picture: its size in pixels and what the camera wrote beside it. No pixel is unpacked."""

from __future__ import annotations

import io
import struct
from typing import Any

#: Only what the names in the Inbox stand for; the library knows many more.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")

MAKE, MODEL, CAMERA, GPS = 271, 272, 0x8769, 0x8825
TAKEN, TAKEN_ZONE = 36867, 36881
WORD_MOST = 100
_EXIF_MOST = 256 * 1024


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`width`, `height`, `taken` as the camera wrote it, its `zone`, `camera`, and whether it
    also says where (`place`); the place itself never leaves this process."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # a size that is declared costs nothing: none is unpacked
    if data[4:8] == b"ftyp":
        width, height = _largest(data)
        start = data.find(b"Exif\x00\x00")
        written = data[start : start + _EXIF_MOST] if start >= 0 else b""
    else:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            written = picture.info.get("exif", b"")  # getexif() would unpack some pictures
    return {"width": width, "height": height, **_about(Image.Exif(), written)}


def _about(exif: Any, written: bytes) -> dict[str, Any]:
    try:
        exif.load(written)
        camera = exif.get_ifd(CAMERA)
        make, model = _word(exif.get(MAKE)), _word(exif.get(MODEL))
        shown = model if model.startswith(make) else f"{make} {model}".strip()
        return {
            "taken": _word(camera.get(TAKEN)),
            "zone": _word(camera.get(TAKEN_ZONE)),
            "camera": shown,
            "place": GPS in exif,
        }
    except Exception:  # noqa: BLE001 - the size stands, whatever a camera wrote beside it
        return {"taken": "", "zone": "", "camera": "", "place": False}


def _word(value: object) -> str:
    return value.strip("\x00 ")[:WORD_MOST] if isinstance(value, str) else ""


def _largest(data: bytes) -> tuple[int, int]:
    """The largest size that an HEIC file declares: the others are tiles and thumbnails."""
    sizes = [(0, 0)]
    at = data.find(b"ispe")
    while 0 <= at <= len(data) - 16 and len(sizes) < 1000:
        sizes.append(struct.unpack_from(">II", data, at + 8))
        at = data.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1])
