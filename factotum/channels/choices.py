"""The choices below a card where it is no note, and what each means. Pure.

What is of high risk is chosen twice, with No first, or typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factotum.channels import ignoring
from factotum.channels.buttons import Choice
from factotum.channels.split import fitted, utf16
from factotum.channels.words import Words
from factotum.gate import grants
from factotum.gate.content import whole
from factotum.gate.records import Card
from factotum.gate.rows import row_of
from factotum.gate.strength import needs_strong, typed_word
from factotum.inert import one_line, visible

#: How far a person has come with a message: nothing chosen yet, put off, at the second of two
#: choices, at how it is to be changed, at what else there is to see.
OPEN, LATER, SURE, CHANGE, MORE = "", "later", "sure", "change", "more"

#: How much of what would go out stands in the message, and of what others wrote, in UTF-16 units.
CONTENT_UNITS, EXCERPT_UNITS = 1800, 400
#: Words that are longer than this, on average, are none that a person reads.
LONG_WORD_CHARS = 20
LABEL_CHARS = 40
#: How a yes is called where the first word of what it does would not say it. Beside it “Change…”
#: may mean the request.
YES = {
    "Change": "Change it",
    "Set": "Set up",
    "Put": "Put it there",
    "Take": "Take it away",
    "Bring": "Bring it back",
}
#: How many choices stand beside one another where each is short, and how short that is.
BESIDE, SHORT_CHARS = 3, 14
#: The line before each part of a difference, which says where in the note it stands. What stands
#: in the note itself begins with a sign there.
_PLACE = re.compile(r"(?m)^@@ -[\d,]+ \+[\d,]+ @@.*\n")
#: How many of the choices of a question can be tapped.
CHOICES_MOST = 12


def choices(
    card: Card, stage: str, *, changing: bool = False, strong: bool = True
) -> Sequence[Sequence[Choice]]:
    """The rows of choices that there are now; `changing` while a change of it is being made."""
    match card.status:
        case "pending" if card.kind == "question":
            return _question(card)
        case "pending" if changing:
            return [[("No", "no")]]
        case "pending" if stage == LATER:
            return [[("Open", "open"), ("No", "no")]]
        case "pending" if stage == SURE:
            return [[("Back", "back"), (_sure_label(card), "really")]]
        case "pending" if stage == CHANGE:
            return [
                [("Write it anew", "text"), ("Say what to change", "order")],
                [("Back", "back")],
            ]
        case "pending" if stage == MORE:
            return [*_further(card), [("Back", "back")]]
        case "pending":
            return _pending(card, strong=strong)
        case "approved":
            now = [] if card.attempts else [("Now", "now")]
            return [[("Undo", "cancel"), *now]]
        case "unknown":
            return [
                [("It happened", "happened"), ("It did not", "did-not")],
                [("Leave it", "leave")],
            ]
        case "expired":
            return [[("Ask me again", "wake"), ("No", "no")]]
        case _:
            return []


def _pending(card: Card, *, strong: bool) -> Sequence[Sequence[Choice]]:
    change: list[Choice] = [("Change…", "change")] if can_change(card) else []
    more: list[Choice] = [("More…", "more")] if _further(card) else []
    if unread(card):
        more = [("Read all", "read"), *more]
    if needs_strong(card):
        ignore: list[Choice] = [(ignoring.LABEL, "ignore")] if ignoring.offered(card) else []
        return [
            [
                ("No", "no"),
                ("Later", "later"),
                (_risky_label(card, strong=strong), risky(card, strong=strong)),
            ],
            [*ignore, *more],
        ]
    return [[(yes_label(card), "yes"), *change], [("Later", "later"), ("No", "no"), *more]]


def _further(card: Card) -> list[list[Choice]]:
    see: list[Choice] = []
    if utf16(str(card.seal.about.get("excerpt") or "").strip()) > EXCERPT_UNITS:
        see.append(("See what they wrote", "excerpt"))
    if card.seal.attachments:
        see.append(("See the files", "files"))
    also: list[list[Choice]] = [
        [(f"Yes, and {grants.SAID[kind]}", f"also {kind}")]
        for kind in grants.offered(card)
        if kind != grants.PAGES
    ]
    if grants.PAGES in grants.offered(card):
        also = [[("Yes, and 10 more pages of it", "also 10")]]
    change: list[list[Choice]] = []
    if needs_strong(card) and can_change(card):
        change = [[("Change…", "change")]]
    return [*([see] if see else []), *change, *also]


def _question(card: Card) -> Sequence[Sequence[Choice]]:
    found = card.seal.args.get("choices") or []
    choices = [one_line(visible(str(one)), LABEL_CHARS) for one in found][:CHOICES_MOST]
    made: list[Choice] = [(label, f"choice {n}") for n, label in enumerate(choices)]
    beside = 1 if any(len(label) > SHORT_CHARS for label in choices) else BESIDE
    rows = [made[at : at + beside] for at in range(0, len(made), beside)]
    return [*rows, [("Answer…", "answer"), ("No answer", "no")]]


def can_change(card: Card) -> bool:
    form = row_of(card.seal.tool).form
    return form is not None and bool(form.text)


def yes_label(card: Card) -> str:
    row = row_of(card.seal.tool)
    word = row.verb.split()[0] if row.reviewed and row.verb else "Yes, do it"
    return YES.get(word, word)


def risky(card: Card, *, strong: bool = True) -> str:
    """What the first choice of a yes to something of high risk leads to: to a second choice, or
    to what is typed where a stranger is behind it, or where the channel is not a strong one."""
    return "type" if card.seal.about.get("stranger") or not strong else "sure"


def _risky_label(card: Card, *, strong: bool) -> str:
    if risky(card, strong=strong) == "type" and strong:
        return f"{yes_label(card)} anyway…"
    return f"{yes_label(card)}…"


def _sure_label(card: Card) -> str:
    """What is agreed to: whom it reaches, and what it pays. A long number is cut in its middle."""
    word, paid = typed_word(card), str(card.seal.about.get("amount") or "")
    if not paid or card.seal.about.get("sum"):
        return one_line(f"Yes: {word}", LABEL_CHARS)
    whole = one_line(f"Yes: {paid} to {word}", LABEL_CHARS + len(word))
    fits = len(whole) <= LABEL_CHARS or "@" in word
    return one_line(whole if fits else f"Yes: {paid} to {word[:4]}…{word[-4:]}", LABEL_CHARS)


def would_go_out(card: Card) -> str:
    """All that a yes would set going, without the lines in which nothing stands. Where a part of
    a note is left out that does not change, dots stand."""
    text, form = whole(card), row_of(card.seal.tool).form
    if form is not None:
        head, blank, rest = text.partition("\n\n")
        empty = {f"{name.capitalize()}:" for name in form.lines}
        kept = [line for line in head.split("\n") if line not in empty]
        text = "\n".join(kept) + blank + rest
    elif card.seal.about.get("difference"):
        text = _PLACE.sub("…\n", _PLACE.sub("", text, count=1))
        text = text.removeprefix("-\n")  # nothing stood there before
    return text.strip("\n").rstrip()


def unread(card: Card) -> str:
    """How much of what would go out does not stand in the message, as a person is told; empty
    where all of it does. Where there are hardly any blanks in it, it is told in characters."""
    text = Words.of(would_go_out(card)).text
    kept = fitted(Words.of(text), CONTENT_UNITS).text
    if kept == text:
        return ""
    rest = text[len(kept) - 1 :]
    words = len(rest.split())
    if len(rest) > LONG_WORD_CHARS * words:
        return f"{len(rest):,} characters"
    return f"{words:,} word{'s' * (words != 1)}"
