"""What came of a run: the words of who did it, and below them what was really done.

The second is from the ledger, and stands below a line that the first cannot imitate: its sign is
taken out of their words, and a line in them that looks like it is marked as theirs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from factotum.agent.loop import AS_SAID
from factotum.channels import markdown
from factotum.channels.cards import subject
from factotum.channels.split import fitted, split
from factotum.channels.words import Words
from factotum.gate.lookalike import looks
from factotum.gate.records import Card
from factotum.inert import one_line, uninert, visible
from factotum.words import local
from factotum.worker.receipts import headline
from factotum.worker.runs import Run

#: How many parts one result has at most; the rest stands in the task's note.
PARTS_MOST = 5
REASON_CHARS = 15_000
WHY_CHARS = 200

#: Stands above what was really done; the sign, and what stands for it in the words of others.
SIGN, NO_SIGN = "🧾", "▫"
DONE = "What was really done"
NOTHING = "Nothing was sent or changed."
#: Stands before a line of theirs that could be taken for ours.
THEIRS = "(as it says) "


def result(
    run: Run,
    receipts: list[str],
    most_units: int,
    note: str,
    head: str = "",
    unread: Sequence[str] = (),
) -> list[Words]:
    """The parts in which it is told, of at most `most_units` each. `note` is where the rest
    stands of what is too long, `head` a line above all; `unread` are the files that it was given
    and that could not be read, above the words of whoever did it without them."""
    said = run.reason.strip()[:REASON_CHARS]
    if run.result == "done":
        text = markdown.read(said) if said else Words.of("Done.")
    elif said == AS_SAID:
        text = Words.of(f"⏹ It is ended. {said}")
    else:
        text = Words.bold("❌ It did not work.") + (f"\n{visible(said)}" if said else "")
    if unread:
        text = Words.join("\n\n", ["\n".join(f"⚠ {line}" for line in unread), text])
    theirs, claims = marked_as_theirs(text)
    if head:
        theirs = Words.join("\n", [Words.bold(head), theirs])
    ours = _ours(receipts or ([NOTHING] if claims else []))
    parts = split(Words.join("\n\n", [theirs, ours]) if ours else theirs, most_units)
    if len(parts) <= PARTS_MOST:
        return parts
    rest = Words.italic(f"… the rest stands in the note {note}")
    last = Words.join("\n\n", [rest, ours]) if ours else rest
    return [*split(theirs, most_units)[: PARTS_MOST - 1], fitted(last, most_units)]


def deed(card: Card) -> str:
    """What became of a request, in a line for a phone; the rest stands in the task's note."""
    ended, decision = card.ended, card.decision
    at = ended.at if ended else decision.at if decision else card.created
    why = (ended.evidence.get("reason") or ended.evidence.get("last_known")) if ended else ""
    why = why or (decision.why if decision else "")
    why = one_line(str(why), WHY_CHARS)
    parts = [uninert(headline(card)), subject(card), f"{local(at):%a %H:%M}", why]
    return " · ".join(part for part in parts if part)


def _ours(receipts: list[str]) -> Words:
    if not receipts:
        return Words()
    return Words.join("\n", [Words.bold(f"{SIGN} {DONE}"), *receipts])


def marked_as_theirs(words: Words) -> tuple[Words, bool]:
    """The words without what would look like ours, and whether some of it did."""
    claims = SIGN in words.text
    words = Words(words.text.replace(SIGN, NO_SIGN), words.spans)
    parts, at, start = [], 0, 0
    for line in words.text.split("\n"):
        if _bare(DONE) in _bare(line):
            parts += [words.part(at, start), Words.of(THEIRS)]
            at, claims = start, True
        start += len(line) + 1
    return Words.join("", [*parts, words.part(at)]), claims


def _bare(line: str) -> str:
    """What its letters look like at a glance."""
    letters = unicodedata.normalize("NFKC", line)
    return looks("".join(char for char in letters if char.isalnum()))
