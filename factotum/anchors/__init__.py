"""Every kind of anchor by its name. A new one is a file here and a line in KINDS.

An anchor is there where its setting is; nothing is opened or asked by building one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from factotum.anchor import Anchor
from factotum.anchors.git import GitAnchor
from factotum.settings import Settings


def _git(settings: Settings, state: Path) -> Anchor | None:
    where = settings.text("ANCHOR_GIT")
    vault = settings.path("VAULT")
    return GitAnchor(where, state / "anchors" / "git", apart_from=vault) if where else None


KINDS: dict[str, Callable[[Settings, Path], Anchor | None]] = {"git": _git}


def built(settings: Settings, state: Path) -> list[Anchor]:
    """The anchors that are set up, in the order of KINDS."""
    found = (build(settings, state) for build in KINDS.values())
    return [anchor for anchor in found if anchor is not None]
