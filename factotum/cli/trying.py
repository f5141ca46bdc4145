"""`factotum demo`: plays one task through on this machine, without a key or a network."""

from __future__ import annotations

import click


@click.command()
@click.option("--yes", is_flag=True, help="Say yes by itself, for a run without a person.")
@click.option("--crash", is_flag=True, help="Kill it while it sends, and see what it makes of it.")
@click.option("--keep", is_flag=True, help="Leave the vault in place, to be looked at.")
def demo(yes: bool, crash: bool, keep: bool) -> int:
    """Play one task through, from a mail to its receipt, in a vault that is thrown away."""
    from factotum.demo import main

    return main(yes=yes, crash=crash, keep=keep)
