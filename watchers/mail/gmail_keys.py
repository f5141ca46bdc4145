"""The owner's permission to read a Gmail account: the file that Google's tools write, as data.

Opens no connection. A key is never part of a message or a repr.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from factotum.settings import Settings
from factotum.watcher import SourceError

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
#: All that is asked of Google: to read, and nothing else.
SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
#: What `factotum watchers login gmail` writes, in the state directory.
OURS = "gmail-token.json"
#: What Google's own examples write, beside the file of the client.
BESIDE = "token.json"
FILE_MOST_BYTES = 64 * 1024

LOGIN = "Run: factotum watchers login gmail"
HOW = "docs/gmail.md says how to get the file"
_HOSTS = ("oauth2.googleapis.com", "accounts.google.com", "www.googleapis.com")


@dataclass(frozen=True)
class Client:
    """What Google knows this program by, as the owner registered it."""

    id: str
    secret: str = field(repr=False)
    token_url: str = TOKEN_URL


@dataclass(frozen=True)
class Keys:
    """A client, and what it may ask for new access with. `ends` is when that is over, in epoch
    seconds, 0 where nobody said."""

    client: Client
    refresh_token: str = field(repr=False)
    ends: float = 0.0


def keys(settings: Settings, state: Path) -> Keys:
    """What GMAIL_CREDENTIALS and what lies beside it say. Raises SourceError."""
    path = settings.path("GMAIL_CREDENTIALS")
    given = private_json(path, settings)
    client = client_of(given, path, settings)
    token, where = given, path
    if not given.get("refresh_token"):
        found = [one for one in (state / OURS, path.with_name(BESIDE)) if one.exists()]
        if not found:
            raise SourceError(
                f"{path} names a program, but nobody has let it read the mailbox yet. {LOGIN}",
                login=True,
            )
        where = found[0]
        token = private_json(where, settings)
    refresh = token.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise SourceError(f"{where} has no refresh_token, so access would end in an hour. {LOGIN}")
    meant = token.get("client_id")
    if meant not in (None, client.id):
        raise SourceError(
            f"{where} was made for another program than that of {path}. {LOGIN}", login=True
        )
    ends = token.get("refresh_token_ends")
    return Keys(client, refresh, float(ends) if isinstance(ends, int | float) else 0.0)


def client_of(given: Mapping[str, Any], path: Path, settings: Settings) -> Client:
    """The client that a file names: Google writes it flat, or under `installed`. Raises
    SourceError."""
    if given.get("type") == "service_account":
        raise SourceError(
            f"{path} is the key of a service account, which has no mailbox. An OAuth client of "
            f"the kind “Desktop app” is needed; {HOW}"
        )
    if "web" in given and "installed" not in given:
        raise SourceError(
            f"{path} is an OAuth client of the kind “Web application”. One of the kind “Desktop "
            f"app” is needed; {HOW}"
        )
    inner = given.get("installed", given)
    found = inner if isinstance(inner, Mapping) else {}
    id, secret = found.get("client_id"), found.get("client_secret")
    if not (isinstance(id, str) and id and isinstance(secret, str) and secret):
        raise SourceError(f"{path} has no client_id and client_secret; {HOW}")
    return Client(id, secret, _token_url(found, path, settings))


def _token_url(found: Mapping[str, Any], path: Path, settings: Settings) -> str:
    """Where access is asked for: with Google, or where a test plays Google."""
    if base := settings.text("GMAIL_URL"):
        return f"{checked_url(base)}/token"
    url = str(found.get("token_uri") or TOKEN_URL)
    told = urlsplit(url)
    if told.scheme != "https" or told.hostname not in _HOSTS:
        raise SourceError(f"token_uri in {path} is no address of Google's; take that line out")
    return url


def checked_url(base: str) -> str:
    """FACTOTUM_GMAIL_URL without a slash at its end. Raises SourceError for one by which what
    is read would cross a network in the open."""
    told = urlsplit(base)
    if told.scheme != "https" and told.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SourceError("FACTOTUM_GMAIL_URL must begin with https://")
    return base.rstrip("/")


def private_json(path: Path, settings: Settings) -> Mapping[str, Any]:
    """What a file with keys holds: it is refused where others can read it, and in a vault,
    which is synced. Raises SourceError."""
    if path.resolve().is_relative_to(settings.path("VAULT").resolve()):
        raise SourceError(f"{path} lies in the vault, and keys do not belong there: move it")
    try:
        with open(path, "rb") as file:
            about = os.fstat(file.fileno())
            if stat.S_IMODE(about.st_mode) & 0o077:
                raise SourceError(
                    f"{path} holds keys and others can read it (mode "
                    f"{stat.S_IMODE(about.st_mode):o}). Run: chmod 600 {path}"
                )
            data = file.read(FILE_MOST_BYTES + 1)
    except OSError as refused:
        raise SourceError(
            f"{path} (GMAIL_CREDENTIALS) cannot be read: {refused.strerror or refused}; {HOW}"
        ) from None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if len(data) > FILE_MOST_BYTES or not isinstance(found, dict):
        raise SourceError(f"{path} is not the JSON that Google gives; {HOW}")
    return found
