"""Where a channel cannot show what a message answers, it says which of several works it is of."""

from __future__ import annotations

from pathlib import Path

from tests.channels.test_every_channel import house

DONE = "Did what the playbook 20-question says."


def test_what_ends_beside_other_work_says_which_it_was(tmp_path: Path) -> None:
    with house("terminal", tmp_path) as (rig, _, _relay):
        rig.says("a mail to Ada")
        rig.reads("Send this mail to ada@rossi.example?")
        rig.says("a question of letters")
        rig.chooses("Rossi")
        rig.reads(f"factotum> To “a question of letters”:\n  {DONE}")


def test_what_ends_alone_is_told_without_its_title(tmp_path: Path) -> None:
    with house("terminal", tmp_path) as (rig, _, _relay):
        for about in ("letters", "mails"):
            rig.says(f"a question of {about}")
            rig.chooses("Rossi")
            rig.reads(f"factotum> {DONE}")
