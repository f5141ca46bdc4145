"""The name of the locale in which money is told: what it is called, and whether there is one.

Tells no money itself, and imports the library that does only for a name of which it has no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

#: No locale: money is told in a form that nobody can read in two ways.
PLAIN = "plain"

#: Where a system says it, the first that is set counts: POSIX, Base Definitions, 8.2.
NAMED_BY = ("LC_ALL", "LC_MONETARY", "LANG")
#: What a system says that has none.
NOWHERE = ("", "c", "posix", PLAIN)


def of(environ: Mapping[str, str]) -> str:
    """The locale that the system has for money, or PLAIN. It may be one that nobody knows."""
    return tidy(next(filter(None, (environ.get(name, "").strip() for name in NAMED_BY)), ""))


def tidy(text: str) -> str:
    """“de_DE” of “de-de” and of “de_DE.UTF-8@euro”; PLAIN of what names none."""
    bare = text.partition(".")[0].partition("@")[0].replace("-", "_")
    if bare.casefold() in NOWHERE:
        return PLAIN
    language, *rest = bare.split("_")
    cased = (part.title() if len(part) == 4 and part.isalpha() else part.upper() for part in rest)
    return "_".join([language.lower(), *cased])


def is_known(name: str) -> bool:
    """Whether money can be told in it."""
    from importlib.util import find_spec  # only for who names one

    if name == PLAIN or (there := find_spec("babel")) is None or there.origin is None:
        return True  # without the library it is told plainly, whatever is named
    if (Path(there.origin).parent / "locale-data" / f"{name}.dat").is_file():
        return True
    import babel  # 4 MB, for who writes a name that is short for another: zh_TW

    try:
        babel.Locale.parse(name)
    except (babel.UnknownLocaleError, ValueError):
        return False
    return True
