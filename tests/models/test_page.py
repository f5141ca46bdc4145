"""What docs/models.md tells people to write is taken, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factotum.models import Choice, Models, surroundings
from factotum.models.providers import PROVIDERS
from factotum.settings import load

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
EXAMPLES = re.findall(r"(?ms)^```env\n(.*?)^```", PAGE)


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_an_example_is_all_that_is_needed(text: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    file.write_text(text)
    settings = load({}, [file])
    named = settings.text("MODEL")
    found = Models(settings, surroundings({}, [file]), Choice(named, "the page says so"))
    assert found.problems == ()
    fallbacks = [name for name in re.split(r",\s*", settings.text("FALLBACK_MODELS")) if name]
    assert [route.name for route in found.routes] == [named, *fallbacks]
    if context := re.search(r"CONTEXT(?:_LENGTH)?=(\d+)", text):
        assert found.routes[0].context_tokens == int(context[1])


def test_the_table_is_the_table() -> None:
    rows = re.findall(r"(?m)^\| [^|]+ \| `([a-z]+)/` \| (.+) \|$", PAGE)
    told = {name: tuple(re.findall(r"`([A-Z_]+)`", keys)) for name, keys in rows}
    assert told == {row.name: row.keys for row in PROVIDERS} | {"ollama": ()}


def test_the_examples_keys_are_none() -> None:
    keys = re.findall(r"_KEY=(\S+)", PAGE)
    assert keys
    assert all(key.endswith("your-own-key") for key in keys)
