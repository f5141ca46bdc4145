"""What is wrong is said once, and taken back when it is over."""

from __future__ import annotations

from typing import Any, cast

from factotum.watcher import Post
from watchers.remarks import Remarks


class Said:
    """Keeps what is remarked."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def remark(self, about: str, text: str) -> None:
        self.rows.append((about, text))


def test_it_is_said_when_it_is_new_and_when_it_is_over() -> None:
    said, remarks = Said(), Remarks()
    post = cast(Post, cast(Any, said))
    for wrong in ({"a": "is away"}, {"a": "is away"}, {"a": "is gone", "b": "is odd"}, {}):
        remarks.tell(post, wrong)
    assert said.rows == [
        *(("a", "is away"), ("a", "is gone"), ("b", "is odd")),
        *(("a", ""), ("b", "")),
    ]


def test_what_is_added_takes_nothing_back() -> None:
    said, remarks = Said(), Remarks()
    post = cast(Post, cast(Any, said))
    remarks.add(post, {"a": "is away"})
    remarks.add(post, {"b": "is odd"})
    remarks.tell(post, {"b": "is odd"})
    assert said.rows == [("a", "is away"), ("b", "is odd"), ("a", "")]
