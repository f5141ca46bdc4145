"""A line in a daily note is one task, wherever it is moved, and is ticked when that is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.model import Trust
from tests.office import TestOffice
from tests.watchers.listening import Listening, handbook, listening
from watchers.hints import Hints
from watchers.notes.source import NEW_MOST, Notes

MONDAY, TUESDAY = "Journal/2026-11-30.md", "Journal/2026-12-01.md"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = TestOffice(tmp_path)
    (made.root / "Journal").mkdir()
    handbook(made, "notes", "Journal")
    made.playbook("when: {kind: note}\ndo:\n  - finish: {summary: 'That was all.'}")
    return made


@pytest.fixture
def heard(office: TestOffice) -> Iterator[Listening]:
    with listening(office, Notes) as heard:
        heard.look()
        yield heard


def write(office: TestOffice, *lines: str, note: str = MONDAY) -> Path:
    path = office.root / note
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_line_becomes_a_task_of_the_owners_and_is_ticked_when_it_is_done(
    office: TestOffice, heard: Listening
) -> None:
    note = write(office, "# Monday", "- [ ] @fac dentist before 5 Dec", "\t- not on Friday", "- x")
    heard.look()
    heard.look()
    (task,) = heard.tasks
    assert (task.title, task.trust, task.kind) == ("dentist before 5 Dec", Trust.OWNER, "note")
    (text,) = heard.notes
    assert "not on Friday" in text and "[[Journal/2026-11-30]]" in text
    office.run()
    receipt = office.one("Done").stem
    ticked = f"- [x] @fac dentist before 5 Dec [[{receipt}|✓]]"
    assert note.read_text() == f"# Monday\n{ticked}\n\t- not on Friday\n- x\n"
    heard.look()
    assert len(heard.tasks) == 1


def test_what_was_there_when_the_folder_was_named_is_not_begun_and_told_for_a_day(
    office: TestOffice,
) -> None:
    write(office, "- [ ] @fac old", "- [x] @fac done")
    with listening(office, Notes) as heard:
        heard.look()
        assert heard.tasks == []
        assert heard.remarks == {
            "Journal": "1 line there already, not begun. To have one done, write it anew"
        }
        write(office, "- [ ] @fac old", "- [ ] @fac new")
        heard.look()
        assert heard.titles == ["new"]
        office.hands.go(90_000)
        heard.look()
        assert heard.remarks == {}


@pytest.mark.parametrize(
    "after",
    [
        ["above", "- [ ] @fac b", "text", "  - [ ] @fac a"],  # reordered, indented, edited above
        ["- [ ] @fac a"],  # the other one deleted
        ["* [ ]  @fac  a", "- [ ] @fac b"],  # another bullet, other blanks
        ["- [ ] @fac b", "- [ ] @fac a", "- [x] @fac c", "- [ ] `@fac` d", "- [ ] @fac"],
    ],
)
def test_a_line_that_is_moved_is_the_same_task(
    office: TestOffice, heard: Listening, after: list[str]
) -> None:
    write(office, "- [ ] @fac a", "- [ ] @fac b")
    heard.look()
    write(office, *after)
    heard.look()
    assert sorted(heard.titles) == ["a", "b"]


def test_a_line_taken_out_and_put_back_is_the_same_and_a_second_one_is_another(
    office: TestOffice, heard: Listening
) -> None:
    write(office, "- [ ] @fac a")
    heard.look()
    write(office, "nothing")
    heard.look()
    write(office, "- [ ] @fac a")
    heard.look()
    assert heard.titles == ["a"]
    write(office, "- [ ] @fac a", "- [ ] @fac a")
    heard.look()
    heard.look()
    assert heard.titles == ["a", "a"]


def test_an_edited_line_is_the_same_task_and_ticked_as_it_reads_by_then(
    office: TestOffice, heard: Listening
) -> None:
    write(office, "- [ ] @fac call the dentist")
    heard.look()
    note = write(office, "- [ ] @fac call the dentist before 5 Dec")
    heard.look()
    assert heard.titles == ["call the dentist"]
    office.run()
    assert note.read_text().startswith("- [x] @fac call the dentist before 5 Dec [[")


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("copied", [False, True])
def test_a_line_carried_over_into_the_next_day_is_the_same_task(
    office: TestOffice, restart: bool, copied: bool
) -> None:
    with listening(office, Notes) as heard:
        heard.look()
        write(office, "- [ ] @fac call the dentist")
        heard.look()
        if not restart:
            carry(office, copied)
            heard.look()
    if restart:
        carry(office, copied)
    with listening(office, Notes) as heard:
        heard.look()
        heard.look()
        assert heard.titles == ["call the dentist"]
    office.run()
    assert (office.root / TUESDAY).read_text().startswith("- [x] @fac call the dentist [[")
    assert "[x]" not in (office.root / MONDAY).read_text()


def carry(office: TestOffice, copied: bool) -> None:
    write(office, "- [ ] @fac call the dentist", note=TUESDAY)
    if not copied:
        write(office, "Nothing left.")


def test_the_same_words_on_another_day_are_another_task(
    office: TestOffice, heard: Listening
) -> None:
    write(office, "- [ ] @fac water the plants")
    heard.look()
    office.run()
    heard.look()
    write(office, "- [ ] @fac water the plants", note=TUESDAY)
    heard.look()
    assert len(heard.tasks) == 2
    (office.root / MONDAY).unlink()
    heard.look()
    write(office, "- [ ] @fac water the plants", note="Journal/2026-12-02.md")
    office.run()
    heard.look()
    assert len(heard.tasks) == 3


@pytest.mark.parametrize("restart", [False, True])
def test_a_note_that_is_renamed_brings_its_lines_along(office: TestOffice, restart: bool) -> None:
    write(office, "- [ ] @fac old")
    with listening(office, Notes) as heard:
        heard.look()
        note = write(office, "- [ ] @fac old", "- [ ] @fac new")
        heard.look()
        if not restart:
            note.rename(office.root / "Journal/Renamed.md")
            heard.look()
    if restart:
        note.rename(office.root / "Journal/Renamed.md")
    with listening(office, Notes) as heard:
        heard.look()
        assert heard.titles == ["new"]
    office.run()
    said = (office.root / "Journal/Renamed.md").read_text()
    assert said.startswith("- [ ] @fac old\n- [x] @fac new [[")


def test_a_line_is_taken_when_it_has_lain_still(office: TestOffice) -> None:
    office.env["FACTOTUM_SETTLE_S"] = "120"
    with listening(office, Notes) as heard:
        heard.look()
        write(office, "- [ ] @fac call the")
        os.utime(office.root / MONDAY, (office.hands.wall, office.hands.wall))
        assert heard.look() == 120
        office.hands.go(60)
        write(office, "- [ ] @fac call the dentist")
        os.utime(office.root / MONDAY, (office.hands.wall, office.hands.wall))
        assert heard.look() == 120
        office.hands.go(60)
        write(office, "- [ ] @fac call the dentist", "and something else")
        os.utime(office.root / MONDAY, (office.hands.wall, office.hands.wall))
        assert heard.look() == 60 and heard.tasks == []
        office.hands.go(60)
        heard.look()
        assert heard.titles == ["call the dentist"]
        write(office, "- [ ] @fac long ago", note=TUESDAY)
        os.utime(office.root / TUESDAY, (1, 1))
        heard.look()
        assert heard.titles[1:] == ["long ago"]


@pytest.mark.parametrize(
    ("note", "head"),
    [
        ("Journal/Clipped.md", "---\nsource: https://evil.example\n---"),
        ("Journal/Secret.md", "---\nfactotum: never\n---"),
        ("Journal/Braces.md", "---\n{title: x, source: https://evil.example}\n---"),
        ("Journal/Asked.md", "---\n? source\n: https://evil.example\n---"),
        ("Journal/Tagged.md", "---\n!!str source: https://evil.example\n---"),
        ("Journal/Made.md", "---\nmade_by: a-aaaaaaaaaaaaaaaa\n---"),
        ("Elsewhere/Note.md", "# Elsewhere"),
        ("Journal/.trash/Note.md", "# Thrown away"),
        ("Journal/Private/Note.md", "# Private"),
        ("Journal/Note.txt", "# No note"),
    ],
)
def test_what_is_not_the_owners_or_not_to_be_read_begins_nothing(
    office: TestOffice, note: str, head: str
) -> None:
    path = office.root / "Company_Handbook.md"
    path.write_text("---\nprivate: [Journal/Private]\n---\n" + path.read_text())
    with listening(office, Notes) as heard:
        heard.look()
        write(office, head, "- [ ] @fac pay", note=note)
        heard.look()
        assert heard.tasks == []


def test_a_link_is_not_followed(office: TestOffice, heard: Listening, tmp_path: Path) -> None:
    (tmp_path / "Away.md").write_text("- [ ] @fac pay\n")
    (office.root / MONDAY).symlink_to(tmp_path / "Away.md")
    heard.look()
    assert heard.tasks == []


def test_very_many_lines_at_once_came_by_a_sync_and_are_not_begun(
    office: TestOffice, heard: Listening
) -> None:
    write(office, *(f"- [ ] @fac number {n}" for n in range(NEW_MOST + 1)))
    heard.look()
    heard.look()
    assert heard.tasks == []
    assert heard.remarks["Journal"].startswith(f"{NEW_MOST + 1} lines at once")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("Nowhere", "there is no folder 'Nowhere' in /"),
        ("/etc", "from the top of the vault"),
        ("../x", "from the top of the vault"),
        ("Needs_Action", "holds tasks and notes of the office"),
        ("Office/Schedules", "holds tasks and notes of the office"),
        ({"folder": "Journal", "mention": "two words"}, "must be one word"),
        ({"folders": "Journal"}, "did you mean `folder`?"),
    ],
)
def test_an_entry_that_is_wrong_is_told_and_takes_no_other_with_it(
    office: TestOffice, entry: object, why: str
) -> None:
    handbook(office, "notes", entry, {"folder": "Journal", "mention": "@Bo"})
    with listening(office, Notes) as heard:
        heard.look()
        (told,) = heard.remarks.values()
        assert why in told
        write(office, "- [ ] @fac no", "- [ ] @bo yes")
        heard.look()
        assert heard.titles == ["yes"]


class Inner(TestOffice):
    @property
    def root(self) -> Path:
        return self.folder / "vault/Factotum"


def test_folders_are_those_of_the_larger_vault_when_ours_lies_in_one(tmp_path: Path) -> None:
    (tmp_path / "vault/.obsidian").mkdir(parents=True)
    office = Inner(tmp_path)
    office.playbook("when: {kind: note}\ndo:\n  - finish: {summary: 'That was all.'}")
    handbook(office, "notes", ".")
    day = tmp_path / "vault/Journal/Day.md"
    day.parent.mkdir()
    with listening(office, Notes) as heard:
        heard.look()
        day.write_text("- [ ] @fac dentist\n")
        (office.root / "Needs_Action/Mine.md").write_text("- [ ] @fac no line\n")
        (office.root / "Done/2026.md").write_text("- [ ] @fac no line\n")
        heard.look()
        assert heard.titles == ["dentist"]
    office.run()
    assert day.read_text().startswith("- [x] @fac dentist [[")


def test_a_crash_between_handing_in_and_remembering_makes_one_task(
    office: TestOffice, heard: Listening
) -> None:
    write(office, "- [ ] @fac a")
    heard.look()
    heard.post.remember('{"lines":{},"made":{}}', f"note {MONDAY}")
    with listening(office, Notes) as again:
        again.look()
        assert again.titles == ["a"]


def test_an_edit_is_heard_and_what_was_not_edited_is_not_looked_at(
    office: TestOffice, heard: Listening
) -> None:
    source = heard.source
    assert isinstance(source, Notes) and isinstance(source._hints, Hints)
    write(office, "- [ ] @fac a")
    write(office, "- [ ] @fac b", note=TUESDAY)
    source.rest(heard.post, 5.0)
    heard.look()
    assert heard.titles == ["a", "b"]
    write(office, "- [ ] @fac a", "- [ ] @fac c")
    source.rest(heard.post, 5.0)
    assert source._found(heard.post).keys() == {MONDAY}
    source._heard = {str(office.root / MONDAY)}
    heard.look()
    assert heard.titles == ["a", "b", "c"]
    (office.root / TUESDAY).unlink()
    source.rest(heard.post, 5.0)
    heard.look()
    write(office, "- [ ] @fac b", note="Journal/2026-12-02.md")
    source.rest(heard.post, 5.0)
    heard.look()
    assert heard.titles == ["a", "b", "c"]
