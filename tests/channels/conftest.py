"""A house that a channel looks into, and somebody who speaks there or has a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.commanding import Ann
from tests.channels.phone import Phone, phone_of
from tests.office import TestOffice
from tests.views.house import House, houses


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


@pytest.fixture
def ann(house: House) -> Ann:
    return Ann(house)


@pytest.fixture
def phone(office: TestOffice) -> Iterator[Phone]:
    """A person with a phone, and the `office` of the module that asks for one."""
    with phone_of(office) as phone:
        yield phone
