"""The table of providers: their address, their key's name, and what to propose.

A row without an address is reached through litellm. A model's full name begins with its
provider: `openai/gpt-5-mini`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """One row. `keys` are environment variables, the first that is set counts; `prefix` is how
    its keys begin, `words` what betrays its models where no provider is named. `limit` is the
    request's field for the most tokens to answer. `short_ids`: a call's id must be nine letters
    and digits; `tells_cost`: the answer says what it cost."""

    name: str
    base_url: str = ""
    keys: tuple[str, ...] = ()
    proposed: str = ""
    prefix: str = ""
    words: tuple[str, ...] = ()
    limit: str = "max_tokens"
    short_ids: bool = False
    tells_cost: bool = False


#: In the order in which a found key is proposed.
PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        "openrouter/openai/gpt-5-mini",
        "sk-or-",
        tells_cost=True,
    ),
    Provider(
        "anthropic",
        keys=("ANTHROPIC_API_KEY",),
        proposed="anthropic/claude-haiku-4-5",
        prefix="sk-ant-",
        words=("claude", "anthropic"),
    ),
    Provider(
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "openai/gpt-5-mini",
        "sk-",
        ("gpt", "openai", "o1", "o3", "o4"),
        limit="max_completion_tokens",
    ),
    Provider(
        "gemini",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        proposed="gemini/gemini-2.5-flash",
        prefix="AIza",
        words=("gemini",),
    ),
    Provider(
        "groq",
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
        "groq/openai/gpt-oss-120b",
        "gsk_",
        ("groq",),
    ),
    Provider(
        "deepseek",
        "https://api.deepseek.com/v1",
        ("DEEPSEEK_API_KEY",),
        "deepseek/deepseek-chat",
        words=("deepseek",),
    ),
    Provider(
        "mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        "mistral/mistral-medium-latest",
        words=("mistral", "ministral", "codestral", "magistral"),
        short_ids=True,
    ),
    Provider(
        "zai",
        keys=("ZAI_API_KEY", "ZHIPU_API_KEY", "ZHIPUAI_API_KEY"),
        proposed="zai/glm-4.6",
        words=("glm", "zhipu"),
    ),
    Provider(
        "moonshot",
        keys=("MOONSHOT_API_KEY",),
        proposed="moonshot/kimi-k2.5",
        words=("kimi", "moonshot"),
    ),
)

#: Its address depends on where it runs; it needs no key.
OLLAMA = Provider("ollama")
#: Any server that speaks chat completions, at FACTOTUM_MODEL_BASE_URL.
OWN = Provider("own")

BY_NAME: dict[str, Provider] = {
    **{row.name: row for row in PROVIDERS},
    "ollama": OLLAMA,
    "ollama_chat": OLLAMA,
    "hosted_vllm": OWN,
    "lm_studio": OWN,
    "custom": OWN,
}

#: Every variable of others that is looked at.
VARIABLES: tuple[str, ...] = (
    *(key for row in PROVIDERS for key in row.keys),
    "OLLAMA_HOST",
    "OLLAMA_CONTEXT_LENGTH",
)


def by_words(model: str) -> Provider | None:
    """Whose model it is, where the name does not say: `claude-haiku-4-5` is Anthropic's.

    A word counts at the beginning of the name or after a sign, so `foo1` is not an `o1`.
    """
    for row in PROVIDERS:
        for word in row.words:
            if re.search(rf"(?:^|[^a-z0-9]){word}", model.casefold()):
                return row
    return None


def by_key(key: str) -> Provider | None:
    """Whose key it looks like, by the longest beginning that fits."""
    fitting = [row for row in PROVIDERS if row.prefix and key.startswith(row.prefix)]
    return max(fitting, key=lambda row: len(row.prefix), default=None)
