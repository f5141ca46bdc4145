"""The playbook block of a note: which fence it has, and what it must hold."""

from __future__ import annotations

from factotum import fenced
from factotum.fenced import BLOCK_MOST, Block, BlockError, Node, nearest

__all__ = ["BLOCK_MOST", "Block", "BlockError", "Node", "find", "load", "nearest"]

KIND = fenced.Kind(
    "playbook",
    "give it a note of its own",
    "the block must hold `when:` and `do:`, each at the start of a line",
)


def find(text: str) -> Block | None:
    """The playbook block of a note, None when it has none. Raises BlockError."""
    return fenced.find(text, KIND)


def load(block: Block) -> Node:
    """The block's values with their lines. Raises BlockError."""
    return fenced.load(block, KIND)
