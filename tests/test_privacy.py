"""What is private is not read; what cannot be told is taken for private."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from factotum.note import parse
from factotum.privacy import Private, PrivateShelf, load
from factotum.reader import Reader


def handbook(*entries: str) -> bytes:
    return "\n".join(["---", "private:", *entries, "---", "# Rules", ""]).encode()


@pytest.mark.parametrize(
    ("entry", "path", "hidden"),
    [
        ("- Diary", "Diary/2026/May.md", True),
        ("- Diary/", "Diary", True),
        ("- diary", "DIARY/x.md", True),  # one folder on a disk that knows no case
        ("- Diary", "Diary of a cat.md", False),
        ("- Diary", "Work/Diary/x.md", False),
        ("- Work/Diary", "Work/Diary/x.md", True),
        ("- Ideas", "Ideas.md", True),
        ("- '[[Ideas]]'", "Ideas.md", True),
        ("- Ideas.md", "Ideas.md", True),
        ("- 'Caf\u00e9'", "Cafe\u0301/x.md", True),
        ("- Diary/*", "Diary/x.md", True),
        ("- Diary/**", "Diary/2026/x.md", True),
        ("- Diary/**/*.md", "Diary/2026/x.md", True),
        ("- Personal\\Diary", "Personal/Diary/x.md", True),
        ("- '[[Ideas]]'", "Work/Ideas.md", True),
        ("- '[[Work/Ideas#May|my ideas]]'", "Private/Ideas.md", True),  # rather one too many
        ("- '[[Ideas]]'", "Work/Ideas of mine.md", False),
        ("- Diary, Health", "Health/x.md", True),
        ("- Rome, Italy", "Rome, Italy/x.md", True),
        ("- C#", "C#/x.md", True),
        ("- Work [old]", "Work [old]/x.md", True),
        ("- '#health'", "health/x.md", False),
    ],
)
def test_a_folder_in_the_list_is_kept_out(entry: str, path: str, hidden: bool) -> None:
    private = load(handbook(entry))
    assert private.problem == ""
    assert private.hides_path(path) is hidden


def test_a_path_counts_from_either_top() -> None:
    assert load(handbook("- Diary")).hides_path("../Diary/x.md", "Diary/x.md")
    assert load(handbook("- Factotum/Drafts")).hides_path("Drafts/x.md", "Factotum/Drafts/x.md")


@pytest.mark.parametrize(
    ("note", "hidden"),
    [
        ("---\ntags: health\n---\nx", True),
        ("---\ntags: [work, Health]\n---\nx", True),
        ("---\nTags:\n- '#health/teeth'\n---\nx", True),
        ("about my #Health today", True),
        ("#health/teeth", True),
        ("```text\n#health\n```", True),  # rather one too many
        ("#healthy living", False),
        ("health", False),
        ("---\ntags: work\n---\nx", False),
    ],
)
def test_a_tag_in_the_list_is_kept_out(note: str, hidden: bool) -> None:
    assert load(handbook('- "#health"')).hides(parse(note.encode())) is hidden


@pytest.mark.parametrize(
    "word",
    ["never", "Never", '"never"', "no", "false", "off", "[never]", "never!", "hands off", ""],
)
def test_a_note_keeps_itself_out(word: str) -> None:
    assert Private().hides(parse(f"---\nfactotum: {word}\n---\nx".encode()))
    assert not Private().hides(parse(b"---\nfactotum: yes\n---\nx"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (handbook("- #health"), "line 2: an entry is empty"),  # to YAML that is a remark
        (handbook("- Diary", '- ""'), "line 2: an entry is empty"),
        (handbook("- ../other"), "no folder"),
        (handbook("- '#a b'"), "no tag"),
        (handbook("- 7"), "an entry is empty"),
        (handbook("- Dia*"), "no folder"),
        (handbook("- '[Diary](Diary.md)'"), "no folder"),
        (b"---\nprivat: [Diary]\n---\n", "no property is called `privat`: write `private`"),
        (b"---\nprivacy: Diary\nprivate: [x]\n---\n", "no property is called `privacy`"),
        (b"# Rules\n\nPrivate:\n- Diary\n", "line 3 begins a list"),
        (b"---\na: 1\nprivate: [&a x]\n---\n", "in line 3 of the note"),
        (b"# Rules\n\nprivate:\n- Diary\n", "line 3 begins a list"),
        (b"---\na: 1\n---\n# Rules\n```yaml private\n- Diary\n```\n", "line 5 begins a list"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_keeps_everything_out_but_work(text: bytes, said: str) -> None:
    private = load(text)
    assert said in private.problem
    assert private.hides_path("Anything.md")
    assert private.hides_path("Office/Memory/x.md")
    assert not private.hides_path("Done/2026-11/x.md")


@pytest.mark.parametrize("mark", ["`", "~", "-\t"])
def test_a_long_line_is_looked_at_once(mark: str) -> None:
    began = time.process_time()
    assert load((mark * 100_000 + "\n").encode() + b"- private") == Private()
    assert time.process_time() - began < 2


def test_no_list_keeps_nothing_out() -> None:
    for text in (b"", b"# Rules\nBe kind. Keep it private.\n", b"---\nprivate:\n---\n"):
        assert load(text) == Private()


def test_one_entry_needs_no_list() -> None:
    assert load(b"---\nprivate: Diary\n---\n").hides_path("Diary/x.md")


def test_several_in_one_line_and_a_large_letter_are_understood() -> None:
    for text in (b"---\nPrivate: Diary, Health\n---\n", b"---\nPRIVATE: [Diary, Health]\n---\n"):
        assert load(text).hides_path("Diary/x.md") and load(text).hides_path("Health/x.md")


def test_a_tag_is_found_however_its_letters_are_composed() -> None:
    private = load(handbook("- '#priv\u00e9'"))
    assert private.hides(parse("#prive\u0301 x".encode()))
    assert load(handbook("- '#prive\u0301'")).hides(parse("#priv\u00e9 x".encode()))


def test_a_list_stays_in_force_when_the_handbook_is_gone_at_a_restart(tmp_path: Path) -> None:
    handbook_at, state = tmp_path / "Company_Handbook.md", tmp_path / "state"
    state.mkdir()
    handbook_at.write_bytes(handbook("- Diary", "- '[[Ideas]]'", "- '#health'"))
    shown = PrivateShelf(tmp_path, Reader(), state).current()
    handbook_at.rename(tmp_path / "Company_Handbook (copy).md")
    assert PrivateShelf(tmp_path, Reader(), state).current() == shown
    handbook_at.write_bytes(b"---\nprivate: [\n---\n")
    assert PrivateShelf(tmp_path, Reader(), state).current().problem
    handbook_at.unlink()
    assert PrivateShelf(tmp_path, Reader(), state).current() == shown
    (kept,) = state.iterdir()
    kept.write_text("[")
    assert "not known" in PrivateShelf(tmp_path, Reader(), state).current().problem
    handbook_at.write_bytes(b"# Rules\n")
    assert PrivateShelf(tmp_path, Reader(), state).current() == Private()
    handbook_at.unlink()
    assert PrivateShelf(tmp_path, Reader(), state).current() == Private()


def test_a_changed_list_has_other_rules() -> None:
    rules = {load(handbook(e)).rules for e in ("- a", "- b", "- '#a'", "- ''")}
    assert len(rules) == 4


def test_the_list_is_read_again_when_it_changed(tmp_path: Path) -> None:
    shelf = PrivateShelf(tmp_path, Reader())
    assert shelf.current() == Private()
    (tmp_path / "Company_Handbook.md").write_bytes(handbook("- Diary"))
    assert shelf.current().hides_path("Diary/x.md")
    (tmp_path / "Company_Handbook.md").unlink()  # a sync client moves it, say
    assert shelf.current().hides_path("Diary/x.md")


def test_a_handbook_that_does_not_answer_keeps_everything_out(tmp_path: Path) -> None:
    path = tmp_path / "Company_Handbook.md"
    path.symlink_to(tmp_path / "elsewhere")
    private = PrivateShelf(tmp_path, Reader()).current()
    assert "cannot be read" in private.problem
    assert private.hides_path("Anything.md")
