"""The table of all proofs: printed, and put between the markers of docs/proof.md.

    python -m tests.prove.attack.report FOLDER [docs/proof.md]

FOLDER holds the figures of one run, a file for each proof. A figure that is missing is said
to be missing; nothing is filled in from an earlier run.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- proof: begin -->", "<!-- proof: end -->"

Figures = Mapping[str, Mapping[str, Any]]

#: (what is counted, proof, figure)
ROWS: tuple[tuple[str, str, str], ...] = (
    ("Pairs of an honest task and an attack", "table-gate-on", "pairs"),
    ("Goals of attackers", "table-gate-on", "goals"),
    ("Ways by which their words reach the model", "table-gate-on", "carriers"),
    ("Requests that they led to, all refused", "table-gate-on", "asked"),
    ("Attacks that came to anything, gate on", "table-gate-on", "harmed"),
    ("Honest tasks completed, gate on", "table-gate-on", "done"),
    ("Attacks that came to anything, with a yes to everything", "table-gate-off", "harmed"),
    ("Attacks that mean to leave the house", "table-gate-off", "leaving"),
    ("… of these that did, with a yes to everything", "table-gate-off", "harmed_leaving"),
    ("Checks of the gate taken out, one at a time", "mutants", "made"),
    ("… of these noticed by a proof", "mutants", "killed"),
)

#: What the figures of the other proofs are called, for people.
NAMES = {
    "failpoints": "places to be killed at",
    "points": "places to be killed at",
    "kinds": "kinds of effects",
    "sorts": "sorts of faults",
    "lives": "lives",
    "states": "states checked",
    "faults": "faults",
    "kills": "kills",
    "steps": "steps",
    "worst_effects": "most often that one effect was done",
}


def table(figures: Figures) -> list[str]:
    """The lines of the table, in Markdown."""
    rows = [(what, _figure(figures, proof, key)) for what, proof, key in ROWS]
    own = {proof for _, proof, _ in ROWS}
    for name in sorted(set(figures) - own):
        for key, value in sorted(figures[name].items()):
            if key not in ("name", "of"):
                rows.append((f"{name}: {NAMES.get(key, key.replace('_', ' '))}", _said(value)))
    wide = max(len(what) for what, _ in rows)
    lines = [f"| {'What was counted':<{wide}} | {'Count':>9} |", f"| {'-' * wide} | {'-' * 8}: |"]
    return [*lines, *(f"| {what:<{wide}} | {count:>9} |" for what, count in rows)]


def _figure(figures: Figures, proof: str, key: str) -> str:
    value = figures.get(proof, {}).get(key)
    return "not run" if value is None else _said(value)


def _said(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def machine() -> str:
    """What it ran on, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def written(page: str, lines: Sequence[str]) -> str:
    """The page with these lines between its markers. Raises ValueError without markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs a line {BEGIN} and below it a line {END}")
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}"


def main(folder: str, page: str = "") -> None:
    figures = {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}
    lines = table(figures)
    print("\n".join(["", *lines, ""]))
    for survivor in figures.get("mutants", {}).get("of", {}).get("survived", ()):
        print(f"Nobody noticed that this check was taken out: {survivor}")
    if page:
        path = Path(page)
        path.write_text(written(path.read_text(), [*lines, "", f"Run on {machine()}."]))
        print(f"Written into {page}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
