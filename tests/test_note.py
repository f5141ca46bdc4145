"""Notes as bytes: read strictly, changed by single lines, nothing else touched."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import frontmatter
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from factotum.note import Note, NoteError, append, parse, render, set_props, with_body
from factotum.own_lines import BLOCK_MOST_BYTES, own_block
from factotum.strict_yaml import Handler, YamlRefused, _Reading, read
from tests.tries import tries


def note(block: str, body: str = "the body\n") -> bytes:
    return f"---\n{block}\n---\n{body}".encode()


def props(block: str) -> dict[str, Any]:
    return dict(parse(note(block)).props)


# -- where the block is


@pytest.mark.parametrize(
    ("raw", "has_block", "body"),
    [
        (b"", False, ""),
        (b"hello", False, "hello"),
        (b"---", False, "---"),
        (b"---\nhello\n", False, "---\nhello\n"),  # a ruler
        (b"---\n---\n", True, ""),
        (b"---\na: 1\n---", True, ""),
        (b"---\na: 1\n---\nx", True, "x"),
        (b"--- \t\na: 1\n---  \nx", True, "x"),
        (b"---\r\na: 1\r\n---\r\nx\r\ny", True, "x\ny"),
        (b"\xef\xbb\xbf---\na: 1\n---\nx", True, "x"),
        (b"\xef\xbb\xbfhello", False, "hello"),
        (b"\n---\na: 1\n---\nx", False, "\n---\na: 1\n---\nx"),
        (b" ---\na: 1\n---\nx", False, " ---\na: 1\n---\nx"),
        (b"----\na: 1\n----\nx", False, "----\na: 1\n----\nx"),
        (b"text\n---\na: 1\n---\nx", False, "text\n---\na: 1\n---\nx"),
        (b"---\na: 1\n---\n---\nstatus: approved\n---\n", True, "---\nstatus: approved\n---\n"),
    ],
)
def test_where_the_properties_are(raw: bytes, has_block: bool, body: str) -> None:
    read_note = parse(raw)
    assert (read_note.has_block, read_note.body, read_note.raw) == (has_block, body, raw)
    assert dict(read_note.props) in ({}, {"a": 1})


def test_only_the_first_block_is_ours() -> None:
    raw = note("id: x", "\n---\nid: y\n---\n\n```yaml\n---\nid: z\n---\n```\n")
    assert parse(raw).props == {"id": "x"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x89PNG\r\n\0\0", "binary file named .md"),
        (b"caf\xe9", "UTF-8"),
        ("hé".encode("utf-16"), "binary file named .md"),
        (b"\xed\xa0\x80", "UTF-8"),  # half of a surrogate pair
        (b"x" * 101, "larger than"),
    ],
)
def test_what_is_no_note(raw: bytes, words: str) -> None:
    with pytest.raises(NoteError, match=words):
        parse(raw, max_bytes=100)


# -- what properties mean


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[("true", True), ("True", True), ("FALSE", False), ("", None), ("~", None)],
        *[("null", None), ("7", 7), ("0", 0), ("-5", -5)],
        ("9999999999999999", 9_999_999_999_999_999),
        # all the rest is text, as it was written
        *[(text, text) for text in ("no", "NO", "yes", "on", "off", "y", "tRuE", "nil")],
        *[(text, text) for text in ("0010", "01234", "+39", "-0", "0x1F", "0o17", "12_000")],
        *[(text, text) for text in ("12:30", "1:30:00", "1.10", "1e3", ".5", ".inf", ".nan")],
        *[(text, text) for text in ("2026-11-30", "2026-11-30T10:00:00+01:00", "=", "10%")],
        ("12345678901234567", "12345678901234567"),  # an account, not a number
        ("'7'", "7"),
        ('"true"', "true"),
        ("''", ""),
        ("a # a comment", "a"),
        ("a#b", "a#b"),
        ("[]", []),
        ("[a, 1, no, true, 0010]", ["a", 1, "no", True, "0010"]),
        ("\n- a\n- 2\n-", ["a", 2, None]),
        ("\n  - a\n\n  # why\n  - b", ["a", "b"]),
        ("{b: 1, c: no}", {"b": 1, "c": "no"}),
        ("|\n  one\n\n  # two\n", "one\n\n# two\n"),
        (">-\n  one\n  two", "one two"),
        ("one\n  two", "one two"),
        ('"one\n  two"', "one two"),
        # links
        ("[[Ada Rossi]]", "[[Ada Rossi]]"),
        ("[[A, B: c|d#e]] # why", "[[A, B: c|d#e]]"),
        ('[["q"]]', '[["q"]]'),
        ("![[a.png]]", "![[a.png]]"),
        ('"[[A]]"', "[[A]]"),
        ("\n  - [[A]]\n  - [[B|b]]", ["[[A]]", "[[B|b]]"]),
        ("\n- [[A]] # one\n- '[[B]]'", ["[[A]]", "[[B]]"]),
        ("|\n  - [[A]]\n  b: [[B]]", "- [[A]]\nb: [[B]]\n"),  # text, left alone
        ("\n  - |\n    - [[A]]", ["- [[A]]\n"]),
        (r'"\ud83d\ude00"', "😀"),
    ],
)
def test_a_value_is_what_was_written(written: str, value: object) -> None:
    found = props(f"before: x\na: {written}\nafter: x")
    assert found == {"before": "x", "a": value, "after": "x"}
    assert type(found["a"]) is type(value)


def test_names_stay_as_they_are_written() -> None:
    block = "1: a\ntrue: b\nDue date: c\n'no': d\nÜber: e\nnull: f\n2026-11-30: g\nk : h"
    assert list(props(block)) == "1,true,Due date,no,Über,null,2026-11-30,k".split(",")


#: How Obsidian writes a card of ours again after somebody has ticked a box: other quotes,
#: lists on lines, keys moved, no escapes.
OURS = render(
    {
        "id": "a-aaaaaaaaaaaaaaaa",
        "type": "approval",
        "approve": False,
        "task": "[[invoice-1042_7f3k]]",
        "created": "2026-11-27T16:00:00+01:00",
        "version": 1,
        "aliases": ["Send this to Ada 😀: now?", "1042"],
        "why": None,
    },
    "# Send this?\n",
)
AGAIN = """---
approve: true
id: a-aaaaaaaaaaaaaaaa
type: approval
task: "[[invoice-1042_7f3k]]"
created: 2026-11-27T16:00:00+01:00
version: 1
aliases:
  - "Send this to Ada 😀: now?"
  - "1042"
why:
---
# Send this?
"""


def test_obsidian_may_write_it_again() -> None:
    for text in (AGAIN, AGAIN.replace("\n", "\r\n"), AGAIN.replace("  - ", "- ")):
        assert parse(text.encode()).props == {**parse(OURS).props, "approve": True}


def test_obsidian_may_add_a_property_to_ours() -> None:
    """An emoji in a line of ours is two escapes, which no YAML parser takes."""
    raw = OURS.replace(b"---\n# Send", b"tags:\n  - work\n---\n# Send")
    assert parse(raw).props == {**parse(OURS).props, "tags": ["work"]}


# -- what is refused


def lol(levels: int) -> str:
    lines = ["a0: &a0 [lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


BOMBS = {
    "aliases that grow": lol(9),
    "an anchor": "a: &x 1",
    "an alias": "a: &x 1\nb: *x",
    "an anchor on a list": "a: &x [1]",
    "a tag": "a: !!str 7",
    "code": "a: !!python/object/apply:os.system ['true']",
    "a tag of ours": "a: !x {}",
    "a merge": "<<: {a: 1}",
    "a merge within": "a:\n  <<: {b: 1}",
    "twice": "a: 1\nb: 2\na: 3",
    "twice, quoted": "a: 1\n'a': 3",
    "twice within": "a: {b: 1, b: 2}",
    "65 names": "\n".join(f"k{n}: {n}" for n in range(65)),
    "65 names, not ours": "\n".join(f"K{n}: {n}" for n in range(65)),
    "65 names within": "a: {" + ", ".join(f"k{n}: {n}" for n in range(65)) + "}",
    "deep": "a: [[[x]]]",
    "deep names": "a: {b: {c: {d: 1}}}",
    "very deep": "a: " + "[" * 8000,
    "very deep names": "a: " + "{a: " * 4000,
    "deep by lines": "\n".join(f"{'  ' * n}a:" for n in range(120)),
    "long": "a: " + "x" * BLOCK_MOST_BYTES,
    "long in bytes": "a: " + "é" * 9000,
    "long list": "a:\n" + "- b\n" * 5000,
    "many quotes": "a: " + '"' * 16000,
    "many colons": "a: " + "b: " * 5000,
    "many questions": "? " * 8000,
    "many dashes": "- " * 8000,
    "many links": "a: " + "[[x" * 5000,
    "many escapes": 'a: "' + "\\\\" * 8000,
    "a list": "- a\n- b",
    "plain text": "hello",
    "braces": '{"a": 1}',
    "indented": "  a: 1\n  b: 2",
    "a question": "? a\n: b",
    "a list as a name": "? [a]\n: b",
    "two documents": "a: 1\n--- \nb: 2".replace("--- \n", "--- x\n"),
    "an end": "a: 1\n...",
    "a directive": "%YAML 1.1\n--- {a: 1}",
    "two links": "a: [[b]], [[c]]",
    "a tab": "a:\n\t- b",
    "half an emoji": r'a: "\ud83d"',
    "half an emoji in a line that is not ours": 'A: x\na: "\\ude00"',
    **{
        f"control {code:02x}": f"a: x{chr(code)}y"
        for code in (*range(1, 9), 11, 12, 13, *range(14, 32), *range(127, 160), 0x2028, 0x2029)
    },
    **{f"escaped {code}": f'a: "x{code}y"' for code in (r"\a", r"\N", r"\L", r"\P", r"\x9b")},
    **{f"in a list {code}": f'a:\n- "x{code}y"' for code in (r"\0", r"\r", r"\u2028")},
    "in a name": '"a\\u0085": 1',
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(name: str) -> None:
    raw = note(BOMBS[name], "still here\n")
    best = min(_refusal_s(raw) for _ in range(3))
    assert best < 0.05


def _refusal_s(raw: bytes) -> float:
    start = time.process_time()
    with pytest.raises(NoteError) as refused:
        parse(raw)
    took = time.process_time() - start
    assert refused.value.body == "still here\n"
    assert f"line {refused.value.line} of the note" in str(refused.value)
    assert str(refused.value).isprintable()
    return took


def test_the_most_that_is_accepted_is_quick() -> None:
    raw = note("\n".join(f"K{n}: [{', '.join(['ab'] * 55)}]" for n in range(64)))
    start = time.process_time()
    assert len(parse(raw).props) == 64
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize(
    ("block", "line"),
    [("a: 1\nb: [", 3), ("a: 1\nb: 2\nb: 3", 4), ("a: *x", 2), ("x: 1\n\n# c\ny: !t", 5)],
)
def test_the_line_is_named(block: str, line: int) -> None:
    for raw in (note(block), note(block).replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + note(block)):
        with pytest.raises(NoteError) as refused:
            parse(raw)
        assert refused.value.line == line


# -- our own lines

keys = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    [
        *["", "true", "null", "0010", "7", "😀", "[[A|b]]", "x: y", "# x", "&a *b !c", "@`%"],
        *["a\nstatus: approved\n---\n", 'x"\nstatus: approved\n---\n', "\r\n", "\u0085---\u2028"],
        *["\x7f", "\ud83d", "\\", '\\"', "- a", "---", "\t: ", "'", "{a: 1}", "|", ">"],
    ]
)
scalars = st.none() | st.booleans() | st.integers(-(10**16) + 1, 10**16 - 1) | texts
values = scalars | st.lists(scalars, max_size=4)
properties = st.dictionaries(keys, values, max_size=8)

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def cleaned(value: Any) -> Any:
    """What of a value survives in a note."""
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    return FORBIDDEN.sub("\ufffd", value.replace("\r\n", "\n")) if isinstance(value, str) else value


@given(properties, st.text(max_size=40))
@settings(deadline=None)
def test_what_we_write_is_what_we_read(written: dict[str, Any], body: str) -> None:
    """Whatever an outsider puts into a value, no other property comes of it."""
    raw = render(written, body)
    found = parse(raw.replace(b"\0", b""))
    assert found.props == {key: cleaned(value) for key, value in written.items()}
    assert list(found.props) == list(written)
    assert raw == render(written, body)
    assert found.body == body.replace("\0", "").replace("\r\n", "\n")


@given(properties)
@settings(deadline=None)
def test_the_quick_way_reads_as_the_slow_way(written: dict[str, Any]) -> None:
    block = Handler().export(written)
    assert own_block(block) is not None
    slow = read(block + "\nA: a person's line").values
    assert slow == {**read(block).values, "A": "a person's line"}


@given(
    st.text(st.sampled_from("abk01-.:\"\\/[]{},#' \ttruefalsn\u00a0\u200b\U0001f600"), max_size=16)
)
@settings(
    max_examples=tries(1000), deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
@example("-0")
@example("12345678901234567")
@example('"\\u0085"')
@example('["a", 1.50, -0, 00]')
@example('"a" # b"')
@example("true\u00a0")
@example("[NaN, 1]")
@example('"a\\/b"')
def test_the_quick_way_never_reads_more(value: str) -> None:
    """Where it answers, the parser would have answered the same."""
    block = f"key: {value}"
    quick = own_block(block)
    assume(quick is not None)
    try:
        slow = _Reading(block).block()
    except YamlRefused:  # JSON's escapes of an emoji
        assert "\\" in value
        return
    assert quick == slow


def test_a_note_of_ours_can_always_be_read() -> None:
    """Two hundred attachments with long names do not make it too large for us."""
    names = [f"[[Office/Attachments/{'ü' * 70}_{n}.pdf]]" for n in range(200)]
    raw = render({"id": "t-a", "title": "é" * 9000, "attachments": names}, "")
    found = parse(raw).props
    assert found["id"] == "t-a"
    assert found["attachments"] == names[: len(found["attachments"])] != []
    assert str(found["title"]).endswith("é…")


@pytest.mark.parametrize(
    "wrong",
    [{"Title": 1}, {"a b": 1}, {"": 1}, {"a\nb": 1}, {"a": 1.5}, {"a": {"b": 1}}, {"a": [[1]]}],
)
def test_what_is_no_property_of_ours(wrong: dict[str, Any]) -> None:
    with pytest.raises(NoteError):
        render(wrong, "")
    with pytest.raises(NoteError):
        set_props(b"x", wrong)


def test_python_frontmatter_reads_and_writes_as_we_do() -> None:
    post = frontmatter.loads(AGAIN, handler=Handler())
    assert post.metadata == parse(AGAIN.encode()).props
    text = frontmatter.dumps(frontmatter.Post("body", Handler(), b="0010", a=True))
    assert text == '---\nb: "0010"\na: true\n---\n\nbody'
    assert frontmatter.loads(text, handler=Handler()).metadata == {"b": "0010", "a": True}
    assert frontmatter.loads("x\n---\na: 1\n---\ny", handler=Handler()).metadata == {}


# -- changing single lines

PERSONS = """---
# my note
title:  'Pay rent'   # soon
zip: 0010

tags:
  - a

  # not b
  - b
# about status
status: open
text: |
  one

  # no comment
  two

when: 2026-11-30
list: [a,
  b]
"quoted": yes
no space :  x
---
# Body
status: untouched
---
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"status": "done"}, "status: open\n", 'status: "done"\n'),
        ({"title": "x"}, "title:  'Pay rent'   # soon\n", 'title: "x"\n'),
        ({"tags": ["c"]}, "tags:\n  - a\n\n  # not b\n  - b\n", 'tags: ["c"]\n'),
        ({"tags": None}, "tags:\n  - a\n\n  # not b\n  - b\n", ""),
        ({"text": 7}, "text: |\n  one\n\n  # no comment\n  two\n", "text: 7\n"),
        ({"list": None}, "list: [a,\n  b]\n", ""),
        ({"quoted": True}, '"quoted": yes\n', "quoted: true\n"),
        ({"new": None}, "", ""),
        ({"zip": "0010"}, "", ""),  # it is that already
        ({"when": "2026-11-30"}, "", ""),
        ({"fresh": 1, "also": "b"}, "no space :  x\n", 'no space :  x\nfresh: 1\nalso: "b"\n'),
        ({"zip": None}, "zip: 0010\n\n", ""),
        ({"text": None}, "text: |\n  one\n\n  # no comment\n  two\n\n", ""),
    ],
)
def test_one_line_changes(changes: dict[str, Any], old: str, new: str) -> None:
    wanted = PERSONS.replace(old, new, 1) if old else PERSONS
    for newline in ("\n", "\r\n"):
        raw = PERSONS.replace("\n", newline).encode()
        assert set_props(raw, changes) == wanted.replace("\n", newline).encode()


def test_a_list_below_its_name_without_indent() -> None:
    raw = note("tags:\n- a\n# x\n- b\n# about c\nc: 1")
    assert set_props(raw, {"tags": "d"}) == note('tags: "d"\n# about c\nc: 1')


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        (b"", b'---\nid: "x"\n---\n'),
        (b"hello", b'---\nid: "x"\n---\nhello'),
        (b"a\r\nb", b'---\r\nid: "x"\r\n---\r\na\r\nb'),
        (b"\xef\xbb\xbfhello", b'\xef\xbb\xbf---\nid: "x"\n---\nhello'),
        (b"---\nhello\n", b'---\nid: "x"\n---\n---\nhello\n'),
        (b"---\n---", b'---\nid: "x"\n---'),
        (b"---\n# c\n---", b'---\n# c\nid: "x"\n---'),
    ],
)
def test_a_block_is_made(raw: bytes, made: bytes) -> None:
    assert set_props(raw, {"id": "x"}) == made
    assert parse(made).props == {"id": "x"}


def test_no_ruler_becomes_a_block() -> None:
    """If our block went with its last property, what stands below would be one."""
    raw = b"---\nid: 1\n---\n---\nstatus: approved\n---\n"
    assert set_props(raw, {"id": None}) == b"---\n---\n---\nstatus: approved\n---\n"


@pytest.mark.parametrize(
    "block", ["a: [", "a: 1\na: 2", '{"a": 1}', "  a: 1", "a: &x 1", "hello", "? a\n: 1"]
)
def test_broken_properties_are_not_written_to(block: str) -> None:
    with pytest.raises(NoteError, match="cannot be read"):
        set_props(note(block), {"id": "x"})


def test_nothing_is_added_to_a_full_block() -> None:
    for block in ("a: " + "x" * (BLOCK_MOST_BYTES - 5), "\n".join(f"k{n}: 1" for n in range(64))):
        assert parse(note(block)).has_block
        with pytest.raises(NoteError):
            set_props(note(block), {"id": "x" * 20})


# how people write: keys, values, remarks
persons_keys = st.sampled_from(["id", "status", "tags", "Due date", '"q"', "ü", "approve", "k "])
persons_values = st.sampled_from(
    [
        *["", " x", " 'it''s'", ' "a: b"', " 0010", " [a, b]", " [[Link]]", " true # why", "  7 "],
        *["\n- a\n- b", "\n  - a\n\n  - [[B]]", " |\n  a\n\n  # b", " >-\n  a\n  b", " a\n  b"],
        *[' "a\n  b"', " [a,\n  b]", "\n  b: 1\n  c: no", " {b: 1}", ' "\\ud83d\\ude00"', " |"],
        *[' "a\nb: c"', " [a,\nb\n]", " |+\n  a\n\n", " - \n"],
    ]
)
remarks = st.sampled_from(["", "\n", "# status: x\n", "  # in\n"])


@st.composite
def persons_notes(draw: st.DrawFn) -> bytes:
    used: list[str] = draw(st.lists(persons_keys, unique=True, max_size=6))
    block = "".join(
        draw(remarks) + key + ":" + draw(persons_values) + "\n" + draw(remarks) for key in used
    )
    body = draw(st.sampled_from(["", "x", "x\n", "---\n", "---\na: 1\n---\n", "# h\n\nid: 7\n"]))
    text = body
    empty = draw(st.booleans())
    if used or empty:
        end = draw(st.sampled_from(["---\n", "--- \n"])) if body else "---"
        text = f"---\n{block}{end}{body}"
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.replace("\n", newline).encode()


def readable(raw: bytes) -> Note:
    try:
        return parse(raw)
    except NoteError:
        assume(False)
        raise


ours = st.dictionaries(
    st.sampled_from(["id", "status", "tags", "approve", "q", "factotum_id"]),
    st.none() | values,
    max_size=4,
)


@given(persons_notes(), ours)
@settings(max_examples=tries(600), deadline=None)
@example(b"---\nstatus: |+\n  a\n\n\nid:\n\ntags:\n---", {"id": None})
@example(b"---\nstatus: |\n  a\n\n  # b\nid:\n  # in\ntags:\n---", {"id": None})
@example(b"---\nstatus: |+\n  a\nid:\n\n# x\n\ntags:\n---", {"id": None})
def test_whatever_can_be_read_can_be_changed(raw: bytes, changes: dict[str, Any]) -> None:
    """And nothing but that changes: not another value, not the order, not the body."""
    before = readable(raw)
    after = parse(set_props(raw, changes))
    wanted = {**before.props, **{key: cleaned(value) for key, value in changes.items()}}
    assert after.props == {k: v for k, v in wanted.items() if changes.get(k, "") is not None}
    assert after.body == before.body
    kept = [key for key in before.props if key in after.props]
    assert [key for key in after.props if key in before.props] == kept
    assert set_props(after.raw, changes) == after.raw


@given(persons_notes(), st.dictionaries(keys, values.filter(lambda v: v is not None), max_size=3))
@settings(max_examples=tries(400), deadline=None)
def test_taking_away_what_was_added_leaves_the_same_bytes(
    raw: bytes, added: dict[str, Any]
) -> None:
    before = readable(raw)
    assume(not set(added) & set(before.props))
    assume(
        not before.has_block or re.search(rb"^---\s*\n(?!---)", raw.removeprefix(b"\xef\xbb\xbf"))
    )
    changed = set_props(raw, added)
    assert set_props(changed, dict.fromkeys(added)) == raw


@given(persons_notes())
@settings(max_examples=tries(200), deadline=None)
def test_no_change_is_no_change(raw: bytes) -> None:
    before = readable(raw)
    assert set_props(raw, {}) == raw
    simple = {k: v for k, v in before.props.items() if re.fullmatch("[a-z_]+", k)}
    simple = {k: v for k, v in simple.items() if v is not None and not isinstance(v, dict)}
    assert set_props(raw, simple) == raw


# -- the text


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        (b"", b"## X\ny\n"),
        (b"a", b"a\n\n## X\ny\n"),
        (b"a\n", b"a\n\n## X\ny\n"),
        (b"a\r\nb", b"a\r\nb\r\n\r\n## X\r\ny\r\n"),
        (b"---\na: 1\n---", b"---\na: 1\n---\n## X\ny\n"),
        (b"```\ncode", b"```\ncode\n```\n\n## X\ny\n"),  # the fence was left open
        (b"````md\n```\n", b"````md\n```\n````\n\n## X\ny\n"),
        (b"~~~\n```\n~~~\n", b"~~~\n```\n~~~\n\n## X\ny\n"),
    ],
)
def test_a_section_is_added(raw: bytes, made: bytes) -> None:
    assert append(raw, "## X\ny\n") == made


@given(persons_notes(), st.text(max_size=20) | st.just("## X\n---\ny\n"))
@settings(deadline=None)
@example(b"---\nno block", "## X\n---\na: 1\n")
def test_what_was_there_is_the_beginning(raw: bytes, text: str) -> None:
    before = readable(raw)
    after = append(raw, text)
    assert after.startswith(raw)
    found = parse(after.replace(b"\0", b""))
    assert found.props == before.props
    assert found.has_block == before.has_block


@given(persons_notes())
@settings(deadline=None)
@example(b"---\na: 1\n---")
def test_another_body_leaves_the_properties(raw: bytes) -> None:
    before = readable(raw)
    after = parse(with_body(raw, "# New\n\ntext\n"))
    assert after.props == before.props
    assert after.body == "# New\n\ntext\n"
    assert with_body(after.raw, after.body) == after.raw


def test_json_is_ascii() -> None:
    raw = render({"title": "Grüße 😀\u202e"}, "Grüße")
    assert raw == '---\ntitle: "Gr\\u00fc\\u00dfe \\ud83d\\ude00\\u202e"\n---\nGrüße'.encode()
    assert json.loads(raw.split(b"\n")[1].partition(b": ")[2]) == "Grüße 😀\u202e"
