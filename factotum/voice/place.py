"""Who hears: which server the settings name, with which key, at what price.

Pure. A key goes to its own provider, or to the server that was named together with it, and
nowhere else; one that only lies in the environment is not used unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from factotum.models.providers import BY_NAME, Provider, by_key
from factotum.models.way import Way, is_local
from factotum.settings import Settings
from factotum.voice.hearing import Hearing

GROQ = BY_NAME["groq"]
GROQ_KEY = GROQ.keys[0]
#: What Groq takes for its dearest model, whisper-large-v3, in USD a minute (0.111 an hour).
GROQ_USD = 0.0019
#: The dearest that we know of, where nobody says: OpenAI's whisper-1, in USD a minute.
CEILING_USD = 0.006

_ENDPOINT = "/audio/transcriptions"


def hearing_by(settings: Settings, environ: Mapping[str, str]) -> Hearing | None:
    """The server that hears, or None where nobody named one. `environ` is the environment.

    What is wrong with the settings is said by every recording that is not heard.
    """
    url = settings.text("TRANSCRIBE_URL").rstrip("/").removesuffix(_ENDPOINT)
    key, key_name = settings.text("TRANSCRIBE_KEY"), "FACTOTUM_TRANSCRIBE_KEY"
    # Only what stands in the owner's own file; a key in the environment may be there by chance.
    written = settings.named_secrets().get(GROQ_KEY, "").strip()
    if url == "none":
        return None
    if not url and (by_key(key) is GROQ or (written and not key)):
        url = GROQ.base_url
    if not url and not key:
        return None
    at_groq = urlsplit(url).hostname == urlsplit(GROQ.base_url).hostname
    if at_groq and not key:
        key, key_name = environ.get(GROQ_KEY, "").strip() or written, GROQ_KEY
    who = "groq" if at_groq else urlsplit(url).netloc or "nobody"
    way = Way(
        f"transcription ({who})",
        settings.text("TRANSCRIBE_MODEL"),
        GROQ if at_groq else Provider(who),
        url,
        key,
        key_name,
    )
    return Hearing(
        way,
        _usd_per_minute(settings, way),
        language=settings.text("TRANSCRIBE_LANGUAGE"),
        proxies=settings.text("MODEL_PROXY") == "environment",
        wrong=_objection(way),
        file_s=settings.count("TRANSCRIBE_FILE_MINUTES") * 60.0,
    )


def _usd_per_minute(settings: Settings, way: Way) -> float:
    if settings.given("TRANSCRIBE_PRICE"):
        return settings.number("TRANSCRIBE_PRICE")
    if way.local:
        return 0.0
    return GROQ_USD if way.provider is GROQ else CEILING_USD


def _objection(way: Way) -> str:
    """What a person must mend before anything is sent, or ""."""
    if not way.base_url:
        return (
            "FACTOTUM_TRANSCRIBE_KEY is set, and it is not said whose key it is. Write the "
            "server's address into FACTOTUM_TRANSCRIBE_URL"
        )
    if not way.base_url.startswith("https://") and not is_local(way.base_url):
        return (
            "FACTOTUM_TRANSCRIBE_URL is http:// and leads out of your network: what you said "
            "would cross it in the open. Write https://"
        )
    if by_key(way.key) is GROQ and way.provider is not GROQ:
        return (
            f"the key in {way.key_name} is one of groq, so no other server gets it. Correct it, "
            f"or FACTOTUM_TRANSCRIBE_URL"
        )
    if not (way.key.isascii() and way.key.isprintable() and " " not in way.key):
        return f"{way.key_name} is no key: it has blanks or odd characters"
    return ""
