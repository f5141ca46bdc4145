"""nanobot's config.json as lines for `.env`. Pure; whoever shows them leaves the values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from factotum.importing.fields import at, text
from factotum.settings import SETTINGS, SettingsError, load

#: Each setting of ours with the places in which nanobot may have it: flat, then nested.
OURS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("FACTOTUM_MODEL", (("model",), ("agents", "defaults", "model"))),
    ("FACTOTUM_MODEL_MAX_TOKENS", (("max_tokens",), ("agents", "defaults", "max_tokens"))),
    ("FACTOTUM_MODEL_TEMPERATURE", (("temperature",), ("agents", "defaults", "temperature"))),
    (
        "FACTOTUM_MAX_TURNS",
        (
            ("max_turns",),
            ("agents", "defaults", "max_turns"),
            ("agents", "defaults", "max_tool_iterations"),
        ),
    ),
    ("FACTOTUM_MODEL_API_KEY", (("api_key",), ("providers", "custom", "api_key"))),
    (
        "FACTOTUM_MODEL_BASE_URL",
        (("api_base",), ("providers", "custom", "api_base"), ("providers", "vllm", "api_base")),
    ),
    ("FACTOTUM_TELEGRAM_PROXY", (("telegram_proxy",), ("channels", "telegram", "proxy"))),
    (
        "FACTOTUM_HEARTBEAT_S",
        (("heartbeat_interval",), ("gateway", "heartbeat", "interval_s")),
    ),
)
#: The keys of providers and services, which keep the names that everybody knows.
KEYS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    *(
        (f"{ours}_API_KEY", ((f"{name}_api_key",), ("providers", name, "api_key")))
        for name, ours in (
            ("openrouter", "OPENROUTER"),
            ("anthropic", "ANTHROPIC"),
            ("openai", "OPENAI"),
            ("groq", "GROQ"),
            ("deepseek", "DEEPSEEK"),
            ("gemini", "GEMINI"),
            ("zhipu", "ZAI"),
            ("moonshot", "MOONSHOT"),
            ("mistral", "MISTRAL"),
        )
    ),
    ("BRAVE_API_KEY", (("brave_api_key",), ("tools", "web", "search", "api_key"))),
    ("TELEGRAM_TOKEN", (("telegram_bot_token",), ("channels", "telegram", "token"))),
)
#: What has no place here, and what to do about it instead.
ELSEWHERE: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("Discord", (("discord_bot_token",), ("channels", "discord", "token"))),
    ("Feishu", (("feishu_app_id",), ("channels", "feishu", "app_id"))),
    (
        "what commands may reach (restrict_to_workspace): here commands run in a sandbox, each "
        "with your yes; see docs/sandbox.md",
        (
            ("restrict_to_workspace",),
            ("tools", "restrict_to_workspace"),
            ("tools", "exec", "restrict_to_workspace"),
        ),
    ),
)

NAMELESS = (
    "who may write to it by a name (allow_from): only numeric ids of Telegram count here, which "
    "nobody can choose; pair yourself: factotum channels login telegram"
)

#: A key that may be any provider's, and the server that it is for.
ANY_KEY, BASE_URL = "FACTOTUM_MODEL_API_KEY", "FACTOTUM_MODEL_BASE_URL"

_SECRET = re.compile(r"_(?:KEY|TOKEN|PROXY)\Z")
#: What a line of `.env` can hold between double quotes.
_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,4000}")


@dataclass(frozen=True)
class Line:
    """`value` is never shown where `secret`."""

    name: str
    value: str

    @property
    def secret(self) -> bool:
        return _SECRET.search(self.name) is not None

    @property
    def shown(self) -> str:
        """For a person's eyes."""
        return f"{self.name}={'(hidden)' if self.secret else self.value}"

    @property
    def written(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.name}="{quoted}"'


def lines_of(config: Any) -> tuple[list[Line], list[str]]:
    """The lines for `.env`, and what is not taken over, in words without values."""
    lines, left_out = [], []
    for name, value in _found(config):
        if not _VALUE.fullmatch(value):
            left_out.append(f"{name}: its value cannot stand in a line of .env")
        elif why := _refused(name, value):
            left_out.append(why)
        else:
            lines.append(Line(name, value))
    owners, nameless = _owners(config)
    lines += [Line("TELEGRAM_CHAT_ID", ", ".join(owners))] if owners else []
    left_out += [NAMELESS] if nameless else []
    for what, places in ELSEWHERE:
        if any(at(config, *place) not in (None, "", [], False) for place in places):
            left_out.append(what)
    return lines, left_out


def _owners(config: Any) -> tuple[list[str], bool]:
    """Who may write to it on Telegram, by their numeric ids; and whether others are named, who
    cannot be told by a name that they choose. nanobot writes `4711` or `4711|ann`."""
    listed = at(config, "channels", "telegram", "allow_from") or at(config, "allow_from") or []
    named = [text(one).partition("|")[0].strip() for one in listed if isinstance(listed, list)]
    ids = [one for one in named if re.fullmatch(r"[1-9][0-9]{0,18}", one)]
    return list(dict.fromkeys(ids)), len(ids) < len(named)


def _found(config: Any) -> Iterator[tuple[str, str]]:
    held = {}
    for name, places in (*OURS, *KEYS):
        values = (text(at(config, *place)) for place in places)
        if value := next(filter(None, values), ""):
            held[name] = value
    if BASE_URL not in held and (key := held.pop(ANY_KEY, "")):
        held.setdefault(_whose(key), key)
    yield from held.items()


def _whose(key: str) -> str:
    """Of which provider a key is, as its beginning tells."""
    known = {"sk-or-": "OPENROUTER", "sk-ant-": "ANTHROPIC", "gsk_": "GROQ", "AIza": "GEMINI"}
    found = (name for start, name in known.items() if key.startswith(start))
    return f"{next(found, 'OPENAI')}_API_KEY"


def _refused(name: str, value: str) -> str:
    """Why a setting of ours would not be taken, or an empty string."""
    known: Mapping[str, Any] = {row.full: row for row in SETTINGS}
    if not name.startswith("FACTOTUM_"):
        return ""
    if name not in known:
        return f"{name}: there is no such setting"
    try:
        load({name: value}, [])
    except SettingsError as wrong:
        return " ".join(str(wrong).replace(" (the environment)", "").split())
    return ""
