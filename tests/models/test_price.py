"""What a call costs, by whichever price is known; and that an unknown one counts as much."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from factotum.agent.talk import Reply, Request, Usage, Wanted
from factotum.models.price import Facts, Price, facts_of, price_list, tokens_of
from tests.models.talking import HELLO, settings_of, way, write_list

ROOT = Path(__file__).parents[2]

ENTRIES = """\
    "gpt-listed": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 4e-06,
        "cache_read_input_token_cost": 1e-07,
        "max_input_tokens": 100000,
        "supports_vision": true
    },
    "groq/gpt-listed": {
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 3e-06
    },
    "half": {
        "input_cost_per_token": 1e-06
    },
    "odd": {
        "input_cost_per_token": "free",
        "output_cost_per_token": -1,
        "max_input_tokens": true
    }"""


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return write_list(tmp_path / "list.json", ENTRIES)


KEYS = {"OPENAI_API_KEY": "k", "GROQ_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}


def facts(
    name: str,
    listed: Path | None = None,
    named: Mapping[str, str] | None = None,
    *,
    first: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Facts:
    around = KEYS | dict(environ or {})
    settings = settings_of(MODEL=name, **(named or {}))
    return facts_of(
        way(name, around, **(named or {})), settings, around, first=first, listed=listed
    )


def test_the_list_is_asked_by_the_names_that_it_uses(listed: Path) -> None:
    found = facts("openai/gpt-listed", listed)
    assert found == Facts(Price(1.0, 4.0, 0.1, source="litellm's list"), 100_000, True)
    assert facts("groq/gpt-listed", listed).price.sent == 2.0
    assert facts("anthropic/gpt-listed", listed).price.sent == 1.0


@pytest.mark.parametrize("name", ["openai/half", "openai/odd", "openai/sent", "openai/nowhere"])
def test_what_is_no_price_counts_as_the_ceiling(name: str, listed: Path) -> None:
    found = facts(name, listed)
    assert found.price == Price(15.0, 75.0, known=False, source="FACTOTUM_MODEL_PRICE_CEILING")
    assert (found.context_tokens, found.sees) == (32_768, False)


def test_the_settings_win_for_the_first_model_alone(listed: Path) -> None:
    named = {"MODEL_PRICE_IN": "0.5", "MODEL_PRICE_OUT": "0", "MODEL_CONTEXT": "2048"}
    named["MODEL_SEES"] = "no"
    mine = facts("openai/gpt-listed", listed, named)
    assert (mine.price.sent, mine.price.answered) == (0.5, 0.0)
    assert (mine.context_tokens, mine.sees) == (2048, False)
    fallback = facts("openai/gpt-listed", listed, named, first=False)
    assert (fallback.price.sent, fallback.context_tokens, fallback.sees) == (1.0, 100_000, True)


def test_half_a_price_is_none(listed: Path) -> None:
    assert facts("openai/gpt-listed", listed, {"MODEL_PRICE_IN": "0.5"}).price.sent == 1.0


@pytest.mark.parametrize(
    ("name", "named", "environ", "context"),
    [
        ("ollama/gpt-listed", {}, {}, 16_384),  # whatever the list says: we tell it
        ("ollama/llama3.2", {}, {"OLLAMA_CONTEXT_LENGTH": "32768"}, 32_768),
        ("ollama/llama3.2", {}, {"OLLAMA_CONTEXT_LENGTH": "much"}, 16_384),
        ("ollama/llama3.2", {"MODEL_CONTEXT": "8192"}, {}, 8192),
        ("openai/qwen", {"MODEL_BASE_URL": "http://127.0.0.1:1/v1"}, {}, 8192),
    ],
)
def test_what_runs_at_home_costs_nothing(
    name: str, named: dict[str, str], environ: dict[str, str], context: int, listed: Path
) -> None:
    found = facts(name, listed, named, environ=environ)
    assert (found.price.sent, found.price.answered, found.price.known) == (0.0, 0.0, True)
    assert found.context_tokens == context


def test_a_proxy_at_home_costs_what_the_model_costs(listed: Path) -> None:
    assert facts("openai/gpt-listed", listed, {"MODEL_BASE_URL": "http://pi/v1"}).price.sent == 1.0
    own = {"MODEL_BASE_URL": "http://pi/v1", "MODEL_PRICE_IN": "3", "MODEL_PRICE_OUT": "4"}
    priced = facts("openai/x", None, own)
    assert priced.price.answered == 4.0


def test_what_is_sold_elsewhere_is_not_free() -> None:
    elsewhere = {"MODEL_BASE_URL": "https://models.example.org/v1"}
    assert not facts("openai/x", None, elsewhere).price.known
    assert not facts("ollama/gpt-oss:120b-cloud").price.known
    ours = facts("openai/x", None, elsewhere | {"MODEL_PRICE_CEILING": "10"})
    assert (ours.price.sent, ours.price.answered) == (2.0, 10.0)


def test_what_we_propose_has_a_price_without_litellm() -> None:
    found = facts("openai/gpt-5-mini")
    assert (found.price.known, found.price.answered) == (True, 2.0)
    assert (found.context_tokens, found.sees) == (272_000, True)
    other = facts("openai/gpt-5-mini", None, {"MODEL_BASE_URL": "https://m.example.org"})
    assert not other.price.known  # another seller of the same name


def test_tokens_read_again_cost_less() -> None:
    price = Price(10.0, 20.0, 1.0)
    assert price.cost(Usage(1_000_000, 500_000, 400_000)) == pytest.approx(6.0 + 0.4 + 10.0)
    assert price.cost(Usage(10, 0, 400)) == pytest.approx(10 / 1e6)  # not more than were sent
    assert Price(10.0, 20.0).cost(Usage(1_000_000, 0, 400_000)) == 10.0


def test_the_most_is_more_than_it_will_cost() -> None:
    price = Price(10.0, 20.0)
    text = "word " * 3000
    request = Request([{"role": "user", "content": text}], max_tokens=1000)
    assert price.most(request) > price.cost(Usage(3000, 1000))
    tools = [{"type": "function", "function": {"name": "a", "description": text}}]
    assert tokens_of(Request(request.messages, tools)) > 2 * len(text) / 3


def test_a_letter_of_three_bytes_counts_as_a_token() -> None:
    assert tokens_of(Request([{"role": "user", "content": "\u4f60" * 300}])) > 300


def test_a_picture_counts_by_itself() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
    words = {"type": "text", "text": "what is it?"}
    one = tokens_of(Request([{"role": "user", "content": [words, picture]}]))
    two = tokens_of(Request([{"role": "user", "content": [words, picture, picture]}]))
    assert 1500 < one < 2000
    assert two - one == 1500
    only = tokens_of(Request([{"role": "user", "content": [picture]}]))
    assert 1500 < only < one
    assert tokens_of(HELLO) < 60


def test_the_list_is_found_where_litellm_is_and_litellm_is_not_imported() -> None:
    code = "import sys; from factotum.models.price import price_list; print(price_list()); "
    code += "assert 'litellm' not in sys.modules"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert (said == "None") == (importlib.util.find_spec("litellm") is None)
    assert said == str(price_list())


@pytest.mark.parametrize(
    ("sent", "answered", "counted"),
    [
        (2600, 260, (2600, 260)),
        (1100, 110, (1100, 110)),  # few, and a tokenizer might do it
        (1, 1, (10_000, 1000)),
        (1, 300, (10_000, 300)),  # what it thought before is counted with what it wrote
        (0, 0, (10_000, 1000)),
    ],
)
def test_a_count_that_cannot_be_is_not_what_is_booked(
    sent: int, answered: int, counted: tuple[int, int]
) -> None:
    request = Request([{"role": "user", "content": "word " * 8000}])
    text, call = "x" * 2000, Wanted("a", "recall", {"query": "y" * 2000})
    reply = Reply(text, (call,), usage=Usage(sent, answered))
    booked = Price(10.0, 40.0).booked(request, reply)
    assert booked == pytest.approx((counted[0] * 10 + counted[1] * 40) / 1_000_000, rel=0.02)


def test_a_picture_is_not_counted_by_its_bytes_nor_a_free_model_at_all() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 90_000}}
    reply = Reply("x", usage=Usage(100, 1))
    assert (
        Price(10.0, 0.0).booked(Request([{"role": "user", "content": [picture]}]), reply) == 0.001
    )
    assert Price(0.0, 0.0).booked(Request([{"role": "user", "content": "x" * 9000}]), reply) == 0
