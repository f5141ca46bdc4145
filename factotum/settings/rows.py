"""The table: every setting once, with its type, unit, bound, default and meaning.

Data alone. `.env.example` and docs/settings.md are printed from it.
"""

from __future__ import annotations

from pathlib import Path

from factotum.settings.channels import CHANNELS
from factotum.settings.mail import MAIL
from factotum.settings.models import BUDGETS, MODELS
from factotum.settings.outside import OUTSIDE
from factotum.settings.row import Setting
from factotum.settings.row import seconds as _seconds
from factotum.settings.watching import WATCHING

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
    Setting(
        "READ",
        str,
        "own",
        "Which notes may be read, where the folder lies in a larger vault: `own` those in it and "
        "those that you link to in a task, `vault` all of the larger vault.",
        one_of=("own", "vault"),
    ),
    Setting(
        "LOCALE",
        str,
        None,
        "How you write money: `de_DE` for `1.234,50 €`; or `plain`, `1'234.50 EUR`, which nobody "
        "can read in two ways.",
        pattern=r"plain|[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}(?:\.[A-Za-z0-9-]+)?(?:@[a-z]+)?",
        form="a locale such as de_DE or en_GB, or plain",
        otherwise="what the system says by `LC_ALL`, `LC_MONETARY` or `LANG`; `plain` where it "
        "says nothing, or `C`",
    ),
    _seconds("SETTLE_S", 120.0, "How long a note that a person types must lie still."),
    _seconds("STABLE_S", 2.0, "How long a file or a card must be unchanged before it is read."),
    _seconds("SCAN_S", 30.0, "How often every folder is looked at, whatever was heard."),
    _seconds("REGRET_S", 60.0, "How long an approved effect can still be cancelled."),
    _seconds("BUZZ_S", 3600.0, "How long after one sign on the desktop the next may come."),
    _seconds(
        "REMIND_S", 86400.0, "How long before a request expires you are reminded a last time."
    ),
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
    *WATCHING,
    *OUTSIDE,
    *CHANNELS,
    Setting(
        "TOOLS",
        str,
        "in-process",
        "How our tool servers run: `in-process`, or `stdio`, each as a process of its own that "
        "sees just its own settings (about 60 MB of memory for each).",
        one_of=("in-process", "stdio"),
    ),
    _seconds("TOOLS_IDLE_S", 300.0, "How long a tool server stays open that nobody uses."),
    Setting(
        "TOOL_SERVERS",
        Path,
        None,
        "A JSON file that names tool servers of others, in the usual form (docs/tools.md). It may "
        "hold keys, so only you may read it.",
        otherwise="only our own tool servers",
    ),
    Setting(
        "SANDBOX",
        str,
        "on",
        "Whether tool servers that are processes of their own run in a cage. `off`: they run "
        "without one, and can do all that you can.",
        one_of=("on", "off"),
    ),
    Setting(
        "SHELL_FOLDER",
        Path,
        None,
        "The folder in which commands may be run, each with your yes; outside the vault.",
        otherwise="there is no shell",
    ),
    Setting(
        "SHELL_NETWORK",
        str,
        "no",
        "Whether commands reach the network.",
        one_of=("yes", "no"),
    ),
    Setting(
        "WEB",
        str,
        None,
        "`yes`: web pages may be read, each with your yes or by a rule of yours.",
        one_of=("yes",),
        otherwise="no web page is read",
    ),
    Setting(
        "WEB_INSIDE",
        str,
        None,
        "Hosts of your own network that may be read all the same: `nas.home`, `127.0.0.1:8000`.",
        pattern=r"[^\s,/@]+(?:\s*,\s*[^\s,/@]+)*",
        form="names or addresses of hosts with commas between them",
        otherwise="none: only the public Internet",
    ),
    Setting(
        "SKILLS",
        str,
        None,
        "Folders of other agents' skills, with colons between them: `~/.claude/skills`. They are "
        "read, never changed.",
        otherwise="only the skills in the vault",
    ),
    *MAIL,
    *MODELS,
    Setting(
        "PROPOSE_AFTER",
        int,
        10,
        "After how many equal yeses in a row a rule is proposed to you. 0: never.",
        at_least=0,
        at_most=1000,
    ),
    *BUDGETS,
    Setting(
        "ANCHOR_GIT",
        str,
        None,
        "A git repository elsewhere that remembers each day where the audit log stood: an address "
        "or a path. Let this machine push there, but not force.",
        pattern=r"[^-\s].*",
        form="the address or the path of a git repository",
        otherwise="the audit log has no anchor",
    ),
    Setting(
        "AUDIT_DAYS",
        int,
        None,
        "For how many days the audit log is kept.",
        unit="days",
        at_least=90,
        at_most=36_500,
        otherwise="for ever",
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
