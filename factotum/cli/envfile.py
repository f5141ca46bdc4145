"""Writes a setting into the `.env` that counts, and keeps what else stands there as it was.

The file is written whole beside the old one and put in its place, for its owner alone (0600), so
a reader never sees half of it and nobody else ever sees any of it. No value is ever shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from factotum import disk
from factotum.rooms import DoorError
from factotum.settings import dotenv

#: What can stand after `=` without quotes.
_PLAIN = re.compile(r"[A-Za-z0-9_:,.@/+-]+")


def counts(files: tuple[Path, ...]) -> Path:
    """The one that is read: the first that exists, else the last, which will be made."""
    return next((file for file in files if os.path.lexists(file)), files[-1])


def write(path: Path, values: Mapping[str, str]) -> None:
    """Has the file give these names these values. A line that stands there for one of them is
    changed, the others come to the end. Raises DoorError, and changes nothing then."""
    for name, value in values.items():
        assert _PLAIN.fullmatch(value), name
    try:
        there = dotenv.read(path) if os.path.lexists(path) else ""
        lines = there.split("\n")
        for name, (_, number) in dotenv.parse(there, path).items():
            if name in values:
                lines[number - 1] = f"{name}={values[name]}"
        new = [f"{name}={value}" for name, value in values.items() if not _stands(lines, name)]
        body = "\n".join(lines).rstrip("\n")
        text = "\n".join([*([body] if body else []), *new, ""])
        _put(Path(os.path.realpath(path)), text.encode())
    except dotenv.DotenvError as bad:
        raise DoorError(str(bad)) from None
    except OSError as refused:
        raise DoorError(
            f"{path} cannot be written ({refused.strerror}). Mend that, or write there by hand: "
            f"{', '.join(f'{name}=…' for name in values)}"
        ) from None


def _put(path: Path, data: bytes) -> None:
    """Not by `disk.replace`, whose files others may read."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    scratch.unlink(missing_ok=True)
    disk.write_new(scratch, data, mode=0o600)
    os.replace(scratch, path)


def _stands(lines: list[str], name: str) -> bool:
    return any(re.match(rf"\s*(?:export\s+)?{name}\s*=", line) for line in lines)
