"""`/stop` and `/resume`: the kill switch, and what it was too late for.

The word stands in the ledger before anything is looked up for the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from factotum.channels.commands.deeds import HAPPENED, UNKNOWN, Deed, deeds
from factotum.channels.commands.did import what
from factotum.channels.commands.lines import (
    REASON_CHARS,
    Line,
    all_asked,
    by,
    clock,
    count,
    head,
    listed,
    moment,
    name,
    nobody,
    page,
    parts,
)
from factotum.channels.commands.place import Place, Said
from factotum.channels.words import Words
from factotum.gate import pause
from factotum.gate.pause import Pause
from factotum.gate.records import Card
from factotum.vault import stop_lies

NAMED_MOST = 6
HOUR_S, DAY_S = 3600.0, 86_400.0
#: As often are calls of a model looked at that may be under way, in seconds.
CALL_S = HOUR_S

TO_GO_ON = "To go on: " + Words.order("/resume")
NOTE_LIES = "STOP.md lies in the vault and stops everything, too: remove it to go on."


def stop(text: str, place: Place) -> Said:
    wanted = Pause(place.who, place.channel, name(text, REASON_CHARS), place.now)
    there = pause.pause(place.ledger, wanted)
    place.wake()
    if there == wanted:
        first = head("Stopped.", " No mail leaves, no note is changed, no model is asked any more.")
    else:
        first = head("It was stopped already", f" {_since(place, there)}.")
    lines: list[Line] = [first, TO_GO_ON, NOTE_LIES if stop_lies(place.root) else ""]
    cards = place.register.unsettled()
    return Said(parts(page(lines), _too_late(place, cards), _already(place), _held(place, cards)))


def resume(text: str, place: Place) -> Said:
    del text
    there = pause.resume(place.ledger, place.who, place.channel, place.now)
    place.wake()
    lies = stop_lies(place.root)
    first = head("It goes on.") if there else Words.of("It was not stopped.")
    if there and lies:
        first = Words.of("Your stop is lifted, and yet nothing goes on.")
    cards = place.register.unsettled()
    due = all_asked([card for card in cards if _is_held(place, card)])
    lines: list[Line] = [first, NOTE_LIES if lies else "", nobody(place)]
    if there and due and not lies:
        when = "then" if lines[-1] else "now"
        lines += [f"Approved before, so it is carried out {when}:", *listed(due, NAMED_MOST)]
    return Said(page(lines))


def standstill(place: Place) -> list[Line]:
    """Why nothing may be begun now, a line each; none while it may."""
    there = pause.current(place.ledger)
    told = f"Stopped {_since(place, there)}. " + TO_GO_ON if there else ""
    return [one for one in (told, NOTE_LIES if stop_lies(place.root) else "") if one]


def _since(place: Place, there: Pause) -> str:
    why = f": {name(there.why, REASON_CHARS)}" if there.why else ""
    return f"by {by(place, there.who, there.channel)} since {moment(place, there.at)}{why}"


# -- what a person wants to know who says stop


def _too_late(place: Place, cards: Sequence[Card]) -> Words:
    """What was begun and has no end yet."""
    rows: list[Line] = list(_in_flight(place, cards))
    (asking,) = place.ledger.db.execute(
        "SELECT count(*) FROM spend WHERE cost IS NULL AND at > ?", (place.now - CALL_S,)
    ).fetchone()
    if asking:
        rows.append(f"{count(asking, 'question')} to a model; nothing comes of the answer now")
    if not rows:
        return Words.of("Nothing is being carried out at this moment.")
    return page([head("Too late for what was begun:"), *listed(rows, NAMED_MOST)])


def _in_flight(place: Place, cards: Sequence[Card]) -> Iterator[str]:
    begun = [card for card in cards if card.attempts and card.ended is None]
    tries = [(card, place.register.last_try(card)) for card in begun]
    going = [(card, last[1]) for card, last in tries if last is not None and last[2] is None]
    titles = all_asked([card for card, _ in going])
    for title, (_, since) in zip(titles, going, strict=True):
        yield f"{title} (since {clock(place, since)})"


def _already(place: Place) -> Words:
    """What had left the house before, within the hour one by one, within the day by number."""
    day = [
        one
        for one in deeds(place.ledger, place.now - DAY_S, place.now + 1.0)
        if one.status in (*HAPPENED, *UNKNOWN) and not one.own
    ]
    hour = [one for one in day if one.at > place.now - HOUR_S]
    left = [_told(place, one) for one in hour if one.left]
    changed = [_told(place, one) for one in hour if not one.left]
    lines: list[Line] = []
    if left:
        lines += [head("Had already left in the last hour:"), *listed(left, NAMED_MOST)]
    else:
        lines.append("Nothing had left in the last hour.")
    if changed:
        lines += [head("Changed in the last hour:"), *listed(changed, NAMED_MOST)]
    if len(day) > len(hour):
        lines.append(f"In the last 24 hours: {len(day)}. One by one: /did")
    return page(lines)


def _told(place: Place, deed: Deed) -> str:
    doubt = " (unknown whether it happened)" if deed.status in UNKNOWN else ""
    return f"{clock(place, deed.at)} {what(deed)}{doubt}"


def _held(place: Place, cards: Sequence[Card]) -> Words:
    """What waits now: approved and not sent, at work, asked."""
    approved = all_asked([card for card in cards if _is_held(place, card)])
    asks = [card for card in cards if card.status in ("pending", "unknown", "expired")]
    waiting = {card.task for card in cards if not card.over}
    at_work = [id for id in place.runs.unfinished() if id not in waiting]
    lines: list[Line] = []
    if approved:
        lines += [head("Approved and held back:"), *listed(approved, NAMED_MOST)]
    if at_work:
        titles = ", ".join(_titles(place, at_work[:NAMED_MOST]))
        lines.append(f"{count(len(at_work), 'task')} at work, halted: {titles}")
    if asks:
        lines.append(f"{count(len(asks), 'request waits', 'requests wait')} for your word.")
    return page(lines)


def _is_held(place: Place, card: Card) -> bool:
    """Whether it was approved and is not begun."""
    return card.status == "approved" and not place.register.in_flight(card)


def _titles(place: Place, ids: Sequence[str]) -> Iterator[str]:
    for id in ids:
        row = place.ledger.task(id)
        yield name(row.title if row else id, 50)
