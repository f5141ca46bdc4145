"""The settings of the models that think: which ones, how long, and for how much money."""

from __future__ import annotations

from factotum.settings.row import Setting, seconds


def _usd(name: str, default: float, meaning: str) -> Setting:
    return Setting(name, float, default, meaning, unit="USD", at_least=0, at_most=10_000)


def _per_million(name: str, what: str, default: float | None, otherwise: str = "") -> Setting:
    return Setting(
        name,
        float,
        default,
        f"What a million tokens {what}.",
        unit="USD",
        at_least=0,
        otherwise=otherwise,
    )


#: A model by its provider and its name.
_MODEL = r"[^\s,/]+(?:/[^\s,/]+)*"

MODELS: tuple[Setting, ...] = (
    Setting(
        "MODEL",
        str,
        None,
        "The model that thinks, by provider and name: `openai/gpt-5-mini`, "
        "`anthropic/claude-haiku-4-5`, `ollama/llama3.2`. `none`: no model at all.",
        pattern=_MODEL,
        form="provider/model, without blanks",
        otherwise="an Ollama that answers on this machine, else playbooks alone",
    ),
    Setting(
        "MODEL_API_KEY",
        str,
        None,
        "The key of that model's provider, or of the server at the address below.",
        pattern=r"[!-~]+",
        form="the key alone, without blanks",
        secret=True,
        otherwise="the provider's own variable: OPENAI_API_KEY, OPENROUTER_API_KEY, "
        "ANTHROPIC_API_KEY, GEMINI_API_KEY, GROQ_API_KEY, DEEPSEEK_API_KEY, MISTRAL_API_KEY, "
        "ZAI_API_KEY or MOONSHOT_API_KEY",
    ),
    Setting(
        "MODEL_BASE_URL",
        str,
        None,
        "A server of your own that speaks OpenAI's chat completions, such as "
        "`http://127.0.0.1:8080/v1`.",
        pattern=r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?",
        form="an address that begins with http:// or https://, without a login",
        otherwise="the provider's own address",
    ),
    Setting(
        "FALLBACK_MODELS",
        str,
        None,
        "Who is asked when that model does not answer, in this order, with commas between them.",
        pattern=rf"{_MODEL}(?:\s*,\s*{_MODEL})*",
        form="names of models with commas between them",
        otherwise="nobody",
    ),
    _per_million("MODEL_PRICE_IN", "sent to that model cost", None, "as litellm's list says"),
    _per_million("MODEL_PRICE_OUT", "answered by that model cost", None, "as litellm's list says"),
    _per_million(
        "MODEL_PRICE_CEILING",
        "answered count as, where no price is known; a million sent count a fifth of it",
        75.0,
    ),
    Setting(
        "MODEL_CONTEXT",
        int,
        None,
        "How much that model takes in at once.",
        unit="tokens",
        at_least=1024,
        otherwise="as litellm's list says, else 16384 for Ollama, 8192 for a server of your own, "
        "32768 elsewhere",
    ),
    Setting(
        "MODEL_SEES",
        str,
        None,
        "Whether that model understands pictures.",
        one_of=("yes", "no"),
        otherwise="as litellm's list says, else no",
    ),
    Setting(
        "MODEL_TIMEOUT_S",
        float,
        120.0,
        "How long one answer may take.",
        unit="seconds",
        at_least=1,
    ),
    seconds(
        "MODEL_PATIENCE_S", 60.0, "How long a model is asked again before the next one is asked."
    ),
    Setting(
        "MODEL_PROXY",
        str,
        "none",
        "Whether models are reached through the proxy that the environment names "
        "(HTTPS_PROXY, NO_PROXY). A model in your own network never is.",
        one_of=("none", "environment"),
    ),
    Setting(
        "MODEL_MAX_TOKENS",
        int,
        4096,
        "How long one answer of a model may be.",
        unit="tokens",
        at_least=16,
        at_most=200_000,
    ),
    Setting(
        "MODEL_TEMPERATURE",
        float,
        0.7,
        "How freely a model answers, from 0 (always alike) to 2.",
        at_least=0,
        at_most=2,
    ),
    Setting(
        "MAX_TURNS",
        int,
        25,
        "How often a model is asked in one run of a task before you are asked whether to go on.",
        at_least=1,
        at_most=200,
    ),
    Setting(
        "MAX_ITERATIONS",
        int,
        10,
        "How often a model that stops without finishing is told to go on.",
        at_least=0,
        at_most=50,
    ),
)

BUDGETS: tuple[Setting, ...] = (
    Setting(
        "BUDGET_CALL_USD",
        float,
        None,
        "What one call of a model may cost. A longer task is told shorter first.",
        unit="USD",
        at_least=0,
        at_most=10_000,
        otherwise="as much as its task may cost",
    ),
    _usd("BUDGET_DAY_USD", 1.0, "What models may cost in a day."),
    _usd("BUDGET_MONTH_USD", 15.0, "What models may cost in a month."),
    _usd("BUDGET_TASK_USD", 0.25, "What one task may cost before you are asked."),
    Setting(
        "BUDGET_OUTSIDE_SHARE",
        float,
        0.3,
        "The part of a day's money that work of people from outside may take.",
        unit="share",
        at_least=0,
        at_most=1,
    ),
)
