"""When a heartbeat has anything to do, and when its answer says that there was nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.worker.heartbeat import actionable, is_quiet

TEMPLATE = Path(__file__).parents[2] / "vault_template/HEARTBEAT.md"


@pytest.mark.parametrize(
    ("text", "work"),
    [
        ("", False),
        ("\ufeff# Heartbeat\r\n\r\n", False),
        ("- [ ]\n* [ ]\n- [ ] \n1. [ ]\n-\n---\n", False),
        ("- [x] paid\n* [X] sent\n", False),
        ("- [ ] Check the weather", True),
        ("* [/] half done", True),
        ("Look at the offers.", True),
        ("- `make test`", True),
        ("<!-- a comment -->", False),
        ("<!--\n- [ ] a comment\n-->", False),
        ("<!-- a\n-->- [ ] behind it", True),
        ("%% hidden %%", False),
        ("## Completed\n- [ ] left open\nwords", False),
        ("words\n## Completed\n- [x] a", True),
        ("words above\n## Active Tasks\n\n## Completed\n", False),
        ("## active tasks\n### Every day\n- look\n", True),
        ("## Active Tasks\n# Other\n- look\n", False),
        ("---\ntags: a\n---\n", False),
    ],
)
def test_only_what_is_to_be_done_is_work(text: str, work: bool) -> None:
    assert actionable(text) is work


def test_the_template_asks_for_nothing() -> None:
    text = TEMPLATE.read_text()
    assert not actionable(text)
    assert actionable(text.replace("## Completed", "- [ ] Look at the offers\n\n## Completed"))


@pytest.mark.parametrize(
    ("answer", "quiet"),
    [
        ("HEARTBEAT_OK", True),
        ("heartbeat ok.", True),
        (" **HeartbeatOK** \n", True),
        ("HEARTBEAT_OK!", True),
        ("HEARTBEAT_OK, but Bianchi has not paid.", False),
        ("Not HEARTBEAT_OK", False),
        ("", False),
    ],
)
def test_an_answer_that_says_ok_and_nothing_else_is_quiet(answer: str, quiet: bool) -> None:
    assert is_quiet(answer) is quiet
