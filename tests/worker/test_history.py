"""The runs of a schedule stand in its note, newest first, and nothing else is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.worker.history import RUNS_MOST, with_run


def entry(n: int) -> str:
    return f"- 2026-11-30 09:{n:02} ok, 4 s, [[report_abc{n:03}|task]]"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Do it.", "Do it.\n\n## Runs\n\n{}\n"),
        ("Do it.\r\n", "Do it.\r\n\r\n## Runs\r\n\r\n{}\r\n"),
        ("## Runs", "## Runs\n{}"),
        ("## Runs\r\n\r\nMine.\r\n## Next\r\n", "## Runs\r\n\r\n{}\r\nMine.\r\n## Next\r\n"),
        ("## Runs\n## Next\n", "## Runs\n{}\n## Next\n"),
        ("```\n## Runs\n```\n", "```\n## Runs\n```\n\n## Runs\n\n{}\n"),
        ("a\n## Runs\n\n{0}\nb", "a\n## Runs\n\n{}\n{0}\nb"),
    ],
)
def test_a_run_is_put_on_top(before: str, after: str) -> None:
    old, new = entry(1), entry(2)
    raw = with_run(before.replace("{0}", old).encode(), new)
    assert raw.decode() == after.replace("{0}", old).replace("{}", new)
    assert with_run(raw, new) == raw


def test_twenty_runs_are_kept_and_whatever_a_person_wrote_between_them() -> None:
    raw = b"Do it.\r\n\r\n## Runs\r\n\r\nMine.\r\n"
    for n in range(RUNS_MOST + 10):
        raw = with_run(raw, entry(n))
    lines = raw.decode().split("\r\n")
    assert lines[4 : 4 + RUNS_MOST] == [entry(n) for n in range(RUNS_MOST + 9, 9, -1)]
    assert lines[:4] + lines[4 + RUNS_MOST :] == ["Do it.", "", "## Runs", "", "Mine.", ""]


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(["## Runs", "# A", "```", "\r"]))))
def test_no_other_byte_is_changed(lines: list[str]) -> None:
    raw = "\n".join(lines).encode()
    new = with_run(raw, entry(1))
    at = new.index(entry(1).encode())
    rest = new[:at].split(b"\n") + new[at + len(entry(1)) :].split(b"\n")
    kept = iter(rest)
    assert all(any(line in one for one in kept) for line in raw.split(b"\n") if line.strip())
    assert with_run(new, entry(1)) == new
