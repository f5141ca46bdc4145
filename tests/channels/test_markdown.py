"""Markdown as words with marks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.channels.markdown import MOST_CHARS, read
from factotum.channels.words import Words, shown


def marks(words: Words) -> list[tuple[str, str]]:
    return [(one.mark, words.text[one.start : one.end]) for one in words.spans]


@pytest.mark.parametrize(
    ("text", "seen", "on_it"),
    [
        ("plain", "plain", []),
        ("a **b** *c* ~~d~~ `e`", "a b c d e", ["bold b", "italic c", "strike d", "code e"]),
        ("# Head\ntext", "Head\ntext", ["bold Head"]),
        ("text\n## Head\n\ntext", "text\n\nHead\n\ntext", ["bold Head"]),
        ("a ==b c== d == e", "a b c d == e", ["bold b c"]),
        ("one\ntwo  \nthree", "one\ntwo\nthree", []),
        ("a\n\n\n\nb", "a\n\nb", []),
        ("```python\nx\n  y\n```", "x\n  y", ["pre x\n  y"]),
        ("    x", "x", ["pre x"]),
        ("> a\n> b", "a\nb", ["quote a\nb"]),
        ("> a\n> > b", "a\n> b", ["quote a\n> b"]),
        (
            "> [!warning]- Look out\n> *x*",
            "Look out\nx",
            ["quote Look out\nx", "bold Look out", "italic x"],
        ),
        ("> [!my-note]\n> x", "My note\nx", ["quote My note\nx", "bold My note"]),
        ("> [!info] Alone", "Alone", ["quote Alone", "bold Alone"]),
        ("a\n\n---\nb", "a\n\n———\nb", []),
        ("#tag and #other/tag", "#tag and #other/tag", []),
        ("<b>x</b> <!-- y --> a &amp; b", "<b>x</b> <!-- y --> a & b", []),
        ("<div>\n*x*\n</div>", "<div>\nx\n</div>", ["italic x"]),
        ("![A cat](http://x.example/cat.png)", "🖼 A cat", []),
        ("![](a/cat.png)", "🖼 cat.png", []),
        (r"2\*3\*4 and 2 * 3 * 4", "2*3*4 and 2 * 3 * 4", []),
    ],
)
def test_markdown_is_read_as_words(text: str, seen: str, on_it: list[str]) -> None:
    words = read(text)
    assert words.text == seen
    assert [f"{mark} {on}" for mark, on in marks(words)] == on_it


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[[Invoice 88]]", "Invoice 88"),
        ("[[Notes/2026/Invoice 88.md|the invoice]]", "the invoice"),
        ("[[Notes/Ada#Address]]", "Ada > Address"),
        ("[[#Address]] and [[Ada#^4f2]]", "Address and Ada > 4f2"),
        ("![[cat.png|100]] ![[bill.pdf]]", "🖼 cat.png 📎 bill.pdf"),
        ("[[x\\|y]] [[z.md]] ![[cat.png\\|100]]", "y z 🖼 cat.png"),
        ("`[[code]]` [[not\nover lines]]", "[[code]] [[not\nover lines]]"),
        ("| a | b |\n|---|---|\n| [[x\\|y]] | z |", "a  b\n────\ny  z"),
    ],
)
def test_what_obsidian_links_is_shown_as_obsidian_does(text: str, seen: str) -> None:
    assert read(text).text == seen


def test_lists_are_lists() -> None:
    words = read(
        "- a\n- b **x**\n\n  second\n  - deep\n    more\n\n"
        "3. three\n4. four\n\n- [ ] to do\n- [x] done"
    )
    assert words.text == (
        "• a\n• b x\n\n  second\n  • deep\n    more\n\n3. three\n4. four\n\n☐ to do\n☑ done"
    )
    assert marks(words) == [("bold", "x")]


def test_marks_stay_in_their_place_below_indents() -> None:
    words = read("1. > a *b*\n   > c\n   > *d*\n\n   `e`")
    assert words.text == "1. a b\n   c\n   d\n\n   e"
    assert marks(words)[1:] == [("italic", "b"), ("italic", "d"), ("code", "e")]


def test_a_narrow_table_is_shown_in_columns() -> None:
    words = read("| Item | EUR |\n|:--|--:|\n| Tea | 3 |\n| 茶 **x** | 120 |")
    assert words.text == "Item  EUR\n─────────\nTea     3\n茶 x  120"
    assert marks(words) == [("pre", words.text)]


def test_a_wide_table_is_shown_row_by_row() -> None:
    words = read(
        "| Name | Address | Remark |\n|--|--|--|\n"
        "| Ada | Via Giuseppe Garibaldi 12, Torino | `late` |\n| Bob | | |"
    )
    assert words.text == ("Ada\nAddress: Via Giuseppe Garibaldi 12, Torino\nRemark: late\n\nBob")
    assert marks(words) == [("bold", "Ada"), ("code", "late"), ("bold", "Bob")]
    two = read(f"| What | Why |\n|--|--|\n| a | {'b' * 40} |\n| c | {'d' * 40} |")
    assert two.text == f"a: {'b' * 40}\nc: {'d' * 40}"


@pytest.mark.parametrize(
    ("text", "seen", "leads"),
    [
        ("[the bill](https://a.example/x)", "the bill (a.example)", "https://a.example/x"),
        (
            "[see a.example now](https://a.example/x)",
            "see a.example now (a.example)",
            "https://a.example/x",
        ),
        ("<https://a.example/x>", "https://a.example/x", "https://a.example/x"),
        ("[a.example/x](https://a.example/x/)", "a.example/x", "https://a.example/x/"),
        ("[a.example](http://a.example/x)", "a.example", "http://a.example/x"),
        (
            "[a.example](http://www.a.example/)",
            "a.example (www.a.example)",
            "http://www.a.example/",
        ),
        ("[x](https://a.example:8443/)", "x (a.example:8443)", "https://a.example:8443/"),
        ("[x][1]\n\n[1]: http://a.example 'y'", "x (a.example)", "http://a.example"),
        ("[Ada](mailto:ada@a.example?body=z)", "Ada (ada@a.example)", "mailto:ada@a.example"),
        ("[ada@a.example](mailto:x@b.example)", "ada@a.example (x@b.example)", ""),
        ("<ada@a.example>", "ada@a.example", "mailto:ada@a.example"),
        # What reads like another place is no link, and says where it would have led.
        (
            "[https://bank.example](https://a.example/x)",
            "https://bank.example (https://a.example/x)",
            "",
        ),
        ("[pay (bank.example)](https://a.example)", "pay (bank.example) (https://a.example)", ""),
        ("[bank。example](https://a.example)", "bank。example (https://a.example)", ""),
        ("[me](https://bank.example@a.example/)", "me (a.example)", ""),
        (
            "[оk](https://аpple.example/)",
            "оk (xn--pple-43d.example)",
            "https://xn--pple-43d.example/",
        ),
        # Other ways out are none.
        ("[x](javascript:alert)", "[x](javascript:alert)", ""),
        ("[x](tg://resolve?domain=y)", "x (tg://resolve?domain=y)", ""),
        ("[x](obsidian://open)", "x (obsidian://open)", ""),
        ("[x](Other%20note.md) [](y.md)", "x y.md", ""),
        ("[x](https://)", "x (https://)", ""),
        ("[x](http://[1/)", "x (http://%5B1/)", ""),
    ],
)
def test_a_link_shows_where_it_leads(text: str, seen: str, leads: str) -> None:
    words = read(text)
    assert words.text == seen
    assert [one.href for one in words.spans if one.mark == "link"] == ([leads] if leads else [])


def test_nothing_is_hidden_in_markdown() -> None:
    words = read("a\u202eb &#8238;c &#x200b;d &#0;e \ud800")
    assert words.text == "a\\u202eb \\u202ec \\u200bd \ufffde \\ud800"


@pytest.mark.parametrize("sign", [">", "- ", "1. ", "> - "])
def test_what_is_nested_too_deeply_is_still_shown(sign: str) -> None:
    assert "bottom" in read(sign * 300 + "bottom").text
    stairs = read("\n".join(f"{'  ' * depth}- step{depth}." for depth in range(150)))
    assert all(f"step{depth}." in stairs.text for depth in range(150))


def test_a_very_long_text_is_cut() -> None:
    words = read("word " * 30_000)
    assert len(words) == MOST_CHARS
    assert words.text.endswith("…")


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("abc12 *_>-+#=|\n\t[]!.\\"), max_size=120))
def test_every_letter_of_a_text_is_shown(text: str) -> None:
    words = read(text)
    assert [one for one in words.text if one in "abc"] == [one for one in text if one in "abc"]


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=80) | st.text(st.sampled_from("a*_`~[]()<>!|-:\n #&;1.\\ \u200d"), max_size=80)
)
def test_any_text_at_all_gives_words(text: str) -> None:
    words = read(text)
    assert shown(words.text) == words.text
    assert all(0 <= one.start < one.end <= len(words) for one in words.spans)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "*",
        ">",
        "`",
        "![",
        "[a](",
        "<a",
        "*a_ ",
        "a **b* ",
        "* a\n",
        "> - ",
        "|a",
        "[[a",
        "==a",
    ],
)
def test_a_text_made_to_be_slow_is_read_quickly(text: str) -> None:
    began = time.process_time()
    read((text * 10_000)[:10_000])
    assert time.process_time() - began < 4
