"""`policy`: the rules of the house and what you gave leave for, from a terminal."""

from __future__ import annotations

import click

from factotum.cli.grants import grants, revoke


@click.group()
def policy() -> None:
    """The rules of the house, and what you gave leave for beforehand."""


policy.add_command(grants)
policy.add_command(revoke)
