"""What the doctor says of who hears what is spoken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from factotum.doctor import CHECKS, Level, Machine, Patient
from factotum.doctor.voice import voice
from factotum.settings import load


def told(root: Path, **given: str) -> tuple[Level, str]:
    settings = load({f"FACTOTUM_TRANSCRIBE_{name}": value for name, value in given.items()})
    patient = Patient(root, settings, "", None, None, None, root, Machine(path=""))
    (found,) = voice(patient)
    return found


def test_the_doctor_looks_at_it() -> None:
    assert ("voice", voice) in CHECKS


@pytest.mark.parametrize("url", ["", "none"])
def test_that_nobody_hears_is_said(tmp_path: Path, url: str) -> None:
    level, text = told(tmp_path, URL=url)
    assert level is Level.OK and "nobody hears what is spoken" in text and "docs/voice.md" in text


def test_an_address_in_the_open_is_refused_and_that_is_said(tmp_path: Path) -> None:
    level, text = told(tmp_path, URL="http://example.org/v1")
    assert level is Level.PROBLEM
    assert "FACTOTUM_TRANSCRIBE_URL is http:// and leads out of your network" in text


def test_who_hears_and_what_it_costs_is_said(tmp_path: Path) -> None:
    key = "gsk_" + "x" * 40
    level, text = told(tmp_path, KEY=key)
    assert level is Level.OK and key not in text
    assert "transcription (groq) hears what is spoken, with whisper-large-v3. Leaves" in text
    assert "a minute counts 0.0019 USD" in text


def test_a_server_of_ones_own_that_does_not_run_is_a_warning(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        url = f"http://127.0.0.1:{there.getsockname()[1]}/v1"
        level, text = told(tmp_path, URL=url)
        assert level is Level.OK and "Stays in your network; a minute counts 0 USD" in text
    level, text = told(tmp_path, URL=url)
    assert level is Level.WARNING and f"Nobody answers at {url}: start it" in text
