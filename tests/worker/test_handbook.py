"""The rules of the handbook hold as it stands now, and are never lifted by an accident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factotum.gate.rules import Policy
from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.note import parse as parse_note
from factotum.reader import Reader
from factotum.worker.handbook import GONE, META, NO_BLOCK, Handbook
from factotum.worker.labels import Labels

RULES = "# Handbook\n\n```yaml policy\nrules:\n  - {name: never, deny: mail__send}\n```\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    root = tmp_path / "vault"
    (root / ".factotum").mkdir(parents=True)
    return root / "Company_Handbook.md"


@pytest.fixture
def handbook(path: Path, ledger: Ledger) -> Handbook:
    return Handbook(path.parent, Reader(), ledger)


def names(policy: Policy) -> list[str]:
    assert not policy.broken
    return [rule.name for rule in policy.rules]


def test_what_is_written_holds_at_once(path: Path, handbook: Handbook) -> None:
    assert handbook.current() == Policy()
    path.write_text(RULES)
    assert names(handbook.current()) == ["never"]
    path.write_text(RULES.replace("never", "not at all"))
    assert names(handbook.current()) == ["not at all"]
    assert handbook.problems() == []


def test_a_vault_that_never_had_rules_goes_by_ours(path: Path, handbook: Handbook) -> None:
    path.write_text("# Handbook\n\nBe polite.\n")
    assert handbook.current() == Policy()
    assert handbook.problems() == []


def test_while_it_is_broken_the_night_and_what_pays_are_as_they_were(
    path: Path, handbook: Handbook
) -> None:
    more = RULES.replace(
        "rules:", "quiet: 22:00-07:30\ntools: {bank__pay: {amount: [sum]}}\nrules:"
    )
    path.write_text(more)
    whole = handbook.current()
    path.write_text(more.replace("deny:", "dney:"))
    broken = handbook.current()
    assert broken.broken and not broken.rules
    assert (broken.quiet, broken.tools) == (whole.quiet, whole.tools)
    path.write_text(RULES)
    assert handbook.current().quiet is None


def test_a_mistake_breaks_all_of_it_and_is_told_line_by_line(
    path: Path, handbook: Handbook
) -> None:
    path.write_text(RULES.replace("deny:", "dney:").replace("rules:", "quite: no\nrules:"))
    assert "`dney` is no condition; did you mean `deny`?" in handbook.current().broken
    first, second = handbook.problems()
    assert first.path == path
    assert first.reason == "line 4: no key is called `quite`: did you mean `quiet`?"
    assert second.reason == (
        "line 6: `dney` is no condition; did you mean `deny`? Till then everything asks"
    )
    path.write_text(RULES)
    assert names(handbook.current()) == ["never"] and handbook.problems() == []


@pytest.mark.parametrize(
    ("left", "why"), [(None, GONE), ("", NO_BLOCK), ("# Handbook\n\nBe polite.\n", NO_BLOCK)]
)
def test_losing_the_rules_does_not_lift_them(
    path: Path, ledger: Ledger, left: str | None, why: str
) -> None:
    path.write_text(RULES)
    Handbook(path.parent, Reader(), ledger).current()
    path.unlink()
    if left is not None:
        path.write_text(left)
    started_anew = Handbook(path.parent, Reader(), ledger)
    assert started_anew.current().broken == why
    assert [problem.reason for problem in started_anew.problems()] == [
        f"{why}. Till then everything asks"
    ]


def test_an_empty_block_says_that_there_are_no_rules(path: Path, handbook: Handbook) -> None:
    path.write_text(RULES)
    handbook.current()
    path.write_text("# Handbook\n\n```yaml policy\n```\n")
    assert names(handbook.current()) == []


def test_rules_that_a_task_wrote_are_not_believed(
    path: Path, ledger: Ledger, handbook: Handbook
) -> None:
    path.write_text(RULES)
    labels = Labels(ledger)
    labels.changed("Company_Handbook.md", path.read_bytes(), "a-1", Trust.STRANGER, 1.0)
    assert "holds words of others" in handbook.current().broken
    # nor where the note hides by broken properties who wrote it
    path.write_text(f"---\nmade_by: [\n---\n{RULES}")
    assert handbook.current().broken
    path.write_text(f"---\nx: [\n---\n{RULES}")
    assert "the properties cannot be read" in handbook.current().broken


def test_a_handbook_that_was_clipped_is_not_believed(path: Path, handbook: Handbook) -> None:
    text = f"---\nsource: https://example.org\n---\n{RULES}"
    path.write_text(text)
    assert parse_note(text.encode()).props["source"]
    assert "holds words of others" in handbook.current().broken


@pytest.mark.parametrize("how", ["link", "folder", "binary", "huge"])
def test_what_cannot_be_read_is_broken(path: Path, handbook: Handbook, how: str) -> None:
    path.write_text(RULES)
    handbook.current()
    path.unlink()
    match how:
        case "link":
            other = path.with_name("other.md")
            other.write_text("```yaml policy\n```\n")
            path.symlink_to(other)
        case "folder":
            path.mkdir()
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case "huge":
            path.write_text(RULES + "x" * 300_000)
    assert handbook.current().broken
    assert handbook.problems()


def test_only_who_works_on_the_vault_remembers(path: Path, ledger: Ledger) -> None:
    path.write_text(RULES)
    assert names(Handbook(path.parent, Reader(), ledger, remember=False).current()) == ["never"]
    assert ledger.meta(META) == ""
    version = Handbook(path.parent, Reader(), ledger).current().version
    assert ledger.meta(META) == version
