"""Which server hears, with which key and at what price, by what the owner wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.voice.place import CEILING_USD, GROQ_USD
from tests.servers.transcriber import Transcriber
from tests.voice.recordings import CANARY, NOTE, at, hear, hearing_of, why

GROQ = "https://api.groq.com/openai/v1"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A `.env` of the owner's with a key of Groq in it."""
    path = tmp_path / ".env"
    path.write_text(f"GROQ_API_KEY={CANARY}\n")
    path.chmod(0o600)
    return path


def test_without_a_word_about_it_nobody_hears() -> None:
    assert hearing_of() is None


def test_a_key_that_lies_in_the_environment_is_not_used_unasked() -> None:
    assert hearing_of({"GROQ_API_KEY": CANARY}) is None


def test_a_key_of_groq_that_the_owner_wrote_is_enough(env_file: Path) -> None:
    found = hearing_of(env_file=env_file)
    assert found is not None
    assert (found.way.base_url, found.way.key) == (GROQ, CANARY)
    assert (found.usd_per_minute, found.local, found.wrong) == (GROQ_USD, False, "")


def test_a_key_in_the_environment_wins_over_the_one_in_the_file(env_file: Path) -> None:
    found = hearing_of({"GROQ_API_KEY": "gsk_newer"}, env_file)
    assert found is not None and found.way.key == "gsk_newer"


def test_groq_named_by_its_address_gets_its_own_key() -> None:
    found = hearing_of({"GROQ_API_KEY": CANARY}, TRANSCRIBE_URL=GROQ)
    assert found is not None
    assert (found.way.key, found.way.key_name) == (CANARY, "GROQ_API_KEY")


def test_a_key_that_looks_like_groqs_needs_no_address() -> None:
    found = hearing_of(TRANSCRIBE_KEY=CANARY)
    assert found is not None
    assert (found.way.base_url, found.way.key_name) == (GROQ, "FACTOTUM_TRANSCRIBE_KEY")


def test_none_means_nobody(env_file: Path) -> None:
    assert hearing_of(env_file=env_file, TRANSCRIBE_URL="none") is None


def test_a_server_of_ones_own_gets_no_key_of_groqs(env_file: Path) -> None:
    with Transcriber() as server:
        found = hearing_of({"GROQ_API_KEY": CANARY}, env_file, TRANSCRIBE_URL=server.base_url)
        assert found is not None
        hear(found)
        assert "authorization" not in server.asked[0].headers
        asked = why(at(server.base_url, TRANSCRIBE_KEY=CANARY))
        assert "is one of groq, so no other server gets it" in asked.why
        assert len(server.asked) == 1


@pytest.mark.parametrize("end", ["", "/", "/audio/transcriptions"])
def test_the_address_may_be_written_whole(end: str) -> None:
    with Transcriber() as server:
        hear(at(f"{server.base_url}{end}"))
        assert server.asked[0].path == "/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("url", "price", "usd"),
    [
        ("http://127.0.0.1:9000/v1", "", 0.0),
        ("http://192.168.1.20:9000/v1", "", 0.0),
        ("http://pi.local:9000/v1", "", 0.0),
        ("http://127.0.0.1:9000/v1", "0.01", 0.01),
        ("https://api.example.com/v1", "", CEILING_USD),
        ("https://api.example.com/v1", "0", 0.0),
        (GROQ, "", GROQ_USD),
    ],
)
def test_a_price_that_nobody_names_is_a_ceiling_and_nothing_in_the_house(
    url: str, price: str, usd: float
) -> None:
    found = at(url, TRANSCRIBE_PRICE=price)
    assert found.usd_per_minute == usd
    assert found.cost_usd(60) == usd
    assert found.cost_usd(1) == usd / 6


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"TRANSCRIBE_URL": "http://api.example.com/v1"}, "leads out of your network"),
        ({"TRANSCRIBE_KEY": "sk-whose"}, "it is not said whose key it is"),
        ({"TRANSCRIBE_URL": "http://8.8.8.8/v1"}, "Write https://"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_and_nothing_is_sent(
    named: dict[str, str], said: str
) -> None:
    found = hearing_of(None, None, **named)
    assert found is not None
    told = why(found, NOTE)
    assert said in told.why
    assert (told.again_s, told.cost_usd) == (None, 0.0)


def test_a_key_with_blanks_in_it_is_not_sent(env_file: Path) -> None:
    env_file.write_text('GROQ_API_KEY="gsk_ two words"\n')
    found = hearing_of(env_file=env_file)
    assert found is not None
    assert "GROQ_API_KEY is no key" in why(found).why
    assert "two words" not in why(found).why
