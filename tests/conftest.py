"""With STRICT=1 nothing is skipped: what cannot run here has failed.

Otherwise a test that needs a server which is not installed says so and is skipped.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from factotum import redaction
from tests.tries import STRICT, tries

if TYPE_CHECKING:
    from tests.servers.smtp import Relay

#: A run that others depend on tries the same examples every time; at a desk they are new ones
#: each time. No example has a deadline: machines are shared.
settings.register_profile("desk", deadline=None, max_examples=tries(100))
settings.register_profile("strict", deadline=None, derandomize=True)
settings.load_profile("strict" if STRICT else "desk")

# Where nobody has set up logging, the SDK of the tool servers does, once one of them is loaded:
# then every event of every library is painted for a terminal. This is what Python does by itself.
if logging.lastResort:
    logging.getLogger().addHandler(logging.lastResort)


# What a shell runs in its background ignores Ctrl-C, and so would all commands that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_is_secret() -> Iterator[None]:
    """What a test says is a secret is none in the next one, which may happen to say it."""
    forms, registered = set(redaction._forms), redaction._registered
    yield
    redaction._forms.clear()
    redaction._forms.update(forms)
    redaction._registered = registered


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Many commands set up the log of their process, which here is every test's process: how much
    is said, and to whom, is put back, so that no test depends on who ran before it."""
    root, ours = logging.getLogger(), logging.getLogger("factotum")
    handlers, level, own_level = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(own_level)
    logging.captureWarnings(False)


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A mail relay that takes everything."""
    from tests.servers.smtp import Relay  # most tests send nothing: they need not load a server

    with Relay() as relay:
        yield relay


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _no_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _no_skip(report)
    return report


def _no_skip(report: Any) -> None:
    """Turns a skip into a failure that gives the skip's reason. An expected failure stays."""
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"STRICT=1 lets nothing be skipped. {reason}"
