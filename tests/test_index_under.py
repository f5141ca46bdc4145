"""One folder of the index brought up to date alone, so that a prompt costs the same for years."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.index.places import Places, sweep
from tests.test_index import OPEN, index_of, write

UNDER = "Office/Memory/"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "vault"
    write(root, "Office/Memory/ada.md", "Ada likes tea.")
    write(root, "Office/Memory/deep/bea.md", "Bea likes coffee.")
    write(root, "Office/Memoryless.md", "Not the memory.")
    write(root, "Done/2026-11/old.md", "Ada got tea.")
    write(root, "top.md", "Tea, tea, tea.")
    return root


def test_only_the_notes_of_that_folder_are_seen(root: Path) -> None:
    seen = sweep(Places(root, root), OPEN, UNDER)
    assert set(seen.found) == {"Office/Memory/ada.md", "Office/Memory/deep/bea.md"}


def test_a_folder_that_is_not_there_holds_nothing(root: Path) -> None:
    assert sweep(Places(root, root), OPEN, "Office/Nowhere/").found == {}


def test_what_changed_there_is_found_and_the_rest_stays_as_it_was(
    tmp_path: Path, root: Path
) -> None:
    index = index_of(tmp_path)
    index.refresh(OPEN)
    write(root, "Office/Memory/ada.md", "Ada likes cocoa.")
    (root / "Office/Memory/deep/bea.md").unlink()
    (root / "Done/2026-11/old.md").unlink()
    assert index.refresh(OPEN, under=UNDER) == 0
    assert index.search("cocoa") == ["Office/Memory/ada.md"]
    assert index.search("coffee") == []
    assert index.search("got") == ["Done/2026-11/old.md"]
    index.refresh(OPEN)
    assert index.search("got") == []
    index.close()


def test_what_is_odd_elsewhere_stays_told(tmp_path: Path, root: Path) -> None:
    (root / "link.md").symlink_to(root / "top.md")
    index = index_of(tmp_path)
    index.refresh(OPEN)
    before = dict(index.left_out())
    assert "link.md" in before
    index.refresh(OPEN, under=UNDER)
    assert index.left_out() == before
    index.close()
