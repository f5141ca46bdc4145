"""From what a person types to the task or the request that is meant.

An id or the beginning of one (with or without `t-` and `a-`), or the name of a note or the
beginning of that.
"""

from __future__ import annotations

from pathlib import Path

import click

from factotum.cli.place import Books
from factotum.gate.register import Card
from factotum.ledger import TaskRow

#: A shorter beginning fits by accident.
PREFIX_CHARS_LEAST = 3

#: How many candidates are named when a beginning fits several.
NAMED_MOST = 8


class NotFound(click.ClickException):
    """Nothing fits, or more than one thing does; the message says which."""


def thing(books: Books, given: str) -> Card | TaskRow:
    """The request or the task that `given` means. Raises NotFound."""
    cards, tasks = _ids(books, "card", given), _ids(books, "task", given)
    if len(cards) + len(tasks) > 1:
        raise NotFound(_several(books, given, [*cards, *tasks]))
    if cards:
        return books.register.card(cards[0])
    if tasks and (row := books.ledger.task(tasks[0])):
        return row
    raise NotFound(f"nothing is called {given!r}. See: factotum status, factotum tasks --all")


def card(books: Books, given: str, *statuses: str) -> Card:
    """The request that `given` means; for a task, the only one of it that has one of
    `statuses`. Raises NotFound."""
    found = thing(books, given)
    if isinstance(found, Card):
        return found
    cards = [card for card in books.register.of_task(found.id) if card.status in statuses]
    if len(cards) == 1:
        return cards[0]
    if cards:
        raise NotFound(_several(books, given, [card.id for card in cards]))
    wanted = " or ".join(statuses)
    raise NotFound(
        f"{found.name} is a task, and no request of it is {wanted}. See: factotum show {found.id}"
    )


def _ids(books: Books, table: str, given: str) -> list[str]:
    """The ids in `table` that fit: exactly, by the name of the note, or by their beginning."""
    db = books.ledger.db
    name = Path(given).name
    exact = db.execute(f"SELECT id FROM {table} WHERE id = ?", (given,)).fetchall()
    named = (
        exact
        or db.execute(
            f"SELECT id FROM {table} WHERE name IN (?, ?) ORDER BY created DESC LIMIT 1",
            (name, f"{name}.md"),
        ).fetchall()
    )
    beginning = given.casefold()
    if not named and len(beginning.removeprefix("t-").removeprefix("a-")) >= PREFIX_CHARS_LEAST:
        named = db.execute(
            f"SELECT id FROM {table} WHERE substr(id, 1, ?) = ? OR substr(id, 3, ?) = ? LIMIT 50",
            (len(beginning), beginning, len(beginning), beginning),
        ).fetchall()
    if not named and len(name) >= PREFIX_CHARS_LEAST:
        named = db.execute(
            f"SELECT id FROM {table} WHERE substr(name, 1, ?) = ? LIMIT 50", (len(name), name)
        ).fetchall()
    return [str(row["id"]) for row in named]


def _several(books: Books, given: str, ids: list[str]) -> str:
    lines = []
    for id in ids[:NAMED_MOST]:
        card, task = books.register.find(id), books.ledger.task(id)
        title = card.title if card else task.title if task else ""
        lines.append(f"  {id}  {title}")
    if len(ids) > NAMED_MOST:
        lines.append(f"  and {len(ids) - NAMED_MOST} more")
    return "\n".join([f"{given!r} fits more than one; name one of them:", *lines])
