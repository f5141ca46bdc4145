"""A house that a channel looks into, and somebody who speaks there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.commanding import Ann
from tests.views.house import House, houses


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


@pytest.fixture
def ann(house: House) -> Ann:
    return Ann(house)
