"""What is written under a finished task can be read, whatever was said."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.worker.runs import Run
from orchestrator import Orchestrator
from tests.office import TestOffice


@pytest.mark.parametrize("result", ["done", "failed"])
def test_a_huge_reason_makes_no_huge_note(tmp_path: Path, result: str) -> None:
    said = "BEGIN" + "<" * 3_000_000 + "END"
    run = Run("t-7f3k", 1, 0.0, None, 1.0, result, said, False, "")

    def look(orchestrator: Orchestrator) -> None:
        text = orchestrator.worker.closer._text(run)
        assert len(text) < 100_000
        assert "BEGIN&lt;" in text and "END" in text
        assert "2980008 characters left out" in text

    TestOffice(tmp_path).run(look)
