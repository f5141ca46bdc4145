"""`approve reject answer cancel wake resolve`: a person's word, written into the ledger.

The word counts at once, whatever runs; the orchestrator is only told to look. The first
word on a version of a request wins, on whatever channel it came.
"""

from __future__ import annotations

import contextlib
import sys
import textwrap
from pathlib import Path

import click

from factotum import disk, failpoint
from factotum.cli import find, place
from factotum.cli.grants import told
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.telling import line, moment
from factotum.gate import grants, strength
from factotum.gate.content import whole
from factotum.gate.form import CardDamaged, edited
from factotum.gate.register import Card, NotOpen, TooWeak
from factotum.gate.standing import standing
from factotum.inert import uninert
from factotum.model import FOLDERS, Effect, State
from factotum.note import NoteError, parse
from factotum.scan import CARD_MOST_BYTES
from factotum.vault import stop_lies

ID = click.argument("id")


@click.command()
@ID
@click.option("--now", "at_once", is_flag=True, help="Do not wait in case of second thoughts.")
@click.option(
    "--also",
    default="",
    metavar="WHAT",
    help="Let the yes hold for more: thread, tonight, or a number of pages.",
)
def approve(id: str, at_once: bool, also: str) -> None:
    """Say yes to the request ID, as it stands in its newest version.

    With --also thread you are not asked again about the same to the same people in this
    thread, with --also tonight not till the evening, with --also 10 not about ten more pages
    of that host for this task. They are listed by: factotum policy grants
    """
    with books() as opened:
        card = find.card(opened, id, "pending")
        if card.kind == "question":
            raise NotOpen(f"{card.name} is a question; answer it: factotum answer {card.id} TEXT")
        print(what_it_is(card))
        if strength.needs_strong(card) and card.status == "pending":
            print(f"\n{textwrap.indent(whole(card), '  ')}\n")
        if not (at_once and card.status == "approved"):
            card = say_yes(opened, card, also=also)
        elif also:
            raise NotOpen(f"{card.name} is approved already; --also goes with the yes itself")
        if at_once:
            opened.register.wish(card.id, "send_now", CHANNEL, place.who(), place.now())
        print(f"Approved. {goes_out(opened, card, at_once)}")
        for given in grants.standing(opened.ledger, place.now()) if also else ():
            if given.card == card.id:
                print(f"And not asked again: {line(told(given, place.now()), 300)}")
        place.hand_over(opened)


@click.command()
@ID
@click.option("--why", default="", metavar="TEXT", help="The reason, for whoever proposed it.")
def reject(id: str, why: str) -> None:
    """Say no to the request or the question ID."""
    with books() as opened:
        card = find.card(opened, id, "pending", "expired")
        print(what_it_is(card))
        decide(opened, card, "reject", why)
        print("Refused. Nothing is done.")
        place.hand_over(opened)


@click.command()
@ID
@click.argument("text", nargs=-1)
def answer(id: str, text: tuple[str, ...]) -> None:
    """Answer the question ID with TEXT, or with what comes in on stdin."""
    said = " ".join(text).strip()
    if not said and not sys.stdin.isatty():
        said = sys.stdin.read().strip()
    if not said:
        raise click.UsageError("there is no answer; write it behind the id")
    with books() as opened:
        card = find.card(opened, id, "pending")
        if card.kind != "question":
            raise NotOpen(f"{card.name} is no question; say yes or no: factotum approve {card.id}")
        print(what_it_is(card))
        decide(opened, card, "answer", said)
        print("Answered.")
        place.hand_over(opened)


@click.command()
@ID
def cancel(id: str) -> None:
    """Stop the approved request ID, if it is not being carried out yet."""
    with books() as opened:
        card = find.card(opened, id, "approved")
        opened.register.cancel(card.id, CHANNEL, place.who(), place.now())
        print(f"Cancelled, nothing was sent: {line(card.title)}")
        place.hand_over(opened)


@click.command()
@ID
def wake(id: str) -> None:
    """Ask again about the request ID, which has expired."""
    with books() as opened:
        card = find.card(opened, id, "expired")
        opened.register.wish(card.id, "wake", CHANNEL, place.who(), place.now())
        print(f"You are asked again: {line(card.title)}")
        place.hand_over(opened)


@click.command()
@ID
@click.argument("choice", type=click.Choice(["happened", "did-not", "leave"]))
def resolve(id: str, choice: str) -> None:
    """Say what became of ID: it happened, it did-not, or leave it open.

    After did-not you are asked anew; nothing is done again by itself.
    """
    with books() as opened:
        card = find.card(opened, id, "unknown")
        opened.register.resolve(card.id, choice, CHANNEL, place.who(), place.now())
        said = {
            "happened": "Noted that it happened; its task goes on.",
            "did-not": "Noted that it did not happen; you are asked anew.",
            "leave": "Left open; nothing is tried again.",
        }
        print(f"{line(card.title)}\n{said[choice]}")
        place.hand_over(opened)


# -- shared


def say_yes(opened: Books, card: Card, *, also: str = "") -> Card:
    """A yes to exactly this version; where much is at stake, what it is about is typed."""
    _sealed_as_written(opened, card)
    return decide(opened, card, "approve", channel=_confirmed(opened, card), also=also)


def decide(
    opened: Books,
    card: Card,
    verdict: str,
    why: str = "",
    channel: str = CHANNEL,
    also: str = "",
) -> Card:
    decided = opened.register.decide(
        card.id, card.seal.digest, verdict, channel, place.who(), place.now(), why, also
    )
    failpoint.hit("decision.recorded")
    return decided


def _sealed_as_written(opened: Books, card: Card) -> None:
    """Raises NotOpen when the note was edited and the edit is not sealed yet: what would
    be sent is not what a person sees there."""
    as_sealed = [_says_the_same(path, card) for path in _notes_of(opened, card)]
    if not as_sealed:  # nobody can have read it in its note
        print(f"\nIts note is gone. This goes out:\n\n{whole(card)}\n")
    if not all(as_sealed):
        raise NotOpen(
            f"{card.name} was edited, and the edit is not taken up yet. Wait a few seconds while "
            f"the orchestrator runs (or: factotum run --once), look at it again, then approve it"
        )


def _notes_of(opened: Books, card: Card) -> list[Path]:
    """Every note that is this card's, by its name or by the id in it, wherever it was put."""
    found = []
    for state in (State.PENDING, State.APPROVED, State.REJECTED):
        for path in sorted((opened.root / FOLDERS[state]).glob("*.md")):
            with contextlib.suppress(OSError):
                held = disk.read_regular(path, CARD_MOST_BYTES)
                if path.name == card.name or card.id.encode() in held:
                    found.append(path)
    return found


def _says_the_same(path: Path, card: Card) -> bool:
    """Raises NotOpen where what a person wrote there can never be taken up as it stands."""
    try:
        return edited(parse(disk.read_regular(path, CARD_MOST_BYTES)), card) is None
    except CardDamaged as damaged:
        raise NotOpen(
            f"{card.name} was edited, and cannot be read as it is now: {damaged}. Mend it there, "
            f"then approve it"
        ) from None
    except (NoteError, OSError):
        return False


def _confirmed(opened: Books, card: Card) -> str:
    """The channel of this yes: where much is at stake a person types what it is about.
    Raises TooWeak where a stronger channel is set up."""
    if not strength.needs_strong(card):
        return CHANNEL
    if why_not := strength.too_weak(card, strength.TYPED, opened.register.ledger):
        raise TooWeak(f"{card.name}: {why_not}")
    word = strength.typed_word(card)
    print(f"High risk: {line(card.seal.rule)}.")
    typed = click.prompt(f'To approve it, type "{line(word, 200)}"').strip()
    if typed != line(word, 200) and not strength.is_typed(card, typed):
        raise click.ClickException("that is not what it is about, so nothing was approved")
    return strength.TYPED


def what_it_is(card: Card) -> str:
    """What the word is about, in one line."""
    parts = [line(card.title), line(uninert(str(card.seal.about.get("who", ""))), 60)]
    if subject := card.seal.args.get("subject"):
        parts.append(f"“{line(subject, 60)}”")
    parts += [f"+ {line(file.name, 40)}" for file in card.seal.attachments]
    if card.version > 1:
        parts.append(f"version {card.version}")
    return " · ".join(part for part in parts if part)


def goes_out(opened: Books, card: Card, at_once: bool) -> str:
    if held := standing(opened.ledger, stop_lies(opened.root)).held:
        return f"Everything is stopped: it waits {held.replace('`', '')}."
    regret_s = opened.settings.seconds("REGRET_S")
    if at_once or not regret_s or card.seal.effect is not Effect.OPAQUE:
        return "It is carried out at once."
    at = moment(place.now() + regret_s)
    return f"It goes out {at}; to stop it till then: factotum cancel {card.id}"
