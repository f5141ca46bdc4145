"""Which mailboxes are listened to, and how to log in there. Opens no connection.

The first account is that of FACTOTUM_IMAP_*; more of them stand in a file of the owner's. A
password is never part of a message or a repr.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum import addresses
from factotum.fenced import nearest
from factotum.settings import Settings
from factotum.settings.load import is_loopback
from factotum.watcher import SourceError

#: The port when none is set, by security; and the security by port.
PORTS = {"tls": 993, "starttls": 143, "none": 143}
SECURITY_BY_PORT = {143: "starttls"}

KEYS = ("host", "port", "user", "password", "security", "folders", "addresses")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Account:
    """`name` is empty for the first. `addresses` are the owner's own, as they are compared.
    `told` is how a message names a setting of it."""

    name: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: str = "tls"
    folders: tuple[str, ...] = ("INBOX",)
    addresses: frozenset[str] = frozenset()

    def told(self, setting: str) -> str:
        if not self.name:
            return f"FACTOTUM_IMAP_{setting.upper()}"
        return f"`{setting}` of [{self.name}] in the file that FACTOTUM_MAIL_ACCOUNTS names"


def accounts(settings: Settings) -> list[Account]:
    """All that are set up. Raises SourceError."""
    found = [_first(settings)] if settings.text("IMAP_HOST") else []
    if settings.given("MAIL_ACCOUNTS"):
        path = settings.path("MAIL_ACCOUNTS")
        found += [_account(name, value, path) for name, value in _file(path, settings).items()]
    return found


def _first(settings: Settings) -> Account:
    text = settings.text
    if not text("IMAP_USER"):
        raise SourceError(
            "FACTOTUM_IMAP_HOST is set, but not FACTOTUM_IMAP_USER: write the name to log in with",
            login=True,
        )
    port = settings.count("IMAP_PORT") if settings.given("IMAP_PORT") else 0
    security = text("IMAP_SECURITY") or SECURITY_BY_PORT.get(port, "tls")
    _, own = addresses.first(text("MAIL_FROM"))
    return Account(
        "",
        text("IMAP_HOST"),
        port or PORTS[security],
        text("IMAP_USER"),
        text("IMAP_PASSWORD"),
        security,
        split(text("IMAP_FOLDERS")),
        _own(text("IMAP_USER"), own),
    )


def split(folders: str) -> tuple[str, ...]:
    """Folders with commas between them."""
    return tuple(part.strip() for part in folders.split(",") if part.strip()) or ("INBOX",)


def _own(*found: str) -> frozenset[str]:
    return frozenset(addresses.exact(one) for one in found if "@" in one)


# -- the file


def _file(path: Path, settings: Settings) -> Mapping[str, Any]:
    """What stands in it. It holds passwords: it is refused where others can read it, and in a
    vault, which is synced."""
    named = f"{path} (FACTOTUM_MAIL_ACCOUNTS)"
    if path.resolve().is_relative_to(settings.path("VAULT").resolve()):
        raise SourceError(f"{named} lies in the vault, and passwords do not belong there: move it")
    try:
        if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            raise SourceError(
                f"{named} holds passwords and others can read it (mode {mode:o}). "
                f"Run: chmod 600 {path}"
            )
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as refused:
        raise SourceError(f"{named} cannot be read: {refused.strerror or refused}") from None
    except (ValueError, RecursionError) as wrong:  # of TOML or of UTF-8
        said = re.sub(r"\s+", " ", str(wrong))[:120] if "\n" not in str(wrong) else "see its lines"
        raise SourceError(f"{named} is no TOML: {said}") from None


def _account(name: str, given: Any, path: Path) -> Account:
    where = f"[{name}] in {path}"
    if not _NAME.fullmatch(name) or not isinstance(given, dict):
        raise SourceError(
            f"{name!r} in {path} is no account: begin each with its name in brackets, as [work], "
            f"of small letters, digits and dashes"
        )
    for key in given:
        if key not in KEYS:
            raise SourceError(f"{where}: {key!r} is no setting of an account; {nearest(key, KEYS)}")
    host, user = _text(given, "host", where), _text(given, "user", where)
    port = given.get("port", 0)
    if not isinstance(port, int) or not 0 <= port < 65536:
        raise SourceError(f"{where}: port must be a number from 1 to 65535")
    security = given.get("security") or SECURITY_BY_PORT.get(port, "tls")
    if security not in PORTS:
        raise SourceError(f"{where}: security must be tls, starttls or none")
    if security == "none" and not is_loopback(host):
        raise SourceError(
            f"{where}: security is none, but {host} is another machine: letters and password "
            f"would cross the network in the open. Write tls or starttls"
        )
    return Account(
        name,
        host,
        port or PORTS[security],
        user,
        _text(given, "password", where),
        security,
        _texts(given, "folders", where) or ("INBOX",),
        _own(user, *_texts(given, "addresses", where)),
    )


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SourceError(f'{where}: {key} is missing. Write it in quotes, as {key} = "…"')
    return value


def _texts(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = given.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise SourceError(f'{where}: {key} must be a list of texts, as {key} = ["…", "…"]')
    return tuple(value)


def is_pattern(folder: str) -> bool:
    return "*" in folder or "?" in folder


def names_of(account: Account) -> Sequence[tuple[str, tuple[str, ...]]]:
    """(the name of a source, its folders): each folder that is named has one, for it is told of
    by its server; all patterns of an account share one, which goes through them in turn."""
    base = f"mail {account.name}" if account.name else "mail"
    found: dict[str, tuple[str, ...]] = {}
    for folder in account.folders:
        if not is_pattern(folder):
            inbox = folder.upper() == "INBOX"
            glue = "" if account.name else " "
            found[base if inbox else f"{base}{glue}/{folder}"] = ("INBOX" if inbox else folder,)
    if patterns := tuple(folder for folder in account.folders if is_pattern(folder)):
        found[f"{base} folders"] = patterns
    return list(found.items())
