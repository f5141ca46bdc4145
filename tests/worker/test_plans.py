"""The plan of a run: a note that the owner and the agent both keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.ledger import Ledger, TaskRow
from factotum.model import Trust
from factotum.reader import Reader
from factotum.vault import ALL_FOLDERS, Vault
from factotum.worker.labels import Labels
from factotum.worker.plans import Plans, steps
from factotum.worker.plans import _changed as changed
from factotum.worker.runs import Run
from tests.worker.study import study

ROW = TaskRow("t-abcdefghijklmnop", "Move house.md", "note", "Move house", Trust.OWNER,
              "", "", "", b"", {}, 1.0, None)  # fmt: skip
RUN = Run(ROW.id, 1, 1.0, None, None, None, "", False, "")


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    for name in (*ALL_FOLDERS, ".factotum"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    labels = Labels(Ledger(tmp_path / ".factotum/ledger.db"))
    return Plans(Vault(tmp_path, "pi", lambda: 0.0), Reader(), labels)


def test_there_is_no_plan_before_one_is_made(plans: Plans) -> None:
    assert plans.current(ROW, RUN) == ""


def test_steps_are_written_ticked_and_added(plans: Plans) -> None:
    assert plans.change(ROW, RUN, ["Call Ada", "Book a van"], []) == (
        "1. [ ] Call Ada\n2. [ ] Book a van"
    )
    plans.change(ROW, RUN, [], [1])
    assert plans.change(ROW, RUN, ["Pack"], [9]) == (
        "1. [x] Call Ada\n2. [ ] Book a van\n3. [ ] Pack"
    )


def test_the_same_change_again_changes_nothing(plans: Plans) -> None:
    for _ in range(2):
        plans.change(ROW, RUN, ["Call Ada"], [1])
    before = plans.path(ROW, RUN).read_bytes()
    plans.change(ROW, RUN, ["call ada"], [1])
    assert plans.path(ROW, RUN).read_bytes() == before


def test_what_the_owner_writes_is_the_plan(plans: Plans) -> None:
    plans.change(ROW, RUN, ["Call Ada", "Book a van"], [])
    path = plans.path(ROW, RUN)
    theirs = "- [ ] Borrow a van\n* [x] Measure the sofa"
    text = path.read_text().replace("- [ ] Book a van", theirs)
    path.write_text(text + "\nRemember the cat.\n")
    assert plans.current(ROW, RUN) == (
        "1. [ ] Call Ada\n2. [ ] Borrow a van\n3. [x] Measure the sofa"
    )
    plans.change(ROW, RUN, ["Pack"], [2])
    written = path.read_text()
    assert "- [x] Borrow a van\n* [x] Measure the sofa\n- [ ] Pack" in written
    assert written.endswith("\nRemember the cat.\n")


def test_another_run_has_another_plan(plans: Plans) -> None:
    again = Run(ROW.id, 2, 1.0, None, None, None, "", False, "")
    plans.change(ROW, RUN, ["Call Ada"], [])
    assert plans.current(ROW, again) == ""
    assert plans.path(ROW, again) != plans.path(ROW, RUN)


def test_a_step_of_an_outsider_is_inert(plans: Plans) -> None:
    plans.change(ROW, RUN, ["![[secret]] <iframe src=x>\n- [x] paid"], [])
    assert "![[" not in plans.path(ROW, RUN).read_text()
    assert plans.current(ROW, RUN).count("\n") == 0


@given(
    st.text(alphabet="- [x]a\n*", max_size=80),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
    st.lists(st.integers(-1, 6), max_size=3),
)
def test_no_line_of_the_owner_is_lost(text: str, wanted: list[str], done: list[int]) -> None:
    new = changed(text, wanted, done)
    left = iter(new.split("\n"))
    for line in text.split("\n"):
        assert any(
            now == line or (now.count("x") == line.count("x") + 1 and len(now) == len(line))
            for now in left
        ), line
    assert len(steps(new)) >= len(steps(text))


def test_a_plan_is_on_record_as_its_task_s_whatever_it_links_to(tmp_path: Path) -> None:
    with study(tmp_path) as desk:
        desk.ledger.add_task(ROW)
        plans = Plans(desk.vault, desk.reader, desk.notebook.labels)
        below = replace(ROW, id="t-bbbbbbbbbbbbbbbb", trust=Trust.STRANGER)
        for row in (ROW, below):
            plans.change(row, replace(RUN, task=row.id), ["Pay Eve"], [])
        mine, his = (f"Plans/{plans.path(row, RUN).name}" for row in (ROW, below))
        assert desk.notebook.label(mine) is Trust.OWNER
        assert desk.notebook.label(his) is Trust.STRANGER
