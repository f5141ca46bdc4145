"""What the providers say when they say no, and what a person reads of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from factotum.models import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.refusal import in_answer, refusal, wait_s
from tests.models.talking import CANARY, way

NOW = datetime(2026, 11, 21, 11, 0, 0, tzinfo=UTC)
OPENAI = way("openai/gpt-5-mini", {"OPENAI_API_KEY": CANARY})


def no(status: int, error: Any = "no", **headers: str) -> ModelError:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return refusal(status, named, json.dumps({"error": error}).encode(), OPENAI, NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),  # not in the RFC, but sent
        ("86400", 3600.0),  # a day: we ask before
        ("9" * 400, 3600.0),
        ("Sat, 21 Nov 2026 11:00:30 GMT", 30.0),
        ("Saturday, 21-Nov-26 11:00:30 GMT", 30.0),  # the two old forms
        ("Sat Nov 21 11:00:30 2026", 30.0),
        ("Sat, 21 Nov 2026 10:00:00 GMT", 0.0),  # already past
        ("Sun, 21 Nov 2027 10:00:00 GMT", 3600.0),
    ],
)
def test_how_long_to_wait(header: str, seconds: float) -> None:
    assert wait_s(header, NOW) == seconds


@pytest.mark.parametrize("header", ["", "soon", "-1", "1e3", "Sat, 99 Nov 2026", "٣", "1 2"])
def test_what_is_no_time_to_wait(header: str) -> None:
    with pytest.raises(ValueError):
        wait_s(header, NOW)
    assert no(429, retry_after=header).retry_after_s is None


def test_a_date_is_counted_from_the_clock_of_who_sent_it() -> None:
    busy = no(
        503,
        date="Sat, 21 Nov 2020 08:00:00 GMT",  # ours is six years ahead
        retry_after="Sat, 21 Nov 2020 08:00:20 GMT",
    )
    assert busy.retry_after_s == 20.0


@pytest.mark.parametrize(
    ("status", "kind", "free"),
    [
        (429, Busy, True),
        (408, Busy, False),
        (500, Busy, False),
        (502, Busy, False),
        (503, Busy, False),
        (529, Busy, False),
        (400, Refusing, True),
        (401, Refusing, True),
        (402, Refusing, True),
        (403, Refusing, True),
        (404, Refusing, True),
        (422, Refusing, True),
        (413, TooLong, True),
        (301, Refusing, True),
    ],
)
def test_what_a_status_means(status: int, kind: type[ModelError], free: bool) -> None:
    found = no(status)
    assert type(found) is kind
    assert found.free is free
    assert str(found).startswith("openai/gpt-5-mini: ")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        # As the providers word it.
        (400, {"code": "context_length_exceeded", "message": "This model's maximum context …"}),
        (400, {"message": "This endpoint's maximum context length is 8192 tokens."}),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (400, {"message": "The input token count (9) exceeds the maximum number of tokens"}),
        (400, {"message": "request (9043 tokens) exceeds the available context size"}),
        (400, {"message": "Please reduce the length of the messages or completion."}),
        (413, {"message": "Request too large for model"}),
        (422, {"message": "40000 tokens, too large for model with 32768 maximum context length"}),
    ],
)  # fmt: skip
def test_too_long_is_recognised(status: int, error: Any) -> None:
    assert type(no(status, error)) is TooLong


def test_too_many_tokens_a_minute_is_no_long_text() -> None:
    assert type(no(429, {"message": "Rate limit reached: too many tokens per minute"})) is Busy


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}),
        (402, {"message": "Insufficient Balance"}),
    ],
)
def test_waiting_brings_no_money(status: int, error: Any) -> None:
    assert "has no credit left" in str(no(status, error))
    assert type(no(status, error)) is Refusing


def test_the_setting_to_mend_is_named() -> None:
    assert "the key in OPENAI_API_KEY was refused (401)" in str(no(401))
    own = way("openai/x", MODEL_BASE_URL="http://pi:8080")
    assert "Write it into FACTOTUM_MODEL_API_KEY" in str(refusal(401, {}, b"", own, NOW))
    assert "FACTOTUM_MODEL_BASE_URL, which usually ends" in str(refusal(404, {}, b"", own, NOW))
    assert "ollama pull qwen" in str(refusal(404, {}, b"", way("ollama/qwen"), NOW))
    assert "FACTOTUM_FALLBACK_MODELS" in str(no(404))
    assert "leads to another address" in str(no(302))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500])
@pytest.mark.parametrize("shown", [CANARY, f"{CANARY[:9]}****{CANARY[-4:]}", "gsk_" + "A1" * 20])
def test_no_key_is_ever_repeated(status: int, shown: str) -> None:
    message = str(no(status, {"message": f"Incorrect API key provided: {shown}. See our page"}))
    for part in (CANARY, CANARY[:9], shown, shown[:12]):
        assert part not in message


def test_a_key_that_looks_like_none_is_not_repeated_either() -> None:
    own = way("openai/x", MODEL_BASE_URL="http://pi", MODEL_API_KEY="plain-own-key")
    message = str(refusal(400, {}, b'{"error": "bad key plain-own-key, sir"}', own, NOW))
    assert "bad key [key], sir" in message


@pytest.mark.parametrize(
    "data",
    [b"", b"<html><body>Bad\x00 \x1b[2J gateway</body>", b"[1]", b'{"error": [1]}', b"\xff" * 50,
     b'{"error": "no"}', b'{"error": {"message": {"a": "b"}}}', b"[" * 100_000, b"x" * 100_000],
)  # fmt: skip
def test_whatever_is_said_is_one_short_line(data: bytes) -> None:
    message = str(refusal(400, {}, data, OPENAI, NOW))
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {"code": 429, "message": "slow down"}}, Busy),
        ({"error": {"code": 502}, "choices": []}, Busy),
        ({"choices": [{"error": {"code": 503}, "message": {"content": ""}}]}, Busy),
        ({"error": {"code": 400, "message": "maximum context length is 10"}}, TooLong),
        ({"error": {"code": "odd"}}, Garbled),
        ({"error": "no"}, Garbled),
        ({"error": {"code": True}}, Garbled),
        ({"error": {"code": 200}}, Garbled),
    ],
)
def test_an_error_inside_a_good_answer_is_found(value: Any, kind: type[ModelError]) -> None:
    found = in_answer(value, OPENAI, NOW)
    assert type(found) is kind
    assert found is not None
    assert not found.free


@pytest.mark.parametrize(
    "value", [None, [], {}, {"error": None, "choices": [{}]}, {"choices": [None]}, {"choices": 3}]
)
def test_a_good_answer_holds_none(value: Any) -> None:
    assert in_answer(value, OPENAI, NOW) is None
