"""What a model costs, how much it takes in, and whether it sees: from the settings, litellm's
list, or a guess on the safe side.

The list is a file that lies beside litellm; litellm itself is never imported for it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factotum.agent.talk import Reply, Request, Usage
from factotum.models.providers import OLLAMA, OWN
from factotum.models.way import Way
from factotum.settings import Settings

MILLION = 1_000_000

#: A token is at least this long in most texts; fewer bytes would make the worst case too small.
BYTES_A_TOKEN = 3
#: A usual token of English, in characters, and how many times too low a count of tokens may
#: be before it is not believed: no language and no model comes near it.
CHARS_A_TOKEN = 4
IMPLAUSIBLE = 10
#: What one picture counts as: more than any provider charges for a usual one.
TOKENS_A_PICTURE = 1500

#: What an Ollama is told to take in: our tools and some work, in a few gigabytes of memory.
OLLAMA_CONTEXT = 16_384
#: What servers for one's own machine usually start with.
OWN_CONTEXT = 8192
#: Every model that a provider sells today takes at least this much.
SOLD_CONTEXT = 32_768

_LIST = "litellm/model_prices_and_context_window_backup.json"


@dataclass(frozen=True)
class Price:
    """USD per million tokens. `known` is False for the ceiling; `source` says whence, in words."""

    sent: float
    answered: float
    cached: float | None = None
    known: bool = True
    source: str = ""

    def cost(self, usage: Usage) -> float:
        """What the call cost, in USD."""
        cached = min(usage.cached, usage.sent) if self.cached is not None else 0
        full = (usage.sent - cached) * self.sent + usage.answered * self.answered
        return (full + cached * (self.cached or 0.0)) / MILLION

    def most(self, request: Request) -> float:
        """The most that this call can cost, in USD."""
        return self.cost(Usage(sent=tokens_of(request), answered=request.max_tokens))

    def booked(self, request: Request, reply: Reply) -> float:
        """What is booked for a call, in USD: its price by the tokens that the answer counts.

        A count below a tenth of what the text itself comes to, at four characters a token,
        is a mistake or a lie, and the caps would hold nothing if it were taken: then the
        estimate counts. Pictures are left out of it, some are nearly free.
        """
        usage = reply.usage
        wrote = reply.text + "".join(call.tool + _json(dict(call.args)) for call in reply.calls)
        sent = _likely(usage.sent, len(_said(request)[0]))
        return self.cost(replace(usage, sent=sent, answered=_likely(usage.answered, len(wrote))))


def tokens_of(request: Request) -> int:
    """A high estimate of what is sent. Pictures count by themselves, not by their bytes."""
    said, pictures = _said(request)
    return len(said.encode(errors="replace")) // BYTES_A_TOKEN + 1 + pictures * TOKENS_A_PICTURE


def _said(request: Request) -> tuple[str, int]:
    """All the text that is sent, as JSON, and how many pictures."""
    pictures = 0
    messages = []
    for message in request.messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        rest = [part for part in parts if part.get("type") != "image_url"]
        pictures += len(parts) - len(rest)
        messages.append(dict(message) | {"content": rest if parts else content})
    said = _json(messages) + (_json(list(request.tools)) if request.tools else "")
    return said, pictures


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict)


def _likely(counted: int, chars: int) -> int:
    estimate = chars // CHARS_A_TOKEN
    return counted if counted * IMPLAUSIBLE >= estimate else estimate


@dataclass(frozen=True)
class Facts:
    """What is known of a model before it is asked."""

    price: Price
    context_tokens: int
    sees: bool


def _ours(sent: float, answered: float, cached: float, context: int, sees: bool) -> Facts:
    return Facts(Price(sent, answered, cached, source="our own list"), context, sees)


#: The models that we propose ourselves, for who has no litellm, and so no list.
OURS: dict[str, Facts] = {
    "openrouter/openai/gpt-5-mini": _ours(0.25, 2.0, 0.025, 272_000, True),
    "openai/gpt-5-mini": _ours(0.25, 2.0, 0.025, 272_000, True),
    "groq/openai/gpt-oss-120b": _ours(0.15, 0.6, 0.075, 131_072, False),
    "deepseek/deepseek-chat": _ours(0.28, 0.42, 0.028, 131_072, False),
    "mistral/mistral-medium-latest": _ours(1.5, 7.5, 0.15, 262_144, True),
}


def facts_of(
    way: Way, settings: Settings, environ: Mapping[str, str], *, first: bool, listed: Path | None
) -> Facts:
    """What is known of the model at the end of `way`.

    The settings are about the `first` model alone. `listed` is the file of `price_list`, which
    is read here, so do not ask before you need it.
    """
    entry = _entry(way, listed)
    ours = OURS.get(f"{way.provider.name}/{way.model}")
    context = ours.context_tokens if ours else _usual(way, environ)
    if way.provider is not OLLAMA:  # which takes in what we tell it
        context = _count(entry.get("max_input_tokens")) or context
    sees = entry.get("supports_vision") is True or bool(ours and ours.sees and not entry)
    if first and settings.given("MODEL_CONTEXT"):
        context = settings.count("MODEL_CONTEXT")
    if first and settings.given("MODEL_SEES"):
        sees = settings.text("MODEL_SEES") == "yes"
    return Facts(_price(way, entry, settings, first=first), context, sees)


def _price(way: Way, entry: Mapping[str, Any], settings: Settings, *, first: bool) -> Price:
    if first and settings.given("MODEL_PRICE_IN") and settings.given("MODEL_PRICE_OUT"):
        sent, answered = settings.number("MODEL_PRICE_IN"), settings.number("MODEL_PRICE_OUT")
        return Price(sent, answered, source="FACTOTUM_MODEL_PRICE_IN and FACTOTUM_MODEL_PRICE_OUT")
    asked = (_usd(entry.get("input_cost_per_token")), _usd(entry.get("output_cost_per_token")))
    if asked[0] is not None and asked[1] is not None:
        again = _usd(entry.get("cache_read_input_token_cost"))
        return Price(asked[0], asked[1], again, source="litellm's list")
    if way.local:
        return Price(0.0, 0.0, source="it runs in your own network")
    if ours := OURS.get(f"{way.provider.name}/{way.model}"):
        return ours.price
    ceiling = settings.number("MODEL_PRICE_CEILING")
    return Price(ceiling / 5, ceiling, known=False, source="FACTOTUM_MODEL_PRICE_CEILING")


def _usual(way: Way, environ: Mapping[str, str]) -> int:
    if way.provider is OLLAMA:
        given = environ.get("OLLAMA_CONTEXT_LENGTH", "")
        return int(given) if given.isdecimal() and int(given) else OLLAMA_CONTEXT
    return OWN_CONTEXT if way.provider is OWN else SOLD_CONTEXT


def price_list() -> Path | None:
    """Where litellm's list of prices lies; None without litellm."""
    found = importlib.util.find_spec("litellm")
    folders = found.submodule_search_locations or () if found else ()
    files = (Path(folder) / Path(_LIST).name for folder in folders)
    return next((file for file in files if file.is_file()), None)


def _entry(way: Way, listed: Path | None) -> Mapping[str, Any]:
    """What the list says of the model, or nothing.

    It has megabytes: the one entry is decoded where it stands, and nothing else is kept.
    """
    if listed is None:
        return {}
    text = listed.read_text(encoding="utf-8")
    names = [f"{way.provider.name}/{way.model}"]
    if way.provider is not OLLAMA:
        names += filter(None, (way.model, way.model.partition("/")[2]))
    for name in names:
        at = text.find(f"\n    {json.dumps(name)}: {{")
        if at >= 0:
            entry = json.JSONDecoder().raw_decode(text, text.index("{", at))[0]
            if isinstance(entry, dict):
                return entry
    return {}


def _usd(value: Any) -> float | None:
    """A price a token as one a million tokens; None for what is no price."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
    return round(value * MILLION, 6) if good else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
