"""Anchors: a git repository that can only be added to, told once a day and at a stop."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from factotum.anchor import AnchorError, AnchorRewritten, Head, parse
from factotum.anchors.git import BRANCH, GitAnchor
from factotum.ledger import Ledger
from factotum.notary import head_of
from factotum.views import links
from tests.office import TestOffice

AUDIT = "refs/heads/factotum-audit"


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x.invalid", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository that takes pushes and no force, as the owner would set it up."""
    folder = tmp_path / "remote.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare")
    git(folder, "config", "receive.denyNonFastForwards", "true")
    git(folder, "config", "receive.denyDeletes", "true")
    return folder


def head(count: int, ledger: str = "abcd1234") -> Head:
    return Head(ledger, "pi", count, count, "0" * 64, "1" * 64, "2026-11-27")


def anchor(remote: Path, tmp_path: Path, copy: str = "copy") -> GitAnchor:
    return GitAnchor(str(remote), tmp_path / copy)


def test_an_anchor_gives_back_what_it_was_told(remote: Path, tmp_path: Path) -> None:
    one = anchor(remote, tmp_path)
    assert one.read() == []
    one.put(head(1))
    one.put(head(7))
    assert one.read() == [head(1), head(7)]
    assert anchor(remote, tmp_path, "another machine").read() == [head(1), head(7)]


def test_no_hook_of_a_repository_is_run(remote: Path, tmp_path: Path) -> None:
    for name in ("pre-receive", "update", "post-receive", "post-update", "reference-transaction"):
        hook = remote / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    for where in (str(remote), f"file://{remote}"):
        GitAnchor(where, tmp_path / "copy").put(head(1))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_no_repository_in_the_vault_is_used(tmp_path: Path, remote: Path, prefix: str) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    remote.rename(vault / "audit.git")
    (tmp_path / "elsewhere").symlink_to(vault / "audit.git")
    for where in (vault / "audit.git", tmp_path / "elsewhere"):
        one = GitAnchor(f"{prefix}{where}", tmp_path / "copy", apart_from=vault)
        with pytest.raises(AnchorError, match="lies in your vault"):
            one.put(head(1))
        with pytest.raises(AnchorError, match="lies in your vault"):
            one.read()


def test_two_machines_add_to_one_anchor(remote: Path, tmp_path: Path) -> None:
    pi, laptop = anchor(remote, tmp_path, "pi"), anchor(remote, tmp_path, "laptop")
    pi.put(head(1))
    laptop.put(head(2, "laptop"))
    pi.put(head(3))
    assert [one.count for one in laptop.read()] == [1, 2, 3]


def test_what_was_pushed_between_looking_and_telling_stays(remote: Path, tmp_path: Path) -> None:
    git(remote, "config", "receive.denyNonFastForwards", "false")  # we do not count on it
    anchor(remote, tmp_path).put(head(1))

    class Slow(GitAnchor):
        pushed = False

        def _push(self, commit: str, end: float) -> bool:
            if not self.pushed:
                self.pushed = True
                anchor(remote, tmp_path, "laptop").put(head(2, "laptop"))
            return super()._push(commit, end)

    slow = Slow(str(remote), tmp_path / "slow")
    slow.put(head(3))
    assert [one.count for one in slow.read()] == [1, 2, 3]


def test_the_owners_repository_takes_no_force(remote: Path, tmp_path: Path) -> None:
    one = anchor(remote, tmp_path)
    one.put(head(1))
    one.put(head(2))
    thief = tmp_path / "thief"
    git(tmp_path, "clone", "--quiet", "--branch", "factotum-audit", str(remote), str(thief))
    git(thief, "reset", "--quiet", "--hard", "HEAD~1")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git(thief, "push", "--force", "origin", f"HEAD:{AUDIT}")
    assert "non-fast-forward" in refused.value.stderr
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git(thief, "push", "origin", f":{AUDIT}")
    assert "deletion prohibited" in refused.value.stderr
    assert one.read() == [head(1), head(2)]


@pytest.mark.slow
def test_a_later_commit_takes_nothing_back(remote: Path, tmp_path: Path) -> None:
    one = anchor(remote, tmp_path)
    one.put(head(1))
    thief = tmp_path / "thief"
    git(tmp_path, "clone", "--quiet", "--branch", "factotum-audit", str(remote), str(thief))
    git(thief, "commit", "--quiet", "--allow-empty", "-m", "nothing\n\n{}\n")
    git(thief, "push", "--quiet", "origin", f"HEAD:{AUDIT}")
    one.put(head(2))
    assert one.read() == [head(1), head(2)]


def test_a_repository_that_was_rewritten_is_told(remote: Path, tmp_path: Path) -> None:
    one = anchor(remote, tmp_path)
    one.put(head(1))
    first = git(remote, "rev-parse", AUDIT)
    one.put(head(2))
    git(remote, "update-ref", AUDIT, first)
    with pytest.raises(AnchorRewritten, match="was rewritten"):
        one.read()
    with pytest.raises(AnchorRewritten, match="was rewritten"):
        one.put(head(3))
    git(remote, "update-ref", "-d", AUDIT)
    with pytest.raises(AnchorRewritten, match="is gone"):
        one.put(head(3))


@pytest.mark.parametrize(
    "where",
    ["/nowhere/at/all.git", "ext::sh -c 'touch %S/ran'", "http://127.0.0.1:9/x.git"],
)
def test_an_address_that_does_not_work_is_said(where: str, tmp_path: Path) -> None:
    with pytest.raises(AnchorError):
        GitAnchor(where, tmp_path / "copy", limit_s=20).put(head(1))


def test_a_password_in_an_address_is_not_told(tmp_path: Path) -> None:
    where = "http://ann:hunter2@127.0.0.1:9/x.git"
    with pytest.raises(AnchorError) as failed:
        GitAnchor(where, tmp_path / "copy", limit_s=20).read()
    assert "hunter2" not in str(failed.value)


def test_an_anchor_that_does_not_answer_is_left(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        where = f"http://127.0.0.1:{mute.getsockname()[1]}/x.git"
        with pytest.raises(AnchorError, match="did not answer in"):
            GitAnchor(where, tmp_path / "copy", limit_s=0.5).read()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "1", "{" * 5000, '{"seq": 1}'),
        head(1).text().replace('"count": 1', '"count": "1"'),
        head(1).text().replace('"count": 1', '"count": true'),
        head(1).text().replace("abcd", "a" * 200),
    ],
)
def test_what_is_no_head_is_left_out(text: str) -> None:
    assert parse(text) is None
    assert parse(head(1).text()) == head(1)


# -- the notary


def anchored(office: TestOffice, remote: Path) -> list[Head]:
    return list(anchor(remote, office.folder, "look").read())


@pytest.fixture
def office(tmp_path: Path, remote: Path) -> TestOffice:
    return TestOffice(tmp_path, {"FACTOTUM_ANCHOR_GIT": str(remote)})


def test_a_stop_tells_the_anchor_where_the_log_stands(office: TestOffice, remote: Path) -> None:
    office.type("Something that no playbook fits.\n")
    office.run()
    ledger = Ledger(office.state / "ledger.db")
    last = links.head(ledger)
    found = head_of(ledger, "pi", office.clock().zone)
    ledger.close()
    assert anchored(office, remote)[-1] == found
    assert found is not None
    assert found.count == last.n > 3
    before = len(anchored(office, remote))
    office.run()  # nothing new: nothing to tell
    assert len(anchored(office, remote)) == before


@pytest.mark.slow
def test_an_anchor_that_fails_is_told_and_tried_again(office: TestOffice, remote: Path) -> None:
    away = remote.rename(remote.with_name("away.git"))
    office.type("Something that no playbook fits.\n")
    office.run()
    office.run()
    assert "could not be told to the anchor git" in (office.root / "Dashboard.md").read_text()
    away.rename(remote)
    office.hands.go(3600)
    office.run()
    assert anchored(office, remote)
    office.hands.go(3600)
    office.run()
    assert "could not be told" not in (office.root / "Dashboard.md").read_text()


def test_the_branch_is_named_once() -> None:
    assert BRANCH == AUDIT
