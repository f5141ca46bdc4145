"""What the doctor says about the models; asking them costs money, so it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.doctor.findings import Level, Machine, Patient
from factotum.doctor.model import model
from factotum.models.providers import VARIABLES
from tests.models.talking import CANARY, settings_of
from tests.servers.model import ScriptedModelServer
from tests.servers.ports import free_port


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no Ollama of the machine that the tests run on."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{free_port()}")


def found(tmp_path: Path, env_file: Path | None = None, **named: str) -> list[tuple[Level, str]]:
    settings = settings_of(**named)
    return list(model(Patient(tmp_path, settings, "", None, env_file, None, tmp_path, Machine())))


def test_without_a_model_playbooks_work_alone(tmp_path: Path) -> None:
    ((level, said),) = found(tmp_path)
    assert level is Level.OK
    assert said.endswith("playbooks alone")


def test_wrong_settings_are_somebody_elses_line(tmp_path: Path) -> None:
    patient = Patient(tmp_path, None, "wrong", None, None, None, tmp_path, Machine())
    assert list(model(patient)) == []


def test_a_key_in_the_file_is_shown_as_a_proposal(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    file.write_text(f"GROQ_API_KEY={CANARY}\n")
    ((level, said),) = found(tmp_path, file)
    assert level is Level.OK
    assert "GROQ_API_KEY lies here and is not used unasked" in said
    assert CANARY not in said


def test_a_model_is_told_with_its_price_and_never_asked(tmp_path: Path) -> None:
    with ScriptedModelServer() as server:
        ((level, said),) = found(tmp_path, MODEL="openai/m", MODEL_BASE_URL=server.base_url)
        assert server.requests == []
    assert level is Level.OK
    assert said == (
        "openai/m: FACTOTUM_MODEL names it. Stays in your network; 0 USD a million tokens sent "
        "and 0 answered (it runs in your own network); takes 8192 tokens; does not see pictures"
    )


def test_who_does_not_answer_at_home_is_told(tmp_path: Path) -> None:
    ((level, said),) = found(tmp_path, MODEL="ollama/llama3.2")
    assert level is Level.WARNING
    assert "Nobody answers at http://127.0.0.1:" in said


def test_an_unknown_price_and_a_missing_key_are_told(tmp_path: Path) -> None:
    (missing, unknown) = found(
        tmp_path,
        MODEL="openai/m",
        MODEL_API_KEY="sk-x",
        FALLBACK_MODELS="groq/x",
        MODEL_SEES="yes",
    )
    assert missing == (Level.PROBLEM, "groq/x: GROQ_API_KEY is needed, the key of groq")
    assert unknown[0] is Level.WARNING
    for part in ("Leaves your network", "15 USD", "75 answered", "FACTOTUM_MODEL_PRICE_IN",
                 "sees pictures"):  # fmt: skip
        assert part in unknown[1]
