"""Names: of our notes, of ids, of what is ignored, of what a sync client calls a conflict."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

ID_CHARS = 16
_ID = re.compile(rf"([ta])-[a-z2-7]{{{ID_CHARS}}}")

SLUG_CHARS = 60
FILE_NAME_BYTES = 150

_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.I)

#: Names that are never a task nor an approval: editors' and sync clients' own files.
IGNORED = (
    ".*", "~syncthing~*.tmp", "~$*", "*~", "#*#", "4913", "*.swp", "*.swo", "*.swx", "*.tmp",
    "*.temp", "*.bak", "*.orig", "*.rej", "*.part", "*.partial", "*.crdownload", "*.download",
    "*.lock", "*.kate-swp", "*___jb_tmp___", "*___jb_old___", "sed??????", "desktop.ini",
    "thumbs.db", "icon\r", "conflict-files-obsidian-git.md",
)  # fmt: skip
_IGNORED = re.compile("|".join(fnmatch.translate(pattern) for pattern in IGNORED))

#: How sync clients name the loser of a conflict. Sources: each client's documentation or
#: issue tracker; the last two count only where the other name exists.
_CONFLICTS = {
    "Obsidian Sync": r"(?P<base>.+) \(Conflicted copy .+ \d{12}\)(?P<ext>\.[^.]+)",
    "Syncthing": r"(?P<base>.+)\.sync-conflict-\d{8}-\d{6}(?:-[A-Z0-9]{7})?(?P<ext>\.[^.]*)?",
    "Dropbox": r"(?P<base>.+) \((?:.*['\u2019]s )?\s*[Cc]onflict(?:ed|ing) copy"
    r"(?: \d{4}-\d{2}-\d{2})?(?: \(\d+\))?\)(?P<ext>\.[^.]+)",
    "Dropbox (names)": r"(?P<base>.+) \((?:Case|Unicode Encoding|Selective Sync|Whitespace)"
    r" Conflict[^)]*\)(?P<ext>\.[^.]+)",
    "Nextcloud": r"(?P<base>.+) \(conflicted copy \d{4}-\d{2}-\d{2} \d{6}\)(?P<ext>\.[^.]+)",
    "ownCloud": r"(?P<base>.+)_conflict-\d{8}-\d{6}(?P<ext>\.[^.]+)",
    "a sync client": r"(?P<base>.+?)[ ._-]\(?conflict\)?(?P<ext>\.[^.]+)",
    "a copy": r"(?P<base>.+?) \(?\d{1,3}\)?(?P<ext>\.[^.]+)",
    "OneDrive": r"(?P<base>.+)-(?:DESKTOP-[A-Z0-9]{7}|LAPTOP-[A-Z0-9]{8}|[A-Za-z0-9]{3,15})"
    r"(?:-\d+)?(?P<ext>\.[^.]+)",
}
_ONLY_BESIDE = {"a copy", "OneDrive"}
_GIT_MARKERS = re.compile(r"^(?:<{7} |={7}$|>{7} |\|{7} )", re.M)


@dataclass(frozen=True)
class Conflict:
    """`base` is the name that the conflict is with, `client` who names files so."""

    base: str
    client: str


def slug(title: str, fallback: str) -> str:
    """Lower-case Latin letters, digits and dashes, 1 to 60 of them; `fallback` without any."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    dashed = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:SLUG_CHARS].strip("-")
    return dashed or fallback


def note_name(title: str, *hints: str, id: str, fallback: str) -> str:
    """`invoice-1042_ada_7f3k2m.md`: readable first, unique last, under 200 bytes."""
    parts = [slug(title, fallback), *(slug(hint, "")[:20] for hint in hints)]
    return "_".join([*(part for part in parts if part), id[2:8]]) + ".md"


def new_id(kind: str) -> str:
    """A random id: `t-` for a task, `a-` for a card."""
    return f"{kind}-{_base32(secrets.token_bytes(10))}"


def id_of(kind: str, *parts: str) -> str:
    """The id that these parts always give, so that doing it twice makes one thing."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode()
        whole.update(len(data).to_bytes(8, "big") + data)
    return f"{kind}-{_base32(whole.digest()[:10])}"


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()


def is_id(value: object, kind: str | None = None) -> bool:
    """Whether this has the form of one of our ids (of that kind)."""
    found = _ID.fullmatch(value) if isinstance(value, str) else None
    return found is not None and kind in (None, found[1])


def ignored(name: str) -> bool:
    """Whether a file or folder of this name is never looked at."""
    return _IGNORED.match(name.casefold()) is not None


def conflict(name: str, exists: Callable[[str], bool]) -> Conflict | None:
    """Whether a sync client would call the loser of a conflict so. `exists` says whether a
    note with a given name is there. A note without an id is never frozen for its name: it is
    the caller who knows the id."""
    whole = unicodedata.normalize("NFC", name)
    for client, pattern in _CONFLICTS.items():
        if found := re.fullmatch(pattern, whole):
            base = found["base"] + (found["ext"] or "")
            if client not in _ONLY_BESIDE or exists(base):
                return Conflict(base, client)
    return None


def git_markers(text: str) -> bool:
    """Whether a merge left its markers in the text."""
    return _GIT_MARKERS.search(text) is not None


def same(a: str, b: str) -> bool:
    """Whether two names are one name on some disk (case, composed letters)."""
    return _folded(a) == _folded(b)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def safe_file_name(name: str) -> str:
    """A name for an outsider's file: one component, no dots in front, nothing reserved."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        "_" if char in '<>:"|?*#^[]%' else char
        for char in unicodedata.normalize("NFC", last)
        if unicodedata.category(char)[0] not in "CZ" or char == " "
    )
    kept = re.sub(r"\s+", " ", kept).strip(" .")
    if _RESERVED.fullmatch(kept):
        kept = f"_{kept}"
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 12:
        stem, dot, ending = kept, "", ""
    room = FILE_NAME_BYTES - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return (stem or "file") + dot + ending
