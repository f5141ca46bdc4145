"""`factotum show`: everything about one task or one request, as plain text.

What a person could approve is printed whole. Control characters of outsiders are written
out, so that nothing can hide itself on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from factotum.agent.loop import Limits
from factotum.cli import find
from factotum.cli.place import Books, books
from factotum.cli.telling import line, moment, told
from factotum.gate import card as cards
from factotum.gate import redraft
from factotum.gate.form import form_text
from factotum.gate.register import Card
from factotum.gate.rows import row_of
from factotum.inert import uninert, visible
from factotum.ledger import Event, TaskRow
from factotum.model import Trust
from factotum.vault import OWN
from factotum.words import local, size
from factotum.worker.budget import Budget
from factotum.worker.caps import Caps
from factotum.worker.runs import Run, Runs
from factotum.worker.turns import Turns

WHOSE = {
    Trust.OWNER: "yours",
    Trust.KNOWN: "of somebody you know",
    Trust.STRANGER: "of somebody from outside",
}


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(id: str, as_json: bool) -> None:
    """Everything about the task or the request ID."""
    with books() as opened:
        thing = find.thing(opened, id)
        if as_json:
            facts = _card_facts(thing) if isinstance(thing, Card) else _task_facts(opened, thing)
            print(json.dumps(facts, indent=1))
            return
        lines = card_lines(opened, thing) if isinstance(thing, Card) else _task(opened, thing)
        print("\n".join(lines))


# -- a request


def card_lines(opened: Books, card: Card) -> Iterator[str]:
    """All of a request, line by line."""
    seal = card.seal
    yield _safe(card.title)
    yield f"{card.id} · version {card.version} · {opened.register.said(card)}"
    if who := seal.about.get("who"):
        yield f"To: {_safe(who)}"
    yield from (_safe(uninert(said)) for said in cards.told(card))
    yield f"Why it asks: {_safe(seal.rule)} ({seal.risk} risk)"
    if card.status == "pending" and seal.deadline is not None:
        yield f"Waits till {moment(seal.deadline)}"
    if card.remark:
        yield f"Note: {_safe(card.remark)}"
    if redraft.under_way(opened.ledger, card.id):
        yield "It is being changed."
    yield from (f"  {sign} {_safe(row)}" for sign, row in redraft.changes(card))
    yield ""
    yield from _content(card)
    for file in seal.attachments:
        yield f"Attached: {_safe(file.name)} ({size(file.size_bytes)}, sha256 {file.sha256})"
    if card.ended:
        yield "\nReceipt:"
        yield from _pairs(card.ended.evidence)
    yield "\nHistory:"
    events = opened.ledger.events(task=card.task)
    yield from _history(opened, (event for event in events if event.card == card.id))
    yield f"\nIts task: factotum show {card.task}"


def _content(card: Card) -> Iterator[str]:
    """All that would leave, as it is sealed."""
    form = row_of(card.seal.tool).form
    args = card.seal.args
    if form is not None:
        yield visible(form_text(form, args))
        rest = {key: value for key, value in args.items() if key not in form.fields}
    else:
        rest = dict(args)
    yield from _pairs(rest)


# -- a task


def _task(opened: Books, row: TaskRow) -> Iterator[str]:
    runs = Runs(opened.ledger, opened.register, opened.root)
    run = runs.latest(row.id)
    yield _safe(row.title)
    yield f"{row.id} · {row.kind} · the words are {WHOSE[row.trust]}"
    if sender := row.facts.get("sender"):
        yield f"From: {_safe(str(row.facts.get('sender_name') or ''))} <{_safe(str(sender))}>"
    yield f"Since {moment(row.created)}, from {_safe(row.origin)}"
    yield f"Its note: {_where(opened.root, row, run)}"
    for file in row.facts.get("attachments", ()):
        yield f"Attached: {_safe(str(file['name']))} ({size(file['size_bytes'])})"
    cards = opened.register.of_task(row.id)
    yield _state(run, any(not card.over for card in cards))
    if cards:
        yield "\nRequests:"
        yield from (f"  {c.id}  {c.status:<12} {_safe(c.title)}" for c in cards)
    receipts = [card for card in cards if card.ended]
    for card in receipts:
        yield f"\nReceipt of {card.id}:"
        yield from _pairs(card.ended.evidence if card.ended else {})
    if run is not None:
        yield from _thinking(opened, run)
    yield "\nHistory:"
    yield from _history(opened, opened.ledger.events(task=row.id))


def _thinking(opened: Books, run: Run) -> Iterator[str]:
    """What the model said in the last run, turn by turn, and what it cost."""
    budget = Budget(opened.ledger, Caps(), local)
    turns = Turns(opened.ledger, Runs(opened.ledger, opened.register, opened.root), budget)
    said = turns.of(run, Limits().calls)
    if not said:
        return
    thought = turns.thought(run)
    models = ", ".join(_safe(name) for name in thought.models)
    yield f"\nThinking ({models}, {budget.task_usd(run.task, run.n):.4f} USD):"
    for turn in said:
        calls = ", ".join(call.tool for call in turn.reply.calls)
        parts = [part for part in (calls, turn.reply.text) if part.strip()]
        yield f"  {turn.n}. {_safe(' · '.join(parts) or '(nothing)')}"


def _state(run: Run | None, waits: bool) -> str:
    if run is None:
        return "It has not begun."
    if run.ended is None:
        if waits:
            return f"It waits for you (run {run.n}, since {moment(run.started)})."
        return f"It is under way since {moment(run.started)} (run {run.n})."
    reason = f": {_safe(run.reason)}" if run.reason else ""
    return f"It ended {moment(run.ended)} as {run.result}{reason}"


def _where(root: Path, row: TaskRow, run: Run | None) -> str:
    """Where the note lies now, from the root of the vault, or that it is gone."""
    if run and run.final and (root / run.final).exists():
        return run.final
    for path in sorted(root.rglob(row.name)):
        if OWN not in path.parts:
            return path.relative_to(root).as_posix()
    return f"{row.name} (not in the vault any more)"


# -- shared


def _history(opened: Books, events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        if text := told(event, opened.ledger):
            yield f"  {moment(event.at)}  {text}"


def _pairs(facts: Mapping[str, Any]) -> Iterator[str]:
    for key, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"  {key}: {visible(text)}"


def _safe(text: object) -> str:
    return line(text, 400)


def _card_facts(card: Card) -> dict[str, Any]:
    seal = card.seal
    return {
        "id": card.id,
        "kind": card.kind,
        "task": card.task,
        "title": card.title,
        "status": card.status,
        "version": card.version,
        "action": seal.tool,
        "args": seal.args,
        "attachments": [{"name": f.name, "sha256": f.sha256} for f in seal.attachments],
        "risk": seal.risk.value,
        "rule": seal.rule,
        "expires": seal.deadline,
        "digest": seal.digest,
        "decision": vars(card.decision) if card.decision else None,
        "receipt": card.ended.evidence if card.ended else None,
    }


def _task_facts(opened: Books, row: TaskRow) -> dict[str, Any]:
    run = Runs(opened.ledger, opened.register, opened.root).latest(row.id)
    return {
        "id": row.id,
        "kind": row.kind,
        "title": row.title,
        "trust": row.trust.value,
        "source": row.source,
        "created": row.created,
        "note": _where(opened.root, row, run),
        "facts": row.facts,
        "run": run.n if run else 0,
        "result": (run.result or "") if run else "",
        "reason": run.reason if run else "",
        "cards": [_card_facts(card) for card in opened.register.of_task(row.id)],
        "events": [
            {"seq": e.seq, "at": e.at, "kind": e.kind, "card": e.card, **e.data}
            for e in opened.ledger.events(task=row.id)
        ],
    }
