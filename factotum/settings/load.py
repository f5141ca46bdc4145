"""From an environment and a `.env` file to settings that can be relied on.

Reads one file and nothing else; changes nothing. Every problem is collected, so that a person
mends them in one go.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from factotum.settings import dotenv, locale_name
from factotum.settings.row import PREFIX, Setting, Value
from factotum.settings.rows import SETTINGS
from factotum.settings.values import BY_NAME, Settings, SettingsError

#: How the names end under which people keep what is nobody else's business; and a password
#: within an address.
_SECRET = re.compile(
    r"(?i)(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASS|PASSWD|PASSWORD|PASSPHRASE|MACAROON|SEED)"
    r"(?:_HEX|_BASE64)?\Z"
)
_LOGIN = re.compile(r"://[^\s:/@]*:([^\s/@]+)@")

#: Folders by which a vault is known: Obsidian's own, and ours.
VAULT_MARKS = (".obsidian", ".factotum")

#: Settings that other programs know by the same name without our prefix.
ALONE = ("GMAIL_CREDENTIALS", "TELEGRAM_TOKEN", "TELEGRAM_CHAT_ID", "DISCORD_WEBHOOK_URL")


class _Given(NamedTuple):
    """What somebody wrote, where it stands, and the folder that a relative path starts from."""

    text: str
    where: str
    folder: Path

    def __repr__(self) -> str:
        return f"_Given({self.where})"


def env_files(cwd: Path, root: Path) -> tuple[Path, ...]:
    """Where a `.env` may lie; the first that exists counts."""
    return (cwd / ".env", root / ".env")


def load(environ: Mapping[str, str], env_files: Sequence[Path] = ()) -> Settings:
    """The settings of `environ`, and of the first of `env_files` that exists.

    Raises SettingsError with a line for each FACTOTUM_ name that is unknown and each value that
    does not fit. An empty value means: as if not set. Other names are not our business.
    """
    problems: list[str] = []
    file = _from_file(env_files, environ, problems)
    given = {name: one for name, one in file.items() if name.upper().startswith(PREFIX)}
    others = {name: _secret(name, one.text) for name, one in file.items() if name not in given}
    here = Path.cwd()
    given |= {
        name: _Given(text.strip(), "the environment", here)
        for name, text in environ.items()
        if name.upper().startswith(PREFIX)
    }
    for alone in ALONE:
        there = _Given(environ.get(alone, "").strip(), "the environment", here)
        given.setdefault(PREFIX + alone, there if there.text else file.get(alone, there))
    written: dict[str, str] = {}
    values: dict[str, Value] = {
        row.name: row.default for row in SETTINGS if row.default is not None
    }
    for full, one in given.items():
        row = BY_NAME.get(full.removeprefix(PREFIX)) if full.startswith(PREFIX) else None
        if row is None:
            problems.append(f"{full} ({one.where}): {_no_such(full)}")
        elif one.text:
            written[full] = one.text
            if (value := _value(row, one, environ)) is None:
                problems.append(f"{full} ({one.where}) must be {_bounds(row)}")
            else:
                values[row.name] = value
    if not problems:
        _fill(values, environ)
        problems = [*_open_passwords(values), *_overlap(values), *_no_locale(values, given)]
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(values, written, others)


def apart(vault: Path, state_dir: Path) -> None:
    """Raises SettingsError if the state directory lies in the vault, by whatever way."""
    if state_dir.resolve().is_relative_to(vault.resolve()):
        raise SettingsError(
            f"FACTOTUM_STATE_DIR: {state_dir} lies inside the vault {vault}, where it would be "
            f"synced and searched; choose a folder outside of it"
        )


def _from_file(
    files: Sequence[Path], environ: Mapping[str, str], problems: list[str]
) -> dict[str, _Given]:
    path = next((file for file in files if os.path.lexists(file)), None)
    if path is None:
        return {}
    if path.parent != files[-1].parent and _in_a_vault(path, files, environ):
        problems.append(
            f"{path} lies in a vault, and who can write there could have the machine do anything "
            f"by it: no settings are read from there. Work in another folder, or put it into "
            f"{files[-1].parent}"
        )
        return {}
    try:
        lines = dotenv.parse(dotenv.read(path), path)
    except dotenv.DotenvError as bad:
        problems.append(str(bad))
        return {}
    return {
        name: _Given(text, f"{path}, line {number}", path.parent)
        for name, (text, number) in lines.items()
    }


def _in_a_vault(path: Path, files: Sequence[Path], environ: Mapping[str, str]) -> bool:
    """Whether this lies in a folder of notes: one that looks like it, or is named as ours by
    anything but the file itself."""
    named = [environ.get(f"{PREFIX}VAULT") or str(BY_NAME["VAULT"].default)]
    for other in files:
        if other != path and os.path.lexists(other):
            with contextlib.suppress(dotenv.DotenvError):
                lines = dotenv.parse(dotenv.read(other), other)
                named += [text for text, _ in [lines.get(f"{PREFIX}VAULT", ("", 0))] if text]
    here = path.parent.resolve()
    vaults = [(files[-1].parent / _home(text, environ)).resolve() for text in named]
    looks = (folder / mark for folder in (here, *here.parents) for mark in VAULT_MARKS)
    return any(map(here.is_relative_to, vaults)) or any(map(os.path.isdir, looks))


def _secret(name: str, text: str) -> str:
    """What of a setting that is not ours must never be sent; empty for one that may be."""
    if _SECRET.search(name):
        return text
    login = _LOGIN.search(text)
    return login[1] if login else ""


def _no_such(full: str) -> str:
    from difflib import get_close_matches  # only for who misspelt something

    names = [row.full for row in SETTINGS]
    if near := get_close_matches(full.upper(), names, 1, 0.75):
        return f"there is no such setting. Did you mean {near[0]}?"
    return "there is no such setting. docs/settings.md lists them all"


def _value(row: Setting, one: _Given, environ: Mapping[str, str]) -> Value | None:
    """What the text means, or None if it does not fit its row."""
    if row.type is Path:
        return one.folder / _home(one.text, environ)
    if row.type is str:
        fits = one.text in row.one_of if row.one_of else re.fullmatch(row.pattern or ".*", one.text)
        return one.text if fits and one.text.isprintable() else None
    digits = r"[0-9]{1,12}" if row.type is int else r"[0-9]{1,12}(\.[0-9]{1,6})?"
    if not re.fullmatch(digits, one.text):
        return None
    number = row.type(one.text)
    assert isinstance(number, int | float)
    too_little = row.at_least is not None and number < row.at_least
    too_much = row.at_most is not None and number > row.at_most
    return None if too_little or too_much else number


def _bounds(row: Setting) -> str:
    """What a value of this row looks like, for a message."""
    if row.one_of:
        return f"one of {', '.join(row.one_of)}"
    if row.type in (int, float):
        kind = "a whole number" if row.type is int else "a number"
        unit = f" of {row.unit}" if row.unit else ""
        most = f" to {row.at_most:g}" if row.at_most is not None else " upwards"
        return f"{kind}{unit} from {row.at_least or 0:g}{most}"
    return row.form or "text that can be printed"


def _fill(values: dict[str, Value], environ: Mapping[str, str]) -> None:
    """The defaults that depend on the machine."""
    values["VAULT"] = Path.cwd() / _home(str(values["VAULT"]), environ)
    if "STATE_DIR" not in values:
        base = environ.get("XDG_STATE_HOME", "")
        # A relative one is to be ignored: XDG Base Directory Specification, "Environment".
        folder = Path(base) if os.path.isabs(base) else _home("~/.local/state", environ)
        values["STATE_DIR"] = folder / "factotum"
    if "INSTANCE" not in values:
        host = re.sub(r"[^a-z0-9]+", "-", os.uname().nodename.split(".")[0].lower())
        values["INSTANCE"] = host[:40].strip("-") or "here"
    named = str(values.get("LOCALE", ""))
    values["LOCALE"] = locale_name.tidy(named) if named else locale_name.of(environ)


def _home(text: str, environ: Mapping[str, str]) -> Path:
    if text == "~" or text.startswith("~/"):
        return Path(environ.get("HOME") or Path.home(), text[2:])
    return Path(text)


def _open_passwords(values: Mapping[str, Value]) -> list[str]:
    """A problem for each mail account that would cross a network unprotected."""
    return [
        f"{PREFIX}{service}_SECURITY is none, but {PREFIX}{service}_HOST is another machine: "
        f"letters and password would cross the network in the open. Write tls or starttls"
        for service in ("SMTP", "IMAP")
        if values.get(f"{service}_SECURITY") == "none"
        and not is_loopback(str(values.get(f"{service}_HOST", "localhost")))
    ]


def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    from ipaddress import ip_address  # only where somebody wrote `none`

    try:
        return host.casefold() == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _no_locale(values: Mapping[str, Value], given: Mapping[str, _Given]) -> list[str]:
    """A problem for a locale that a person named and that there is not."""
    full, name = f"{PREFIX}LOCALE", str(values["LOCALE"])
    if full not in given or not given[full].text or locale_name.is_known(name):
        return []
    return [
        f"{full} ({given[full].where}): there is no locale {name}. Write one such as de_DE or "
        f"en_GB, or plain"
    ]


def _overlap(values: Mapping[str, Value]) -> list[str]:
    try:
        apart(Path(str(values["VAULT"])), Path(str(values["STATE_DIR"])))
    except SettingsError as inside:
        return [str(inside)]
    return []
