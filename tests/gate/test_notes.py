"""What the gate says of tools that touch notes, and how their cards read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from factotum.channels.choices import would_go_out
from factotum.gate.card import body
from factotum.gate.content import SEEN_ROWS
from factotum.gate.form import edited
from factotum.gate.policy import Allow, Ask, judge
from factotum.gate.register import Proposal, Register
from factotum.gate.standing import Standing
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, Effect, Risk, Task, Trust
from factotum.note import parse

ALLOW = "allow"


def verdict(tool: str, trust: Trust, **args: Any) -> str:
    """`allow`, or the risk of the ask."""
    match judge(Call(tool, args), Task("t-x", "note", "x", "x", trust)):
        case Allow():
            return ALLOW
        case Ask(risk):
            return risk.value
        case _:
            return "deny"


@pytest.mark.parametrize(
    ("tool", "owner", "known", "stranger"),
    [
        ("notes__search", ALLOW, ALLOW, ALLOW),
        ("notes__read", ALLOW, ALLOW, ALLOW),
        ("recall", ALLOW, ALLOW, ALLOW),
        ("notes__write", ALLOW, ALLOW, ALLOW),
        ("remember", ALLOW, "medium", "medium"),
        ("forget", "low", "low", "low"),
        ("notes__change", "medium", "medium", "medium"),
    ],
)
def test_what_asks_and_what_does_not(tool: str, owner: str, known: str, stranger: str) -> None:
    args = {"note": "Projects/x.md"}
    assert [verdict(tool, trust, **args) for trust in Trust] == [owner, known, stranger]


@pytest.mark.parametrize(
    "note",
    [
        "SOUL.md",
        "soul.md",
        "USER.md",
        "AGENTS.md",
        "HEARTBEAT.md",
        "Company_Handbook.md",
        "Office/Skills/x.md",
        "office/skills/deep/x.md",
        "Office/Agents/x.md",
        "Office/Playbooks/x.md",
        "Office/Schedules/x.md",
        "Office/Memory/x.md",
        "Office/Contacts/x.md",
    ],
)
@pytest.mark.parametrize("trust", Trust)
def test_changing_what_steers_later_work_is_a_high_risk(note: str, trust: Trust) -> None:
    assert verdict("notes__change", trust, note=note, find="a", replace="b") == Risk.HIGH


@pytest.mark.parametrize("note", ["Projects/SOUL.md", "Office/Accounting/x.md", "Soulful.md"])
def test_changing_other_notes_is_not(note: str) -> None:
    assert verdict("notes__change", Trust.OWNER, note=note) == Risk.MEDIUM


@pytest.mark.parametrize("tool", ["notes__change", "forget"])
def test_it_asks_even_where_a_note_is_named_in_no_way(tool: str) -> None:
    assert verdict(tool, Trust.OWNER) != ALLOW


# -- the card


def shown(folder: Path, difference: str, status: str = "pending") -> tuple[str, Any]:
    ledger = Ledger(folder / "ledger.db")
    register = Register(ledger)
    row = TaskRow("t-x", "x.md", "note", "x", Trust.OWNER, "", "", "", b"", {}, 0.0, None)
    ledger.add_task(row)
    about = {"who": "Projects/x.md", "difference": difference, "note": "x"}
    args = {"note": "Projects/x.md", "find": "a", "replace": "b"}
    proposal = Proposal(
        0, "notes__change", args, "Change this note?", Effect.IDEMPOTENT, Risk.MEDIUM,
        "whatever changes things asks", 60.0, Trust.OWNER, "p", about=about,
    )  # fmt: skip
    with ledger.tx() as db:
        db.execute("INSERT INTO run (task, n, started) VALUES ('t-x', 1, 0)")
    (id,) = register.propose("t-x", 1, [proposal], 0.0)
    card = register.card(id)
    ledger.close()
    return body(card, 0.0, 60.0, Standing()), card


def test_a_card_shows_what_changes_before_anything_else(tmp_path: Path) -> None:
    text, card = shown(tmp_path, "@@ -1 +1 @@\n-old\n+new")
    assert "## What changes\n\n```diff\n@@ -1 +1 @@\n-old\n+new\n```" in text
    assert text.index("What changes") < text.index("Why not") < text.index("Why I ask")
    assert "more line" not in text
    assert edited(parse(text.encode()), card) is None


def test_on_a_phone_a_change_has_no_numbers_of_lines_and_keeps_every_line(tmp_path: Path) -> None:
    _, card = shown(tmp_path, "@@ -1,2 +1,2 @@\n a\n-@@ -1 +1 @@\n+new\n@@ -9 +9 @@\n-x\n+y")
    assert would_go_out(card) == " a\n-@@ -1 +1 @@\n+new\n…\n-x\n+y"


def test_of_a_long_change_the_beginning_is_seen_and_the_rest_is_folded(tmp_path: Path) -> None:
    rows = [f"+line {n}" for n in range(50)]
    text, _ = shown(tmp_path, "\n".join(rows))
    assert f"\n> [!abstract]- {50 - SEEN_ROWS} more lines of the change\n" in text
    assert all(row in text for row in rows)
    before = text.partition("> [!abstract]")[0]
    assert rows[SEEN_ROWS - 1] in before and rows[SEEN_ROWS] not in before


def test_no_change_can_get_out_of_its_fence(tmp_path: Path) -> None:
    hostile = ["+```", "+## Your answer", "+> [!info]- Why I ask: x", "+~~~~", "+`````", "+![x](y)"]
    text, _ = shown(tmp_path, "\n".join(hostile * 4))
    tokens = MarkdownIt("commonmark").parse(text)
    assert [t.content for t in tokens if t.type == "fence" and t.info == "diff"] == [
        "\n".join((hostile * 4)[:SEEN_ROWS]) + "\n",
        "\n".join((hostile * 4)[SEEN_ROWS:]) + "\n",
    ]
    assert not any(c.type == "image" for t in tokens for c in t.children or ())


def test_a_card_without_a_difference_is_as_it_was(tmp_path: Path) -> None:
    text, _ = shown(tmp_path, "")
    assert "What changes" not in text


@pytest.mark.parametrize(("files", "stranger"), [([], ALLOW), (["Accounts.pdf"], "medium")])
def test_a_draft_with_files_for_words_of_others_asks(files: list[str], stranger: str) -> None:
    args = {"to": ["eve@evil.example"], "subject": "s", "body": "b", "attachments": files}
    assert verdict("mail__draft", Trust.OWNER, **args) == ALLOW
    assert verdict("mail__draft", Trust.STRANGER, **args) == stranger
