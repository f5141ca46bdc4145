"""The map of the package names every module there is, and none besides."""

from __future__ import annotations

import re
from pathlib import Path

from factotum import channels

_ROW = re.compile(r"(?m)^  (\w+)  +(.+(?:\n {17}.+)*)$")
_BESIDE = re.compile(r"; (\w+): ")


def test_each_module_stands_on_the_map_once() -> None:
    said = channels.__doc__ or ""
    named = [name for row in _ROW.finditer(said) for name in (row[1], *_BESIDE.findall(row[2]))]
    folder = Path(channels.__file__).parent
    there = {path.stem for path in folder.iterdir() if path.suffix == ".py"} - {"__init__"}
    there |= {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}
    assert sorted(named) == sorted(there)
