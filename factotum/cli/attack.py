"""`factotum attack`: hostile mails and files against a model that obeys them, on this machine."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--keep", is_flag=True, help="Leave the vault in place, to be looked at.")
def attack(as_json: bool, keep: bool) -> int:
    """Let twelve hostile mails, files and messages order a model about, in a throw-away vault.

    Prints what each wanted, what stopped it and what got through. Exit code 1 if anything did.
    """
    from factotum.attack import main

    return main(keep=keep, json=as_json)
