"""/status, /tasks and /cost: what is going on, on one screen."""

from __future__ import annotations

import fcntl
import os
import time

import pytest

from factotum.model import Lost
from factotum.scan import Problem
from factotum.views.snapshot import publish
from factotum.views.views import snapshot_path
from factotum.worker.heartbeat import THINKS
from tests.channels.commanding import Ann
from tests.views.house import House


def put(house: House, folder: str, title: str) -> str:
    """A task whose note lies there."""
    task = house.task(title)
    row = house.ledger.task(task)
    assert row is not None
    path = house.root / folder / row.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (house.now, house.now))
    return task


def wait(house: House, title: str, request: str = "Send this mail to Ada?", **more: object) -> str:
    task = put(house, "In_Progress/pi/waiting", title)
    house.card(request, task=task, **more)
    return task


def spend(house: House, usd: float, task: str = "t", *, outside: int = 0, model: str = "m") -> None:
    micros = int(usd * 1_000_000)
    house.ledger.db.execute(
        "INSERT INTO spend (root, task, run, outside, model, reserved, cost, at)"
        " VALUES (?, ?, 1, ?, ?, ?, ?, ?)",
        (task, task, outside, model, micros, micros, house.now),
    )


def test_status_is_one_screen_however_much_there_is(ann: Ann, house: House) -> None:
    for n in range(9):
        wait(house, f"Errand {n}", f"Send letter {n}?")
        put(house, "In_Progress/pi", f"Busy {n}")
        put(house, "Failed", f"Lost {n}")
        (house.root / "Needs_Action" / f"Broken {n}.md").write_text("---\na: [\n---\n")
    house.end(house.card("Send what was lost?"), Lost("line"))
    house.approve(house.card("Send what is approved?"))
    (house.root / "STOP.md").write_text("x")
    spend(house, 0.31)
    ann("/stop")
    lines = ann.lines("/status")
    assert len(lines) <= 12
    said = "\n".join(lines)
    assert "Waits for you: 10" in said
    assert lines[4].startswith("• Unknown whether it happened: Send what was lost")  # worst first
    assert "Approved, held back: 1 (Send what is approved)" in said
    assert "At work on 9: Busy 0, Busy 1, Busy 2 and 6 more. To do: 9. Failed: 9" in said
    assert "⚠ Needs_Action/Broken 0.md: " in said and "(and 7 more: factotum status)" in said
    assert lines[-1] == "Models: 0.31 of 1.00 USD today, 0.31 of 15.00 this month"


def test_status_of_a_quiet_office(ann: Ann) -> None:
    assert ann.lines("/status") == [
        "Factotum. Nobody is at work: start it on its machine with factotum up",
        "Nothing waits for you.",
        "At work on nothing. To do: 0",
        "Models have cost nothing this month.",
    ]


@pytest.mark.parametrize(
    ("env", "thinks", "spent", "said"),
    [
        ({}, "", "", "without a model: playbooks alone"),
        ({"FACTOTUM_MODEL": "openrouter/x"}, "yes", "", "thinking with openrouter/x"),
        ({}, "yes", "ollama/qwen3", "thinking with ollama/qwen3"),
        ({}, "yes", "", "with a model"),
        ({"FACTOTUM_MODEL": "openrouter/x"}, "", "", "playbooks alone"),  # it could not be had
    ],
)
def test_status_says_who_thinks(
    ann: Ann, house: House, env: dict[str, str], thinks: str, spent: str, said: str
) -> None:
    ann.env, ann.pid = env, 1
    house.ledger.set_meta(THINKS, thinks)
    if spent:
        spend(house, 0.01, model=spent)
    assert ann.lines("/status")[0].startswith("Factotum is at work, ")
    assert ann.lines("/status")[0].endswith(said)


def test_status_shows_what_the_office_at_work_published(ann: Ann, house: House) -> None:
    lock = house.folder / "lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        put(house, "Failed", "An errand")
        shown = house.snapshot(Problem(house.root / "Feeds", "hears nothing"), ok=False)
        path = snapshot_path(house.folder)
        publish(path, shown)
        os.utime(path, (time.time() + 1, time.time() + 1))
        ann.pid = os.getpid()
        said = ann("/status")
        assert "⚠ Something is wrong on the machine. Find out with: factotum doctor" in said
        assert "⚠ Feeds: hears nothing" in said
        ann.pid = None
        assert "hears nothing" not in ann("/status")


# -- /tasks


def test_tasks_are_listed_oldest_first_with_what_each_waits_for(ann: Ann, house: House) -> None:
    put(house, "Needs_Action", "Later")
    house.go(60)
    first = wait(house, "Answer Ada")
    house.go(60)
    wait(house, "Choose", "Which colour?", kind="question")
    house.go(60)
    task = wait(house, "Two", "Send one?")
    house.go(1)
    house.card("Send two?", task=task)
    lines = ann.lines("/tasks")
    assert lines[0] == "Open: 4"
    assert lines[1].endswith("Later · to be begun · 14:02")
    assert lines[2] == (
        f"• {first[2:8]} Answer Ada · waits for your yes: Send this mail to Ada · 14:03"
    )
    assert lines[3].endswith("Choose · waits for your answer: Which colour? · 14:04")
    assert lines[4].endswith("Two · waits for your yes: Send one (and 1 more) · 14:05")
    assert ann.lines("/tasks waiting")[0] == "Waiting: 3"


def test_a_failed_task_says_why(ann: Ann, house: House) -> None:
    task = put(house, "Failed", "Fetch the paper")
    run = house.runs.current(task, house.now)
    house.runs.end(run, "failed", "The shop\nwas shut.", house.now)
    assert ann.lines("/tasks failed") == [
        "Failed: 1",
        f"• {task[2:8]} Fetch the paper · The shop was shut. · 14:02",
    ]
    assert ann("/tasks") == "No task is open."


def test_a_task_that_is_held_says_by_what(ann: Ann, house: House) -> None:
    (house.root / "Needs_Action" / "Broken.md").write_text("---\na: [\n---\n")
    assert "Broken · " in ann("/tasks") and "to be begun" not in ann("/tasks")


def test_many_tasks_are_paged(ann: Ann, house: House) -> None:
    assert ann("/tasks waiting") == "No task waits."
    for n in range(37):
        put(house, "Failed", f"Errand {n:02}")
        house.go(1)
    first, second, third = (ann.lines(f"/tasks failed {n}") for n in (1, 2, 3))
    assert len(first) == 17 and first[-1] == "… and 22 more: /tasks failed 2"
    assert "Errand 15" in second[1] and second[-1] == "… and 7 more: /tasks failed 3"
    assert len(third) == 8 and "Errand 36" in third[-1]
    assert "no such page" in ann("/tasks failed 4")


def test_an_unknown_kind_of_task_names_those_that_there_are(ann: Ann) -> None:
    assert ann("/tasks lost") == (
        "“lost” is no kind of task. There are: /tasks open, /tasks waiting, /tasks failed"
    )


# -- /cost


def test_cost_tells_of_today_the_month_the_caps_and_who_got_it(ann: Ann, house: House) -> None:
    task = house.task("Write the offer")
    spend(house, 0.25, task, model="claude")
    spend(house, 0.05, house.task("Answer a stranger"), outside=1, model="qwen")
    house.go(86_400.0)
    spend(house, 0.02, task, model="claude")
    ann.env = {"FACTOTUM_BUDGET_DAY_USD": "2", "FACTOTUM_BUDGET_TASK_USD": "0.5"}
    assert ann.lines("/cost") == [
        "Today: 0.02 of 2.00 USD",
        "This month: 0.32 of 15.00 USD",
        "At most 0.50 USD a task. Set by FACTOTUM_BUDGET_DAY_USD, "
        "FACTOTUM_BUDGET_MONTH_USD, FACTOTUM_BUDGET_TASK_USD",
        "",
        "▁▁▁▁▁▁▁▁▁▁▁▁█▂",
        "Sun 15 Nov to Sat 28 Nov, most on Fri 27 Nov: 0.30 USD",
        "",
        "Dearest today:",
        "• 0.02 USD Write the offer",
        "",
        "Who got it this month:",
        "• 0.27 USD claude (2 calls)",
        "• 0.05 USD qwen (1 call)",
        "Of it, for work that others caused: 0.05 USD",
    ]


def test_without_a_model_nothing_was_spent(ann: Ann, house: House) -> None:
    (house.root / "Company_Handbook.md").write_text(
        "```yaml policy\nbudget: {day: 0.40 USD, task: 0.10 USD, month: 5 USD}\n```\n"
    )
    assert ann.lines("/cost") == [
        "Today: 0.00 of 0.40 USD",
        "This month: 0.00 of 5.00 USD",
        "At most 0.10 USD a task. Set by budget in Company_Handbook.md",
        "",
        "No model was asked this month.",
    ]
