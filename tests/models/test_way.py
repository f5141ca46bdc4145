"""By which way a named model is reached, and where a key goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.models import Refusing, surroundings
from factotum.models.providers import BY_NAME, PROVIDERS, Provider, by_key, by_words
from factotum.models.way import is_local, ollama_origin, way_to
from tests.models.talking import CANARY, settings_of, way


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
def test_every_provider_is_reached_with_its_own_key(row: Provider) -> None:
    for variable in row.keys:
        found = way(row.proposed, {variable: "k-own", "OTHER_API_KEY": CANARY})
        assert (found.key, found.key_name, found.provider) == ("k-own", variable, row)
        assert found.base_url == row.base_url
        assert not found.local
        sent = row.proposed if not row.base_url else row.proposed.partition("/")[2]
        assert found.model == sent
    with pytest.raises(Refusing, match=row.keys[0]):
        way(row.proposed, {"OTHER_API_KEY": CANARY})


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
def test_a_provider_is_whole(row: Provider) -> None:
    assert row.keys
    assert row.proposed.startswith(f"{row.name}/")
    assert not row.base_url or row.base_url.startswith("https://")
    assert BY_NAME[row.name] is row


@pytest.mark.parametrize(
    ("model", "owner"),
    [
        ("claude-haiku-4-5", "anthropic"),
        ("gpt-5-mini", "openai"),
        ("chatgpt-4o-latest", None),  # a word begins where a name begins
        ("o1-preview", "openai"),
        ("o3", "openai"),
        ("foo1", None),
        ("gemini-2.5-flash", "gemini"),
        ("deepseek-chat", "deepseek"),
        ("glm-4.6", "zai"),
        ("kimi-k2.5", "moonshot"),
        ("mistral-large-latest", "mistral"),
        ("Claude-Opus", "anthropic"),
        ("nothing-known", None),
    ],
)
def test_a_name_without_a_provider_may_betray_it(model: str, owner: str | None) -> None:
    found = by_words(model)
    assert (found.name if found else None) == owner


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("sk-or-v1-abc", "openrouter"),
        ("sk-ant-api03-abc", "anthropic"),
        ("sk-proj-abc", "openai"),
        ("sk-abc", "openai"),
        ("gsk_abc", "groq"),
        ("AIzaSyAbc", "gemini"),
        ("abc", None),
    ],
)
def test_a_key_may_betray_its_provider(key: str, owner: str | None) -> None:
    found = by_key(key)
    assert (found.name if found else None) == owner


def test_a_key_of_openrouter_takes_any_model_there() -> None:
    for name in ("anthropic/claude-3-opus", "openrouter/anthropic/claude-3-opus"):
        found = way(name, MODEL_API_KEY="sk-or-v1-x")
        assert found.name == "openrouter/anthropic/claude-3-opus"
        assert (found.model, found.provider.name) == ("anthropic/claude-3-opus", "openrouter")


def test_a_key_is_not_given_to_another_provider() -> None:
    with pytest.raises(Refusing, match="FACTOTUM_MODEL_API_KEY is one of anthropic") as refused:
        way("openai/gpt-5-mini", {"OPENAI_API_KEY": "sk-x"}, MODEL_API_KEY=f"sk-ant-{CANARY}")
    assert CANARY not in str(refused.value)
    for plain in ("deepseek/deepseek-chat", "moonshot/kimi-k2.5"):  # theirs begin with sk- too
        assert way(plain, MODEL_API_KEY="sk-plain").key == "sk-plain"


def test_the_key_of_the_first_model_is_not_given_to_a_fallback_of_another() -> None:
    settings = settings_of(MODEL="openai/gpt-5-mini", MODEL_API_KEY="sk-mine")
    environ = {"GROQ_API_KEY": "gsk_own"}
    assert way_to("groq/x", settings, environ, "openai/gpt-5-mini").key == "gsk_own"
    assert way_to("openai/gpt-5", settings, environ, "openai/gpt-5-mini").key == "sk-mine"
    with pytest.raises(Refusing, match="DEEPSEEK_API_KEY"):
        way_to("deepseek/deepseek-chat", settings, environ, "openai/gpt-5-mini")
    assert way_to("xai/grok", settings, environ, "openai/gpt-5-mini").key == ""


def test_the_setting_wins_over_the_environment() -> None:
    found = way("openai/x", {"OPENAI_API_KEY": "sk-theirs"}, MODEL_API_KEY="sk-mine")
    assert (found.key, found.key_name) == ("sk-mine", "FACTOTUM_MODEL_API_KEY")


@pytest.mark.parametrize("key", ["two words", "sk-\u00e9", "sk-\x7f"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(Refusing, match="OPENAI_API_KEY is no key") as refused:
        way("openai/x", {"OPENAI_API_KEY": key})
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("openai/qwen2.5", "qwen2.5"),
        ("hosted_vllm/qwen2.5", "qwen2.5"),
        ("lm_studio/qwen/qwen3-8b", "qwen/qwen3-8b"),
        ("qwen/qwen3-8b", "qwen/qwen3-8b"),  # whole, because it is nobody's prefix
        ("qwen2.5", "qwen2.5"),
        ("anthropic/claude", "claude"),
    ],
)
def test_a_server_of_ones_own_gets_the_name_without_its_provider(name: str, sent: str) -> None:
    found = way(name, {"OPENAI_API_KEY": CANARY}, MODEL_BASE_URL="http://127.0.0.1:8080/v1/")
    assert (found.model, found.base_url) == (sent, "http://127.0.0.1:8080/v1")
    assert found.key == ""  # the environment's are for their owners
    assert found.local


def test_fallbacks_beside_a_server_of_ones_own() -> None:
    settings = settings_of(
        MODEL="openai/small", MODEL_BASE_URL="http://pi:8080/v1", MODEL_API_KEY="own-key"
    )
    environ = {"GROQ_API_KEY": "gsk_own"}
    assert way_to("openai/large", settings, environ, "openai/small").base_url == "http://pi:8080/v1"
    assert way_to("large", settings, environ, "openai/small").key == "own-key"
    groq = way_to("groq/openai/gpt-oss-120b", settings, environ, "openai/small")
    assert (groq.base_url, groq.key) == ("https://api.groq.com/openai/v1", "gsk_own")


def test_nothing_crosses_the_internet_in_the_open() -> None:
    with pytest.raises(Refusing, match="FACTOTUM_MODEL_BASE_URL is http://"):
        way("openai/x", MODEL_BASE_URL="http://models.example.org/v1")
    with pytest.raises(Refusing, match="OLLAMA_HOST"):
        way("ollama/x", {"OLLAMA_HOST": "models.example.org"})
    assert not way("openai/x", MODEL_BASE_URL="https://models.example.org/v1").local


def test_a_server_of_ones_own_needs_an_address() -> None:
    with pytest.raises(Refusing, match="FACTOTUM_MODEL_BASE_URL is needed"):
        way("hosted_vllm/qwen")


def test_who_names_no_provider_is_told_how() -> None:
    with pytest.raises(Refusing, match="Write provider/model, such as openai/wizard"):
        way("wizard")
    assert way("wizard", MODEL_API_KEY="gsk_x").provider.name == "groq"


def test_the_rest_goes_through_litellm_under_its_whole_name() -> None:
    found = way("bedrock/anthropic.claude-v2")
    assert (found.model, found.base_url, found.key) == ("bedrock/anthropic.claude-v2", "", "")
    assert way("xai/grok-4", MODEL_API_KEY="xai-own").key == "xai-own"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":11500", "http://127.0.0.1:11500"),
        ("pi", "http://pi:11434"),
        ("http://pi:80/", "http://pi:80"),
        ("https://pi.example.org", "https://pi.example.org:443"),
        ("[::1]:11434", "http://[::1]:11434"),
        ("pi:port", "http://pi:11434"),
    ],
)
def test_where_ollama_is(host: str, origin: str) -> None:
    assert ollama_origin({"OLLAMA_HOST": host}) == origin
    assert way("ollama/llama3.2", {"OLLAMA_HOST": host}).base_url == origin
    assert way("ollama_chat/llama3.2").model == "llama3.2"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://[::1]/v1", True),
        ("http://192.168.1.5/v1", True),
        ("http://10.0.0.1", True),
        ("http://100.64.3.3", True),  # a VPN of one's own machines
        ("http://localhost:8080", True),
        ("http://ollama:11434", True),
        ("http://nas.local", True),
        ("http://nas.home.arpa.", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8", False),
        ("http://127.0.0.1.example.org", False),
        ("http://local.example.org", False),
        ("http://", False),
    ],
)
def test_what_lies_in_the_own_network(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_a_cloud_model_of_ollama_leaves_the_house() -> None:
    assert way("ollama/gpt-oss:20b").local
    assert not way("ollama/gpt-oss:120b-cloud").local


def test_a_way_does_not_show_its_key() -> None:
    assert CANARY not in repr(way("openai/x", {"OPENAI_API_KEY": CANARY}))


def test_providers_variables_are_taken_from_the_environment_then_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    file.write_text("OPENAI_API_KEY=from-file\nGROQ_API_KEY=from-file\nSECRET=x\nOLLAMA_HOST=\n")
    environ = {"OPENAI_API_KEY": " from-environment ", "HOME": "/h"}
    assert surroundings(environ, [tmp_path / "absent", file]) == {
        "OPENAI_API_KEY": "from-environment",
        "GROQ_API_KEY": "from-file",
    }
