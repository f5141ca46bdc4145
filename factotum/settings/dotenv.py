"""A `.env` file: who may read it, and what its lines say.

Knows no setting. Never changes the environment, never shows a value.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

#: The most that a settings file may hold, in bytes; a bigger one is something else.
SIZE_BYTES_MOST = 256 * 1024

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")


class DotenvError(Exception):
    """The file cannot be taken as it is: which file and line, why, what to do."""


def read(path: Path) -> str:
    """The text of the file. Raises DotenvError unless it is a private, regular UTF-8 file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as refused:
        raise DotenvError(f"{path} cannot be read: {refused.strerror}") from None
    try:
        _private(path, os.fstat(file).st_mode)
        data = os.read(file, SIZE_BYTES_MOST + 1)
    finally:
        os.close(file)
    if len(data) > SIZE_BYTES_MOST:
        raise DotenvError(f"{path} is larger than {SIZE_BYTES_MOST} bytes; it cannot be settings")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DotenvError(f"{path} is not UTF-8 text; save it as UTF-8") from None


def _private(path: Path, mode: int) -> None:
    """Raises DotenvError for what is no regular file, or open to others."""
    if not stat.S_ISREG(mode):
        raise DotenvError(f"{path} is not a regular file; put the settings into one")
    if mode & 0o077:
        raise DotenvError(
            f"{path} has mode {stat.S_IMODE(mode):04o}, so others on this machine can get at the "
            f"passwords in it. Run: chmod 600 '{path}'"
        )


def parse(text: str, path: Path) -> dict[str, tuple[str, int]]:
    """Each name with its value and line number. Nothing is expanded: `$` stays `$`.

    `NAME=value`, with `export` before it or quotes around the value; `#` begins a comment at
    the start of a line or after a space. Inside double quotes `\\"` and `\\\\` stand for `"`
    and `\\`. Raises DotenvError for anything else, and for a name that stands twice.
    """
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise DotenvError(f"{path}, line {number}: write NAME=value there")
        name = match[1]
        if name in found:
            raise DotenvError(
                f"{path}, line {number}: {name} stands in line {found[name][1]} already; keep one"
            )
        found[name] = (_unquoted(match[2], f"{path}, line {number}"), number)
    return found


def _unquoted(value: str, where: str) -> str:
    if any(ord(char) < 32 and char != "\t" for char in value):
        raise DotenvError(f"{where}: there is a control character in the value; remove it")
    if value.startswith('"'):
        if match := _DOUBLE.fullmatch(value):
            return re.sub(r'\\(["\\])', r"\1", match[1])
    elif value.startswith("'"):
        if match := _SINGLE.fullmatch(value):
            return match[1]
    else:
        return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()
    raise DotenvError(f"{where}: the quotes do not match; close them, or leave them out")
