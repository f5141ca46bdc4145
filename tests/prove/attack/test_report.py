"""The table of the proofs says what was counted, and what was not run; each mutant can be made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.prove.attack import report
from tests.prove.attack.mutants import MUTANTS

HERE = Path(__file__).resolve().parents[3]

FIGURES = {
    "table-gate-on": {"name": "x", "pairs": 789, "goals": 114, "effects": 0, "of": {}},
    "crash-matrix": {"name": "x", "lives": 1200, "worst_effects": 1, "of": {"kinds": ["a"]}},
}


def test_it_tells_each_figure_and_what_was_not_run() -> None:
    told = "\n".join(report.table(FIGURES))
    assert "| Pairs of an honest task and an attack" in told and "|       789 |" in told
    assert "crash-matrix: lives" in told and "1,200" in told
    (made,) = [line for line in told.split("\n") if "Checks of the gate taken out" in line]
    assert "not run" in made


def test_it_stands_between_the_markers_and_touches_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "proof.md"
    page.write_text(f"# Proof\n\n{report.BEGIN}\nold\n{report.END}\n\nMore.\n")
    for name, figures in FIGURES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(figures))
    report.main(str(tmp_path), str(page))
    text = page.read_text()
    assert text.startswith("# Proof\n") and text.endswith("\n\nMore.\n")
    assert "old" not in text and "789" in text


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="needs a line"):
        report.written("# Proof\n", ["x"])


def test_the_page_of_the_docs_has_its_place() -> None:
    page = (HERE / "docs/proof.md").read_text()
    assert report.written(page, ["x"])


def test_every_mutant_can_still_be_made() -> None:
    for mutant in MUTANTS:
        text = (HERE / mutant.path).read_text()
        assert text.count(mutant.old) == 1, f"{mutant.id}: look at {mutant.path} again"
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS)
