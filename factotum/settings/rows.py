"""The table: every setting once, with its type, unit, bound, default and meaning.

Data alone. `.env.example` and docs/settings.md are printed from it. NamedTuple, because a
dataclass would cost every command a third of its start.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PREFIX = "FACTOTUM_"

Value = str | int | float | Path


class Setting(NamedTuple):
    """One row. `default` None means: not set, and `otherwise` says in words what happens then."""

    name: str
    type: type[Value]
    default: Value | None
    meaning: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
    secret: bool = False
    otherwise: str = ""

    @property
    def full(self) -> str:
        return PREFIX + self.name


def _seconds(name: str, default: float, meaning: str) -> Setting:
    return Setting(name, float, default, meaning, unit="seconds", at_least=0)


def _mail(service: str, what: str, ports: str, security: str) -> tuple[Setting, ...]:
    return (
        Setting(
            f"{service}_HOST",
            str,
            None,
            f"The server {what}.",
            pattern=r"[^\s/:@]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?",
            form="a host name or address alone, without a port or a path",
            otherwise="no such server",
        ),
        Setting(
            f"{service}_PORT", int, None, "Its port.", at_least=1, at_most=65535, otherwise=ports
        ),
        Setting(f"{service}_USER", str, None, "The name to log in with.", otherwise="no login"),
        Setting(
            f"{service}_PASSWORD",
            str,
            None,
            "The password to log in with.",
            secret=True,
            otherwise="none",
        ),
        Setting(
            f"{service}_SECURITY",
            str,
            None,
            "How the connection is protected; `none` only to a server on this machine.",
            one_of=("tls", "starttls", "none"),
            otherwise=security,
        ),
    )


SETTINGS: tuple[Setting, ...] = (
    Setting("VAULT", Path, Path("~/AI_Employee_Vault"), "The folder of notes that is worked in."),
    Setting(
        "STATE_DIR",
        Path,
        None,
        "Where the ledger lies, and what can be rebuilt; outside the vault.",
        otherwise="`factotum` in `$XDG_STATE_HOME`, else `~/.local/state/factotum`",
    ),
    Setting(
        "INSTANCE",
        str,
        None,
        "The name of this machine in the vault, one for each machine that shares it.",
        pattern=r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?",
        form="up to 40 of a-z, 0-9 and hyphens",
        otherwise="the host name",
    ),
    _seconds("SETTLE_S", 120.0, "How long a note that a person types must lie still."),
    _seconds("STABLE_S", 2.0, "How long a file or a card must be unchanged before it is read."),
    _seconds("SCAN_S", 30.0, "How often every folder is looked at, whatever was heard."),
    _seconds("REGRET_S", 60.0, "How long an approved effect can still be cancelled."),
    _seconds("EXPIRY_S", 604800.0, "How long an approval may be given (7 days)."),
    Setting("WORKERS", int, 4, "How many tasks are worked on at once.", at_least=1, at_most=64),
    Setting(
        "WATCHERS",
        str,
        "all",
        "Which watchers run with `factotum up`: `all` that are set up, `none`, or names.",
        pattern=r"[a-z][a-z0-9_]*(?:\s*,\s*[a-z][a-z0-9_]*)*",
        form="all, none, or names with commas between them",
    ),
    Setting(
        "SKILLS",
        str,
        None,
        "Folders of other agents' skills, with colons between them: `~/.claude/skills`. They are "
        "read, never changed.",
        otherwise="only the skills in the vault",
    ),
    *_mail(
        "SMTP",
        "that letters are sent through",
        "465 with `tls`, 587 with `starttls`, 25 with `none`",
        "`tls` at port 465, else `starttls`",
    ),
    *_mail(
        "IMAP",
        "where the mailbox is",
        "993 with `tls`, else 143",
        "`starttls` at port 143, else `tls`",
    ),
    Setting(
        "MAIL_FROM",
        str,
        None,
        "Whom letters are from: `Ann Example <ann@example.org>`.",
        otherwise="the SMTP user, if it is an address",
    ),
    Setting(
        "LOG_LEVEL",
        str,
        "info",
        "What is logged: `info` is about once a task, `debug` once a step.",
        one_of=("debug", "info", "warning", "error"),
    ),
    Setting(
        "FAILPOINT",
        str,
        None,
        "For tests: `name` or `name:n`, where the process kills itself the n-th time it comes "
        "by. `factotum doctor --failpoints` lists the names.",
        pattern=r"[a-z_.]+(?::[1-9][0-9]*)?",
        form="name or name:n",
        otherwise="never",
    ),
)
