"""Which model is used and why; and that nobody is used unasked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factotum.models import Choice, Models, Proposal, Refusing, choose
from factotum.models.providers import PROVIDERS, Provider
from factotum.settings import SettingsError
from tests.models.talking import CANARY, ask, settings_of
from tests.patience import PATIENCE_S
from tests.servers.model import ScriptedModelServer
from tests.servers.ports import Silent, free_port

ROOT = Path(__file__).parents[2]


def nobody() -> dict[str, str]:
    """Surroundings without an Ollama."""
    return {"OLLAMA_HOST": f"127.0.0.1:{free_port()}"}


def chosen(environ: dict[str, str] | None = None, **named: str) -> Choice:
    around = nobody() | (environ or {})
    return asyncio.run(choose(settings_of(**named), around, PATIENCE_S))


def models(environ: dict[str, str] | None = None, **named: str) -> Models:
    """They are never asked, so there is nothing to close."""
    return Models(settings_of(**named), environ or {}, chosen(environ, **named))


def ollama(*models: tuple[str, list[str]], **more: Any) -> ScriptedModelServer:
    tags = [{"name": name, "capabilities": can, **more} for name, can in models]
    return ScriptedModelServer(["hi"], tags)


def test_who_is_named_is_used() -> None:
    assert chosen(MODEL="openai/gpt-5") == Choice("openai/gpt-5", "FACTOTUM_MODEL names it")


def test_none_means_none() -> None:
    with ollama(("llama3.2:latest", ["tools"])) as server:
        around = {"OLLAMA_HOST": server.origin, "OPENAI_API_KEY": "k"}
        assert chosen(around, MODEL="none").model == ""
        found = models(around, MODEL="none")
        chain = found.for_agent("openai/gpt-5")
    assert (found.configured, found.proposed, chain.routes) == (False, None, ())
    assert "FACTOTUM_MODEL is none" in chain.said


def test_an_ollama_that_answers_is_used() -> None:
    with ollama(
        ("nomic-embed-text:latest", ["embedding"]),
        ("gpt-oss:120b-cloud", ["completion", "tools"]),
        ("old:7b", ["completion"]),
        ("qwen3:8b", ["completion", "tools"]),
    ) as server:
        around = {"OLLAMA_HOST": server.origin, "OPENAI_API_KEY": CANARY}
        choice = chosen(around)
        assert choice == Choice("ollama/qwen3:8b", f"an Ollama answers at {server.origin}")
        reply = ask(settings_of(), around)
        assert server.requests[0]["model"] == "qwen3:8b"
        assert not any(CANARY in str(headers) for headers in server.headers)
    assert (reply.model, reply.cost_usd) == ("ollama/qwen3:8b", 0.0)


def test_an_ollama_is_not_asked_when_a_model_is_named() -> None:
    with ollama(("qwen3:8b", ["tools"])) as server:
        chosen({"OLLAMA_HOST": server.origin}, MODEL="openai/gpt-5")
        chosen({"OLLAMA_HOST": server.origin}, MODEL_BASE_URL="http://127.0.0.1:1")
        assert server.connections == 0


@pytest.mark.parametrize(
    ("models", "more"),
    [
        ([], {}),
        ([("only:latest", ["completion"])], {}),
        ([("far:latest", ["tools"])], {"remote_host": "https://ollama.com:443"}),
    ],
)
def test_an_ollama_without_a_fitting_model_is_none(models: list[Any], more: dict[str, str]) -> None:
    with ollama(*models, **more) as server:
        assert chosen({"OLLAMA_HOST": server.origin}).model == ""


def test_something_else_in_its_place_is_none() -> None:
    with Silent() as silent:
        around = {"OLLAMA_HOST": f"127.0.0.1:{silent.port}"}
        assert asyncio.run(choose(settings_of(), around, 0.2)).model == ""


def test_an_ollama_of_somebody_else_is_not_even_looked_up() -> None:
    code = (
        "import asyncio, sys\n"
        "asked = []\n"
        "sys.addaudithook(lambda event, args: 'getaddrinfo' in event and asked.append(args[0]))\n"
        "from factotum.models import choose\n"
        "from factotum.settings import load\n"
        "for host in ('models.example.org', 'localhost:1'):\n"
        "    asyncio.run(choose(load({}), {'OLLAMA_HOST': host}))\n"
        "print(asked)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "example" not in said
    assert "localhost" in said  # it would have been seen


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
def test_a_key_that_lies_here_is_proposed_and_not_used(row: Provider) -> None:
    for variable in row.keys:
        found = models({variable: CANARY})
        assert found.proposed == Proposal(row.proposed, variable)
        assert (found.configured, found.for_agent().routes) == (False, ())
        assert f"{variable} lies here and is not used unasked" in found.why
        assert f"FACTOTUM_MODEL={row.proposed}" in found.why
        assert CANARY not in found.why


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("sk-or-x", "openrouter/openai/gpt-5-mini"),
        ("sk-ant-x", "anthropic/claude-haiku-4-5"),
        ("sk-x", "openai/gpt-5-mini"),
        ("gsk_x", "groq/openai/gpt-oss-120b"),
        ("AIzax", "gemini/gemini-2.5-flash"),
    ],
)
def test_a_key_that_is_pasted_in_is_enough(key: str, model: str) -> None:
    found = models(MODEL_API_KEY=key)
    assert [route.name for route in found.routes] == [model]
    assert key not in found.why


def test_half_a_setting_says_what_is_missing() -> None:
    for half in ({"MODEL_API_KEY": "odd-key"}, {"MODEL_BASE_URL": "http://127.0.0.1:1"}):
        found = models(None, **half)
        assert not found.configured
        assert "FACTOTUM_MODEL is needed too" in found.why


def test_nothing_at_all_is_playbooks_alone() -> None:
    assert models().why.endswith("playbooks alone")
    assert models().proposed is None


def test_a_named_model_without_its_key_is_a_problem() -> None:
    found = models(MODEL="openai/gpt-5", FALLBACK_MODELS="groq/x, ollama/llama3.2")
    assert [route.name for route in found.routes] == ["ollama/llama3.2"]
    assert found.problems == (
        "openai/gpt-5: OPENAI_API_KEY is needed, the key of openai",
        "groq/x: GROQ_API_KEY is needed, the key of groq",
    )
    alone = models(MODEL="openai/gpt-5")
    assert (alone.configured, alone.why) == (False, found.problems[0])


def test_a_fallback_alone_is_no_choice() -> None:
    found = models(FALLBACK_MODELS="ollama/llama3.2")
    assert (found.configured, found.for_agent().routes) == (False, ())


def test_each_model_stands_in_the_chain_once() -> None:
    found = models(MODEL="ollama/a", FALLBACK_MODELS="ollama/b,ollama/a ,ollama/b")
    assert [route.name for route in found.routes] == ["ollama/a", "ollama/b"]
    own = found.for_agent("ollama/b")
    assert [route.name for route in own.routes] == ["ollama/b", "ollama/a"]
    assert own.routes[1] is found.routes[0]


def test_an_agents_own_model_comes_first_and_the_chain_after_it() -> None:
    found = models({"GROQ_API_KEY": "gsk_x"}, MODEL="ollama/a")
    chain = found.for_agent("groq/fast")
    assert [route.name for route in chain.routes] == ["groq/fast", "ollama/a"]
    assert chain.said == ""
    without = found.for_agent("deepseek/deepseek-chat")
    assert [route.name for route in without.routes] == ["ollama/a"]
    assert without.said == (
        "deepseek/deepseek-chat: DEEPSEEK_API_KEY is needed, the key of deepseek"
    )


def test_an_agent_may_name_a_model_where_nobody_else_has_one() -> None:
    found = models({"GROQ_API_KEY": "gsk_x"})
    assert [route.name for route in found.for_agent("groq/fast").routes] == ["groq/fast"]
    with pytest.raises(Refusing, match="No model is configured"):
        ask(settings_of(), nobody())


def test_the_keys_are_told_to_the_log_and_to_nobody_else() -> None:
    found = models({"GROQ_API_KEY": CANARY}, MODEL="groq/x", MODEL_API_KEY="gsk_mine")
    assert found.secrets() == (CANARY,)
    assert settings_of(MODEL_API_KEY=CANARY).secrets() == (CANARY,)
    shown = f"{found!r} {vars(found.routes[0])} {found.routes[0]!r} {found.why}"
    assert CANARY not in shown
    assert "gsk_mine" not in shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MODEL", "two words"),
        ("MODEL", "a,b"),
        ("MODEL", "/a"),
        ("MODEL_API_KEY", "two words"),
        ("MODEL_BASE_URL", "127.0.0.1:8080"),
        ("MODEL_BASE_URL", "ftp://x"),
        ("MODEL_BASE_URL", "https://me:secret@x/v1"),
        ("MODEL_BASE_URL", "https://x/v1?key=secret"),
        ("FALLBACK_MODELS", "a b"),
        ("FALLBACK_MODELS", "a,,b"),
        ("MODEL_PRICE_IN", "-1"),
        ("MODEL_CONTEXT", "100"),
        ("MODEL_SEES", "maybe"),
        ("MODEL_TIMEOUT_S", "0"),
        ("MODEL_PROXY", "http://proxy:3128"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"FACTOTUM_{name}") as refused:
        settings_of(**{name: text})
    assert text not in str(refused.value)


def test_naming_a_model_imports_nothing_heavy() -> None:
    code = (
        "import asyncio, sys\n"
        "from factotum.models import Models, choose\n"
        "from factotum.settings import load\n"
        "settings = load({'FACTOTUM_MODEL': 'openai/gpt-5', 'FACTOTUM_FALLBACK_MODELS': 'xai/x'})\n"
        "environ = {'OPENAI_API_KEY': 'k', 'OLLAMA_HOST': sys.argv[1]}\n"
        "models = Models(settings, environ, asyncio.run(choose(settings, environ)))\n"
        "assert models.for_agent('groq/x').routes\n"
        "asyncio.run(choose(load({}), environ))\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code, nobody()["OLLAMA_HOST"]],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert "factotum.models" in loaded
    assert {"httpx", "litellm", "anyio", "mcp", "yaml"} & set(loaded) == set()
