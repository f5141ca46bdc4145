"""What is said to a model and what comes back, as plain data.

Messages and tools are in the format of OpenAI's chat completions, which every provider
that we reach can be spoken to in. Nothing here knows a provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call of a model. `messages` begin with the system message; a user message may
    hold a list of parts (text, image_url). `tools` are function tools."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    max_tokens: int = 4096
    temperature: float = 0.7


@dataclass(frozen=True)
class Usage:
    """Tokens, as the provider counted them; `cached` are those of `sent` that cost less."""

    sent: int = 0
    answered: int = 0
    cached: int = 0


@dataclass(frozen=True)
class Wanted:
    """A call as the model wrote it. `broken` says why its arguments could not be read, and
    is empty for one that could; `id` is the model's own name for the call."""

    id: str
    tool: str
    args: Mapping[str, Any] = field(default_factory=dict)
    broken: str = ""


@dataclass(frozen=True)
class Reply:
    """A whole answer. `finish` is the provider's word (stop, tool_calls, length, …), `model`
    the name of the one that answered, `cost_usd` what the call cost by the price we know."""

    text: str = ""
    calls: tuple[Wanted, ...] = ()
    finish: str = "stop"
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    cost_usd: float = 0.0
