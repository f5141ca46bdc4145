"""`factotum watchers test`: a trial waits for nothing and shows what has just come."""

from __future__ import annotations

from tests.cli.terminal import Terminal, terminal_of
from tests.office import TestOffice


def of(office: TestOffice, **env: str) -> Terminal:
    office.state.mkdir(mode=0o700, exist_ok=True)
    made = terminal_of(office)
    made.env = {**made.env, "FACTOTUM_STABLE_S": "60", **env}
    return made


def test_a_file_that_has_just_come_is_shown(office: TestOffice) -> None:
    outside = office.folder / "scans"
    outside.mkdir()
    terminal = of(office, FACTOTUM_FOLDERS=str(outside))
    assert terminal("watchers", "run", "fs", "--once").code == 0
    (outside / "invoice.txt").write_text("30 EUR")
    for _ in range(2):
        said = terminal("watchers", "test", "fs")
        assert "answers, 1 new" in said.out and "invoice" in said.out
    assert office.files("Needs_Action") == []


def test_a_line_that_was_just_written_is_shown(office: TestOffice) -> None:
    terminal = of(office, FACTOTUM_SETTLE_S="600")
    (office.root / "Journal").mkdir()
    block = "```yaml watching\nnotes:\n  - Journal\n```\n"
    (office.root / "Company_Handbook.md").write_text(block)
    assert terminal("watchers", "run", "notes", "--once").code == 0
    (office.root / "Journal/today.md").write_text("- [ ] @fac dentist before 5 Dec\n")
    assert "dentist before 5 Dec" in terminal("watchers", "test", "notes").out
