"""Whether the owner's own mail server vouches for who wrote a mail. Pure: bytes in, a finding out.

A mail says of itself whatever its writer likes. Only what the owner's own server wrote on top
of it counts, and only if it says that the domain of the one From address was proved. Whatever
is odd is not verified; nothing here raises, asks anybody or checks a signature itself.
Source: RFC 8601, sections 2.2, 2.7 and 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factotum import addresses

#: How much of a mail is searched for the end of its headers, in bytes.
HEAD_MOST_BYTES = 256 * 1024
#: A longer header was not written in good faith, in bytes; nor are more of them.
HEADER_MOST_BYTES = 8_000
HEADERS_MOST = 500
#: How much of what a mail claims is told, in characters.
CLAIMED_MOST = 120

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_METHOD = re.compile(r"\s*([a-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(?=\s|$)", re.IGNORECASE)
_PROPERTY = re.compile(
    r'\s+([a-z0-9-]+(?:\s*\.\s*[a-z0-9_-]+)?)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s";]+)(?=\s|$)',
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?=.{3,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_BARE = rf"({_LOCAL}@[A-Za-z0-9.-]+)"
#: One address with nothing about it that two programs could read differently: a shown name in
#: quotes or of plain words, without an address or a comment in it.
_FROM = re.compile(rf'(?:(?:"(?:[^"\\@<>]|\\[^@<>])*"\s*|[^"@<>(),;:\\]*)<{_BARE}>|{_BARE})')

#: Without any of these there is neither a comment nor a quote.
_QUOTING = re.compile(r'[()"\\]')

METHODS = ("dmarc", "dkim", "spf")


@dataclass(frozen=True)
class Sender:
    """`address` is the From address where there is exactly one that is clear, else empty.
    `verified` says that the own server proved its domain, `by` by which method; `why` says why
    not, in words. `claimed` is what headers say that do not count, for people to know."""

    address: str = ""
    verified: bool = False
    by: str = ""
    why: str = ""
    claimed: str = ""


@dataclass(frozen=True)
class _Result:
    """One statement of a server: `dkim=pass header.d=rossi.example`."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        """The one value of a property, or an empty string; two are as good as none."""
        found = [value for key, value in self.properties if key == name]
        return found[0] if len(found) == 1 else ""


class _Odd(Exception):
    """Something about the mail could be read in two ways; the message says what."""


def verify(raw: bytes, own_servers: Sequence[str]) -> Sender:
    """Who wrote the mail `raw`, as far as the owner's servers vouch for it.

    `own_servers` are the names by which they sign their verdicts (authserv-id), and names of
    further hosts of theirs. The domain that was proved must be that of the From address or
    lie below it; one above it proves nothing, since others may live there too.
    """
    own = [name.strip().strip(".").casefold() for name in own_servers if name.strip(" .")]
    address = claimed = ""
    try:
        fields = list(_fields(raw))
        claimed = _claimed(fields)
        address = _from(fields)
        by = _vouched(fields, own, address.rpartition("@")[2].casefold())
    except _Odd as odd:
        return Sender(address, why=str(odd), claimed=claimed)
    return Sender(address, verified=True, by=by, claimed=claimed)


# -- the headers


def _fields(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """(name in lower case, value with its folds) of every header, in order from the top."""
    head = raw[:HEAD_MOST_BYTES].replace(b"\r\n", b"\n")
    if b"\r" in head.partition(b"\n\n")[0] or b"\0" in head.partition(b"\n\n")[0]:
        raise _Odd("its headers hold characters that do not belong there")
    head, end, _ = head.partition(b"\n\n")
    if not end and len(raw) > HEAD_MOST_BYTES:
        raise _Odd("its headers are too long")
    lines = re.split(rb"\n(?![ \t])", head)
    if len(lines) > HEADERS_MOST:
        raise _Odd("it has too many headers")
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            if line.strip():
                raise _Odd("a header of it is damaged")
            continue
        yield found[1].decode("ascii").casefold(), found[2]


def _text(value: bytes) -> str:
    """A header's value on one line. Raises _Odd for what is too long or no ASCII."""
    if len(value) > HEADER_MOST_BYTES:
        raise _Odd("a header of it is too long")
    try:
        return re.sub(r"\n(?=[ \t])", "", value.decode("ascii")).strip()
    except UnicodeDecodeError:
        raise _Odd("a header that counts holds letters that do not belong there") from None


def _from(fields: Sequence[tuple[str, bytes]]) -> str:
    """The one From address. Raises _Odd for none, for several, and for any trick."""
    found = [value for name, value in fields if name == "from"]
    if len(found) != 1:
        raise _Odd("it names no sender" if not found else f"it has {len(found)} From lines")
    match = _FROM.fullmatch(_text(found[0]))
    address = (match[1] or match[2]) if match else ""
    if not address or not _DOMAIN.fullmatch(address.rpartition("@")[2].casefold()):
        raise _Odd("its From line can be read in more than one way")
    return address


# -- what the own server says


def _vouched(fields: Sequence[tuple[str, bytes]], own: Sequence[str], domain: str) -> str:
    """By which method the domain was proved. Raises _Odd where it was not."""
    if not own:
        raise _Odd("no mail server of yours is named (FACTOTUM_MAIL_AUTHSERV)")
    verdicts = list(_own_verdicts(fields, own))
    if not verdicts:
        raise _Odd("your mail server says nothing of it")
    if any(_disagree(verdicts[0], other) for other in verdicts[1:]):
        raise _Odd("it carries verdicts of your mail server that contradict each other")
    for by in METHODS:
        results = [one for one in verdicts[0] if one.method == by]
        if by == "dmarc" and any(one.result not in ("pass", "none") for one in results):
            raise _Odd("your mail server refused its sender")
        if any(one.result == "pass" and _proves(one, domain) for one in results):
            return by
    raise _Odd("your mail server did not find its sender proved")


def _own_verdicts(
    fields: Sequence[tuple[str, bytes]], own: Sequence[str]
) -> Iterator[list[_Result]]:
    """The verdicts of the own server, from the top; what stands below a stop at a foreign
    server was there before the own one had the mail."""
    for name, value in fields:
        if name == "received":
            if _is_foreign(_text(value), own):
                return
        elif name == "authentication-results":
            by, results = _parsed(_text(value))
            if by in own:
                yield results


def _is_foreign(received: str, own: Sequence[str]) -> bool:
    """Whether another house's server took the mail in here. A name without a dot, and a bare
    number, are a machine inside a house, and of the house above."""
    found = _BY.search(_without_comments(received))
    host = found[1].strip(".").casefold() if found else ""
    if not _DOMAIN.fullmatch(host) or host.rpartition(".")[2].isdigit():
        return False
    houses = {addresses.house(name) for name in own}
    return addresses.house(host) not in houses and host not in own


def _proves(one: _Result, domain: str) -> bool:
    match one.method:
        case "dmarc":
            return one.value("header.from").casefold() == domain
        case "dkim":
            said = one.value("header.d") or one.value("header.i").rpartition("@")[2]
        case _:
            said = one.value("smtp.mailfrom").rpartition("@")[2]
    said = said.casefold()
    return bool(_DOMAIN.fullmatch(said)) and (said == domain or said.endswith(f".{domain}"))


def _disagree(one: Sequence[_Result], other: Sequence[_Result]) -> bool:
    """Whether the same thing is said to be so and not so."""

    def said(results: Sequence[_Result]) -> dict[tuple[str, ...], set[str]]:
        found: dict[tuple[str, ...], set[str]] = {}
        for result in results:
            domain = result.value("header.d") or result.value("header.i")
            about = (result.method, domain if result.method == "dkim" else "")
            found.setdefault(about, set()).add(result.result)
        return found

    first, second = said(one), said(other)
    return any(first[about] != second[about] for about in first.keys() & second.keys())


# -- one Authentication-Results header


def _parsed(text: str) -> tuple[str, list[_Result]]:
    """(authserv-id, what it says). A statement that cannot be read is left out."""
    try:
        first, *statements = _split(_without_comments(text))
    except _Odd:
        return "", []
    words = first.split()
    if not words or len(words) > 2 or (len(words) == 2 and not words[1].isdigit()):
        return "", []
    return words[0].strip('"').strip(".").casefold(), [
        one for one in map(_statement, statements) if one is not None
    ]


def _statement(text: str) -> _Result | None:
    method = _METHOD.match(text)
    if method is None:
        return None
    at, properties = method.end(), []
    while found := _PROPERTY.match(text, at):
        name = re.sub(r"\s", "", found[1]).casefold()
        properties.append((name, re.sub(r"\\(.)", r"\1", found[2].strip('"'))))
        at = found.end()
    if text[at:].strip():
        return None
    return _Result(method[1].casefold(), method[2].casefold(), tuple(properties))


def _without_comments(text: str) -> str:
    """The text with a blank for each comment. Raises _Odd where one does not end."""
    if not _QUOTING.search(text):
        return text
    kept, depth, quoted, at = [], 0, False, 0
    while at < len(text):
        char = text[at]
        if char == "\\" and (depth or quoted):
            kept.append("" if depth else text[at : at + 2])
            at += 2
            continue
        if char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and not quoted:
            if not depth:
                raise _Odd("a comment in its headers does not begin")
            depth -= 1
            char = " "
        kept.append("" if depth else char)
        at += 1
    if depth or quoted:
        raise _Odd("a comment or a quote in its headers does not end")
    return "".join(kept)


def _split(text: str) -> list[str]:
    """The parts between semicolons outside quotes."""
    return re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^";])+|(?<=;)(?=;|\Z)', text)


def _claimed(fields: Sequence[tuple[str, bytes]]) -> str:
    """What the headers say of its sender, whoever wrote that: “dmarc=pass, dkim=pass”."""
    said: dict[str, str] = {}
    for name, value in fields:
        if name == "authentication-results" and len(value) <= HEADER_MOST_BYTES:
            for one in _parsed(value.decode("ascii", "replace").replace("\n", ""))[1]:
                if one.method in METHODS:
                    said.setdefault(one.method, one.result)
    return ", ".join(f"{by}={said[by]}" for by in METHODS if by in said)[:CLAIMED_MOST]
