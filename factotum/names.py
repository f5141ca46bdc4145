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
#: What follows the last dot is an ending if it is no longer than this.
ENDING_CHARS = 12

NOTE_NAME_BYTES = 190

#: Names of devices on Windows, with any ending and with blanks before it.
_RESERVED = re.compile(
    r"(con|conin\$|conout\$|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\..*)?", re.I
)

#: Latin letters that no decomposition makes ASCII.
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)

#: Names that are never a task nor an approval: editors' and sync clients' own files.
IGNORED = (
    ".*", "~syncthing~*.tmp", "~$*", "*~", "#*#", "4913", "*.swp", "*.swo", "*.swx", "*.tmp",
    "*.temp", "*.bak", "*.orig", "*.rej", "*.part", "*.partial", "*.crdownload", "*.download",
    "*.lock", "*.kate-swp", "*___jb_tmp___", "*___jb_old___", "desktop.ini",
    "thumbs.db", "icon\r", "conflict-files-obsidian-git.md",
)  # fmt: skip
#: What `sed -i` writes to: six letters or digits, so that `sedans.md` is a note.
_SED = r"sed[a-z0-9]{6}\Z"
_IGNORED = re.compile("|".join([*(fnmatch.translate(pattern) for pattern in IGNORED), _SED]))

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
    "OneDrive": r"(?P<base>.+?)-(?:DESKTOP-[A-Z0-9]{7}|LAPTOP-[A-Z0-9]{8}|[A-Za-z0-9]{3,15})"
    r"(?:-\d+)?(?P<ext>\.[^.]+)",
}
_ONLY_BESIDE = {"a copy", "OneDrive"}

#: The middle one, `=======`, is not looked for: alone it underlines a heading.
_GIT_MARKERS = re.compile(r"^(?:<{7} |>{7} |\|{7} )", re.M)


@dataclass(frozen=True)
class Conflict:
    """`base` is the name that the conflict is with, `client` who names files so."""

    base: str
    client: str


def slug(title: str, fallback: str) -> str:
    """Lower-case Latin letters, digits and dashes, 1 to 60 of them; `fallback` without any."""
    return _dashed(title) or fallback


def _dashed(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower().translate(_LATIN))
    plain = folded.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_CHARS].strip("-")


def note_name(title: str, *hints: str, id: str, fallback: str) -> str:
    """`invoice-1042_ada_7f3k2m.md`: readable first, unique last, at most 190 bytes.

    `fallback` (kind and date, say) stands for a title without Latin letters.
    """
    parts = [
        _dashed(title) or _dashed(fallback),
        *(_dashed(hint)[:20].strip("-") for hint in hints),
    ]
    unique = f"{id[2:8]}.md"
    readable = "_".join(part for part in parts if part)[: NOTE_NAME_BYTES - len(unique) - 1]
    return f"{readable.rstrip('-_')}_{unique}" if readable else unique


def new_id(kind: str) -> str:
    """A random id: `t-` for a task, `a-` for a card."""
    return f"{kind}-{_base32(secrets.token_bytes(10))}"


def id_of(kind: str, *parts: str) -> str:
    """The id that these parts always give, so that doing it twice makes one thing."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
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
    note with a given name is there.

    A note without an id is never frozen for its name: `calendar conflict.md` and
    `Untitled 1.md` are people's notes. It is the caller who knows the id.
    """
    whole = unicodedata.normalize("NFC", name)
    for client, pattern in _CONFLICTS.items():
        if found := re.fullmatch(pattern, whole):
            base = found["base"] + (found["ext"] or "")
            if client not in _ONLY_BESIDE:
                first = conflict(base, exists)  # the copy of a copy
                return Conflict(first.base if first else base, client)
            if exists(base):
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
    """A name for an outsider's file: one component of at most 150 bytes that any disk takes,
    no dot in front, nothing reserved or hidden in it; the ending stays."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(map(_safe, unicodedata.normalize("NFC", last)))
    kept = re.sub(" +", " ", kept).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > ENDING_CHARS:
        stem, dot, ending = kept, "", ""
    room = FILE_NAME_BYTES - len((dot + ending).encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    whole = (stem or "file") + dot + ending
    return f"_{whole}" if _RESERVED.fullmatch(whole) else whole


def _safe(char: str) -> str:
    """The character, or what stands for it: nothing for what nobody sees."""
    if char in '<>:"|?*#^[]%`$':
        return "_"
    kind = unicodedata.category(char)
    if kind == "Zs" or char in "\t\n\r":
        return " "
    return "" if kind[0] in "CZ" else char
