"""kill -9 between any two steps of a task that a model works on: nothing is paid, asked,
handed on or sent twice, and nothing of it is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum import failpoint
from factotum.ledger import Ledger
from tests.office import smtp
from tests.prove.life import Life
from tests.servers.model import Call, Item, ScriptedModelServer, call
from tests.servers.smtp import Relay

pytestmark = [pytest.mark.prove, pytest.mark.slow]

ASK = b"""From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: The move
Message-ID: <move-1@rossi.example>
Date: Thu, 26 Nov 2026 09:00:00 +0100

Could you tell me and the landlord when you move?
"""


def letter(to: str) -> Call:
    return call("mail__send", to=[to], subject="The move", body=f"On 5 December, {to}.")


PARENT: list[Item] = [
    [call("notes__read", note="Move"), call("recall", query="landlord")],
    call("plan", steps=["Tell Ada", "Tell the landlord"]),
    [letter("ada@rossi.example"), letter("landlord@example.test")],
    [
        call("delegate", title="Look for the keys", task="Where are the keys?"),
        call("plan", done=[1]),
    ],
    call("finish", summary="Ada knows, the landlord does not."),
]
CHILD: list[Item] = [
    call("notes__write", folder="Drafts", title="Keys", text="They hang in the hall."),
    call("finish", summary="In the hall."),
]


class Model:
    """Says the line that comes next by what was said before, and counts how often."""

    def __init__(self) -> None:
        self.said: Counter[tuple[str, int]] = Counter()

    def __call__(self, body: dict[str, Any]) -> Item:
        opening = str(body["messages"][1]["content"])
        who = "child" if "Where are the keys?" in opening else "parent"
        n = len([one for one in body["messages"] if one["role"] == "assistant"])
        self.said[who, n] += 1
        return (CHILD if who == "child" else PARENT)[n]


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def life(tmp_path: Path, relay: Relay, model: Model) -> Iterator[Life]:
    with ScriptedModelServer(model) as server:
        life = Life(tmp_path, smtp(relay))
        life.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
            "FACTOTUM_MODEL_PRICE_IN": "1",
            "FACTOTUM_MODEL_PRICE_OUT": "1",
        }
        (life.root / "Move.md").write_text("We move on 5 December.\n")
        life.drop("move.eml", ASK)
        yield life


def begin(life: Life, *points: str) -> int:
    """To the two cards, one approved and one refused."""
    kills = life.live(*points)
    for card in life.cards():
        if card.seal.tool == "mail__send":
            ada = "ada@rossi.example" in card.seal.args["to"]
            life.move(life.root / "Pending_Approval" / card.name, "Approved" if ada else "Rejected")
    return kills


def whole_life(life: Life, *points: str) -> int:
    """From the mail to the end, killed at each of `points` in turn where it comes by."""
    kills = begin(life, *points)
    return kills + life.live(*points[kills:])


def check(life: Life, model: Model, relay: Relay, *, again: int = 0, more: int = 0) -> None:
    """`again` is how many answers a kill has cost: said, but not recorded. `more` is how many it
    may have cost beside: one that was asked for counts as paid, though it was never said."""
    wanted = [("parent", n) for n in range(len(PARENT))]
    wanted += [("child", n) for n in range(len(CHILD))]
    assert set(model.said) == set(wanted)
    assert 0 <= model.said.total() - len(wanted) - again <= more
    (one,) = relay.messages
    assert one.message["To"] == "ada@rossi.example"
    tools = Counter(card.seal.tool for card in life.cards())
    assert tools == {"mail__send": 2, "notes__write": 1}
    done = [path for path in life.tasks() if "Done" in path.parts]
    assert len(done) == len(life.tasks()) == 2
    assert all(path.read_text().count("## Receipts") == 1 for path in done)
    assert len(life.files("Drafts")) == len(life.files("Plans")) == 1
    ticks = life.one("Plans").read_text()
    assert ticks.count("- [x] Tell Ada") == ticks.count("- [ ] Tell the landlord") == 1
    assert life.scratch() == []
    ledger = Ledger(life.state / "ledger.db")
    turns = ledger.db.execute("SELECT count(*), count(DISTINCT task || n) FROM turn").fetchone()
    spent = ledger.db.execute("SELECT count(*), count(cost) FROM spend").fetchone()
    ledger.close()
    assert tuple(turns) == (len(wanted), len(wanted))
    assert spent[0] == spent[1]
    assert 0 <= spent[0] - len(wanted) - again <= more


def test_a_whole_life_without_a_kill(life: Life, model: Model, relay: Relay) -> None:
    assert whole_life(life) == 0
    check(life, model, relay)


#: Every place in turn, and later times that one is passed.
NOT_HERE = {"mail.sent_copy", "mail.data", "mail.dot", "mail.accepted"}
OTHERS = ("watch.", "join.", "redraft.", "tap.", "talk.", "said.")
NOT_HERE |= {name for name in failpoint.NAMES if name.startswith(OTHERS)}
POINTS = sorted(set(failpoint.NAMES) - NOT_HERE)
ONCE_MORE = [f"turn.recorded:{n}" for n in (2, 3)] + [f"step.recorded:{n}" for n in (2, 3)]


#: What the office does by the clock beside the work: an answer may be on its way just then.
BESIDE = ("log.", "notice.", "snapshot.")


@pytest.mark.parametrize("point", [one for one in POINTS if one != "turn.heard"] + ONCE_MORE)
def test_killed_between_any_two_steps(life: Life, model: Model, relay: Relay, point: str) -> None:
    assert whole_life(life, point) == 1, f"{point} was never passed"
    check(life, model, relay, more=point.startswith(BESIDE))


#: The places that are passed after the decisions: the effect, the child, the end.
AFTER = [
    *(f"turn.recorded:{n}" for n in (1, 2, 3, 4)),
    *(f"step.recorded:{n}" for n in (1, 2, 3)),
    *(f"task.receipts:{n}" for n in (1, 2)),
    *(f"task.projected:{n}" for n in (1, 2)),
    *("claim.renamed", "claim.registered", "child.registered", "task.waiting"),
    *("seal.committed", "effect.after:2", "outcome.recorded:2"),
]


@pytest.mark.parametrize("point", AFTER)
def test_killed_between_any_two_steps_after_the_decisions(
    life: Life, model: Model, relay: Relay, point: str
) -> None:
    begin(life)
    assert life.live(point) == 1, f"{point} was never passed"
    check(life, model, relay)


@pytest.mark.parametrize("point", ["turn.heard", "turn.heard:3"])
def test_an_answer_that_was_lost_is_asked_for_again_and_counts_twice(
    life: Life, model: Model, relay: Relay, point: str
) -> None:
    assert whole_life(life, point) == 1
    check(life, model, relay, again=1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("turn.recorded", "turn.recorded"),
        ("turn.recorded", "step.recorded"),
        ("seal.committed", "card.written"),
        ("child.registered", "child.registered"),
        ("child.registered", "claim.renamed"),
        ("step.recorded:3", "turn.recorded"),
    ],
)
def test_killed_again_while_it_recovers(
    life: Life, model: Model, relay: Relay, first: str, second: str
) -> None:
    assert whole_life(life, first, second) in (1, 2)
    check(life, model, relay)
