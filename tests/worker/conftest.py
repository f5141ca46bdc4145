"""A study for every test of the worker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.study import Study, study


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Study]:
    with study(tmp_path) as made:
        yield made
