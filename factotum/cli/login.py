"""`factotum watchers login`: the owner's leave to read an account, said once in a browser."""

from __future__ import annotations

import sys

import click

from factotum.cli import place
from factotum.rooms import DoorError
from factotum.watcher import SourceError

ACCOUNTS = ("gmail",)


@click.command()
@click.argument("account", type=click.Choice(ACCOUNTS))
@click.option("--port", default=0, help="The port that the browser answers to; 0 for any.")
def login(account: str, port: int) -> int:
    """Let a watcher read an account, by saying yes in a browser. Asks for reading alone."""
    from watchers.mail.gmail_login import Login

    with place.books() as opened:
        if not opened.settings.given("GMAIL_CREDENTIALS"):
            raise DoorError(
                "GMAIL_CREDENTIALS is not set: it names the file with the OAuth client "
                "(docs/gmail.md says how to get one)"
            )
        try:
            attempt = Login(opened.settings, opened.state, port)
            try:
                _show(attempt.address, attempt.port)
                code = attempt.wait(sys.stdin if sys.stdin.isatty() else None)
                path = attempt.redeem(code)
            finally:
                attempt.close()
        except SourceError as refused:
            raise DoorError(str(refused)) from None
    print(f"Thank you. It is kept in {path}; a watcher that runs takes it up by itself.")
    return 0


def _show(address: str, port: int) -> None:
    print(f"Open this address in a browser on this machine and say yes:\n\n{address}\n")
    print(
        f"Is the browser on another machine? Say yes there. It then ends at an address that begins "
        f"with http://127.0.0.1:{port} and shows nothing: copy that address and paste it here.",
        flush=True,
    )
