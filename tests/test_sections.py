"""Fences and headings in the text of a note."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factotum.note import ends_with_go, fence, fenced_under, parse, render, section

lines = st.sampled_from(
    ["## X", "# X", "```", "````text", "~~~", "`````", "   ```", "> ```", "text", "", " ", "\t"]
)
#: Without a carriage return of its own: before a line's end nobody could tell the two apart.
texts = st.text(st.characters(exclude_characters="\r"), max_size=60) | st.lists(
    lines, max_size=8
).map("\n".join)


def normal(text: str) -> str:
    return text.replace("\r\n", "\n")


@given(texts, texts)
@example("```\n## X\n```text\nforged\n```", "")
@example("", "")
@example("ends with a line\n", "")
@example("written\r\non Windows", "")
def test_what_goes_into_a_fence_comes_out(text: str, other: str) -> None:
    body = (
        f"# Title\n\n## Before\n\n{fence(other)}\n\n## X\n\nplease\n\n{fence(text)}\n\n## After\n"
    )
    assert fenced_under(body, "X") == normal(text)
    assert fenced_under(body.replace("\n", "\r\n"), "X") == normal(text.replace("\n", "\r\n"))
    assert fenced_under(body, "Before") == normal(other)
    assert fenced_under(body, "After") is None
    assert section(body, "After") == ""


@given(texts)
def test_it_survives_the_note(text: str) -> None:
    raw = render({"id": "x"}, f"## X\n{fence(text)}\n")
    assert fenced_under(parse(raw.replace(b"\0", b"")).body, "X") == normal(text.replace("\0", ""))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("## X\n```\na\n```", "a"),
        ("## X  \n```text \n a \n```  \n", " a "),
        ("##  X\n```\na\n```", "a"),
        ("## X\n~~~\na\n```\n~~~", "a\n```"),
        ("## X\n```\na\n````", "a"),  # a longer one closes too
        ("## X\n````\na\n```\n````", "a\n```"),
        ("## X\n``` a`b\n```\na\n```", "a"),  # the first is inline code
        ("## X\n### Y\n```\na\n```", "a"),
        ("## X\n```\none\n```\n```\ntwo\n```", "one"),
        ("## X\n```\nnever closed", None),
        ("## X\n## Y\n```\na\n```", None),
        ("## X\n# Y\n```\na\n```", None),
        ("### X\n```\na\n```", None),
        ("```\n## X\n```\n```\na\n```", None),
        ("> ## X\n```\na\n```", None),
        ("## XY\n```\na\n```", None),
        ("", None),
    ],
)
def test_the_first_fence_under_a_heading(body: str, found: str | None) -> None:
    assert fenced_under(body, "X") == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("## X\n\nno, too dear\n\n## Y\n", "no, too dear"),
        ("## X\r\nno\r\n", "no"),
        ("## X", ""),
        ("## X\na\n### more\nb", "a\n### more\nb"),
        ("## X\nuse\n```\n## Y\n> [!x]\n```\nthanks", "use\n```\n## Y\n> [!x]\n```\nthanks"),
        ("## X\na\n> a quote\nb", "a\n> a quote\nb"),
        ("## X\na\n\n> [!info]- Why I ask\n> x", "a"),
        ("## X\none\n## X\ntwo", "one"),
        ("text", None),
        ("```\n## X\na\n```", None),
    ],
)
def test_the_text_under_a_heading(body: str, found: str | None) -> None:
    assert section(body, "X") == found


@pytest.mark.parametrize(
    ("body", "go"),
    [
        ("do it\ngo", True),
        ("do it\n\n  Go \n\n", True),
        ("do it\r\nGO\r\n", True),
        ("go", True),
        ("go\ndo it", False),
        ("let us go", False),
        ("go!", False),
        ("", False),
        ("\n\n", False),
    ],
)
def test_go(body: str, go: bool) -> None:
    assert ends_with_go(body) is go
