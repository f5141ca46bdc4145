"""The table: every setting once, with its type, unit, bound, default and meaning.

Data alone. `.env.example` and docs/settings.md are printed from it.
"""

from __future__ import annotations

from pathlib import Path

from factotum.settings.channels import CHANNELS
from factotum.settings.outside import OUTSIDE
from factotum.settings.row import PREFIX, Setting, Value
from factotum.settings.row import seconds as _seconds
from factotum.settings.watching import WATCHING

__all__ = ["PREFIX", "SETTINGS", "Setting", "Value"]


def _usd(name: str, default: float, meaning: str) -> Setting:
    return Setting(name, float, default, meaning, unit="USD", at_least=0, at_most=10_000)


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


def _per_million(name: str, what: str, default: float | None, otherwise: str = "") -> Setting:
    return Setting(
        name,
        float,
        default,
        f"What a million tokens {what}.",
        unit="USD",
        at_least=0,
        otherwise=otherwise,
    )


_MODEL = r"[^\s,/]+(?:/[^\s,/]+)*"

_MODELS: tuple[Setting, ...] = (
    Setting(
        "MODEL",
        str,
        None,
        "The model that thinks, by provider and name: `openai/gpt-5-mini`, "
        "`anthropic/claude-haiku-4-5`, `ollama/llama3.2`. `none`: no model at all.",
        pattern=_MODEL,
        form="provider/model, without blanks",
        otherwise="an Ollama that answers on this machine, else playbooks alone",
    ),
    Setting(
        "MODEL_API_KEY",
        str,
        None,
        "The key of that model's provider, or of the server at the address below.",
        pattern=r"[!-~]+",
        form="the key alone, without blanks",
        secret=True,
        otherwise="the provider's own variable: OPENAI_API_KEY, OPENROUTER_API_KEY, "
        "ANTHROPIC_API_KEY, GEMINI_API_KEY, GROQ_API_KEY, DEEPSEEK_API_KEY, MISTRAL_API_KEY, "
        "ZAI_API_KEY or MOONSHOT_API_KEY",
    ),
    Setting(
        "MODEL_BASE_URL",
        str,
        None,
        "A server of your own that speaks OpenAI's chat completions, such as "
        "`http://127.0.0.1:8080/v1`.",
        pattern=r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?",
        form="an address that begins with http:// or https://, without a login",
        otherwise="the provider's own address",
    ),
    Setting(
        "FALLBACK_MODELS",
        str,
        None,
        "Who is asked when that model does not answer, in this order, with commas between them.",
        pattern=rf"{_MODEL}(?:\s*,\s*{_MODEL})*",
        form="names of models with commas between them",
        otherwise="nobody",
    ),
    _per_million("MODEL_PRICE_IN", "sent to that model cost", None, "as litellm's list says"),
    _per_million("MODEL_PRICE_OUT", "answered by that model cost", None, "as litellm's list says"),
    _per_million(
        "MODEL_PRICE_CEILING",
        "answered count as, where no price is known; a million sent count a fifth of it",
        75.0,
    ),
    Setting(
        "MODEL_CONTEXT",
        int,
        None,
        "How much that model takes in at once.",
        unit="tokens",
        at_least=1024,
        otherwise="as litellm's list says, else 16384 for Ollama, 8192 for a server of your own, "
        "32768 elsewhere",
    ),
    Setting(
        "MODEL_SEES",
        str,
        None,
        "Whether that model understands pictures.",
        one_of=("yes", "no"),
        otherwise="as litellm's list says, else no",
    ),
    Setting(
        "MODEL_TIMEOUT_S",
        float,
        120.0,
        "How long one answer may take.",
        unit="seconds",
        at_least=1,
    ),
    _seconds(
        "MODEL_PATIENCE_S", 60.0, "How long a model is asked again before the next one is asked."
    ),
    Setting(
        "MODEL_PROXY",
        str,
        "none",
        "Whether models are reached through the proxy that the environment names "
        "(HTTPS_PROXY, NO_PROXY). A model in your own network never is.",
        one_of=("none", "environment"),
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
    Setting(
        "READ",
        str,
        "own",
        "Which notes may be read, where the folder lies in a larger vault: `own` those in it and "
        "those that you link to in a task, `vault` all of the larger vault.",
        one_of=("own", "vault"),
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
        "MAIL_AUTHSERV",
        str,
        None,
        "By which names your mail server signs its `Authentication-Results`, with commas between "
        "them: `mx.google.com` (docs/contacts.md says how to find it).",
        pattern=r"[A-Za-z0-9._-]+(?:\s*,\s*[A-Za-z0-9._-]+)*",
        form="names of servers with commas between them",
        otherwise="no sender of a mail counts as proved, so everybody is a stranger",
    ),
    *_MODELS,
    Setting(
        "MODEL_MAX_TOKENS",
        int,
        4096,
        "How long one answer of a model may be.",
        unit="tokens",
        at_least=16,
        at_most=200_000,
    ),
    Setting(
        "MODEL_TEMPERATURE",
        float,
        0.7,
        "How freely a model answers, from 0 (always alike) to 2.",
        at_least=0,
        at_most=2,
    ),
    Setting(
        "MAX_TURNS",
        int,
        25,
        "How often a model is asked in one run of a task before you are asked whether to go on.",
        at_least=1,
        at_most=200,
    ),
    Setting(
        "MAX_ITERATIONS",
        int,
        10,
        "How often a model that stops without finishing is told to go on.",
        at_least=0,
        at_most=50,
    ),
    Setting(
        "PROPOSE_AFTER",
        int,
        10,
        "After how many equal yeses in a row a rule is proposed to you. 0: never.",
        at_least=0,
        at_most=1000,
    ),
    Setting(
        "BUDGET_CALL_USD",
        float,
        None,
        "What one call of a model may cost. A longer task is told shorter first.",
        unit="USD",
        at_least=0,
        at_most=10_000,
        otherwise="as much as its task may cost",
    ),
    _usd("BUDGET_DAY_USD", 1.0, "What models may cost in a day."),
    _usd("BUDGET_MONTH_USD", 15.0, "What models may cost in a month."),
    _usd("BUDGET_TASK_USD", 0.25, "What one task may cost before you are asked."),
    Setting(
        "BUDGET_OUTSIDE_SHARE",
        float,
        0.3,
        "The part of a day's money that work of people from outside may take.",
        unit="share",
        at_least=0,
        at_most=1,
    ),
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
