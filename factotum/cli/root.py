"""The command line's trunk: the list of commands, the options that all have, exit codes.

A command is named here with the module that holds it; that module is imported when the
command is called. Every error of ours becomes one line on stderr, never a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from factotum import __version__
from factotum.cli import FAILED, USAGE

#: Every command: the module that holds it, and what it does, for `--help`.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("start", "Make a vault, or adopt one that holds notes."),
    "leave": ("start", "Take out of a vault what init made, and nothing else."),
    "up": ("running", "Run the office until it is stopped."),
    "run": ("running", "Do what there is to do now, then stop (with --once)."),
    "status": ("looking", "What is going on, what waits for you, what needs attention."),
    "tasks": ("looking", "List the tasks."),
    "show": ("showing", "Everything about one task or one request."),
    "new": ("asking", "Write a task."),
    "chat": ("chat", "Talk with your employee in the terminal."),
    "review": ("reviewing", "Go through all that waits for you."),
    "answer": ("deciding", "Answer a question."),
    "approve": ("deciding", "Say yes to a request."),
    "reject": ("deciding", "Say no to a request."),
    "change": ("changing", "Change a draft before you say yes: by an order, or by new words."),
    "cancel": ("deciding", "Stop what was approved, before it is carried out."),
    "wake": ("deciding", "Ask again about a request that has expired."),
    "resolve": ("deciding", "Say what became of something whose outcome was lost."),
    "policy": ("policy", "The rules of the house, and what you gave leave for."),
    "tools": ("tooling", "What the office can do, and which of it nobody has reviewed."),
    "schedule": ("scheduling", "Work that comes again, or once later."),
    "cron": ("scheduling", "The same as schedule."),
    "import": ("importing", "Bring over what another agent kept."),
    "watchers": ("watching", "What is listened to, and how that goes."),
    "channels": ("channels", "By what you are told and asked away from the vault."),
    "heartbeat": ("beating", "The list that is gone through from time to time."),
    "undo": ("undoing", "Take back what was done, where that can be."),
    "pause": ("pausing", "Begin nothing more until you say resume."),
    "resume": ("pausing", "Go on after a pause."),
    "logs": ("records", "What was done, line by line."),
    "audit": ("records", "Check the written logs against the ledger, or show the ledger."),
    "doctor": ("checks", "Look for what is missing or wrong on this machine."),
    "attack": ("attack", "Let twelve attacks loose on a model that obeys, on this machine alone."),
    "demo": ("trying", "Play one task through, with a mail server on this machine alone."),
}

#: Our own errors, and the exit code of each. By name, so that nothing is imported only to
#: be caught.
ERRORS: dict[str, int] = {
    "SettingsError": USAGE,
    "FailpointError": USAGE,
    "VaultError": FAILED,
    "LedgerError": FAILED,
    "GateError": FAILED,
    "NoteError": FAILED,
    "ToolboxError": FAILED,
    "DoorError": FAILED,
}


def _vault(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Remembers the vault that was named; nearest to the command wins."""
    root = context.find_root()
    if value is not None:
        root.meta["factotum.vault"] = Path(value).expanduser()


def vault_option() -> click.Option:
    return click.Option(
        ["--vault"],
        metavar="PATH",
        expose_value=False,
        callback=_vault,
        help="The vault. Without it: FACTOTUM_VAULT, else ~/AI_Employee_Vault.",
    )


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"factotum.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return _with_vault(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_no_such(args[0]), ctx)
        return super().resolve_command(ctx, args)


def _no_such(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, 1)
    hint = f"Did you mean {near[0]}?" if near else "They are listed by: factotum --help"
    return f"there is no command {name!r}. {hint}"


def _with_vault(command: click.Command) -> click.Command:
    """`--vault` is understood before and after the command's name."""
    if not any("--vault" in option.opts for option in command.params):
        command.params.append(vault_option())
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _with_vault(inner)
    return command


@click.command(
    cls=Lazy,
    params=[vault_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="factotum")
def factotum() -> None:
    """An employee that lives in your notes: drop a file into Inbox, write a note into
    Needs_Action, and say yes or no to what it proposes. Start with: factotum init

    Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 a check found problems.
    """


def run(argv: Sequence[str]) -> int:
    """Runs the command that `argv` names and returns the exit code."""
    try:
        code = factotum.main(list(argv), prog_name="factotum", standalone_mode=False)
    except click.ClickException as wrong:
        return _usage(wrong)
    except (click.Abort, KeyboardInterrupt):
        print("factotum: stopped", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read us (head, less) has gone: what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as broken:
        code = _code_of(broken)
        if code is None:
            raise
        print(f"factotum: {broken}", file=sys.stderr)
        return code
    return code if isinstance(code, int) else 0


def _code_of(broken: Exception) -> int | None:
    """The exit code of an error that explains itself, or None."""
    if isinstance(broken, OSError) and broken.strerror:
        return FAILED
    for kind in type(broken).__mro__:
        ours = kind.__module__.partition(".")[0] == "factotum"
        if ours and kind.__name__ in ERRORS:
            return ERRORS[kind.__name__]
    return None


def _usage(wrong: click.ClickException) -> int:
    if isinstance(wrong, click.exceptions.NoArgsIsHelpError):
        print(wrong.format_message(), file=sys.stderr)
        return wrong.exit_code
    context = getattr(wrong, "ctx", None)
    command = context.command_path if context else "factotum"
    print(f"factotum: {wrong.format_message()}", file=sys.stderr)
    if isinstance(wrong, click.UsageError):
        print(f"See: {command} --help", file=sys.stderr)
    return wrong.exit_code
