"""What a rule can ask of a call: which web addresses it names, and which notes or files.

An address or a path that two readers could read differently counts as unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from factotum.addresses import wire
from factotum.gate.conditions import Domain, by_law, domain, either, quoted
from factotum.gate.rules import Rule, Scene, Verb
from factotum.privacy import fold


@dataclass(frozen=True)
class Host:
    """One host, and no other below it."""

    name: str

    def holds(self, host: str) -> bool:
        return domain(host) == self.name


@dataclass(frozen=True)
class Web:
    """Which web addresses."""

    hosts: tuple[Domain | Host, ...]
    key = "url"

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(f"in {h.name}" if isinstance(h, Domain) else h.name for h in self.hosts)

    @property
    def said(self) -> str:
        return f"at {either(self._words())}"

    def _words(self) -> list[str]:
        return [f"a page in {h.name}" if isinstance(h, Domain) else h.name for h in self.hosts]

    def why_not(self, rule: Rule, scene: Scene) -> str:
        urls = scene.found.urls
        strict = rule.verb is Verb.ALLOW
        if urls and (unclear := next((url for url in urls if not host_of(url)), "")):
            return f"{quoted(unclear)} is no plain web address" if strict else ""

        def fits(url: str) -> bool:
            return any(one.holds(host_of(url)) for one in self.hosts)

        return by_law(rule, urls, fits, "web address", either(self._words()))


_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")


def host_of(url: str) -> str:
    """The host of a web address as it is on the wire; empty for one that two readers could
    read differently."""
    if _ODD.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return ""
    host = _on_the_wire(host.rstrip("."))
    return host if _HOST.fullmatch(host) else ""


def _on_the_wire(host: str) -> str:
    """In ASCII; empty where the old rule and the new one say two hosts: `faß.example` is
    `fass.example` to some."""
    if host.isascii():
        return host
    try:
        return wire(host) if wire(host) == host.encode("idna").decode() else ""
    except UnicodeError:
        return ""


@dataclass(frozen=True)
class Place:
    """Which notes or files, by their path; * stands for any letters, also for a slash."""

    globs: tuple[str, ...]
    key = "path"

    @property
    def written(self) -> tuple[str, ...]:
        return self.globs

    @property
    def said(self) -> str:
        return f"on {either(self.globs)}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        paths = scene.found.paths
        strict = rule.verb is Verb.ALLOW
        if paths and (unclear := next((path for path in paths if not plain_path(path)), "")):
            return f"{quoted(unclear)} is no plain path" if strict else ""

        def fits(path: str) -> bool:
            return any(fnmatchcase(fold(path), fold(glob)) for glob in self.globs)

        return by_law(rule, paths, fits, "path", either(self.globs))


def plain_path(path: str) -> bool:
    """Whether a path says itself where it leads: from the top, without `..` or odd slashes."""
    parts = path.split("/")
    return "\\" not in path and path.isprintable() and not {"", ".", ".."} & set(parts)
