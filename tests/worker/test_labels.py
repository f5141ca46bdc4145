"""Whose words a note carries, whatever it is called and whatever it says of itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factotum.ledger import TaskRow
from factotum.model import Trust
from factotum.note import parse
from tests.worker.study import NOW, Study, study


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Study]:
    with study(tmp_path) as made:
        yield made


def row(id: str, trust: Trust, name: str, **facts: object) -> TaskRow:
    return TaskRow(id, name, "note", "x", trust, "", "", "", b"", facts, NOW, None)


ONE, TWO = "t-aaaaaaaaaaaaaaaa", "t-bbbbbbbbbbbbbbbb"


def test_of_two_tasks_of_one_name_the_note_s_own_id_tells(desk: Study) -> None:
    desk.ledger.add_task(row(ONE, Trust.STRANGER, "Daily.md"))
    desk.ledger.add_task(replace(row(TWO, Trust.OWNER, "Daily.md"), created=NOW + 1))
    desk.write("Done/2026-11/Daily.md", f"---\nid: {ONE}\n---\nx")
    desk.write("Done/2026-12/Daily.md", f"---\nid: {TWO}\n---\nx")
    desk.write("Projects/Daily.md", "which of them?")
    assert desk.notebook.label("Done/2026-11/Daily.md") is Trust.STRANGER
    assert desk.notebook.label("Done/2026-12/Daily.md") is Trust.OWNER
    assert desk.notebook.label("Projects/Daily.md") is Trust.STRANGER


def test_a_draft_that_came_back_with_its_properties_is_an_outsider_s(desk: Study) -> None:
    desk.do("notes__write", folder="Drafts", title="Offer", text="We offer 100.")
    (name,) = desk.notes("Drafts")
    raw = (desk.root / "Drafts" / name).read_bytes()
    assert desk.notebook.label(f"Drafts/{name}") is Trust.OWNER
    desk.write(f"Office/Attachments/{name}", raw)
    desk.write("Office/Attachments/offer_0fc098.md", raw)
    assert desk.notebook.label(f"Office/Attachments/{name}") is Trust.STRANGER
    assert desk.notebook.label("Office/Attachments/offer_0fc098.md") is Trust.STRANGER


@pytest.mark.parametrize(
    "path", ["office/attachments/a.md", "OFFICE/Attachments/a.md", "logs/a.md", "dashboard.md"]
)
def test_a_folder_is_the_same_in_any_case(desk: Study, path: str) -> None:
    assert desk.notebook.labels.of(path, parse(b"x")) is Trust.STRANGER


def test_a_name_is_the_same_in_any_case(desk: Study) -> None:
    desk.ledger.add_task(row(ONE, Trust.STRANGER, "Article.md"))
    desk.notebook.labels.made("answer_aaaaaa.md", "a-x", Trust.STRANGER, NOW)
    for path in ("Projects/ARTICLE.md", "Drafts/Answer_aaaaaa.md"):
        assert desk.notebook.labels.of(path, parse(b"x")) is Trust.STRANGER


def test_what_came_with_a_task_carries_its_label_wherever_it_lies(desk: Study) -> None:
    files = [{"name": 'a"b.md', "path": 'Office/Attachments/a"b_0fc098.md'}]
    desk.ledger.add_task(row(ONE, Trust.KNOWN, "mail_aaaaaa.md", attachments=files))
    desk.write('Projects/a"b_0fc098.md', "x")
    desk.write("Projects/b_0fc098.md", "mine, by accident")
    assert desk.notebook.label('Projects/a"b_0fc098.md') is Trust.KNOWN
    assert desk.notebook.label("Projects/b_0fc098.md") is Trust.OWNER


def test_an_approved_change_is_remembered_by_place_and_by_content(desk: Study) -> None:
    for folder in ("A", "B"):
        desk.write(f"{folder}/index.md", "x\ny\n")
    desk.do("notes__change", Trust.STRANGER, note="A/index.md", find="y", replace="z")
    assert desk.notebook.label("A/index.md") is Trust.STRANGER
    assert desk.notebook.label("B/index.md") is Trust.OWNER
    os.rename(desk.root / "A/index.md", desk.root / "A/other.md")
    assert desk.notebook.label("A/other.md") is Trust.STRANGER
    desk.write("A/index.md", "x\nz\nand more\n")
    assert desk.notebook.label("A/index.md") is Trust.STRANGER
