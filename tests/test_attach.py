"""What a call may send along: what came with the task, as it came, or a file of the vault."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from factotum.blobs import Blobs
from factotum.model import Attachment, Task
from factotum.privacy import Private
from factotum.reader import Reader
from factotum.worker.attach import AttachError, Cupboard
from tests.agent.tasks import mail

PDF = b"%PDF of Ada"
SHA = hashlib.sha256(PDF).hexdigest()
WHERE = "Office/Attachments/order_abc123.pdf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "vault/Office/Attachments").mkdir(parents=True)
    (tmp_path / "vault" / WHERE).write_bytes(PDF)
    return tmp_path / "vault"


@pytest.fixture
def cupboard(root: Path, tmp_path: Path) -> Cupboard:
    return Cupboard(root, Blobs(tmp_path / "blobs"), Reader())


def task(path: str = WHERE) -> Task:
    return mail(attachments=(Attachment("order.pdf", len(PDF), SHA, path),))


@pytest.mark.parametrize("name", ["order.pdf", WHERE])
def test_a_file_that_came_with_the_task_is_sealed(cupboard: Cupboard, name: str) -> None:
    sealed = cupboard.take(name, task())
    assert (sealed.name, sealed.sha256) == (name, SHA)
    assert cupboard.blobs.path(SHA).read_bytes() == PDF


def test_a_large_one_comes_from_the_state_directory(cupboard: Cupboard, tmp_path: Path) -> None:
    (tmp_path / "order.pdf").write_bytes(PDF)
    assert cupboard.take("order.pdf", task(str(tmp_path / "order.pdf"))).sha256 == SHA


def test_a_file_that_was_changed_since_it_came_is_not_sent(cupboard: Cupboard, root: Path) -> None:
    (root / WHERE).write_bytes(b"%PDF of Eve")
    with pytest.raises(AttachError, match="changed since it came"):
        cupboard.take("order.pdf", task())
    (root / "new order.pdf").write_bytes(b"%PDF of Eve")
    assert cupboard.take("[[new order.pdf]]", task()).name == "new order.pdf"


def test_no_link_leads_a_task_s_file_out_of_the_vault(cupboard: Cupboard, root: Path) -> None:
    (root / "Office/Attachments").rename(root.parent / "outside")
    (root / "Office/Attachments").symlink_to(root.parent / "outside")
    for name in ("order.pdf", WHERE):
        with pytest.raises(AttachError, match="out of the vault by a link"):
            cupboard.take(name, task())


def test_a_task_s_file_that_is_gone_is_named(cupboard: Cupboard, root: Path) -> None:
    (root / WHERE).unlink()
    with pytest.raises(AttachError, match=r"order\.pdf cannot be read"):
        cupboard.take("order.pdf", task())


@pytest.mark.parametrize(
    "data",
    [
        b"---\nfactotum: never\nx: [1\n---\nx",
        b"#diary x\xff",
        b"---\nfactotum: never\n---\nx",
        b"---\ntags: diary\n---\nx",
    ],
)
@pytest.mark.parametrize("name", ["Note.md", "Note.MD"])
def test_a_note_that_is_or_may_be_private_is_not_sent(
    cupboard: Cupboard, root: Path, data: bytes, name: str
) -> None:
    cupboard.private = lambda: Private(tags=("diary",))
    (root / name).write_bytes(data)
    with pytest.raises(AttachError, match="there is no file"):
        cupboard.take(name, task())
    (root / name).write_bytes(b"Mine.")
    assert cupboard.take(name, task()).name == name
    os.link(root / name, root / "Second.md")
    with pytest.raises(AttachError, match="there is no file"):
        cupboard.take("Second.md", task())


def test_a_folder_is_private_by_its_path_from_the_top_of_a_larger_vault(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / ".obsidian").mkdir()
    (root / "Clients").mkdir()
    (root / "Clients/a.pdf").write_bytes(PDF)
    rules = Private(folders=("vault/clients",))
    cupboard = Cupboard(root, Blobs(tmp_path / "blobs"), Reader(), lambda: rules)
    with pytest.raises(AttachError, match="there is no file"):
        cupboard.take("Clients/a.pdf", task())
