"""Addresses that could be taken for one that is known: `ada@rossl.example` for Ada's.

Pure, and cheap at thousands of addresses: each known word is filed under what it looks like and
under what it is with one letter left out, so that a question looks up a few dozen words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from factotum.addresses import house

#: Letters that look like a Latin one. Accents are taken off before.
_LIKE = (
    "aаɑα bЬв cсϲⅽ dԁɗ eеєɛ gɡց hһн iіıιɩ jјϳ kкκ lⅼӏɭ mмⅿ nոпη oоοօσ pрρ qԛգ rгɼ sѕʂ tтτ uυսц "
    "vѵνⅴ wԝѡω xхⅹχ yуүγ zʐ"
)
LOOKS = {ord(like): word[0] for word in _LIKE.split() for like in word[1:]}
LOOKS |= {ord("ł"): "l", ord("ø"): "o", ord("đ"): "d", ord("ħ"): "h", ord("ß"): "ss"}
_STROKES = str.maketrans("0159|i!", "olsglll")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_DOUBLED = re.compile(r"(.)\1+")
_BETWEEN = re.compile(r"[._\-]+")

#: Houses where anybody has an address: there a name alone tells people apart.
SHARED = frozenset(
    "aol.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com "
    "hotmail.com icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru mailbox.org "
    "me.com msn.com orange.fr outlook.com outlook.de posteo.de proton.me protonmail.com qq.com "
    "t-online.de web.de yahoo.com yahoo.co.uk yandex.ru 163.com".split()
)

#: Shorter names differ from others by one letter in good faith; this long ones hardly do.
NEAR_LEAST, NEAR_ALONE_LEAST = 5, 8
#: How long a name must be for that one with something added looks like it.
ADDED_LEAST, ADDED_ALONE_LEAST = 4, 6


def looks(word: str) -> str:
    """What a word looks like at a glance: the same for all that could be taken for it."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    plain = plain.translate(LOOKS)
    for pair, one in _PAIRS:
        plain = plain.replace(pair, one)
    return _DOUBLED.sub(r"\1", plain.translate(_STROKES))


class _Near:
    """Words, each filed with one letter left out: finds those that are one slip away."""

    def __init__(self) -> None:
        self._filed: dict[str, list[str]] = {}

    def add(self, word: str) -> None:
        for key in _shortened(word):
            self._filed.setdefault(key, []).append(word)

    def of(self, word: str) -> set[str]:
        found = {one for key in _shortened(word) for one in self._filed.get(key, ())}
        return {one for one in found if _one_slip(one, word)}


def _shortened(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter was added, left out, changed, or two neighbours swapped."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    at = next((n for n, char in enumerate(short) if char != long[n]), len(short))
    if len(long) > len(short):
        return len(long) == len(short) + 1 and short[at:] == long[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]


class _Place:
    """One domain with the names that are known in it."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.house = house(domain)
        self.names: dict[str, str] = {}
        self.near = _Near()

    def add(self, local: str, address: str) -> None:
        word = looks(_BETWEEN.sub("", local))
        if word not in self.names:
            self.names[word] = address
            self.near.add(word)

    def alike(self, local: str) -> str:
        """The address whose name the local part looks like, or an empty string."""
        word = looks(_BETWEEN.sub("", local))
        if found := self.names.get(word):
            return found
        if len(word) < NEAR_LEAST:
            return ""
        return next((self.names[one] for one in sorted(self.near.of(word))), "")

    def lengthened(self, local: str) -> str:
        """The address whose name the local part has with something added."""
        word = looks(_BETWEEN.sub("", local))
        parts = {word[:n] for n in range(ADDED_LEAST, len(word))}
        parts |= {word[n:] for n in range(1, len(word) - ADDED_LEAST + 1)}
        return next((self.names[one] for one in sorted(parts) if one in self.names), "")

    def any(self) -> str:
        return next(iter(self.names.values()))


class Lookalikes:
    def __init__(self, known: Iterable[str] = ()) -> None:
        self._exact: set[str] = set()
        self._places: dict[str, _Place] = {}
        self._by_name: dict[str, list[_Place]] = {}
        self._near = _Near()
        for address in known:
            self.add(address)

    def add(self, address: str) -> None:
        """From now on this address is one that others may be taken for."""
        local, domain = _parts(address)
        if not domain or f"{local}@{domain}" in self._exact:
            return
        self._exact.add(f"{local}@{domain}")
        place = self._places.get(domain)
        if place is None:
            place = self._places[domain] = _Place(domain)
            name = _name(domain)
            if name not in self._by_name:
                self._near.add(name)
            self._by_name.setdefault(name, []).append(place)
        place.add(local, f"{local}@{domain}")

    def of(self, address: str) -> str:
        """The known address that this one could be taken for; empty for none, and for one that
        is itself known."""
        local, domain = _parts(address)
        if not domain or f"{local}@{domain}" in self._exact:
            return ""
        place = self._places.get(domain)
        if place is not None:
            plain = local.partition("+")[0]
            if f"{plain}@{domain}" in self._exact:
                return ""  # a label behind a plus: it reaches the same person
            added = place.house in SHARED and place.lengthened(plain)
            return place.alike(plain) or added or ""
        return next(filter(None, self._elsewhere(local, domain)), "")

    def _elsewhere(self, local: str, domain: str) -> Iterator[str]:
        """The address at a domain that this one looks like, surest first."""
        name, ours = _name(domain), house(domain)
        for place in self._by_name.get(name, ()):
            if place.house == ours:
                continue  # another machine of the same house
            yield place.alike(local)
            if looks(place.house) == looks(ours):
                yield self._alone(place, True)
        for near in sorted(self._near.of(name) - {name}) if len(name) >= NEAR_LEAST else ():
            for place in self._by_name[near]:
                yield place.alike(local)
                yield self._alone(place, len(name) >= NEAR_ALONE_LEAST or _swapped(near, name))
        for part in _added(name, domain):
            for place in self._by_name.get(part, ()):
                if place.house != ours:
                    yield place.alike(local)
                    yield self._alone(place, len(part) >= ADDED_ALONE_LEAST)

    def _alone(self, place: _Place, sure: bool) -> str:
        """Some address there: the domain looks so much like it that any name would do."""
        return place.any() if sure and place.house not in SHARED else ""


def _parts(address: str) -> tuple[str, str]:
    """The two sides of an address as a person sees them."""
    local, _, domain = address.strip().lower().rpartition("@")
    domain = domain.strip(".")
    if "xn--" in domain:
        domain = ".".join(map(_as_seen, domain.split(".")))
    return local, domain if local else ""


def _as_seen(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _name(domain: str) -> str:
    """What the house calls itself, as it looks: `rossi` of `mail.rossi.example`."""
    return looks(_BETWEEN.sub("", house(domain).partition(".")[0]))


def _swapped(one: str, other: str) -> bool:
    return len(one) == len(other) and sorted(one) == sorted(other)


def _added(name: str, domain: str) -> list[str]:
    """What the house would be called without what was added: a word, or a whole domain."""
    labels = domain.split(".")
    tokens = [token for label in labels[:-1] for token in label.split("-")]
    parts = [name[:n] for n in range(len(name) - 1, ADDED_LEAST - 1, -1)]
    parts += [name[n:] for n in range(1, len(name) - ADDED_LEAST + 1)]
    parts += [looks(word) for word in (*labels[:-1], *tokens)]
    return [part for part in dict.fromkeys(parts) if len(part) >= ADDED_LEAST and part != name]
