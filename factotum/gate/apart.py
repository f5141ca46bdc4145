"""What tells requests apart that are called the same, for lists that show several of them.

A title says what is done and to whom; here it is said what differs beyond that: a subject or a
file's name, never the text itself. Those may be others' words: in quotation marks, in one line,
cut, and without what nobody sees. They stand in lists alone; no title, note or seal has them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from factotum.gate.records import Card
from factotum.inert import one_line, visible
from factotum.redaction import black_out
from factotum.words import local

#: How much is shown of what differs, in characters without the quotation marks.
DETAIL_CHARS = 40
#: How much is looked at of a value, which may be as long as a letter.
LOOKED_CHARS = 2000
#: Which arguments may tell, the likelier first; the names of files come after them.
TELLING = ("subject", "summary", "title", "name", "note", "path", "url")
#: Of these the end tells more than the beginning: so many folders of it, and the name.
PATHS, PARTS = frozenset({"note", "path"}), 2
#: What a value must not end by itself.
_MARKS = str.maketrans({"“": "'", "”": "'", "„": "'", "‟": "'", '"': "'"})


def apart(cards: Sequence[Card]) -> dict[str, str]:
    """For the id of each of these cards what tells it from the others of its title; empty where
    it is the only one, or where nothing does."""
    alike: dict[str, list[Card]] = defaultdict(list)
    for card in {card.id: card for card in cards}.values():
        alike[_bare(card.title)].append(card)
    told = dict.fromkeys((card.id for card in cards), "")
    for group in alike.values():
        if len(group) > 1:
            told |= _with_times(group, _differing(group))
    return told


def titled(title: str, detail: str, most_chars: int) -> str:
    """A title in one line, and what tells it apart before its question mark. The title is cut
    first, so that at least half of the line is left for that."""
    if not detail:
        return one_line(title, most_chars)
    bare = title.rstrip()
    mark = "?" if bare.endswith("?") else ""
    quoted, end, asked = detail.rpartition("”")
    if len(detail) > most_chars // 2 and end:
        room = max(1, most_chars // 2 - 2 - len(asked))
        detail = f"“{one_line(quoted[1:], room)}”{asked}"
    room = max(1, most_chars - len(detail) - len(mark) - 1)
    return f"{one_line(bare.removesuffix(mark), room)} {detail}{mark}"


def _with_times(group: Sequence[Card], told: Mapping[str, str]) -> dict[str, str]:
    """The same, and when each was asked of which the same is told."""
    alike: dict[str, list[Card]] = defaultdict(list)
    for card in group:
        alike[told.get(card.id, "")].append(card)
    full = dict(told)
    for said, those in alike.items():
        for shape in ("%H:%M", "%a %H:%M", "%a %H:%M:%S"):
            times = [format(local(card.created), shape) for card in those]
            if len(those) > 1 and len(set(times)) == len(times):
                full |= {
                    card.id: ", ".join(filter(None, [said, f"asked {at}"]))
                    for card, at in zip(those, times, strict=True)
                }
                break
    return full


def _differing(group: Iterable[Card]) -> dict[str, str]:
    """By the first argument in which not all are the same."""
    for key in (*TELLING, ""):
        found = {card.id: _value(card, key) for card in group}
        if len(set(found.values())) > 1:
            return {id: f"“{value}”" if value else "" for id, value in found.items()}
    return {}


def _value(card: Card, key: str) -> str:
    """What an argument says, or without a name of one what the files are called."""
    if key:
        value = card.seal.args.get(key)
        said = value if isinstance(value, str) else ""
        said = "/".join(said.split("/")[-PARTS:]) if key in PATHS else said
    else:
        said = ", ".join(one.name for one in card.seal.attachments)
    clean = black_out(visible(said[:LOOKED_CHARS])).translate(_MARKS)
    return one_line(clean, DETAIL_CHARS)


def _bare(title: str) -> str:
    return " ".join(visible(title).casefold().split())
