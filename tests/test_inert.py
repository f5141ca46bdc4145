"""Outsiders' text outside a fence: shown, and nothing else."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factotum.inert import code, inert, one_line, visible
from tests.tries import tries

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

#: All that a paragraph of plain words is made of.
PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
PLAIN |= {"text_special"}

pieces = st.sampled_from(
    [
        *"\\`*_{}[]()#+-.!|<>~=^%$:&;\"'@/ \n\t0aZ",
        "![",
        "[[",
        "]]",
        "](",
        "```",
        "~~~",
        "dataviewjs",
        "$= ",
        "<%",
        "%>",
        "<iframe src=x>",
        "obsidian:",
        "file:",
        "javascript:",
        "https://a.example/?d=1",
        "&lt;",
        "&#x3c;",
        "---",
        "===",
        "- [ ] ",
        "> [!note]- ",
        "1. ",
        "\n\n",
        "    ",
        "\u202e",
        "\u200b",
        "\x00",
        "\r",
    ]
)
outsiders = st.lists(pieces, max_size=30).map("".join) | st.text(max_size=60)


def kinds(text: str) -> set[str]:
    """What a Markdown reader makes of it."""
    tokens = MARKDOWN.parse(text)
    return {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}


def shown(text: str) -> str:
    """What a person sees of it, all blanks alike."""
    tokens = MARKDOWN.parse(text)
    parts = [c.content or " " for t in tokens for c in t.children or ()]
    return "".join("".join(parts).split())


def test_the_reader_sees_what_is_active() -> None:
    active = "![a](b)\n\n<b>\n\n- x\n\n# h\n\n`c`\n\n---\n\n    code"
    wanted = {"image", "html_block", "bullet_list_open", "heading_open", "code_inline", "hr"}
    assert wanted | {"code_block"} <= kinds(active)


@given(outsiders)
@settings(deadline=None, max_examples=tries(300))
@example("    indented\n\t- [ ] x")
@example("title\n---\n===")
@example("a\n1) b\n+\n-")
@example("a | b\n--- | ---\n1 | 2")
def test_nothing_is_active(text: str) -> None:
    assert kinds(inert(text)) <= PLAIN


@given(outsiders)
@settings(deadline=None, max_examples=tries(300))
@example("<https://a.example/>")
@example("&lt;script&gt; 1. \\u202e")
def test_a_person_sees_what_was_written(text: str) -> None:
    assert shown(inert(text)) == "".join(visible(text).split())


@given(outsiders)
@settings(deadline=None, max_examples=tries(300))
@example(":::: a")
def test_no_opener_of_obsidian_or_a_plugin_is_left(text: str) -> None:
    made = inert(text)
    for opener in ("![", "[[", "](", "<", "<%", "$=", "%%", "```", "~~~", "://", "::"):
        assert opener not in made
    assert not re.search(r"(obsidian|file|javascript|vbscript|shortcuts):", made, re.I)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]`$^#%]", made.replace("&#58;", ""))
    made.encode()


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("![x](https://evil.example/?d=1)", r"\!\[x\]\(https&#58;//evil.example/?d\=1)"),
        ("[[Secrets|ok]]", r"\[\[Secrets\|ok\]\]"),
        ("OBSIDIAN://new?overwrite", "OBSIDIAN&#58;//new?overwrite"),
        ("<iframe>", "&lt;iframe&gt;"),
        ("`$= dv.pages()`", r"\`\$\= dv.pages()\`"),
        ("<% tp.x %>", r"&lt;\% tp.x \%&gt;"),
        ("%%gone%%", r"\%\%gone\%\%"),
        ("#urgent ^block", r"\#urgent \^block"),
        ("status:: done", r"status:\: done"),  # a field of Dataview
        ("AT&amp;T", "AT&amp;amp;T"),
        ("pay \u202e051 EUR", r"pay \\u202e051 EUR"),
        ("a\U000e0041b", r"a\\U000e0041b"),  # a letter of an invisible tag
        ("no\u3164thing", r"no\\u3164thing"),
        ("Tel. 12:30, ada@rossi.example", "Tel. 12:30, ada@rossi.example"),
        ("Grüße aus Łódź 👋", "Grüße aus Łódź 👋"),
    ],
)
def test_known_tricks(text: str, made: str) -> None:
    assert inert(text) == made


@pytest.mark.parametrize(
    "text", ["a.a-" * 100_000, "1" * 300_000, " " * 300_000, "[" * 300_000, "https:" * 60_000]
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    start = time.process_time()
    inert(text)
    assert time.process_time() - start < 3


@given(st.text(max_size=80), st.integers(1, 40))
def test_one_line_is_one_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    line.encode()


def test_one_line_says_that_it_is_cut() -> None:
    assert one_line("one two\n three", 40) == "one two three"
    assert one_line("one two three", 9) == "one two…"


def test_one_line_keeps_a_number_together() -> None:
    assert (
        one_line("1\u202f234\u00a0567,50\u00a0€ \u00a0a\u00a0b", 40)
        == "1\u202f234\u00a0567,50 € a b"
    )
    assert one_line("5\u00a0\u00a05\u00a0\n5 5", 40) == "5 5 5 5"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("<id.1@office.example>", "`<id.1@office.example>`"),
        ("ada@rossi.example", "`ada@rossi.example`"),
        ("$= dv.x", r"\$\= dv.x"),
        ("= this.x", r"\= this.x"),
        ("a`b", r"a\`b"),
        ("<% x %>", r"&lt;\% x \%&gt;"),
    ],
)
def test_an_exact_value_runs_nothing(text: str, made: str) -> None:
    assert code(text) == made
