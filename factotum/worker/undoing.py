"""Taking back what was done: a task of its own, whose effects are sealed like any other.

A person's `undo` is their yes to what it takes back, so it runs without asking again; what
goes out itself, such as a correction, is shown first. Asked for twice it is one task, and
killed anywhere it is found again: what was done stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from factotum import failpoint, names
from factotum.agent.turn import Became
from factotum.gate import policy, undo
from factotum.gate.records import Card, GateError, Proposal
from factotum.gate.register import Register
from factotum.gate.seal import SealError
from factotum.gate.strength import needs_strong
from factotum.inert import one_line
from factotum.ledger import Ledger, TaskRow
from factotum.model import Call, State
from factotum.vault import Vault
from factotum.worker import own_task
from factotum.worker.asks import Asks
from factotum.worker.attach import AttachError
from factotum.worker.case import Case
from factotum.worker.pages import NotebookError
from factotum.worker.passage import sha256_of
from factotum.worker.runs import Runs
from factotum.worker.steps import Next, Park

#: The fact of a task by which it is known as an undo. Only the ledger says so, never a note.
FACT = "undo"

#: How much of what was done stands in the title, in characters.
TITLE_CHARS = 90


@dataclass
class Undoing:
    """Makes the task of an undo. May be used by any process of the same user."""

    vault: Vault
    ledger: Ledger
    register: Register

    def ask(
        self, cards: Sequence[Card], who: str, channel: str, now: float
    ) -> tuple[TaskRow, bool]:
        """The task that takes these back, in this order, and whether it is new. One that failed
        may be asked for again. Raises GateError for a card that cannot be taken back."""
        for card in cards:
            if why := undo.refusal(card):
                raise GateError(f"{card.name}: {why}")
        runs = Runs(self.ledger, self.register, self.vault.root)
        again = 0
        while True:
            id = names.id_of("t", self.ledger.epoch, FACT, *(c.id for c in cards), str(again))
            row, run = self.ledger.task(id), runs.latest(id)
            if row is None or run is None:
                return self._drop(id, cards, who, channel, now), row is None
            if run.ended is None or run.result == "done":
                return row, False
            again += 1

    def _drop(self, id: str, cards: Sequence[Card], who: str, channel: str, now: float) -> TaskRow:
        more = f" (and {len(cards) - 1} more)" if len(cards) > 1 else ""
        title = f"Undo: {one_line(cards[0].title.rstrip('?'), TITLE_CHARS)}{more}"
        facts = {FACT: {"cards": [card.id for card in cards], "who": who, "channel": channel}}
        row = own_task.row_of(id, title, now, fallback="undo", facts=facts)
        self.ledger.add_task(row)
        lies = (State.NEEDS_ACTION, State.IN_PROGRESS, State.WAITING)
        if not any((self.vault.folder(state) / row.name).exists() for state in lies):
            links = "\n".join(f"- [[{card.name.removesuffix('.md')}]]" for card in cards)
            body = f"# {title}\n\nAsked by {who} ({channel}).\n\n{links}\n"
            own_task.drop(self.vault, row, body)
        return row


def next_step(case: Case) -> Next:
    """The course of such a task: one thing after the other is taken back."""
    ids = [str(id) for id in case.row.facts[FACT]["cards"]]
    if case.run.plan is None:
        case.plan({"by": "your undo", "calls": []})
    for idx, id in enumerate(ids):
        became = case.office.runs.became(case.run).get(idx)
        if became is None and _take_back(case, idx, case.office.register.card(id)):
            return Park()
        if became is Became.OPEN:
            return Park()
    return _over(case, len(ids))


def _take_back(case: Case, idx: int, card: Card) -> bool:
    """Seals what takes this back; False where it cannot be, with the reason on record."""
    try:
        call = _call(case, card)
        proposal = _proposal(case, idx, call)
    except (GateError, NotebookError, AttachError, SealError) as unfit:
        case.office.runs.record(case.run, idx, Became.FAILED, {"why": str(unfit)}, case.now)
        failpoint.hit("step.recorded")
        return False
    asked, register = case.row.facts[FACT], case.office.register
    with case.office.ledger.tx():
        (id,) = register.propose(case.task.id, case.run.n, [proposal], case.now)
        made = register.card(id)
        asks = undo.inverse_of(card.seal.tool).asks or needs_strong(made)
        if made.status == "pending" and not asks:
            word = ("approve", str(asked["channel"]), str(asked["who"]))
            register.decide(id, made.seal.digest, *word, case.now)
    failpoint.hit("seal.committed")
    return True


def _proposal(case: Case, idx: int, call: Call) -> Proposal:
    house = case.office.house(case.now)
    verdict = policy.judge(call, case.task, house)
    if call.tool == "mail__send" and isinstance(verdict, policy.Deny):
        raise GateError(f"a rule forbids it: {verdict.rule}")
    proposal = Asks(case.office, case.task, case.name, house).effect(idx, call, (1, 1))
    if call.tool == "mail__send" and isinstance(verdict, policy.Allow):
        return replace(proposal, rule="an undo is shown before anything goes out")
    return proposal


def _over(case: Case, count: int) -> Next:
    became = case.office.runs.became(case.run)
    steps, cards = case.office.runs.steps(case.run), case.office.runs.cards(case.run)
    why = []
    for idx in range(count):
        if became.get(idx) is not Became.FAILED:
            continue
        if idx in steps:
            why.append(str(steps[idx][1]["why"]))
        elif (card := cards.get(idx)) and card.ended:
            why.append(str(card.ended.evidence.get("reason") or card.status))
    if why:
        return case.end("failed", "\n\n".join(why))
    refused = [idx for idx, what in became.items() if what is Became.REFUSED]
    return case.end("done", "You said no to it, so it was left as it is." if refused else "")


# -- what takes it back, as things are now


def _call(case: Case, card: Card) -> Call:
    """Raises GateError or NotebookError where things are not as the effect left them."""
    if why := undo.refusal(card):
        raise GateError(f"{card.title} cannot be undone: {why}")
    take_back = undo.inverse_of(card.seal.tool).call
    assert take_back is not None  # or it would have been refused
    call = take_back(card)
    match card.seal.tool:
        case "notes__write" | "remember" | "schedule":
            written = case.office.mind.as_written(card, str(call.args["note"]))
            return Call(call.tool, {**call.args, "sha256": sha256_of(written)})
        case "notes__change":
            return _old_passage(case, card, call)
        case _:
            return call


def _old_passage(case: Case, card: Card, call: Call) -> Call:
    """The change that puts the old passage back: the one that makes the note what it was, else
    the first that fits what people have made of it since."""
    fitting = []
    for find, put in _ways(card, str(call.args["find"]), str(call.args["replace"])):
        way = Call(call.tool, {**call.args, "find": find, "replace": put})
        try:
            after = case.office.mind.before(way, case.task)["after"]
        except NotebookError:
            continue
        if after == card.seal.about.get("sha256"):
            return way
        fitting.append(way)
    if fitting:
        return fitting[0]
    raise NotebookError(
        f"{call.args['note']} does not hold any more, or more than once, what was put there. It "
        f"stays as it is. This was changed then; change it back by hand:\n\n"
        f"{card.seal.about.get('difference', '')}"
    )


def _ways(card: Card, put: str, old: str) -> Iterator[tuple[str, str]]:
    """What to look for, and what to put in its place."""
    left, was, now, right = card.seal.about.get("beside") or ("", "", "", "")
    if not old:  # it was added at the end
        added = put.rstrip("\n") + "\n"
        yield from ((gap + added, "") for gap in ("\n", "\n\n"))
    if put.strip():
        yield put, old
    if left or right:
        yield f"{left}{now}{right}", f"{left}{was}{right}"
