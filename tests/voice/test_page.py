"""What docs/voice.md tells people to write is taken, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factotum.settings import load
from factotum.voice import hearing_by, speaking_by
from factotum.voice.hearing import OWN_TIMES, SECONDS_MOST, SIZE_BYTES_MOST
from factotum.voice.place import CEILING_USD, GROQ_USD
from factotum.voice.speaking import CHARS_MOST, TIMEOUT_S

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "voice.md").read_text()
EXAMPLES = re.findall(r"(?ms)^```env\n(.*?)^```", PAGE)


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[-2])
def test_an_example_is_all_that_is_needed(text: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    file.write_text(text)
    settings = load({}, [file])
    if "SPEAK_VOICE" in text:
        assert speaking_by(settings).voice_for("de") in text
        return
    found = hearing_by(settings, {})
    assert found is not None
    assert found.wrong == ""
    assert found.local == ("127.0.0.1" in text)


def test_the_figures_are_those_of_the_code() -> None:
    assert (SIZE_BYTES_MOST, SECONDS_MOST, OWN_TIMES) == (25_000_000, 7200.0, 2.0)
    assert (TIMEOUT_S, CHARS_MOST) == (20.0, 3000)
    for figure in ("25 MB and two hours", "20 seconds", "3,000 characters"):
        assert figure in " ".join(PAGE.split())
    assert f"| Groq | {GROQ_USD};" in PAGE
    assert f"| others | {CEILING_USD}," in PAGE
    assert '"edge-tts>=7.2.8"' in (ROOT / "pyproject.toml").read_text()
    assert '"edge-tts>=7.2.8"' in PAGE


def test_the_examples_keys_are_none() -> None:
    keys = re.findall(r"_KEY=(\S+)", PAGE)
    assert keys
    assert all(key.endswith("your-own-key") for key in keys)
