"""`review`: all that waits for a person, one after the other, at a terminal.

What is of low risk and of one kind is shown together and may be approved together, each as it
was shown: a yes is to these versions, never to a kind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import click

from factotum.cli import deciding, place
from factotum.cli.place import CHANNEL, Books, books
from factotum.cli.showing import card_lines
from factotum.cli.telling import as_shown, line
from factotum.gate.observe import quiet
from factotum.gate.records import Card, GateError
from factotum.gate.standing import standing
from factotum.model import Risk
from factotum.vault import stop_lies

#: What can be answered, by what the card is, the first letter being enough.
CHOICES: dict[str, tuple[str, ...]] = {
    "effect": ("yes", "no", "skip", "open", "quit"),
    "question": ("answer", "no", "skip", "open", "quit"),
    "expired": ("wake", "no", "skip", "open", "quit"),
    "unknown": ("happened", "did-not", "skip", "open", "quit"),
    "together": ("all", "one by one", "skip", "quit"),
}

#: In which order things are shown: what is unknown first.
ORDER = ("unknown", "pending", "expired")


@click.command()
def review() -> None:
    """Go through all that waits for you, and decide it here."""
    if not sys.stdin.isatty():
        raise click.UsageError(
            "review asks you at a terminal, and there is none. Decide by: factotum approve ID"
        )
    with books() as opened:
        Review(opened, lambda prompt: str(click.prompt(prompt, default="", show_default=False)))()


class Quit(Exception):
    """The person has had enough."""


@dataclass
class Review:
    """`ask` puts a line to the person and returns what they typed."""

    opened: Books
    ask: Callable[[str], str]

    def __call__(self) -> None:
        waiting = self._waiting()
        if not waiting:
            print("Nothing waits for you.")
            return
        try:
            for alike in together(waiting):
                self._together(alike) if len(alike) > 1 else self._one(alike[0])
        except (Quit, click.Abort):
            pass
        left = len(self._waiting())
        verb = "waits" if left == 1 else "wait"
        print(f"\n{left} still {verb} for you." if left else "\nNothing waits for you any more.")
        place.hand_over(self.opened)

    def _waiting(self) -> list[Card]:
        cards = self.opened.register.unsettled()
        found = [card for card in cards if card.status in ORDER and not quiet(card)]
        return sorted(found, key=lambda card: ORDER.index(card.status))

    # -- several of a kind

    def _together(self, cards: Sequence[Card]) -> None:
        for n, card in enumerate(cards, 1):
            print(f"\n[{n} of {len(cards)} of a kind, low risk]\n{self._text(card)}")
        match self._choice("together", f"\nThese {len(cards)}: "):
            case "all":
                for card in cards:
                    self._approve(card)
            case "one by one":
                for card in cards:
                    self._one(card)

    # -- one

    def _one(self, card: Card) -> None:
        print(f"\n{self._text(card)}")
        kind = card.status if card.status in {"expired", "unknown"} else card.kind
        while True:
            choice = self._choice(kind, "\n")
            if choice != "open":
                break
            print("\n".join(card_lines(self.opened, card)))
        if choice != "skip":
            self._do(card, choice)

    def _do(self, card: Card, choice: str) -> None:
        """One word of the person's on one card."""
        register, who, now = self.opened.register, place.who(), place.now()
        match choice:
            case "yes":
                return self._approve(card)
            case "answer":
                text = self.ask("Your answer (Enter: not now)").strip()
                done = bool(text) and self._try(
                    lambda: deciding.decide(self.opened, card, "answer", text)
                )
                said = "Answered."
            case "no":
                why = self.ask("Why? (Enter: say nothing)").strip()
                done = self._try(lambda: deciding.decide(self.opened, card, "reject", why))
                said = "Refused. Nothing is done."
            case "wake":
                done = self._try(lambda: register.wish(card.id, "wake", CHANNEL, who, now))
                said = "You are asked again."
            case _:
                done = self._try(lambda: register.resolve(card.id, choice, CHANNEL, who, now))
                said = "Noted."
        if done:
            print(said)
            self.opened.wake()

    def _approve(self, card: Card) -> None:
        if self._try(lambda: deciding.say_yes(self.opened, card)):
            print(f"Approved: {line(card.title)}. {deciding.goes_out(self.opened, card, False)}")
            self.opened.wake()

    def _try(self, word: Callable[[], object]) -> bool:
        """Whether the word counted; if not, it is said why, and the next one comes."""
        try:
            word()
        except (GateError, click.ClickException) as refused:
            said = refused.message if isinstance(refused, click.ClickException) else refused
            print(f"Not decided: {line(said, 400)}")
            return False
        return True

    def _choice(self, kind: str, before: str) -> str:
        choices = CHOICES[kind]
        while True:
            said = self.ask(f"{before}{', '.join(choices)}?").strip().casefold()
            fits = [one for one in choices if said and one.startswith(said)]
            if len(fits) == 1 or said in fits:
                if fits[0] == "quit":
                    raise Quit
                return said if said in fits else fits[0]
            print(f"Please answer {', '.join(choices)}, or its first letter.")

    def _text(self, card: Card) -> str:
        stands = standing(self.opened.ledger, stop_lies(self.opened.root))
        return as_shown(card, self.opened.settings.seconds("REGRET_S"), stands)


def together(cards: Sequence[Card]) -> Iterator[list[Card]]:
    """Cards of low risk and one kind as one group, each other one alone; urgent ones first."""
    low = [card for card in cards if is_low(card)]
    yield from ([card] for card in cards if not is_low(card))
    for _, alike in groupby(sorted(low, key=lambda c: c.seal.tool), key=lambda c: c.seal.tool):
        yield list(alike)


def is_low(card: Card) -> bool:
    return card.status == "pending" and card.kind == "effect" and card.seal.risk is Risk.LOW
