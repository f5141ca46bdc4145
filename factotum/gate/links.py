"""Links to pages: which host one goes to, and whether it could carry something out by itself.

A page is only read, but whoever made up the link chose what stands in it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import unquote, urlsplit

from factotum.addresses import house, wire
from factotum.gate.where import host_of
from factotum.inert import code

#: The longest query, and the longest path with it, that can hold no letter worth mentioning.
QUERY_MOST_CHARS = 100
PATH_MOST_CHARS = 200
#: Of a longer host a person reads the beginning, and its end says whose it is.
HOST_MOST_CHARS = 40
#: A word of a link from this length on is looked at: it may be no word but something coded.
WORD_CHARS = 16
#: A word of small letters alone may be longer: some languages have such.
LETTERS_MOST_CHARS = 30
#: Above so many bits a character, a mixed word is taken for coded.
BITS_MOST = 3.0


def origin(url: str) -> str:
    """`https://host:port` as it is asked for, or empty for what is no plain web address."""
    host = host_of(url) if url.isprintable() else ""
    if not host:
        return ""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    behind = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{behind}"


def foreign(url: str) -> str:
    """Its host in ASCII where it is written in other letters, which may look like others yet:
    `xn--pple-43d.com` of `аpple.com`. Empty for an ordinary one."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if host.isascii() else wire(host)


def warning(url: str) -> str:
    """What a person may overlook in its host, as a sentence, or an empty string."""
    if host := foreign(url):
        return f"The host is {code(host)}, in letters of another script."
    host = host_of(url)
    if len(host) > HOST_MOST_CHARS:
        return f"The host is long: the page is one of {code(house(host))}."
    return ""


def plain_link(url: str) -> bool:
    """Whether nothing in the link behind its host looks as if it told somebody something."""
    if not origin(url):
        return False
    parts = urlsplit(url)
    whole = parts.path + parts.query
    if len(parts.query) > QUERY_MOST_CHARS or len(whole) > PATH_MOST_CHARS:
        return False
    decoded = unquote(unquote(whole))
    if "//" in decoded or "\\" in decoded:
        return False  # another address stands in it, to which it may lead
    return not any(map(_coded, re.findall(rf"[A-Za-z0-9]{{{WORD_CHARS},}}", decoded)))


def _coded(word: str) -> bool:
    if word.isalpha() and (word.islower() or word[1:].islower()):
        return len(word) > LETTERS_MOST_CHARS
    if word.isdigit():
        return True
    counts = Counter(word).values()
    bits = -sum(n / len(word) * math.log2(n / len(word)) for n in counts)
    return bits > BITS_MOST
