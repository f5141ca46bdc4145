"""A git repository elsewhere as an anchor: one empty commit for each head, never forced.

The heads stand in the messages of the commits, so that a later commit cannot take one back:
the branch only grows, and whoever may push but not force (`receive.denyNonFastForwards`,
`receive.denyDeletes`, or a protected branch) can only add to it. What was seen there once is
remembered here, so that a rewritten branch is told.

Git is run as a program of its own, without a shell, and asks nobody for a password: what it
needs to log in stands in the owner's own git or ssh configuration.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from factotum.anchor import AnchorError, AnchorRewritten, Head, parse
from factotum.inert import one_line

BRANCH = "refs/heads/factotum-audit"
#: What was seen of the branch last, in our own copy.
SEEN = "refs/anchor/seen"
FETCHED = "refs/anchor/fetched"

#: What git says last, whatever the cause was that it named before.
EMPTY_WORDS = (
    "fatal: Could not read from remote repository",
    "Please make sure you have the correct access rights",
    "and the repository exists",
)

#: How long one run of git may take, in seconds.
GIT_S = 60.0
#: How often a head is put on top anew when another machine was faster.
TRIES_MOST = 4

#: What git may know of the environment: enough for the owner's configuration and ssh agent.
ENVIRONMENT = (
    *("HOME", "PATH", "TMPDIR", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE"),
    *("HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy"),
)

#: A name and password in an address.
_LOGIN = re.compile(r"(?<=//)[^/@\s]+@")

WHO = {
    "GIT_AUTHOR_NAME": "Factotum",
    "GIT_AUTHOR_EMAIL": "factotum@localhost.invalid",
    "GIT_COMMITTER_NAME": "Factotum",
    "GIT_COMMITTER_EMAIL": "factotum@localhost.invalid",
}

#: A push to a folder runs the hooks that lie there, as us; what the environment says of hooks
#: does not reach so far.
NO_HOOKS_HERE = f"--receive-pack=git -c core.hooksPath={os.devnull} receive-pack"

#: Git must never wait for somebody to type, nor take a command for an address.
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
    "GIT_CONFIG_VALUE_0": os.devnull,
}


@dataclass
class GitAnchor:
    """`where` is the address or path of a repository, `copy` a folder of ours for what was
    fetched: it may be removed at any time, and then only forgets what was seen. In `apart_from`,
    the vault, no repository is used: git runs what the settings of one name, and there whoever
    syncs could write them."""

    where: str
    copy: Path
    name: str = "git"
    apart_from: Path | None = None
    limit_s: float = GIT_S
    clock: Callable[[], float] = time.monotonic

    def put(self, head: Head) -> None:
        end = self.clock() + self.limit_s
        for _ in range(TRIES_MOST):
            parent = self._fetch(end)
            if self._push(self._commit(head, parent, end), end):
                return
        raise AnchorError(f"another machine was faster {TRIES_MOST} times; it is tried again")

    def read(self) -> Sequence[Head]:
        end = self.clock() + self.limit_s
        if not self._fetch(end):
            return []
        said = self._git(["log", "--reverse", "--format=%b%x00", FETCHED], end)
        heads = (parse(text.strip()) for text in said.split("\0"))
        return [head for head in heads if head is not None]

    def _fetch(self, end: float) -> str:
        """The newest commit of the branch there, or an empty string where it has none yet.

        Raises AnchorRewritten when it does not follow on what was seen before."""
        if self.apart_from and self._lies_in(self.apart_from):
            raise AnchorError(
                "the repository lies in your vault, where what changes the log can change it too. "
                "Name one elsewhere: FACTOTUM_ANCHOR_GIT"
            )
        self._make_copy(end)
        seen = self._known(SEEN, end)
        there = self._git(["ls-remote", "--", self.where, BRANCH], end).split()
        if not there:
            if seen:
                raise AnchorRewritten(f"the branch {BRANCH} is gone from {self._shown()}")
            return ""
        self._git(["fetch", "--quiet", "--no-tags", "--", self.where, f"+{BRANCH}:{FETCHED}"], end)
        now = self._known(FETCHED, end)
        if seen and seen != now and not self._follows(seen, now, end):
            raise AnchorRewritten(
                f"the branch {BRANCH} of {self._shown()} was rewritten: it no longer holds what "
                f"was anchored. Find out who may force a push there. To begin anew all the same, "
                f"name another repository"
            )
        self._git(["update-ref", SEEN, now], end)
        return now

    def _commit(self, head: Head, parent: str, end: float) -> str:
        tree = self._git(["mktree"], end)
        said = f"{head.day}: {head.count} lines\n\n{head.text()}\n"
        onto = ["-p", parent] if parent else []
        return self._git(["commit-tree", tree, *onto, "-m", said], end)

    def _push(self, commit: str, end: float) -> bool:
        """Whether the commit is there now; False where somebody else has pushed meanwhile."""
        here = [NO_HOOKS_HERE] if self._local() else []
        done = self._run(["push", "--quiet", *here, "--", self.where, f"{commit}:{BRANCH}"], end)
        if done.returncode:
            if "fetch first" in done.stderr or "non-fast-forward" in done.stderr:
                return False
            raise AnchorError(self._reason(done.stderr))
        self._git(["update-ref", SEEN, commit], end)
        return True

    def _local(self) -> Path | None:
        """Where the repository lies, if that is on this machine."""
        path = Path(self.where.removeprefix("file://"))
        return path if path.exists() else None

    def _lies_in(self, folder: Path) -> bool:
        path = self._local()
        return path is not None and path.resolve().is_relative_to(folder.resolve())

    def _make_copy(self, end: float) -> None:
        if (self.copy / "HEAD").exists():
            return
        self.copy.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._git(["init", "--quiet", "--bare"], end)

    def _known(self, ref: str, end: float) -> str:
        done = self._run(["rev-parse", "--verify", "--quiet", ref], end)
        return done.stdout.strip() if done.returncode == 0 else ""

    def _follows(self, old: str, new: str, end: float) -> bool:
        return self._run(["merge-base", "--is-ancestor", old, new], end).returncode == 0

    def _git(self, args: Sequence[str], end: float) -> str:
        done = self._run(args, end)
        if done.returncode:
            raise AnchorError(self._reason(done.stderr))
        return done.stdout.strip()

    def _run(self, args: Sequence[str], end: float) -> subprocess.CompletedProcess[str]:
        given = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        command = ["git", "--git-dir", str(self.copy), *args]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**given, **WHO, **QUIET, "LC_ALL": "C"},
                start_new_session=True,  # without a terminal ssh can ask nobody either
            )
        except FileNotFoundError:
            raise AnchorError("there is no program git on this machine: install it") from None
        except OSError as failed:
            raise AnchorError(f"git cannot be run: {failed.strerror}") from failed
        try:
            out, said = process.communicate(timeout=max(0.1, end - self.clock()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # what git started holds the pipes too
            process.communicate()
            raise AnchorError(f"{self._shown()} did not answer in {self.limit_s:g} s") from None
        return subprocess.CompletedProcess(command, process.returncode, out, said)

    def _reason(self, said: str) -> str:
        lines = [
            line for line in said.splitlines() if line.strip() and not line.startswith("hint:")
        ]
        telling = [line for line in lines if not line.startswith(EMPTY_WORDS)] or lines
        told = "; ".join(telling[-2:]) or "git failed and did not say why"
        return one_line(_LOGIN.sub("", told), 200)

    def _shown(self) -> str:
        """The address without what may be a password in it."""
        return _LOGIN.sub("", self.where)
