"""A transcript that is too long: what stays, what goes, and that nothing is torn apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.shorten import FRAME_CHARS, WORDS_LEAST, chars, shorten

HEAD: list[dict[str, Any]] = [
    {"role": "system", "content": "You work here."},
    {"role": "user", "content": "Task: find the invoice."},
]


def turn(n: int, *results: str, said: str = "") -> list[dict[str, Any]]:
    """An answer with a call for each result, and the results; a plain answer without any."""
    if not results:
        return [{"role": "assistant", "content": said or "I am thinking."}]
    ids = [f"c{n}-{place}" for place in range(len(results))]
    calls = [
        {"id": id, "type": "function", "function": {"name": "notes__read", "arguments": "{}"}}
        for id in ids
    ]
    answers = [
        {"role": "tool", "tool_call_id": id, "content": text}
        for id, text in zip(ids, results, strict=True)
    ]
    return [{"role": "assistant", "content": said or None, "tool_calls": calls}, *answers]


def size(messages: list[Any]) -> int:
    return sum(map(chars, messages))


def test_what_fits_is_left_alone() -> None:
    messages = [*HEAD, *turn(1, "a" * 500)]
    assert shorten(messages, 10_000) == messages
    assert shorten(messages, size(messages)) == messages


def test_results_of_older_calls_go_first() -> None:
    messages = [*HEAD, *turn(1, "a" * 5000), *turn(2, "b" * 5000), *turn(3, "c" * 5000)]
    short = shorten(messages, 11_000)
    assert short[3]["content"] == "[5,000 characters of this result are left out here.]"
    assert short[4:] == messages[4:]
    assert size(short) <= 11_000


def test_a_short_result_is_not_replaced_by_a_line_as_long() -> None:
    messages = [*HEAD, *turn(1, "a" * 100), *turn(2, "b" * 900), *turn(3, "c"), *turn(4, "d")]
    short = shorten(messages, size(messages) - 700)
    assert short[3] == messages[3]
    assert short[5]["content"] == "[900 characters of this result are left out here.]"


def test_the_line_for_the_turns_that_went_is_counted() -> None:
    messages = [*HEAD]
    for n in range(40):
        messages += turn(n, "x" * 100)
    for most in range(1_000, 3_000, 7):
        assert size(shorten(messages, most)) <= most


def test_a_result_goes_only_as_long_as_something_must() -> None:
    messages = [*HEAD]
    for n in range(6):
        messages += turn(n, f"{n}" * 1000)
    short = shorten(messages, size(messages) - 500)
    gone = [m for m in short if "left out" in str(m["content"])]
    assert len(gone) == 1
    assert gone[0]["tool_call_id"] == "c0-0"


def test_then_whole_turns_go_and_one_line_says_so() -> None:
    messages = [*HEAD]
    for n in range(20):
        messages += turn(n, "x" * 150, said="y" * 150)
    short = shorten(messages, 3_000)
    assert size(short) <= 3_000
    assert short[:2] == HEAD
    assert "earlier turns of yours are left out" in short[2]["content"]
    assert short[-4:] == messages[-4:]


def test_what_the_owner_said_meanwhile_stays() -> None:
    added = {"role": "user", "content": "The owner added: only those of 2026."}
    messages = [*HEAD, *turn(1, "a" * 900), added, *turn(2, "b" * 900), *turn(3, "c"), *turn(4)]
    assert added in shorten(messages, 300)


def test_a_last_result_that_is_too_long_keeps_its_beginning_and_end() -> None:
    messages = [*HEAD, *turn(1, "short"), *turn(2, "BEGIN" + "x" * 100_000 + "END")]
    short = shorten(messages, 5_000)
    text = short[-1]["content"]
    assert size(short) <= 5_000
    assert text.startswith("BEGIN") and text.endswith("END")
    assert "100,008 characters in all" in text
    assert short[:-1] == messages[:-1]


def test_of_several_long_results_the_longest_lose_the_most() -> None:
    messages = [*HEAD, *turn(1, "a" * 50_000, "b" * 1_000, "c" * 40_000)]
    short = shorten(messages, 10_000)
    assert size(short) <= 10_000
    assert short[4]["content"] == "b" * 1_000


def test_what_the_model_wrote_itself_is_cut_last_and_stays_json() -> None:
    answer, result = turn(1, "short", said="y" * 12_000)
    answer["tool_calls"][0]["function"]["arguments"] = json.dumps({"text": "x" * 4000})
    messages = [*HEAD, answer, result]
    assert shorten(messages, size(messages)) == messages
    short = shorten(messages, 6_000)
    assert size(short) <= 2_000
    assert short[3] == result and answer["content"] == "y" * 12_000
    told = json.loads(short[2]["tool_calls"][0]["function"]["arguments"])
    assert "characters left out" in told["text"]


def test_an_image_counts_by_what_it_costs_and_not_by_its_bytes() -> None:
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 900_000}}
    message = {"role": "user", "content": [{"type": "text", "text": "see"}, url]}
    assert chars(message) == FRAME_CHARS + 3 + 4_500


@pytest.mark.parametrize("most", [0, 1, 10])
def test_where_nothing_can_be_had_what_was_ordered_still_stays(most: int) -> None:
    messages = [*HEAD, *turn(1, "a" * 9000), *turn(2, "b" * 9000), *turn(3, "c" * 9000)]
    short = shorten(messages, most)
    assert short[:2] == HEAD
    assert size(short) < 2_000


texts = st.integers(0, 6000).map(lambda n: "z" * n)
models = st.builds(lambda results, said: (results, said), st.lists(texts, max_size=4), texts)
owners = texts


@given(
    steps=st.lists(st.one_of(models, owners), max_size=14),
    most=st.integers(0, 40_000),
)
def test_calls_and_results_stay_together_whatever_goes(steps: list[Any], most: int) -> None:
    messages = [*HEAD]
    for n, step in enumerate(steps):
        if isinstance(step, str):
            messages.append({"role": "user", "content": step})
        else:
            messages += turn(n, *step[0], said=step[1])
    short = shorten(messages, most)
    assert short[:2] == HEAD
    open_calls: list[str] = []
    for message in short:
        if message["role"] == "tool":
            assert message["tool_call_id"] == open_calls.pop(0)
        else:
            assert open_calls == []
            open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    assert open_calls == []
    said = [m for m in messages if m["role"] == "user"]
    assert [m for m in short if m["role"] == "user" and "of yours" not in m["content"]] == said
    assert size(short) <= max(most, floor(messages))
    assert size(short) <= size(messages)


def floor(messages: list[Any]) -> int:
    """What cannot go: all that was said to it, and the last two turns but for long results."""
    starts = [n for n, m in enumerate(messages) if m["role"] == "assistant"][-2:]
    own = [m for n, m in enumerate(messages) if m["role"] != "tool" and n in starts]
    own = [{**m, "content": (m["content"] or "")[:WORDS_LEAST]} for m in own]
    kept = own + [m for m in messages if m["role"] in {"system", "user"}]
    results = [m for m in messages[starts[0] :] if m["role"] == "tool"] if starts else []
    least = sum(min(chars(m), FRAME_CHARS + 200) for m in results)
    return size(kept) + least + FRAME_CHARS + 60
