"""The seal: what has one meaning has one form, and any change has another digest."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.gate.seal import Seal, SealError, canonical, nonce, normalised
from factotum.model import Attachment, Effect, Risk, Trust

SEAL = Seal(
    card="a-one",
    version=1,
    tool="mail__send",
    pin="p",
    args={"to": ["ada@rossi.example"], "subject": "Hi", "body": "One\n"},
    attachments=(Attachment("a.pdf", 3, "00ff"),),
    account="Marco <marco@example.test>",
    trust=Trust.OWNER,
    policy="one",
    ttl_s=604800.0,
    nonce="n",
    epoch="e",
    effect=Effect.OPAQUE,
    risk=Risk.MEDIUM,
    rule="asks",
    about={},
    created=1.0,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None, -5]}, b'{"a":[true,null,-5],"b":1}'),
        ({"é": "e\u0301"}, '{"é":"é"}'.encode()),
        ({"e\u0301": 1}, '{"é":1}'.encode()),
        (("a", "b"), b'["a","b"]'),
        ("\u2028</script>\x00", '"\u2028</script>\\u0000"'.encode()),
        (10**30, b"1" + b"0" * 30),
    ],
)
def test_one_form(value: Any, written: bytes) -> None:
    assert canonical(value) == written


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"amount": 1.5}, "arguments.amount"),
        ({"a": [1, float("nan")]}, r"arguments.a\[1\]"),
        ({"a": "\ud800"}, "surrogate"),
        ({"é": 1, "e\u0301": 2}, "stands twice"),
        ({"a": b"bytes"}, "bytes"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_what_has_no_exact_form_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(SealError, match=named):
        canonical(value)


TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT.filter(str.isascii), inner),
    max_leaves=12,
)
ARGS = st.dictionaries(TEXT.filter(str.isascii), JSON, max_size=5)


@given(ARGS)
def test_what_is_read_back_has_the_same_bytes(args: dict[str, Any]) -> None:
    assert canonical(json.loads(canonical(args))) == canonical(args)
    assert canonical(normalised(args)) == canonical(args)
    assert canonical(dict(reversed(args.items()))) == canonical(args)


@given(ARGS, ARGS)
def test_other_arguments_have_another_digest(one: dict[str, Any], two: dict[str, Any]) -> None:
    first = dataclasses.replace(SEAL, args=one).computed_digest()
    second = dataclasses.replace(SEAL, args=two).computed_digest()
    assert (first == second) is (canonical(one) == canonical(two))


@pytest.mark.parametrize(
    "change",
    [
        {"card": "a-two"}, {"version": 2}, {"tool": "mail__draft"}, {"pin": "q"},
        {"args": {"to": ["bob@rossi.example"], "subject": "Hi", "body": "One\n"}},
        {"attachments": ()}, {"attachments": (Attachment("b.pdf", 3, "00ff"),)},
        {"attachments": (Attachment("a.pdf", 4, "00ff"),)},
        {"attachments": (Attachment("a.pdf", 3, "00fe"),)},
        {"account": "eve@example.test"}, {"trust": Trust.STRANGER}, {"policy": "two"},
        {"ttl_s": 60.0}, {"nonce": "m"}, {"epoch": "f"},
    ],
)  # fmt: skip
def test_each_thing_that_was_approved_is_in_the_digest(change: dict[str, Any]) -> None:
    assert dataclasses.replace(SEAL, **change).computed_digest() != SEAL.computed_digest()


@pytest.mark.parametrize(
    "change",
    [{"shown": 5.0}, {"deadline": 9.0}, {"about": {"who": "x"}}, {"created": 2.0}, {"digest": "d"}],
)
def test_what_only_tells_about_it_is_not(change: dict[str, Any]) -> None:
    assert dataclasses.replace(SEAL, **change).computed_digest() == SEAL.computed_digest()


def test_a_composed_letter_is_the_same_letter() -> None:
    text = "Grüße"
    args = {"body": unicodedata.normalize("NFD", text)}
    assert normalised(args) == {"body": text}


def test_no_nonce_comes_twice() -> None:
    assert len({nonce() for _ in range(100)}) == 100
