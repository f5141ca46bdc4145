"""A server on the web, and an office that may ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import TestOffice
from tests.servers.feeds import WebServer


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as web:
        yield web


@pytest.fixture
def office(tmp_path: Path, web: WebServer) -> TestOffice:
    return TestOffice(tmp_path, {"FACTOTUM_WEB_INSIDE": web.host})
