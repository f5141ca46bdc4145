"""Which model thinks, and why, in words.

The one that is named; else the one that a pasted key belongs to; else an Ollama that answers
in the person's own network. A key that merely lies in the environment is proposed, not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factotum.models.errors import ModelError
from factotum.models.parse import value_of
from factotum.models.providers import PROVIDERS, by_key
from factotum.models.way import is_cloud, is_local, ollama_origin
from factotum.models.wire import Wire, listens
from factotum.settings import Settings

#: Who is on this machine answers in this time, in seconds.
PROBE_S = 1.0
#: Ollama's models are asked one by one whether they can call tools, so many at most.
PROBED_MOST = 8


@dataclass(frozen=True)
class Proposal:
    """A key was found in `variable`; with a yes of the owner, `model` could be used."""

    model: str
    variable: str


@dataclass(frozen=True)
class Choice:
    """`model` is "" for playbooks alone."""

    model: str
    why: str
    proposed: Proposal | None = None


async def choose(
    settings: Settings, environ: Mapping[str, str], probe_s: float = PROBE_S
) -> Choice:
    """Asks nobody but an Ollama on this machine or network, and it only if no model is named.

    `environ` is what `way.surroundings` returns; each question waits for `probe_s`.
    """
    named, key = settings.text("MODEL"), settings.text("MODEL_API_KEY")
    if named == "none":
        return Choice("", "FACTOTUM_MODEL is none: playbooks alone")
    if named:
        return Choice(named, "FACTOTUM_MODEL names it")
    if settings.text("MODEL_BASE_URL"):
        return Choice(
            "", "FACTOTUM_MODEL_BASE_URL is set, but FACTOTUM_MODEL is needed too: playbooks alone"
        )
    if key and (owner := by_key(key)):
        return Choice(owner.proposed, f"FACTOTUM_MODEL_API_KEY is a key of {owner.name}")
    if key:
        return Choice(
            "", "FACTOTUM_MODEL_API_KEY is set, but FACTOTUM_MODEL is needed too: playbooks alone"
        )
    if found := await _ollama(ollama_origin(environ), probe_s):
        return Choice(f"ollama/{found}", f"an Ollama answers at {ollama_origin(environ)}")
    for row in PROVIDERS:
        if variable := next((key for key in row.keys if environ.get(key)), ""):
            return Choice(
                "",
                f"no model is named, and no Ollama answers. {variable} lies here and is not used "
                f"unasked. To use it: FACTOTUM_MODEL={row.proposed}",
                Proposal(row.proposed, variable),
            )
    return Choice("", "no model is named, no Ollama answers, no key lies here: playbooks alone")


async def _ollama(origin: str, probe_s: float) -> str:
    """A model that this Ollama runs itself and that can call tools, or ""."""
    if not is_local(origin) or not await listens(origin, probe_s):
        return ""
    wire = Wire()
    try:
        found = await _asked(wire, "GET", f"{origin}/api/tags", probe_s)
        names = [one.get("name") for one in _objects(found.get("models"))
                 if not one.get("remote_host")]  # fmt: skip
        for name in names[:PROBED_MOST]:
            if isinstance(name, str) and name and not is_cloud(name):
                shown = await _asked(wire, "POST", f"{origin}/api/show", probe_s, {"model": name})
                if "tools" in (shown.get("capabilities") or ()):
                    return name
    except ModelError:
        return ""
    finally:
        await wire.close()
    return ""


async def _asked(
    wire: Wire, method: str, url: str, probe_s: float, value: Any = None
) -> dict[str, Any]:
    answer = await wire.exchange(
        method, url, value, {}, name="ollama", timeout_s=probe_s, local=True
    )
    found = value_of(answer.data)
    return found if answer.status == 200 and isinstance(found, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
