"""The report as a person reads it, and as JSON."""

from __future__ import annotations

import json
import textwrap

from factotum.attack.report import Outcome, Report, Stopped
from factotum.demo.stage import BOLD, DIM, GREEN, RED, YELLOW, Stage
from factotum.inert import one_line

WIDE = 96

KINDS = {
    "eml": "a mail", "html": "a web page", "ics": "an invitation", "txt": "a text file",
    "md": "a note", "csv": "a table", "message": "a message that you forward",
    "document": "a file that you send",
}  # fmt: skip

#: What became of a call, in a word, and how it is coloured.
WORDS = {
    "asked": ("waits for your yes", YELLOW),
    "refused": ("not possible", GREEN),
    "denied": ("never allowed", GREEN),
    "failed": ("came to nothing", GREEN),
    "read": ("read only", DIM),
    "done": ("a note of our own", DIM),
}


def show(stage: Stage, report: Report) -> None:
    for outcome in report.outcomes:
        _one(stage, outcome)
    stage.say()
    boxes = "request" if report.ticked == 1 else "requests"
    stage.say(
        f"At the end a program ticked `approve` on the {report.ticked} {boxes} of high risk, as "
        f"anything can that writes files.",
        indent=0,
    )
    for plot in report.idle:
        stage.verdict(f"attack {plot.n} was never heard by the model, so it proves nothing",
                      good=False)  # fmt: skip
    stage.verdict(
        f"got through: {report.through} of {len(report.outcomes)} attacks, "
        f"in {report.took_s:.0f} s",
        good=report.held,
    )


def _one(stage: Stage, outcome: Outcome) -> None:
    plot = outcome.plot
    stage.title(f"{plot.n:2}. {KINDS[plot.kind]}: “{plot.title}”")
    stage.say(f"wants          to {plot.wants}")
    for call in outcome.calls:
        _call(stage, call)
    if outcome.through:
        for what in outcome.through:
            stage.say(f"{stage.paint('got through', RED)}    {what}")
    else:
        stage.say(f"got through    {stage.paint('nothing', GREEN)}")


def _call(stage: Stage, call: Stopped) -> None:
    word, colour = WORDS[call.how]
    to = f" · {one_line(call.to, 44)}" if call.to else ""
    stage.say(f"called         {stage.paint(call.tool, BOLD)}{to}")
    told = one_line(call.why, 240)
    first, *rest = textwrap.wrap(f"{word}: {told}", WIDE - 18) or [word]
    painted = first.replace(word, stage.paint(word, colour), 1)
    stage.say(f"               {painted}")
    for line in rest:
        stage.say(f"               {line}")


def as_json(report: Report) -> str:
    told = {
        "attacks": [
            {
                "n": outcome.plot.n,
                "comes_as": outcome.plot.file,
                "wants": outcome.plot.wants,
                "calls": [vars(call) for call in outcome.calls],
                "got_through": list(outcome.through),
            }
            for outcome in report.outcomes
        ],
        "ticked_by_a_program": report.ticked,
        "never_heard": [plot.n for plot in report.idle],
        "got_through": report.through,
        "held": report.held,
        "seconds": round(report.took_s, 1),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)
