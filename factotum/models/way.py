"""How a model that somebody named is reached: by whose server, under which name, with which key.

Pure: settings and environment in, a way or a reason out. A key goes to its own provider, or to
the server that was named together with it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from factotum.models.errors import Refusing
from factotum.models.providers import BY_NAME, OLLAMA, OWN, VARIABLES, Provider, by_key, by_words
from factotum.settings import Settings, dotenv

#: Where an Ollama listens unless OLLAMA_HOST says otherwise.
OLLAMA_PORT = 11434

#: Addresses that a VPN between one's own machines uses (RFC 6598).
_SHARED = ip_network("100.64.0.0/10")
#: Names that no public name server answers for (RFC 6762, 8375; ICANN's reserved `internal`).
_HOUSE_NAMES = (".local", ".lan", ".home.arpa", ".internal", ".localhost")


@dataclass(frozen=True)
class Way:
    """`name` is what a person wrote, `model` what the server is asked for. `base_url` is ""
    where litellm knows it. `key_name` is the setting that `key` comes from, or would."""

    name: str
    model: str
    provider: Provider
    base_url: str = ""
    key: str = field(default="", repr=False)
    key_name: str = ""

    @property
    def local(self) -> bool:
        """Whether what is said stays in the person's own network."""
        return bool(self.base_url) and is_local(self.base_url) and not is_cloud(self.model)


def surroundings(environ: Mapping[str, str], env_files: Sequence[Path] = ()) -> dict[str, str]:
    """The variables of providers that are set: in the environment, else in the first of
    `env_files` that exists. Raises dotenv.DotenvError if that file cannot be read."""
    file = next((path for path in env_files if path.is_file()), None)
    lines = dotenv.parse(dotenv.read(file), file) if file else {}
    found = {name: text for name, (text, _) in lines.items()} | dict(environ)
    return {name: found[name].strip() for name in VARIABLES if found.get(name, "").strip()}


def way_to(name: str, settings: Settings, environ: Mapping[str, str], first: str) -> Way:
    """The way to the model `name`; `first` is the model that FACTOTUM_MODEL_API_KEY and
    FACTOTUM_MODEL_BASE_URL were written for. Raises Refusing with the setting to mend."""
    prefix, _, rest = name.partition("/")
    base_url = settings.text("MODEL_BASE_URL")
    if base_url and (prefix not in BY_NAME or prefix == first.partition("/")[0]):
        return _own(name, rest if prefix in BY_NAME else name, base_url, settings)
    if prefix in BY_NAME and BY_NAME[prefix] is OWN:
        raise Refusing(f"{name}: FACTOTUM_MODEL_BASE_URL is needed, the address of your server")
    key = settings.text("MODEL_API_KEY")
    if name == first and key.startswith("sk-or-") and prefix != "openrouter":
        return way_to(f"openrouter/{name}", settings, environ, f"openrouter/{name}")
    provider, model = _owner(name, key), rest or name
    if provider is OLLAMA:
        return _ollama(name, rest, environ)
    if provider is None and "/" not in name:
        raise Refusing(f"{name}: whose model is it? Write provider/model, such as openai/{name}")
    if provider is None:
        mine = key if name == first else ""
        return Way(name, name, Provider(prefix), key=mine, key_name="FACTOTUM_MODEL_API_KEY")
    return _theirs(name, model, provider, settings, environ, first)


def _own(name: str, model: str, base_url: str, settings: Settings) -> Way:
    key = settings.text("MODEL_API_KEY")
    if not base_url.startswith("https://") and not is_local(base_url):
        raise Refusing(
            "FACTOTUM_MODEL_BASE_URL is http:// and leads out of your network: what is said "
            "would cross it in the open. Write https://"
        )
    return Way(name, model, OWN, base_url.rstrip("/"), key, "FACTOTUM_MODEL_API_KEY")


def _ollama(name: str, model: str, environ: Mapping[str, str]) -> Way:
    origin = ollama_origin(environ)
    if not origin.startswith("https://") and not is_local(origin):
        raise Refusing(
            f"{name}: OLLAMA_HOST leads out of your network without https://, so what is said "
            f"would cross it in the open. Write https:// in front of it"
        )
    return Way(name, model, OLLAMA, origin)


def _theirs(
    name: str,
    model: str,
    provider: Provider,
    settings: Settings,
    environ: Mapping[str, str],
    first: str,
) -> Way:
    """The way to one of the table, with the key that was given for it."""
    model = model if provider.base_url else f"{provider.name}/{model}"
    mine = settings.text("MODEL_API_KEY")
    if mine and provider is _owner(first, mine):
        looks_like = by_key(mine)
        # A plain `sk-` is the beginning of several providers' keys.
        if looks_like not in (None, provider) and looks_like.prefix != "sk-":
            raise Refusing(
                f"{name}: the key in FACTOTUM_MODEL_API_KEY is one of {looks_like.name}, so "
                f"{provider.name} does not get it. Correct it, or name a model of "
                f"{looks_like.name} in FACTOTUM_MODEL"
            )
        return Way(name, model, provider, provider.base_url, mine, "FACTOTUM_MODEL_API_KEY")
    for variable in provider.keys:
        if key := environ.get(variable, ""):
            if not (key.isascii() and key.isprintable() and " " not in key):
                raise Refusing(f"{name}: {variable} is no key: it has blanks or odd characters")
            return Way(name, model, provider, provider.base_url, key, variable)
    raise Refusing(f"{name}: {provider.keys[0]} is needed, the key of {provider.name}")


def _owner(name: str, key: str) -> Provider | None:
    """Whose model it is: by its prefix, by what betrays it, or by the key that came with it."""
    prefix, slash, _ = name.partition("/")
    return BY_NAME.get(prefix) if slash else by_words(name) or by_key(key)


def ollama_origin(environ: Mapping[str, str]) -> str:
    """The address of Ollama, from OLLAMA_HOST in any of the forms that it takes itself."""
    text = environ.get("OLLAMA_HOST", "").rstrip("/")
    parts = urlsplit(text if "://" in text else f"http://{text}")
    host = parts.hostname or "127.0.0.1"
    try:
        given = parts.port
    except ValueError:
        given = None
    if host in ("0.0.0.0", "::"):  # noqa: S104 (where it listens, which is no place to call)
        host = "127.0.0.1"
    port = given or (443 if parts.scheme == "https" else OLLAMA_PORT)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def is_local(url: str) -> bool:
    """Whether the address lies on this machine or in the person's own network.

    A name without a dot counts too: only the own network can know it.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_HOUSE_NAMES))
    return address.is_private or (address.version == 4 and address in _SHARED)


def is_cloud(model: str) -> bool:
    """Whether an Ollama only passes it on: `gpt-oss:120b-cloud` runs at Ollama's."""
    return model.partition(":")[2].endswith("cloud")
