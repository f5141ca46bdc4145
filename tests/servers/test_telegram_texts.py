"""What the tests' Bot API makes of texts: lengths, marks, markup, and what stands below them.

The examples are those of core.telegram.org/bots/api, "Formatting options", and cases that the
published server's own tests have.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.telegram.entities import formatted, marked, units
from tests.servers.telegram.facts import ApiError
from tests.servers.telegram.marks import checked_link
from tests.servers.telegram.markup import rows_of


def shown(text: str, mode: str = "", entities: Any = ()) -> tuple[str, list[tuple[str, str]]]:
    text, found = formatted(text, entities, mode)
    return text, [(one["type"], marked(text, one)) for one in found]


def refusal(text: str, mode: str = "", entities: Any = ()) -> str:
    with pytest.raises(ApiError) as refused:
        formatted(text, entities, mode)
    assert refused.value.status == 400
    return refused.value.description.removeprefix("Bad Request: can't parse entities: ")


def mark(type: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": type, "offset": offset, "length": length, **more}


def test_lengths_are_counted_in_utf_16_units() -> None:
    assert [units(text) for text in ("abc", "ü", "👍", "👨‍👩‍👧")] == [3, 1, 2, 8]
    assert marked("👍 yes", mark("bold", 3, 3)) == "yes"


def test_a_text_is_trimmed_and_cleaned_and_its_marks_move_along() -> None:
    text = " \n one\ttwo\r\n\u202ethree \n"
    # The mark begins behind the blanks and ends behind the last word, blanks included.
    assert shown(text, entities=[mark("bold", 3, 15)]) == (
        "one two\nthree",
        [("bold", "one two\nthree")],
    )
    assert shown(" \n\t ") == ("", [])


def test_links_mails_names_and_commands_are_found_in_any_text() -> None:
    text = "/start see https://a.example/x?y=1. Or ask ann@a.example, @marco_r #now"
    assert shown(text)[1] == [
        ("bot_command", "/start"),
        ("url", "https://a.example/x?y=1"),
        ("email", "ann@a.example"),
        ("mention", "@marco_r"),
        ("hashtag", "#now"),
    ]
    assert shown("/start", entities=[mark("code", 0, 6)])[1] == [("code", "/start")]


@pytest.mark.parametrize(
    ("entity", "error"),
    [
        (mark("bold", 9, 1), "entity begins after the end of the text at UTF-16 offset 9"),
        (
            mark("bold", 3, 9),
            "entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 "
            "offset 12",
        ),
        (mark("bold", 1, 2), "entity begins in a middle of a UTF-16 symbol"),
        (
            mark("bold", 0, 1),
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol",
        ),
        (mark("bold", -1, 2), "receive an entity with incorrect offset -1"),
        (mark("loud", 0, 2), "can't parse MessageEntity: Unsupported type specified"),
        (mark("text_link", 0, 2, url="x"), "entity URL 'x' is invalid: Wrong HTTP URL"),
    ],
)
def test_a_mark_that_fits_no_text_is_refused(entity: dict[str, Any], error: str) -> None:
    assert refusal("👍 yes", entities=[entity]) == f"Bad Request: {error}"


def test_styles_are_cut_where_code_stands_in_them() -> None:
    entities = [mark("bold", 0, 5), mark("code", 2, 1)]
    assert shown("a b c", entities=entities)[1] == [("bold", "a "), ("code", "b"), ("bold", " c")]


@pytest.mark.parametrize(
    ("html", "text", "marks"),
    [
        ("<b>bold</b>, <strong>bold</strong>", "bold, bold", [("bold", "bold"), ("bold", "bold")]),
        ("<i>a</i><u>b</u><s>c</s>", "abc", [("italic", "a"), ("underline", "b"),
                                             ("strikethrough", "c")]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", "x")]),
        ('<a href="http://www.example.com/">URL</a>', "URL", [("text_link", "URL")]),
        ("<code>x &lt; y</code>", "x < y", [("code", "x < y")]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", "x")]),
        ("<blockquote>one\ntwo</blockquote>", "one\ntwo", [("blockquote", "one\ntwo")]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", "x")]),
        ("&lt;&gt;&amp;&quot;&#39;&#x41;&nbsp;", "<>&\"'A&nbsp;", []),
        ("🏟 🏟<i>🏟 &gt;<b a = b>&lt🏟</b></i>", "🏟 🏟🏟 ><🏟", [("italic", "🏟 ><🏟"),
                                                              ("bold", "<🏟")]),
        ("<b></b>x", "x", []),
    ],
)  # fmt: skip
def test_html_becomes_marks(html: str, text: str, marks: list[tuple[str, str]]) -> None:
    assert shown(html, "HTML") == (text, marks)


@pytest.mark.parametrize(
    ("html", "error"),
    [
        ("a < b", "Unclosed start tag at byte offset 2"),
        ("ü<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("Ada <ada@rossi.example>", 'Unsupported start tag "ada@rossi.example" at byte offset 4'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_wrong_html_is_refused(html: str, error: str) -> None:
    assert refusal(html, "HTML") == error


@pytest.mark.parametrize(
    ("markdown", "text", "marks"),
    [
        ("*bold \\*text*", "bold *text", [("bold", "bold *text")]),
        ("_it_ __under__ ~str~ ||sp||", "it under str sp",
         [("italic", "it"), ("underline", "under"), ("strikethrough", "str"), ("spoiler", "sp")]),
        ("*bold _italic bold ~struck~_*", "bold italic bold struck",
         [("bold", "bold italic bold struck"), ("italic", "italic bold struck"),
          ("strikethrough", "struck")]),
        ("[inline URL](http://www.example.com/)", "inline URL", [("text_link", "inline URL")]),
        ("`x \\` y.`", "x ` y.", [("code", "x ` y.")]),
        ("```python\nx = 1\n```", "x = 1", [("pre", "x = 1")]),
        (">one\n>two\nthree", "one\ntwo\nthree", [("blockquote", "one\ntwo\n")]),
        (">one\n>two||", "one\ntwo", [("expandable_blockquote", "one\ntwo")]),
        ("a\\.b\\!", "a.b!", []),
    ],
)  # fmt: skip
def test_markdown_becomes_marks(markdown: str, text: str, marks: Any) -> None:
    assert shown(markdown, "MarkdownV2") == (text, marks)


@pytest.mark.parametrize(
    ("markdown", "error"),
    [
        *((sign, f"Character '{sign}' is reserved and must be escaped with the preceding '\\'")
          for sign in "])(#+-=|{}.!"),
        ("1 > 0", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("🏟 🏟_abac", "Can't find end of Italic entity at byte offset 9"),
        ("🏟 🏟__🏟 _🏟___", "Can't find end of Italic entity at byte offset 23"),
        ("🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"),
        ("[x](y", "Can't find end of a URL at byte offset 4"),
        (">a *b\n>c", "Can't find end of Bold entity at byte offset 3"),
    ],
)  # fmt: skip
def test_wrong_markdown_is_refused(markdown: str, error: str) -> None:
    assert refusal(markdown, "MarkdownV2") == error


def test_an_unknown_parse_mode_is_refused() -> None:
    assert refusal("x", "BBCode") == "Bad Request: unsupported parse_mode"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("a.example", "http://a.example/"),
        ("HTTPS://A.example?x", "https://a.example/?x"),
        ("tg://user?id=7", "tg://user?id=7"),
        ("javascript:alert(1)", ""),
        ("nowhere", ""),
    ],
)
def test_an_address_is_kept_in_its_full_form_or_not_at_all(url: str, kept: str) -> None:
    assert checked_link(url) == kept


def test_buttons_carry_1_to_64_bytes_and_do_one_thing() -> None:
    def wrong(**button: Any) -> str:
        with pytest.raises(ApiError) as refused:
            rows_of({"inline_keyboard": [[button]]})
        return refused.value.description

    assert rows_of({"inline_keyboard": [[{"text": "x", "callback_data": "é" * 32}], []]})
    assert rows_of({"force_reply": True}) == ()
    assert wrong(text="x", callback_data="é" * 33) == "Bad Request: BUTTON_DATA_INVALID"
    assert wrong(text="x", callback_data="") == "Bad Request: BUTTON_DATA_INVALID"
    assert "Text buttons are unallowed" in wrong(text="x")
    assert "only one action" in wrong(text="x", callback_data="y", url="https://a.example")
    assert "text must be non-empty" in wrong(text=" ", callback_data="y")
