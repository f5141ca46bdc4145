"""`factotum init` and `factotum leave`: shows what would be done, asks, and does it.

What is done is `adopt.py`'s and `leave.py`'s; here is only what a person reads and answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from factotum import adopt
from factotum import leave as leaving
from factotum.cli import FAILED, place
from factotum.rooms import state_dir
from factotum.vault import OWN, VaultError

TEMPLATE = place.HERE / "vault_template"

#: How many names of a list are shown, before the rest is only counted.
SHOWN_MOST = 20


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--here", is_flag=True, help="Adopt the folder itself, not a sub-folder of it.")
@click.option("--if-missing", is_flag=True, help="Do nothing where there is a vault already.")
def init(path: Path | None, yes: bool, here: bool, if_missing: bool) -> int:
    """Make a vault at PATH, or adopt one that holds notes (nothing in it is changed)."""
    given = place.settings()
    named = path.expanduser().absolute() if path else given.path("VAULT")
    root = place.home(named)
    is_vault = (root / OWN).is_dir()
    if if_missing and is_vault and adopt.manifest(root).get("complete"):
        return 0
    holds = not is_vault and adopt.holds_notes(root)
    if holds and not here:
        root = _sub_folder(root)
    plan = adopt.plan(root, TEMPLATE)
    if plan.is_done:
        print(f"{root} is a vault already; nothing was changed.")
        return 0
    if holds:
        _describe(named, plan)
        _ask("Go on?", yes)
    if plan.seen:
        with place.books_of(given, root) as books:
            adopt.make(plan, books.ledger, place.now())
    else:
        adopt.make(plan, None, place.now())
    _welcome(root, is_default=root == place.home(given.path("VAULT")))
    return 0


def _sub_folder(named: Path) -> Path:
    root = named / place.SUB_FOLDER
    if adopt.holds_notes(root):
        raise VaultError(
            f"{root} holds notes of yours already. Name another folder in the vault: "
            f"factotum init '{named / 'Office of Factotum'}'"
        )
    return root


def _describe(named: Path, plan: adopt.Plan) -> None:
    notes = adopt.count_notes(named)
    folders, files = len(plan.folders), len(plan.files)
    print(f"{named} holds {_count(notes, 'note')}.\n")
    print(f"  will create  in {plan.root}: {_count(folders, 'folder')}, {_count(files, 'note')}")
    print("  will touch   nothing: no file of yours is changed, moved or removed")
    print("  will start   no tasks")
    if plan.seen:
        print(f"               ({_count(len(plan.seen), 'file')} in Inbox: marked as seen)")
    if plan.skipped:
        print(f"  leaves out   what you have already: {', '.join(plan.skipped)}")
    print("\nfactotum leave takes it out again.")


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _ask(question: str, yes: bool, *, default: bool = True) -> None:
    """Returns when the person agrees; stops otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked; to agree, add --yes")
    if not click.confirm(question, default=default):
        raise click.Abort


def _welcome(root: Path, *, is_default: bool) -> None:
    print(f"The vault is ready: {root}\n")
    if not is_default:
        print(f"  export FACTOTUM_VAULT='{root}'   (or write it into .env, or add --vault)")
    print("  factotum up        starts the office; factotum demo shows a task played through")
    print("  Then drop a file into Inbox, or write a note in Needs_Action and end it with: go")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--forget", is_flag=True, help="Remove the ledger too: what was done and decided.")
def leave(yes: bool, forget: bool) -> int:
    """Take out of the vault what init made; what you wrote or changed stays."""
    given = place.settings()
    root = place.root_of(given)
    state = state_dir(given, root)
    if pid := place.running(state):
        print(f"factotum: an office (pid {pid}) works here; stop it first", file=sys.stderr)
        return FAILED
    farewell = leaving.plan(root, given.text("INSTANCE"))
    print(f"From {root} I take out {_count(len(farewell.files), 'note')} that I wrote and you did")
    print("not change, and the folders of mine that are empty then.")
    _list("What stays, because it is yours or was changed:", farewell.kept)
    _ask("Go on?", yes)
    has_ledger = (state / "ledger.db").exists()
    if has_ledger and not (forget or yes):
        print(f"\nThe ledger in {state} says what was done and decided.")
        forget = click.confirm("Remove it too?", default=False)
    _list("These had just been changed, and stay:", leaving.carry_out(farewell))
    left = leaving.forget(state) if forget or not has_ledger else ()
    _list(f"In {state} this stays:", left)
    print(f"\nDone. The ledger stays in {state}." if has_ledger and not forget else "\nDone.")
    return 0


def _list(heading: str, names: tuple[str, ...]) -> None:
    if not names:
        return
    print(f"\n{heading}")
    for name in names[:SHOWN_MOST]:
        print(f"  {name}")
    if len(names) > SHOWN_MOST:
        print(f"  and {len(names) - SHOWN_MOST} more")
