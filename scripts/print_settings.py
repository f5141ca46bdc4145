#!/usr/bin/env python3
"""Prints the settings table for people: for `.env.example` or for the documents.

scripts/print_settings.py env > .env.example; scripts/print_settings.py docs > docs/settings.md
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from factotum.settings import SETTINGS, Setting

ENV_HEAD = """\
# Copy this file to .env, make it private (chmod 600 .env), and take the # off the lines that
# you change. What stands in the environment wins over this file.
"""

DOCS_HEAD = """\
# Settings

To change a setting, write it into a file `.env` in the folder where you start Factotum, or
beside the Makefile, and start it again:

    cp .env.example .env
    chmod 600 .env

Only the first of these two files that exists is read. A setting in the environment wins over
the file. An empty value means: as if not set. A name that begins with `FACTOTUM_` and is not
in this table is refused, with the nearest right one. Seconds are numbers from 0 upwards. A
relative path in `.env` starts from the folder of that file. From a vault no `.env` is read:
whoever syncs it could write one.

| setting | what it is | without it |
|---|---|---|
"""


def bounds(row: Setting) -> str:
    """What may be written, where the meaning does not say so already."""
    if row.one_of:
        return f" One of {', '.join(f'`{word}`' for word in row.one_of)}."
    if row.at_most is not None:
        return f" From {row.at_least:g} to {row.at_most:g}."
    return f" In {row.unit}." if row.unit else ""


def default(row: Setting) -> str:
    if row.default is None:
        return row.otherwise
    return f"`{row.default:g}`" if isinstance(row.default, float) else f"`{row.default}`"


def env() -> str:
    blocks = [ENV_HEAD]
    for row in SETTINGS:
        what = f"{row.meaning}{bounds(row)} Without it: {default(row)}.".replace("`", "")
        comment = textwrap.fill(what, 95, initial_indent="# ", subsequent_indent="# ")
        value = "" if row.default is None else default(row).strip("`")
        blocks.append(f"{comment}\n#{row.full}={value}\n")
    return "\n".join(blocks)


def docs() -> str:
    lines = [f"| `{row.full}` | {row.meaning}{bounds(row)} | {default(row)} |" for row in SETTINGS]
    return DOCS_HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    printers = {"env": env, "docs": docs}
    if len(sys.argv) != 2 or sys.argv[1] not in printers:
        sys.exit("usage: scripts/print_settings.py env|docs")
    sys.stdout.write(printers[sys.argv[1]]())
