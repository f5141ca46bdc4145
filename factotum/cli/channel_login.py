"""`factotum channels login telegram`: a token, then a code that makes you the owner.

The token is asked for without being shown, checked at Telegram, and written into the `.env` that
counts. The code is shown here and sent to the bot; whoever sends it is an owner from then on.
"""

from __future__ import annotations

import getpass
import json
import re
import sys
from pathlib import Path

import click

from factotum import redaction
from factotum.channels import owners, pairing
from factotum.channels.pairing import Begun, NotPaired, Paired
from factotum.channels.telegram import me
from factotum.channels.telegram.me import Bot, NoBot
from factotum.cli import envfile, place
from factotum.cli.channel_work import until
from factotum.cli.place import Books
from factotum.cli.telling import line
from factotum.ears import beats
from factotum.rooms import DoorError
from factotum.settings import SETTINGS, Settings, dotenv, env_files

TOKEN, CHAT_ID = "FACTOTUM_TELEGRAM_TOKEN", "FACTOTUM_TELEGRAM_CHAT_ID"
ROWS = {row.full: row for row in SETTINGS}


@click.command()
@click.argument("name", type=click.Choice(("telegram",)))
@click.option("--new-token", is_flag=True, help="Ask for a token although there is one.")
@click.option(
    "--from", "file", type=click.Path(path_type=Path), metavar="FILE",
    help="Take token and id over from a file telegram.json, as other programs keep them.",
)  # fmt: skip
def login(name: str, new_token: bool, file: Path | None) -> int:
    """Give me a bot of yours on Telegram, and show me that you are its owner."""
    with place.books():
        pass  # without a vault nothing is asked for, and nothing kept
    if file is not None:
        return _take_over(file)
    given = place.settings()
    token = "" if new_token else given.text("TELEGRAM_TOKEN")
    bot = _bot(given, token) if token else _new_bot(given)
    with place.books() as opened:
        if not token:
            _nobody_with_another(opened)
        if opened.settings.given("TELEGRAM_CHAT_ID"):
            owners.strong(opened.ledger, opened.settings, place.now())
            print(f"{CHAT_ID} names whose orders are taken, so nobody need be paired.")
            return 0
        return _pair(opened, bot)


# -- the token


def _bot(given: Settings, token: str) -> Bot:
    redaction.hide([token])
    try:
        return me.ask(given, token)
    except NoBot as why:
        raise DoorError(str(why)) from None


def _new_bot(given: Settings) -> Bot:
    """Asks for a token, and keeps it once Telegram has said which bot it is for."""
    print("A bot of your own: write to @BotFather on Telegram, /newbot, and copy the token here.")
    if sys.stdin.isatty():
        token = getpass.getpass("Token (it is not shown): ").strip()
    else:
        token = sys.stdin.readline().strip()
    if not re.fullmatch(ROWS[TOKEN].pattern, token):
        raise DoorError(f"that is no token: it must be {ROWS[TOKEN].form}. Nothing was kept")
    bot = _bot(given, token)
    _keep({TOKEN: token})
    return bot


def _keep(values: dict[str, str]) -> None:
    """Writes them where they are read, and makes sure that they are."""
    path = envfile.counts(env_files(Path.cwd(), place.HERE))
    envfile.write(path, values)
    print(f"Written into {path} (0600): {', '.join(values)}")
    now = place.settings()
    for full, text in values.items():
        if now.text(full.removeprefix("FACTOTUM_")) != text:
            raise DoorError(
                f"{full} has another value in the environment, which wins over {path}. Take it "
                f"out there, then begin again"
            )


def _take_over(file: Path) -> int:
    """What a file of another program says comes into `.env`; the file stays as it is."""
    token, chat = _legacy(file)
    given = place.settings()
    bot = _bot(given, token)
    _keep({TOKEN: token, **({CHAT_ID: chat} if chat else {})})
    print(f"It is for @{line(bot.username)}. {file} is needed no more: remove it yourself.")
    with place.books() as opened:
        owners.strong(opened.ledger, opened.settings, place.now())
        opened.wake()
        if not chat:
            _nobody_with_another(opened)
            return _pair(opened, bot)
    print(f"Orders are taken from {chat}.")
    return 0


def _legacy(file: Path) -> tuple[str, str]:
    """Token and chat id of `telegram.json`; the second may be empty. Raises DoorError."""
    try:
        found = json.loads(dotenv.read(file))
        token, chat = str(found["token"]), str(found.get("chat_id") or "")
    except dotenv.DotenvError as bad:
        raise DoorError(str(bad)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DoorError(
            f'{file} is not of the form {{"token": "…", "chat_id": 4711}}. Nothing was taken over'
        ) from None
    for full, text in ((TOKEN, token), (CHAT_ID, chat)):
        if text and not re.fullmatch(ROWS[full].pattern, text):
            raise DoorError(
                f"{file}: what stands there for {full} must be {ROWS[full].form}. Nothing was "
                f"taken over"
            )
    return token, chat


# -- the code


def _nobody_with_another(opened: Books) -> None:
    """Raises DoorError where a process listens that was started before there was this token."""
    if pid := beats.holder(opened.state, owners.TELEGRAM):
        raise DoorError(
            f"process {pid} still listens with the token of before. Start that process again, "
            f"then: factotum channels login telegram"
        )


def _pair(opened: Books, bot: Bot) -> int:
    deaf = place.running(opened.state) and not beats.holder(opened.state, owners.TELEGRAM)
    for one in owners.owners(opened.settings, opened.ledger):
        print(f"{line(one.said)} is paired already. The code below is for somebody else.")
    begun = pairing.begin(opened.ledger, owners.TELEGRAM, bot.id, place.now())
    minutes = pairing.HOLDS_S / 60
    print(f"Send this code to @{line(bot.username)}, within {minutes:.0f} minutes:\n")
    print(f"    {begun.shown}\n")
    print(f"or open this on the phone and tap Start:\n\n    {bot.link(begun.shown)}\n", flush=True)
    try:
        found = _wait(opened, begun)
    finally:
        pairing.end(opened.ledger, begun, "its terminal waits no more")
    if isinstance(found, NotPaired):
        raise DoorError(f"nobody was paired: {found.why}. Begin again")
    owners.strong(opened.ledger, opened.settings, place.now())
    opened.wake()
    print(f"Paired with {line(found.owner.said)}. Orders and approvals are taken from there now.")
    if deaf:
        print("The office that runs does not listen there yet: start it again.")
    elif not place.running(opened.state):
        print("No office runs now. Start it: factotum up")
    return 0


def _wait(opened: Books, begun: Begun) -> Paired | NotPaired:
    """Till something has come of it; who sends a wrong code is told nothing there, so it is told
    here."""
    told = 0

    def found() -> Paired | NotPaired | None:
        return pairing.state(opened.ledger, begun, place.now())

    def over() -> bool:
        nonlocal told
        if told < (wrong := pairing.wrong(opened.ledger, begun)) < pairing.TRIES:
            print(
                f"A wrong code came ({wrong} of {pairing.TRIES}, then this one ends).", flush=True
            )
            told = wrong
        return found() is not None

    why = until(opened, over, pairing.HOLDS_S)
    return found() or NotPaired(why or "nothing was heard")
