"""`factotum import nanobot DIR`: shows what would be brought over, asks, and brings it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from factotum.cli import FAILED, FOUND_PROBLEMS, place
from factotum.cli.place import Books, books
from factotum.cli.rota import HOUSE
from factotum.cli.telling import line
from factotum.importing import nanobot as other
from factotum.importing.nanobot import Plan
from factotum.schedule.note import FOLDER
from factotum.vault import Vault

SHOWN_MOST = 200
#: The file in the state directory that the settings are written to.
LINES = "from-nanobot.env"


@click.group("import")
def import_() -> None:
    """Bring over what another agent kept."""


@import_.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be brought.")
@click.option("--env-file", type=click.Path(path_type=Path), help="Where the settings are put.")
def nanobot(folder: Path, yes: bool, dry_run: bool, env_file: Path | None) -> int:
    """Bring over nanobot's schedules, notes and settings from DIR, such as ~/.nanobot.

    Nothing in DIR is changed. What was brought once is not brought again.
    """
    source = folder.expanduser().absolute()
    if not source.is_dir():
        raise click.UsageError(f"there is no folder {source}. It is usually ~/.nanobot")
    with books() as opened:
        lines = (env_file or opened.state / LINES).expanduser().absolute()
        _outside(lines, opened)
        wanted = other.plan(source, opened.root, opened.ledger, HOUSE, place.now())
        _describe(wanted, lines)
        if not wanted.found:
            print(f"Nothing of nanobot's was found in {source}.")
            return FAILED
        code = FOUND_PROBLEMS if wanted.left_out else 0
        if wanted.empty:
            print("Nothing new is to be brought.")
            return code
        if dry_run:
            return code
        _ask(yes)
        return _carry_out(wanted, opened, lines) or code


def _outside(lines: Path, opened: Books) -> None:
    real = Path(os.path.realpath(lines))
    if real.is_relative_to(os.path.realpath(opened.root)):
        raise click.UsageError(f"--env-file: {lines} lies in the vault, where no key belongs")


def _describe(wanted: Plan, lines: Path) -> None:
    if wanted.jobs:
        print(f"Schedules, as notes in {FOLDER}:")
        for job in wanted.jobs[:SHOWN_MOST]:
            wish = job.wish
            off = "" if wish.enabled else ", switched off"
            when = f"{wish.ways[0]}: {wish.when}"
            print(f"  {line(wish.name, 60)}: {line(when, 80)}, {wish.mode}{off}")
            print(f"    {line(wish.message, 100)}")
        if (more := len(wanted.jobs) - SHOWN_MOST) > 0:
            print(f"  and {more} more")
    if wanted.notes:
        print("Notes:")
    for one in wanted.notes:
        how = "a new note" if one.there is None else "added to your note, which stays as it is"
        print(f"  {one.name} -> {one.path} ({how}; {len(one.words.split()):,} words)")
    if wanted.lines:
        print(f"Settings, as lines in {lines} (only you may read it):")
        print("\n".join(f"  {line(one.shown, 200)}" for one in wanted.lines))
    if wanted.known:
        print(f"Brought before, and not again: {wanted.known}")
    for why in wanted.left_out:
        print(f"factotum: left out: {line(why, 400)}", file=sys.stderr)


def _ask(yes: bool) -> None:
    """Returns when the person agrees; stops otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked; to agree, add --yes")
    if not click.confirm("Bring it?", default=True):
        raise click.Abort


def _carry_out(wanted: Plan, opened: Books, lines: Path) -> int:
    vault = Vault(opened.root, opened.settings.text("INSTANCE"), time.monotonic, guest=True)
    done = other.carry_out(wanted, vault, opened.ledger, place.now())
    opened.wake()
    print(f"Brought: {len(done)} of {len(wanted.jobs) + len(wanted.notes)} notes.")
    if not wanted.lines:
        return 0
    try:
        new = other.keep_lines(wanted.lines, lines)
    except FileExistsError:
        print(
            f"factotum: {lines} is there already and holds something else, so the settings were "
            f"not written. Move it away, or name another file with --env-file",
            file=sys.stderr,
        )
        return FAILED
    word = "lie in" if new else "lay already in"
    print(f"The settings {word} {lines}. To use them: cat '{lines}' >> .env && chmod 600 .env")
    return 0


#: Under this name the command is looked for; Python wants the word for itself.
globals()["import"] = import_
