"""What a source says of things that are wrong: each once, and taken back when it is over."""

from __future__ import annotations

from collections.abc import Mapping

from factotum.watcher import Post


class Remarks:
    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def add(self, post: Post, wrong: Mapping[str, str]) -> None:
        """Says these; what was said before of other things stands."""
        for about, text in wrong.items():
            if self._said.get(about) != text:
                post.remark(about, text)
                self._said[about] = text

    def tell(self, post: Post, wrong: Mapping[str, str]) -> None:
        """Says these, and that all else is well again."""
        for about in [about for about in self._said if about not in wrong]:
            post.remark(about, "")
            del self._said[about]
        self.add(post, wrong)
